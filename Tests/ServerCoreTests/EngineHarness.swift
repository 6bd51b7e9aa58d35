import SASL
import Storage
import XML
import XMPP

@testable import ServerCore

/// An engine with tables for a disk, spoken to in bytes and text. Nothing happens but what a test asks for.
struct EngineHarness {
  var engine: Engine
  var now: Int64 = 0
  /// Of the wall clock, against the other one.
  var wallOffset: Int64 = 0
  /// Output to each connection that the test has not read.
  private var written: [ConnectionID: String] = [:]
  private(set) var closed: Set<ConnectionID> = []
  private(set) var aborted: Set<ConnectionID> = []
  private(set) var startsTLS: Set<ConnectionID> = []
  /// Of which domain a certificate is to be shown, unless the client says otherwise in its handshake.
  private(set) var certificateDomains: [ConnectionID: Text] = [:]
  private(set) var paused: Set<ConnectionID> = []
  private(set) var commits: [(number: CommitID, changes: [Change])] = []
  private(set) var replies: [ControlReply] = []
  /// Lines for the log.
  private(set) var log: [String] = []
  /// Why the engine wants the process to end.
  private(set) var gaveUp: String?
  private var disk = MemoryDisk(MemoryDatabase(.server))
  private var connections: UInt64 = 0
  /// Commits succeed at once, or wait for `commit()`.
  var commitsAtOnce = true
  /// Loads are answered at once, or wait for `answerLoads()`.
  var loadsAtOnce = true
  /// Queries that have no answer yet, with the answer that each had when it was asked.
  private var loads: [(id: InquiryID, query: Query, answer: QueryResult)] = []
  /// Keys are derived at once, or wait for `derive()`.
  var derivesAtOnce = true
  private var derivations: [(id: InquiryID, request: DerivationRequest)] = []
  /// Questions to others than storage and the threads that derive keys, in order: nobody answers them.
  private(set) var otherQuestions: [(id: InquiryID, question: Question)] = []
  /// Written bytes are taken at once, or never.
  var peersRead = true

  init(_ change: (inout Configuration) -> Void = { _ in }) {
    var configuration = Configuration(domains: ["localhost"])
    configuration.scramRounds = 1
    configuration.requiresTLS = false
    configuration.secret = [7]
    change(&configuration)
    engine = Engine(configuration: configuration, seed: [42])
  }

  mutating func open(from origin: SourceNetwork? = nil, isDirectTLS: Bool = false) -> ConnectionID {
    connections += 1
    let connection = ConnectionID(connections)
    input(.opened(connection, Opening(from: origin, isDirectTLS: isDirectTLS)))
    return connection
  }

  mutating func send(_ text: String, on connection: ConnectionID) { input(.bytes(connection, Array(text.utf8))) }

  /// All that came since the last time.
  mutating func read(_ connection: ConnectionID) -> String {
    defer { written[connection] = nil }
    return written[connection] ?? ""
  }

  mutating func input(_ input: Input) {
    switch input {
    case .committed(let number): disk.sync(through: number)
    case .commitFailed(let number):
      disk.fail(from: number)
      // Rows that a failed commit took back are read again, as storage does it.
      for index in loads.indices { loads[index].answer = disk.answer(loads[index].query) }
    default: break
    }
    engine.handle(input, at: Instant(monotonic: now, wall: now + wallOffset))
    for action in engine.flush() { act(action) }
  }

  private mutating func act(_ action: Action) {
    switch action {
    case .write(let connection, let bytes):
      written[connection, default: ""] += String(decoding: bytes, as: UTF8.self)
      if peersRead { input(.accepted(connection, bytes.count)) }
    case .startTLS(let connection, .server(let domain, _)):
      startsTLS.insert(connection)
      certificateDomains[connection] = domain
    case .close(let connection): closed.insert(connection)
    case .abort(let connection): aborted.insert(connection)
    case .read(let connection, let wanted): if wanted { paused.remove(connection) } else { paused.insert(connection) }
    case .commit(let number, let changes):
      commits.append((number, changes))
      disk.write(number, changes)
      if commitsAtOnce { input(.committed(through: number)) }
    case .ask(let id, .query(let query)):
      if loadsAtOnce { input(.answered(id, .result(disk.answer(query)))) } else { loads.append((id, query, disk.answer(query))) }
    case .ask(let id, .deriveKeys(let request)):
      if derivesAtOnce { input(.answered(id, .keys(Scram.derive(request)))) } else { derivations.append((id, request)) }
    case .ask(let id, let question): otherQuestions.append((id, question))
    case .startTLS(let connection, .client): startsTLS.insert(connection)
    case .reply(_, let reply): replies.append(reply)
    case .log(_, let line): log.append(line)
    case .giveUp(let reason): gaveUp = reason
    }
  }

  /// The process ends, and another begins with what is on the disk.
  mutating func restart() {
    loads = []
    engine = Engine(configuration: engine.server.configuration, seed: [43])
  }

  /// Puts on the disk what no engine has written.
  mutating func write(_ changes: [Change]) {
    disk.write(0, changes)
    _ = disk.sync()
  }

  /// The rows of an account that the disk holds.
  func rows<Row: StoredRow>(_: Row.Type, of jid: JID) -> [Row] { disk.durable.rows(Row.self, of: jid) }

  mutating func derive() {
    let waiting = derivations
    derivations = []
    for (id, request) in waiting { input(.answered(id, .keys(Scram.derive(request)))) }
  }

  var waitingLoads: [Query] { loads.map(\.query) }

  /// Answers what was asked until now, or those of it that are meant, in the order in which it was asked.
  mutating func answerLoads(_ isMeant: (Query) -> Bool = { _ in true }) {
    let answered = loads.filter { isMeant($0.query) }
    loads.removeAll { isMeant($0.query) }
    for (id, _, answer) in answered { input(.answered(id, .result(answer))) }
  }

  /// The number of the question for this that has no answer yet.
  func open(_ query: Query) -> InquiryID? { loads.last { $0.query == query }?.id }

  mutating func advance(seconds: Int64) {
    now += .seconds(seconds)
    while let deadline = engine.nextDeadline, deadline <= now { input(.deadline) }
  }

  mutating func addAccount(_ name: String, password: String = "secret") {
    input(.control(0, .addAccount(JID("\(name)@localhost")!, password: Secret(Array(password.utf8)))))
  }

  static let header =
    "<?xml version='1.0'?><stream:stream to='localhost' version='1.0' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>"

  /// A stream up to its features.
  mutating func openStream() -> ConnectionID {
    let connection = open()
    send(Self.header, on: connection)
    return connection
  }

  /// The client's part of SCRAM-SHA-1. Returns what the server said to the proof.
  mutating func scram(_ name: String, _ password: String, on connection: ConnectionID) -> String {
    _ = read(connection)
    var client = SASLClientExchange(.scramSHA1, name: Text(name), password: Text(password), nonce: "abc")
    send(
      "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='SCRAM-SHA-1'>\(Base64.encode(client.initialResponse))</auth>",
      on: connection)
    let answer = read(connection)
    guard let challenge = answer.firstMatch(of: /<challenge[^>]*>([^<]*)</).flatMap({ Base64.decode(Text($0.1)) }),
      case .respond(let response) = client.challengeReceived(challenge)
    else { return answer }
    send("<response xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>\(Base64.encode(response))</response>", on: connection)
    return read(connection)
  }

  /// A bound session that has read all that came with it.
  mutating func session(_ name: String, resource: String) -> ConnectionID {
    let connection = openStream()
    _ = scram(name, "secret", on: connection)
    send(Self.header, on: connection)
    send(
      "<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>\(resource)</resource></bind></iq>", on: connection)
    _ = read(connection)
    return connection
  }

  mutating func commit() {
    if let last = commits.last { input(.committed(through: last.number)) }
  }

  /// Of the whole engine, those of this name that are not empty.
  func gauges(_ wanted: String) -> [Gauge] {
    var found: [Gauge] = []
    engine.visitGauges { name, value, limit in
      if "\(name)" == wanted, value > 0 { found.append(Gauge(name: wanted, value: value, limit: limit)) }
    }
    return found
  }

  /// All messages that were ever stored for an account, by their bodies.
  func stored(for name: String) -> [String] {
    commits.flatMap(\.changes).filter { $0.owner.jid.local == Text(name) }
      .compactMap { $0.row(OfflineMessage.self)?.stanza.child("body", NS.client)?.text.string }
  }

  static func chat(to address: String, _ body: String) -> String {
    "<message to='\(address)' type='chat'><body>\(body)</body></message>"
  }
}

// MARK: - Rooms

extension EngineHarness {
  mutating func join(_ room: String, as nick: String, on connection: ConnectionID) {
    send("<presence to='\(room)@conference.localhost/\(nick)'><x xmlns='http://jabber.org/protocol/muc'/></presence>", on: connection)
  }

  /// A room that is configured, with its owner in it.
  mutating func makeRoom(_ room: String, isPersistent: Bool, by owner: ConnectionID) {
    join(room, as: "owner", on: owner)
    let type = "<field var='FORM_TYPE'><value>http://jabber.org/protocol/muc#roomconfig</value></field>"
    let kept = "<field var='muc#roomconfig_persistentroom'><value>\(isPersistent ? 1 : 0)</value></field>"
    let form = "<x xmlns='jabber:x:data' type='submit'>\(type)\(kept)</x>"
    send(
      "<iq type='set' id='c' to='\(room)@conference.localhost'><query xmlns='http://jabber.org/protocol/muc#owner'>\(form)</query></iq>",
      on: owner)
    _ = read(owner)
  }

  mutating func administer(_ room: String, _ item: String, type: String = "set", by admin: ConnectionID) {
    let query = "<query xmlns='http://jabber.org/protocol/muc#admin'>\(item)</query>"
    send("<iq type='\(type)' id='a' to='\(room)@conference.localhost'>\(query)</iq>", on: admin)
  }

  /// The list of members that an owner gets.
  mutating func members(of room: String, as owner: ConnectionID) -> String {
    _ = read(owner)
    administer(room, "<item affiliation='member'/>", type: "get", by: owner)
    return read(owner)
  }
}
