import ClientCore
import ServerCore
import XML
import XMPP

/// The acts of peers on their connections. The same case is played over real sockets and in the simulated network, and must look the
/// same to the peers: otherwise the simulator misleads.
struct SocketCase: Sendable, CustomStringConvertible {
  enum Act: Sendable {
    case open(Int)
    case say(Int, String)
    /// The same, a byte in each write.
    case spell(Int, String)
    /// Logs in as `user` and the peer's number; what is said meanwhile is not part of the history.
    case login(Int)
    /// Says that nothing more will come, and goes on listening.
    case finish(Int)
    case close(Int)
    /// Breaks the connection.
    case reset(Int)
    case deaf(Int)
    case listen(Int)
    /// Until the peer got this, or its connection ended.
    case await(Int, String)
    /// Until the peer's connection ended.
    case end(Int)
  }
  var name: String
  /// STARTTLS is offered and required; otherwise neither.
  var hasTLS = false
  /// Connections begin with TLS.
  var isDirectTLS = false
  var limits = Configuration.Limits()
  /// Peers of whom only the end counts, since how much they got is chance.
  var onlyEnd: [Int] = []
  var acts: [Act]
  var description: String { name }

  init(
    _ name: String, tls: Bool = false, direct: Bool = false, onlyEnd: [Int] = [], limits: (inout Configuration.Limits) -> Void = { _ in },
    _ acts: [Act]
  ) {
    self.name = name
    (hasTLS, isDirectTLS) = (tls, direct)
    // Cases are about other things than how fast somebody is, unless they say so.
    self.limits[.bytesPerSecond] = 0
    limits(&self.limits)
    self.onlyEnd = onlyEnd
    self.acts = acts
  }
}

/// A network with a server in it: real, or simulated.
protocol SocketWorld {
  mutating func open(_ peer: Int)
  mutating func send(_ bytes: [UInt8], from peer: Int)
  mutating func finish(_ peer: Int)
  mutating func close(_ peer: Int)
  mutating func reset(_ peer: Int)
  mutating func setReading(_ peer: Int, _ isReading: Bool)
  /// Lets something happen. Returns false if nothing more will, or not in time.
  mutating func step(_ patience: Patience) -> Bool
  /// The bytes that a peer received since the last call.
  mutating func take(_ peer: Int) -> [UInt8]
  func hasEnded(_ peer: Int) -> Bool
}

/// For how long somebody waits.
enum Patience {
  /// For things that come at once. In a real world that is a matter of how fast the machine is.
  case moment
  /// For something that is sure to come, however slow the machine.
  case answer
  /// For time-outs, too.
  case timeout
}

/// Plays a case, and says what the peers saw.
struct SocketPlayer<World: SocketWorld> {
  private var world: World
  private var heard: [Int: [UInt8]] = [:]
  private let pool = ParserPool()

  init(_ world: World) { self.world = world }

  mutating func play(_ story: SocketCase) -> [String] {
    for act in story.acts { play(act) }
    while world.step(.moment) { listen() }
    listen()
    return heard.keys.sorted().map { peer in
      let end = world.hasEnded(peer) ? "ended" : "open"
      return story.onlyEnd.contains(peer) ? "\(peer): \(end)" : "\(peer): \(Self.tokens(heard[peer] ?? [])) \(end)"
    }
  }

  private mutating func play(_ act: SocketCase.Act) {
    switch act {
    case .open(let peer):
      heard[peer] = []
      world.open(peer)
    case .say(let peer, let text): world.send(Array(text.utf8), from: peer)
    case .spell(let peer, let text): for byte in text.utf8 { world.send([byte], from: peer) }
    case .login(let peer): login(peer)
    case .finish(let peer): world.finish(peer)
    case .close(let peer): world.close(peer)
    case .reset(let peer): world.reset(peer)
    case .deaf(let peer): world.setReading(peer, false)
    case .listen(let peer): world.setReading(peer, true)
    case .await(let peer, let text):
      wait(.answer) { $0.heard[peer]!.firstRange(of: Array(text.utf8)) != nil || $0.world.hasEnded(peer) }
    case .end(let peer): wait(.timeout) { $0.world.hasEnded(peer) }
    }
  }

  private mutating func wait(_ patience: Patience, _ isEnough: (Self) -> Bool) {
    listen()
    while !isEnough(self), world.step(patience) { listen() }
  }

  private mutating func listen() { for peer in heard.keys { heard[peer]! += world.take(peer) } }

  private mutating func login(_ peer: Int) {
    let account = JID(local: Text("user\(peer)"), domain: "localhost", resource: "")!
    var client = Client(account: account, password: "secret", resource: "r", nonce: "n\(peer)", security: .lenient)
    var outputs = client.begin()
    heard[peer] = []
    world.open(peer)
    repeat {
      for case .bytes(let bytes) in outputs { world.send(bytes, from: peer) }
      outputs = client.received(world.take(peer), using: pool)
    } while !client.isBound && (!outputs.isEmpty || world.step(.answer))
  }

  /// Names of elements and the ends of streams, in their order: what is left when ids and stamps are taken away.
  private static func tokens(_ bytes: [UInt8]) -> String {
    let text = String(decoding: bytes, as: UTF8.self)
    return text.matches(of: /<([a-z][a-z:-]*)|<\/stream:stream>/).map { $0.1.map(String.init) ?? "/stream" }.joined(separator: " ")
  }
}
