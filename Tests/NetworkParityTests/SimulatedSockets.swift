import SASL
import ServerCore
import XML
import XMPP

@testable import Simulation

/// The simulated network, without faults of its own. The peers are clients without streams: their bytes are the case's.
struct SimulatedSockets: SocketWorld, ClientHost {
  var world: World
  var clients = SimulatedClients()
  private var received: [Int: [UInt8]] = [:]
  private var ended: Set<Int> = []
  private var count: UInt64 = 0
  private let isDirectTLS: Bool

  init(_ story: SocketCase, seed: UInt64, shards: Int) {
    isDirectTLS = story.isDirectTLS
    var configuration = Configuration(domains: ["localhost"])
    (configuration.offersTLS, configuration.requiresTLS) = (story.hasTLS, story.hasTLS)
    configuration.limits = story.limits
    // Behind the limits, of which it is one: ten thousand rounds take a debug build seconds.
    configuration.scramRounds = 1
    configuration.limits[.shards] = shards
    world = World(choices: Choices(seed: seed), settings: WorldSettings(configuration: configuration))
    for peer in 0..<3 {
      let account = JID(local: Text("user\(peer)"), domain: "localhost", resource: "")!
      world.control(UInt64(peer), .addAccount(account, password: Secret(Array("secret".utf8))))
    }
    while step(.moment) {}
  }

  mutating func open(_ peer: Int) {
    count += 1
    open(SessionID(actor: peer, incarnation: 0), label: count, from: SourceNetwork(address: [127, 0, 0, 1]), isDirectTLS: isDirectTLS)
    ended.remove(peer)
  }
  private func connection(of peer: Int) -> World.SocketID { clients[peer].connection! }
  mutating func send(_ bytes: [UInt8], from peer: Int) { world.send(bytes, on: connection(of: peer)) }
  mutating func finish(_ peer: Int) { world.finish(connection(of: peer)) }
  mutating func close(_ peer: Int) {
    world.close(connection(of: peer))
    ended.insert(peer)
  }
  mutating func reset(_ peer: Int) {
    world.reset(connection(of: peer))
    ended.insert(peer)
  }
  mutating func setReading(_ peer: Int, _ isReading: Bool) { world.setStuck(connection(of: peer), !isReading) }

  mutating func step(_ patience: Patience) -> Bool {
    defer { attend() }
    return world.advance(untilRest: patience != .timeout, upTo: world.now + 20_000_000_000)
  }

  mutating func arrived(_ bytes: [UInt8], for peer: Int) { received[peer, default: []] += bytes }
  mutating func connectionClosed(_ peer: Int) { ended.insert(peer) }
  /// The handshake, too, is up to the case.
  mutating func shakeHands(_ peer: Int) {}

  mutating func take(_ peer: Int) -> [UInt8] {
    defer { received[peer] = [] }
    return received[peer] ?? []
  }
  func hasEnded(_ peer: Int) -> Bool { ended.contains(peer) }
}
