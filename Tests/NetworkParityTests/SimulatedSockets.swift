import SASL
import ServerCore
import Simulation
import XML
import XMPP

/// The simulated network, without faults of its own.
struct SimulatedSockets: SocketWorld {
  private var world: World
  private var connections: [Int: World.SocketID] = [:]
  private var peers: [World.SocketID: Int] = [:]
  private var received: [Int: [UInt8]] = [:]
  private var ended: Set<Int> = []
  private var count: UInt64 = 0

  init(_ story: SocketCase, seed: UInt64, shards: Int) {
    var configuration = Configuration(domains: ["localhost"])
    configuration.scramRounds = 1
    (configuration.offersTLS, configuration.requiresTLS) = (story.hasTLS, story.hasTLS)
    configuration.limits = story.limits
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
    let id = world.connect(count, from: SourceNetwork(address: [127, 0, 0, 1]))
    connections[peer] = id
    peers[id] = peer
    ended.remove(peer)
  }
  mutating func send(_ bytes: [UInt8], from peer: Int) { world.send(bytes, on: connections[peer]!) }
  mutating func finish(_ peer: Int) { world.finish(connections[peer]!) }
  mutating func close(_ peer: Int) {
    world.close(connections[peer]!)
    ended.insert(peer)
  }
  mutating func reset(_ peer: Int) {
    world.reset(connections[peer]!)
    ended.insert(peer)
  }
  mutating func setReading(_ peer: Int, _ isReading: Bool) { world.setStuck(connections[peer]!, !isReading) }

  mutating func step(_ patience: Patience) -> Bool {
    defer {
      for notice in world.takeNotices() {
        switch notice {
        case .bytes(let id, let bytes): received[peers[id]!, default: []] += bytes
        case .closed(let id): if connections[peers[id]!] == id { ended.insert(peers[id]!) }
        default: break
        }
      }
    }
    return world.advance(untilRest: patience != .timeout, upTo: world.now + 20_000_000_000)
  }

  mutating func take(_ peer: Int) -> [UInt8] {
    defer { received[peer] = [] }
    return received[peer] ?? []
  }
  func hasEnded(_ peer: Int) -> Bool { ended.contains(peer) }
}
