internal import ClientCore
internal import OrderedCollections
internal import SASL
public import ServerCore
internal import Storage
internal import XML
internal import XMPP

/// The actions of a recording's clients, so that some can be left out and the rest done again, in a simulated world: the clients log in by
/// themselves there, and storage answers from the rows that it is known to have held.
public struct SessionReplay: Sendable {
  /// One thing that somebody outside did.
  public struct UserAction: Sendable {
    /// Nanoseconds since the beginning.
    var time: Int64
    /// The connection that did it, by its number in the recording.
    var actor: Int
    var what: What
  }
  enum What: Sendable {
    /// Logs in as this full JID.
    case login(JID)
    case say(Element)
    /// A stranger's bytes.
    case bytes([UInt8])
    case leave
    case control(ControlRequest)
  }

  public internal(set) var actions: [UserAction] = []
  var database = MemoryDatabase(.server)
  var configuration: Configuration
  /// Actors whose connections begin with TLS.
  private(set) var directTLS: OrderedSet<Int> = []

  /// Reads a recording. The last input is looked at and not fed to an engine: it may be the one at which the server trapped.
  public init(_ recording: Recording) {
    var replay = Replay(recording)
    replay.sparesLastInput = true
    replay.keepsHistory = true
    configuration = replay.engine.server.configuration
    // Passwords are made anew, and what they cost is not what is looked for.
    configuration.scramRounds = 1
    let server = replay.engine.server
    for account in server.accountsInMemory {
      addAccount(account)
      for change in SimulatedFeature.all.flatMap({ $0.rowsInMemory?(server, account) ?? [] }) { database.apply(change) }
    }
    replay.run()
    let sessions = read(replay.history)
    read(recording.entries, since: recording.start.time, except: sessions)
    actions = actions.enumerated().sorted { ($0.element.time, $0.offset) < ($1.element.time, $1.offset) }.map(\.element)
  }

  /// Reads the actions of bound sessions. Returns the numbers of their connections.
  private mutating func read(_ history: [Run.Moment]) -> OrderedSet<Int> {
    var sessions: OrderedSet<Int> = []
    for moment in history {
      switch moment.observation {
      case .began(let session, let jid):
        sessions.append(session.actor)
        if !database.has(.account(jid.bare)) { addAccount(jid.bare) }
        actions.append(UserAction(time: moment.time, actor: session.actor, what: .login(jid)))
      case .sent(let session, let element): actions.append(UserAction(time: moment.time, actor: session.actor, what: .say(element)))
      case .ended(let session):
        if sessions.contains(session.actor) { actions.append(UserAction(time: moment.time, actor: session.actor, what: .leave)) }
      default: break
      }
    }
    return sessions
  }

  /// Reads the actions of strangers and of the operator, and the rows that storage held.
  private mutating func read(_ entries: [Recording.Entry], since start: Instant, except sessions: OrderedSet<Int>) {
    var loaded: OrderedSet<Owner> = []
    var lastOffline: OrderedDictionary<JID, Int64> = [:]
    for case .input(let input, let now) in entries {
      let time = now.monotonic &- start.monotonic
      switch input {
      case .opened(let connection, let opening):
        if opening.isDirectTLS { directTLS.append(Int(truncatingIfNeeded: connection.number)) }
      case .bytes(let connection, let bytes):
        let actor = Int(truncatingIfNeeded: connection.number)
        if !sessions.contains(actor) { actions.append(UserAction(time: time, actor: actor, what: .bytes(bytes))) }
      case .closed(let connection):
        let actor = Int(truncatingIfNeeded: connection.number)
        if !sessions.contains(actor) { actions.append(UserAction(time: time, actor: actor, what: .leave)) }
      case .control(_, let request): actions.append(UserAction(time: time, actor: -1, what: .control(request)))
      // The first answer is what was there before; but of messages, those that were stored later are sent again.
      case .answered(_, .result(.page(let page))) where page.table == OfflineMessage.table.name:
        guard let jid = page.entries.first?.owner, let messages = try? page.rows(OfflineMessage.self) else { break }
        for (_, message) in messages where message.sequence <= lastOffline[jid] ?? 0 { database.apply(.put(message, of: jid)) }
        lastOffline[jid] = 0
      case .answered(_, .result(.owner(let rows?))):
        guard loaded.append(rows.owner).inserted else { break }
        hold(rows)
        if case .integer(let last)? = rows.summary(OfflineMessage.self).lastKey?.first { lastOffline[rows.owner.jid] = last }
      default: break
      }
    }
  }

  private mutating func addAccount(_ jid: JID) {
    let credentials = ScramHash.allCases.map { hash in
      let salt: [UInt8] = Array("salt".utf8)
      let salted = Scram.saltedPassword(hash, password: Array(SessionReplay.password.utf8), salt: salt, rounds: 1)
      return Scram.credentials(hash, saltedPassword: salted, salt: salt, rounds: 1)
    }
    database.apply(StoredAccount(jid: jid, credentials: credentials).changes)
  }

  /// Keeps everything that storage had of an owner, but gives an account our own password.
  private mutating func hold(_ rows: OwnerRows) {
    for table in rows.tables { for row in table.rows { database.apply(.put(table.table, rows.owner, row)) } }
    if rows.owner.kind == .account { addAccount(rows.owner.jid) }
  }

  static let password: Text = "pw"
}

/// One performance of it.
struct ReplayRun: ClientHost {
  var world: World
  var clients = SimulatedClients()
  private var oracles: [any Oracle] = ReplayObserver.rules.map { $0.init() }
  private(set) var history: [Run.Moment] = []
  private(set) var failure: RunReport.Failure?
  private var requests: UInt64 = 0
  private let directTLS: OrderedSet<Int>

  init(_ piece: SessionReplay, mutation: Mutation?, sink: (@Sendable ([UInt8]) -> Void)? = nil) {
    directTLS = piece.directTLS
    var settings = WorldSettings(configuration: piece.configuration)
    // Nothing takes time, and nothing goes wrong: what fails then fails by what is done alone.
    settings.shortPercent = 0
    settings.latency = 0...0
    settings.commitTime = 0...0
    settings.watchesLimitsClosely = true
    world = World(
      choices: Choices(seed: 1, source: .trace(ChoiceTrace())), settings: settings, mutation: mutation, database: piece.database)
    world.record(secret: [1], keepsText: true, sink: sink)
  }

  mutating func run(_ actions: [SessionReplay.UserAction]) {
    for action in actions where failure == nil {
      while world.advance(untilRest: false, upTo: max(action.time, world.now)) { attend() }
      perform(action)
      settle()
    }
    settle()
  }

  var isOver: Bool { failure != nil }

  private mutating func perform(_ action: SessionReplay.UserAction) {
    switch action.what {
    case .login(let jid):
      var stream = Client(
        account: jid.bare, password: SessionReplay.password, resource: jid.resource, nonce: "n\(action.actor)", security: .opportunistic)
      stream.isDirectTLS = directTLS.contains(action.actor)
      connect(action.actor, as: stream)
    case .say(let element): if clients[action.actor].isBound { write(element, as: action.actor) }
    case .bytes(let bytes):
      if clients[action.actor].connection == nil { connect(action.actor, as: nil) }
      if let connection = clients[action.actor].connection { world.send(bytes, on: connection) }
    case .leave: hangUp(action.actor)
    case .control(let request):
      requests += 1
      world.control(requests, ReplayRun.withPassword(request))
    }
  }

  private static func withPassword(_ request: ControlRequest) -> ControlRequest {
    let password = Secret(Array(SessionReplay.password.utf8))
    return switch request {
    case .addAccount(let jid, _): .addAccount(jid, password: password)
    case .changePassword(let jid, _): .changePassword(jid, password: password)
    case .deleteAccount, .disableAccount, .enableAccount, .listAccounts: request
    }
  }

  private mutating func connect(_ actor: Int, as stream: Client?) {
    let isDirectTLS = directTLS.contains(actor)
    open(SessionID(actor: actor, incarnation: 0), label: UInt64(bitPattern: Int64(actor)), as: stream, isDirectTLS: isDirectTLS)
    // A stranger's bytes come behind the handshake.
    if isDirectTLS, stream == nil { settle() }
  }

  mutating func attend() {
    if let gauge = world.overLimit { fail("limits", gauge.description) }
    deliverNotices()
  }

  mutating func received(_ element: Element, by actor: Int) { observe(.received(clients[actor].session, element)) }

  mutating func observe(_ observation: Observation) {
    guard failure == nil else { return }
    // Strangers send bytes as they were recorded, and are no sessions.
    if let session = observation.session, clients[session.actor].stream == nil { return }
    history.append(Run.Moment(time: world.now, observation: observation))
    for index in oracles.indices {
      if let problem = oracles[index].observe(observation, at: world.now) { return fail(type(of: oracles[index]).name, problem) }
    }
  }

  private mutating func fail(_ oracle: String, _ message: String) {
    if failure == nil { failure = RunReport.Failure(oracle: oracle, message: message, time: world.now) }
  }
}
