internal import OrderedCollections
internal import ServerCore
internal import Storage
internal import XML
internal import XMPP

/// Sees in the bytes of a recording's links what the oracles of a run see: who was bound, and what each sent and received.
struct ReplayObserver {
  private struct Peer {
    var sent: StreamParser
    var received: StreamParser
    let session: SessionID
    var isBound = false
  }

  private var peers: OrderedDictionary<LinkID, Peer> = [:]
  private let pool = ParserPool()
  private var oracles: [any Oracle]
  /// What was sent before the beginning is not known.
  private let knowsAll: Bool
  private var ids: OrderedSet<Text> = []
  private(set) var failure: RunReport.Failure?
  var keepsHistory = false
  private(set) var history: [Run.Moment] = []

  /// Rules that need nothing but what passes: the others look at the disk, or ask when the world stands still.
  static let rules: [any Oracle.Type] = [StanzaLedger.self, TrueSender.self, BlockedMeansBlocked.self]

  /// Stanzas were measured when they were read for the first time.
  private static let limits = StreamLimits(stanzaBytes: 1 << 30, depth: 4096, attributes: 4096, elements: 1 << 20, nameBytes: 1 << 16)

  init(_ engine: Engine, isBeginning: Bool, without: [String]) {
    // Who is behind which nick was said before.
    let rules = isBeginning ? ReplayObserver.rules : ReplayObserver.rules.filter { $0.name != TrueSender.name }
    oracles = rules.filter { !without.contains($0.name) }.map { $0.init() }
    knowsAll = isBeginning
    for account in engine.server.accountsInMemory {
      for session in engine.server.sessions(of: account) { begin(session, engine) }
    }
  }

  /// One that was there before the recording begins.
  private mutating func begin(_ session: Server.SessionView, _ engine: Engine) {
    open(session.link, at: 0)
    guard let parser = engine.parser(of: session.link) else { return }
    peers[session.link]!.sent = parser
    peers[session.link]!.received.feed(
      "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>".utf8)
    _ = peers[session.link]!.received.next(using: pool)
    peers[session.link]!.isBound = true
    observe(.began(peers[session.link]!.session, session.jid), at: 0)
  }

  private mutating func open(_ link: LinkID, at time: Int64) {
    let parser = StreamParser(limits: ReplayObserver.limits)
    let peer = Peer(sent: parser, received: parser, session: SessionID(actor: Int(truncatingIfNeeded: link.number), incarnation: 0))
    peers[link] = peer
    observe(.connected(peer.session), at: time)
  }

  /// To be called before the engine takes the input.
  mutating func input(_ input: Input, at time: Int64) {
    switch input {
    case .opened(let link, _): open(link, at: time)
    case .bytes(let link, let bytes):
      guard peers[link] != nil else { return }
      peers[link]!.sent.feed(bytes)
      while let event = peers[link]!.sent.next(using: pool) {
        guard case .stanza(let element) = event, peers[link]!.isBound else { continue }
        if let id = StanzaLedger.ledgerID(element) { ids.append(id) }
        observe(.sent(peers[link]!.session, element), at: time)
      }
    case .encrypted(let link):
      peers[link]?.sent = StreamParser(limits: ReplayObserver.limits)
      peers[link]?.received = StreamParser(limits: ReplayObserver.limits)
    case .closed(let link): if let peer = peers.removeValue(forKey: link) { observe(.ended(peer.session), at: time) }
    case .answered(_, .failed): observe(.fault(Run.unreadable), at: time)
    case .commitFailed: observe(.fault("a commit fails"), at: time)
    case .shutdown: observe(.fault("the server is told to end"), at: time)
    case .accepted, .committed, .answered, .control, .deadline: break
    }
  }

  mutating func output(_ action: Action, at time: Int64) {
    guard case .write(let link, let bytes) = action, peers[link] != nil else { return }
    peers[link]!.received.feed(bytes)
    while let event = peers[link]!.received.next(using: pool) {
      guard case .stanza(let element) = event else { continue }
      received(element, link, at: time)
    }
  }

  private mutating func received(_ element: Element, _ link: LinkID, at time: Int64) {
    let session = peers[link]!.session
    if element.is("success", NS.sasl) {
      peers[link]!.sent.restart()
      peers[link]!.received.restart()
    } else if !peers[link]!.isBound {
      guard let jid = element.child("bind", NS.bind)?.child("jid", NS.bind).flatMap({ JID($0.text) }) else { return }
      peers[link]!.isBound = true
      observe(.began(session, jid), at: time)
    } else {
      // What was stored before, or said before the recording begins.
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
