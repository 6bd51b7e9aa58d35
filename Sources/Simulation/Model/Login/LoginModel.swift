internal import OrderedCollections
internal import SASL
public import ServerCore
internal import XML
internal import XMPP

/// A judge of logins: who may receive `success`, after which messages, and until when (RFC 6120, 4 to 7 and 11; RFC 4616; RFC 5802).
///
/// It reads each client's bytes by itself, and knows passwords from the requests that set them. It takes from the server what it answers, with the order
/// in which that leaves, and when the server handles a stanza. For each input before a resource is bound it says which outputs may follow,
/// and no others may. Nothing may be owed once the server waits for nothing.
public struct LoginModel {
  static let name = "login"
  let configuration: Configuration
  /// Questions to storage may fail, or get no answer.
  private let storageMayFail: Bool
  /// There is room for only a few questions at a time, so any event may find none.
  private let isNarrow: Bool
  /// By the event that is followed a login may be put off: a question has failed, its time is over, or there may have been no room for it.
  private(set) var isPutOff = false
  /// Streams without a resource.
  var streams: OrderedDictionary<ConnectionID, LoginStream> = [:]
  var sessions: OrderedDictionary<ConnectionID, LoginSession> = [:]
  var accounts: OrderedDictionary<JID, LoginAccount> = [:]
  /// Accounts that requests are pending for.
  var unsettled: OrderedSet<JID> = []
  /// By number of the operator's request, those that have no answer.
  private var requests: OrderedDictionary<UInt64, [(account: JID, change: Int)]> = [:]
  private var changes = 0
  var cuts = LoginCuts()
  /// Counts events.
  private(set) var moment = 0
  var salts = LoginSalts()
  private(set) var isEnding = false
  private(set) var commitFailedAt: Int64 = -1
  /// The outputs of the event had waited for a commit: they were decided on earlier.
  private(set) var isHeld = false
  private(set) var now: Int64 = 0
  private let pool = ParserPool()
  /// The first thing that was wrong.
  public private(set) var problem: String?

  /// - Parameter storageMayFail: questions to storage may fail, or get no answer.
  public init(configuration: Configuration, storageMayFail: Bool) {
    self.configuration = configuration
    let limits: [Limit] = [.inquiries, .queuedWhileLoading, .concurrentKeyDerivations]
    self.storageMayFail = storageMayFail
    isNarrow = limits.contains { configuration.limits.value(of: $0) < $0.standard }
  }

  mutating func report(_ problem: String?, on connection: ConnectionID? = nil) {
    guard self.problem == nil, let problem else { return }
    self.problem = problem + (connection.map { " (connection \($0.number))" } ?? "")
  }

  /// The server's process is another: what is durable is there, and nobody is connected.
  mutating func restart() {
    (streams, sessions, requests, isEnding, commitFailedAt) = ([:], [:], [:], false, -1)
    cuts = LoginCuts()
    settleAccounts()
  }

  // MARK: Inputs

  /// To be called before the engine takes the input.
  mutating func hear(_ input: Input, at now: Int64) {
    guard problem == nil, case .bytes(let connection, let bytes) = input else { return }
    if let stream = streams[connection] {
      guard !stream.isEnded else { return }
      streams[connection]!.feed(bytes, at: now)
      self.now = now
      read(connection)
    } else {
      sessions[connection]?.grammar.feed(bytes)
    }
  }

  /// Reads a stream on until an answer is owed.
  mutating func read(_ connection: ConnectionID) {
    while let stream = streams[connection], stream.owed.isEmpty, !stream.isEnded, !stream.isInHandshake {
      guard let input = streams[connection]!.next(pool) else { return }
      streams[connection]!.taken += 1
      report(streams[connection]!.take(input, configuration), on: connection)
      if case .registration(let id, let request, _)? = streams[connection]!.owed.first {
        let domain = streams[connection]!.domain
        guard let creation = SimulatedFeature.all.lazy.compactMap({ $0.login?.creation(request, domain) }).first else { return }
        let change = self.request(.create(password: creation.password), of: creation.account)
        let pending = LoginStream.PendingChange(account: creation.account, number: change)
        streams[connection]!.owed[0] = .registration(id: id, request: request, change: pending)
      }
    }
  }

  /// Takes one event that the server has handled.
  mutating func follow(_ handled: HandledEvent) {
    guard problem == nil else { return }
    now = handled.time.monotonic
    moment += 1
    isHeld = false
    isPutOff = isNarrow || storageMayFail && handled.event.mayPutOff
    switch handled.event {
    case .opened(let connection, let opening): open(connection, opening)
    case .closed(let connection): close(connection, handled.server)
    case .encrypted(let connection, let facts): encrypted(connection, facts)
    case .header(let connection, _), .streamEnd(let connection): handle(connection, nil)
    case .streamFailure(let connection, let failure): handle(connection, nil, failure)
    case .stanza(let connection, let element): handle(connection, element)
    case .control(let id, let request): control(id, request)
    case .shutdown: isEnding = true
    case .commitFailed: commitFailedAt = now
    case .committed: isHeld = true
    case .answered, .deadline, .drained: break
    }
    for effect in handled.effects { follow(effect) }
    checkCuts()
    if case .deadline = handled.event, handled.server.isFlushed { checkDeadlines() }
  }

  private mutating func follow(_ effect: Effect) {
    switch effect {
    case .write(let element, _, let addressees):
      for addressee in addressees {
        if streams[addressee.connection] != nil {
          receive(.element(element), on: addressee.connection)
        } else if sessions[addressee.connection] != nil {
          receive(element, inSession: addressee.connection)
        }
      }
    case .openStream(let connection, let opening): receive(.header(opening), on: connection)
    case .closeStream(let connection): receive(.streamEnd, on: connection)
    case .close(let connection): receive(.close, on: connection)
    case .startTLS(let connection, _): receive(.tls, on: connection)
    case .reply(let id, let reply): replied(id, reply)
    default: break
    }
  }

  private mutating func receive(_ output: LoginOutput, on connection: ConnectionID) {
    guard streams[connection] != nil else {
      if output.isEnd { sessions[connection]?.isEnded = true }
      return
    }
    report(judge(output, on: connection), on: connection)
    if streams[connection]?.owed.isEmpty ?? false { read(connection) }
  }

  private mutating func open(_ connection: ConnectionID, _ opening: Opening) {
    var stream = LoginStream(at: now, opening, limits: configuration.limits)
    // RFC 6120, 13.12.
    let origin = opening.from
    let others = streams.values.count { $0.origin == origin && !$0.isRefused } + sessions.values.count { $0.origin == origin }
    if isEnding {
      stream.owed = [.close]
    } else if origin != nil, others >= configuration.limits[.connectionsPerAddress] {
      stream.isRefused = true
      // Before the handshake nothing can be said.
      stream.owed = opening.isDirectTLS ? [.close] : [.header, .error([LoginChoices.tooManyConnections]), .streamEnd, .close]
    }
    streams[connection] = stream
  }

  /// Requests of a session that have no answer were not carried out, unless they wait for a commit, and will not be.
  private mutating func close(_ connection: ConnectionID, _ server: Server) {
    if let session = sessions[connection], !session.requests.isEmpty, server.isFlushed {
      for number in session.requests.values.joined() { answered(number, of: session.jid.bare, isDone: false) }
    }
    (streams[connection], sessions[connection]) = (nil, nil)
  }

  private mutating func encrypted(_ connection: ConnectionID, _ facts: TLSFacts) {
    guard let stream = streams[connection], stream.isInHandshake else { return }
    streams[connection]!.mayBeOver = mayEndHandshake(stream)
    streams[connection]!.beginEncrypted(configuration.limits.unauthenticatedStream, at: now)
    // RFC 7301, 3.2; XEP-0368, 3.
    if let name = facts.protocolName, name != "xmpp-client" { streams[connection]!.owed = [.close] }
  }

  /// The server has handled an item of a connection; with its element, if it is one.
  private mutating func handle(_ connection: ConnectionID, _ element: Element?, _ failure: StreamParser.Failure? = nil) {
    if streams[connection] != nil {
      streams[connection]!.handled += 1
      streams[connection]!.progress = now
    } else if sessions[connection] != nil {
      report(sessions[connection]!.read(element, failure), on: connection)
      if let element { noteRequest(element, connection) }
    }
  }

  // MARK: Accounts

  private mutating func control(_ id: UInt64, _ request: ControlRequest) {
    let change: LoginAccountChange?
    switch request {
    case .addAccount(_, let password): change = password.withBytes(LoginAccountChange.prepare).map { .create(password: $0) }
    case .changePassword(_, let password): change = password.withBytes(LoginAccountChange.prepare).map { .setPassword($0) }
    case .deleteAccount: change = .delete
    case .disableAccount: change = .disable
    case .enableAccount: change = .enable
    case .listAccounts: change = nil
    }
    guard let change, let account = request.account else { return }
    requests[id, default: []].append((account, self.request(change, of: account)))
  }

  private mutating func replied(_ id: UInt64, _ reply: ControlReply) {
    guard var waiting = requests[id], !waiting.isEmpty else { return }
    let (account, change) = waiting.removeFirst()
    requests[id] = waiting.isEmpty ? nil : waiting
    answered(change, of: account, isDone: reply == .done)
  }

  /// Returns the number of the change.
  ///
  /// - Parameter asker: the session's connection, if a session asks.
  mutating func request(_ change: LoginAccountChange, of account: JID, by asker: ConnectionID? = nil) -> Int {
    changes += 1
    cuts.ask(change, changes, of: account, at: moment, by: asker)
    accounts[account, default: LoginAccount()].request(change, changes, at: now)
    unsettled.append(account)
    salts.forget(account)
    return changes
  }

  mutating func answered(_ change: Int, of account: JID, isDone: Bool) {
    cuts.answer(change, isDone: isDone)
    accounts[account, default: LoginAccount()].answered(change, isDone: isDone, at: now)
    salts.forget(account)
  }

  private mutating func settleAccounts() {
    for account in unsettled {
      accounts[account]?.settle(at: now)
      salts.forget(account)
    }
    unsettled = []
    requests = [:]
    cuts = LoginCuts()
  }

  // MARK: Checks

  /// To be called when the engine has taken an input: a server that waits for nothing owes nothing.
  mutating func settle(_ server: Server) {
    guard problem == nil, server.isFlushed, server.openQuestions == 0, server.isSettled else { return }
    if !unsettled.isEmpty { settleAccounts() }
    for (connection, stream) in streams where !stream.owed.isEmpty && !stream.isEnded {
      report("the server owes \(stream.owed[0].name), and says nothing", on: connection)
    }
    for (connection, session) in sessions where session.mustEnd != nil && !session.isEnded {
      report("the stream goes on behind what must end it with \(session.mustEnd!)", on: connection)
    }
  }

  private mutating func checkDeadlines() {
    for (connection, stream) in streams where !stream.isEnded && stream.deadline(configuration.limits) <= now {
      report("the time for a login is over, and the stream is open", on: connection)
    }
  }
}

extension Event {
  /// Whether a question may have failed with it. Outputs that had waited for a commit were decided on earlier, by whatever event.
  fileprivate var mayPutOff: Bool {
    switch self {
    case .answered(_, .failed), .deadline, .committed: true
    default: false
    }
  }
}
