internal import OrderedCollections
internal import ServerCore
internal import Storage
internal import XML
internal import XMPP

/// Sees in the bytes of a recording's connections what the oracles of a run see: who was bound, and what each sent and received.
struct ReplayObserver {
  private struct Peer {
    var sent: StreamParser
    var received: StreamParser
    let session: SessionID
    var isBound = false
  }

  private var peers: OrderedDictionary<ConnectionID, Peer> = [:]
  private let pool = ParserPool()
  private var oracles: [any Oracle]
  /// The recording begins with its process. Otherwise it is not known what was sent before.
  private let knowsAll: Bool
  private var ids: OrderedSet<Text> = []
  private(set) var failure: RunReport.Failure?
  var keepsHistory = false
  private(set) var history: [Run.Moment] = []

  /// Rules that need nothing but what passes: the others look at the disk, or ask when the world stands still.
  static let rules = Oracles.watched(in: .recordings)

  /// Stanzas were measured when they were read for the first time.
  private static let limits = StreamLimits(stanzaBytes: 1 << 30, depth: 4096, attributes: 4096, elements: 1 << 20, nameBytes: 1 << 16)

  init(_ engine: Engine, isBeginning: Bool, without: [String]) {
    // The presence that tells which client is behind a nick came before the recording began.
    let rules = isBeginning ? ReplayObserver.rules : ReplayObserver.rules.filter { $0.name != SenderIsAuthentic.name }
    oracles = rules.filter { !without.contains($0.name) }.map { $0.init() }
    knowsAll = isBeginning
    for account in engine.server.accountsInMemory {
      for session in engine.server.sessions(of: account) { begin(session, engine) }
    }
  }

  /// One that was there before the recording begins.
  private mutating func begin(_ session: Server.SessionView, _ engine: Engine) {
    open(session.connection, at: 0)
    guard let parser = engine.parser(of: session.connection) else { return }
    peers[session.connection]!.sent = parser
    peers[session.connection]!.received.feed(
      "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>".utf8)
    _ = peers[session.connection]!.received.next(using: pool)
    peers[session.connection]!.isBound = true
    observe(.began(peers[session.connection]!.session, session.jid), at: 0)
  }

  private mutating func open(_ connection: ConnectionID, at time: Int64) {
    let parser = StreamParser(limits: ReplayObserver.limits)
    let peer = Peer(sent: parser, received: parser, session: SessionID(actor: Int(truncatingIfNeeded: connection.number), incarnation: 0))
    peers[connection] = peer
    observe(.connected(peer.session), at: time)
  }

  /// To be called before the engine takes the input.
  mutating func input(_ input: Input, at time: Int64) {
    switch input {
    case .opened(let connection, _): open(connection, at: time)
    case .bytes(let connection, let bytes):
      guard peers[connection] != nil else { return }
      peers[connection]!.sent.feed(bytes)
      while let event = peers[connection]!.sent.next(using: pool) {
        guard case .stanza(let element) = event, peers[connection]!.isBound else { continue }
        if let id = StanzaLedger.ledgerID(element) { ids.append(id) }
        observe(.sent(peers[connection]!.session, element), at: time)
      }
    case .encrypted(let connection, _):
      peers[connection]?.sent = StreamParser(limits: ReplayObserver.limits)
      peers[connection]?.received = StreamParser(limits: ReplayObserver.limits)
    case .closed(let connection): if let peer = peers.removeValue(forKey: connection) { observe(.ended(peer.session), at: time) }
    case .answered(_, .failed): observe(.fault(Run.unreadable), at: time)
    case .commitFailed: observe(.fault("a commit fails"), at: time)
    case .shutdown: observe(.fault("the server is told to end"), at: time)
    case .accepted, .committed, .answered, .control, .deadline: break
    }
  }

  mutating func output(_ action: Action, at time: Int64) {
    guard case .write(let connection, let bytes) = action, peers[connection] != nil else { return }
    peers[connection]!.received.feed(bytes)
    while let event = peers[connection]!.received.next(using: pool) {
      guard case .stanza(let element) = event else { continue }
      received(element, connection, at: time)
    }
  }

  private mutating func received(_ element: Element, _ connection: ConnectionID, at time: Int64) {
    let session = peers[connection]!.session
    if element.is("success", NS.sasl) {
      peers[connection]!.sent.restart()
      peers[connection]!.received.restart()
    } else if !peers[connection]!.isBound {
      guard let jid = element.child("bind", NS.bind)?.child("jid", NS.bind).flatMap({ JID($0.text) }) else { return }
      peers[connection]!.isBound = true
      observe(.began(session, jid), at: time)
    } else {
      // A message that was stored before, or sent before the recording begins.
      if let id = StanzaLedger.ledgerID(element), !ids.contains(id), !knowsAll || element.child("delay", NS.delay) != nil { return }
      observe(.received(session, element), at: time)
    }
  }

  private mutating func observe(_ observation: Observation, at time: Int64) {
    guard failure == nil else { return }
    if keepsHistory { history.append(Run.Moment(time: time, observation: observation)) }
    for index in oracles.indices {
      if let problem = oracles[index].observe(observation, at: time) {
        failure = RunReport.Failure(oracle: type(of: oracles[index]).name, message: problem, time: time)
        return
      }
    }
  }
}
