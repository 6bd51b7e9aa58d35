internal import DequeModule
internal import OrderedCollections
internal import Storage
internal import XML
internal import XMPP

/// The whole behaviour of a server as one value: events go in, effects come out.
///
/// It does no I/O, reads no clock and knows no randomness but its random's: the same events at the same times give the same
/// effects, in any process. To copy it is to take a snapshot of the world.
public struct Server: Sendable, Codable {
  let setting: SharedConfiguration
  public var configuration: Configuration { _read { yield setting.configuration } }
  var random: RandomSource
  var streams = Store<ConnectionID, ClientStream>()
  /// Streams without a session: those whose authentication an account's end must cut short.
  var unbound = Table<ConnectionID, Bool>()
  /// How many connections there are from where.
  var connectionCounts = Table<SourceNetwork, Int>()
  var accounts = Store<JID, Loadable<Account>>()
  var rooms = Store<JID, Loadable<Room>>()
  /// Open questions; a transaction has them while it lasts.
  private(set) var inquiries = Inquiries()
  /// Who waits for a list from storage.
  var listings: OrderedDictionary<RowQuery, Listing> = [:]
  private(set) var commits = OutputCommit()
  private var timers = Timers()
  /// What this server has reached; a transaction has them while it lasts.
  public private(set) var marks = Marks()
  /// Errands that wait for storage, of all accounts and rooms, and who waits for a list.
  var parkedCount = 0
  /// Connections that are not read from until there is less that waits for storage.
  private var throttled: [ConnectionID] = []
  var isShuttingDown = false

  /// An account or room: in memory, or on its way there with what came for it meanwhile.
  struct Loadable<Entity: Sendable & Codable>: Sendable, Codable {
    /// One or none, in storage of its own: see `Store`.
    private var held: ContiguousArray<Entity>
    var entity: Entity? {
      get { held.first }
      _modify {
        var entity = held.popLast()
        yield &entity
        if let entity { held.append(entity) }
      }
    }
    var hasEntity: Bool { !held.isEmpty }
    /// The question for it whose answer counts, while it is on its way.
    var inquiry: InquiryID?
    var isLoading: Bool { inquiry != nil }
    var parked: [PendingTask] = []

    init(_ entity: Entity?) { held = entity.map { [$0] } ?? [] }

    /// On its way.
    init(awaiting inquiry: InquiryID) {
      held = []
      self.inquiry = inquiry
    }

    /// Does something with the account or room, in its place; `nil` if it is not there.
    mutating func modify<Answer>(_ body: (inout Entity) -> Answer) -> Answer? { held.isEmpty ? nil : body(&held[0]) }
    func read<Answer>(_ body: (borrowing Entity) -> Answer) -> Answer? { held.isEmpty ? nil : body(held[0]) }
  }

  /// - Parameter seed: the random's key; 32 bytes of entropy in production.
  public init(configuration: Configuration, seed: [UInt8]) {
    setting = SharedConfiguration(configuration)
    random = RandomSource(key: seed)
  }

  /// When `Event.deadline` should come, on the monotonic clock.
  public var nextDeadline: Int64? { timers.next }

  /// Takes one event, and appends what is to be done, in order.
  public mutating func handle(_ event: Event, at now: Instant, into effects: inout [Effect]) {
    switch event {
    case .committed(let number):
      commits.committed(through: number, into: &effects, &marks)
      unthrottle(&effects)
      return
    case .commitFailed(let number):
      let loss = commits.failed(from: number, &marks)
      perform(at: now, for: nil, into: &effects) { server, transaction in server.recover(from: loss, &transaction) }
      unthrottle(&effects)
      return
    default:
      break
    }
    let waitedBefore = waiting
    let bytesBefore = commits.bytes
    let cause: ConnectionID? = if case .stanza(let connection, _) = event { connection } else { nil }
    perform(at: now, for: cause, into: &effects) { server, transaction in server.react(to: event, &transaction) }
    if let cause {
      throttle(cause, waitedBefore: waitedBefore, bytesBefore: bytesBefore, &effects)
    } else {
      unthrottle(&effects)
    }
  }

  /// A session that has made too much wait for storage is not read from until there is less.
  private mutating func throttle(_ connection: ConnectionID, waitedBefore: Int, bytesBefore: Int, _ effects: inout [Effect]) {
    // Mostly nothing waits.
    guard commits.bytes > 0 || waiting > setting.configuration.limits[.pendingCommits] else { return }
    let limits = setting.configuration.limits
    guard let account = streams.read(connection, { $0.account }) ?? nil else { return }
    let mark: CommitMark
    // Whichever of its sessions speaks, and also one that has just begun.
    if commits.bytes(of: account) > limits[.accountRecordBytes] {
      mark = .outputShareThrottled
    } else if commits.bytes > max(limits[.allRecordBytes], bytesBefore) {
      mark = .outputBytesThrottled
    } else if waiting > max(limits[.pendingCommits], waitedBefore) {
      mark = .outputThrottled
    } else {
      return
    }
    marks.reach(mark)
    throttled.append(connection)
    effects.append(.pause(connection))
  }

  /// Steps that wait for a commit.
  var stepsBehindCommits: Int { commits.depth }
  /// Steps and tasks that wait for storage.
  private var waiting: Int { commits.depth + parkedCount }

  private mutating func unthrottle(_ effects: inout [Effect]) {
    guard !throttled.isEmpty else { return }
    let limits = setting.configuration.limits
    guard waiting <= limits[.pendingCommits] / 2, commits.bytes <= limits[.allRecordBytes] / 2 else { return }
    var kept: [ConnectionID] = []
    for connection in throttled {
      guard let stream = streams.read(connection, { (isThere: true, account: $0.account) }) else { continue }
      if let account = stream.account, commits.bytes(of: account) > limits[.accountRecordBytes] / 2 {
        kept.append(connection)
      } else {
        marks.reach(CommitMark.outputUnthrottled)
        effects.append(.resume(connection))
      }
    }
    throttled = kept
  }

  private mutating func perform(
    at now: Instant, for cause: ConnectionID?, into effects: inout [Effect], _ body: (inout Server, inout Transaction) -> Void
  ) {
    var transaction = Transaction(now: now, setting: setting)
    // Moved there and back: with two owners, each transaction's first mark would copy them all.
    swap(&marks, &transaction.marks)
    swap(&random, &transaction.random)
    swap(&inquiries, &transaction.inquiries)
    body(&self, &transaction)
    settle(&transaction)
    if let deadline = transaction.inquiries.nextDeadline { wake(.inquiries, at: deadline) }
    swap(&inquiries, &transaction.inquiries)
    swap(&random, &transaction.random)
    swap(&marks, &transaction.marks)
    let payer = transaction.changedBytes > 0 ? cause.flatMap { streams.read($0) { $0.account } ?? nil } : nil
    commits.add(transaction, cause: cause, payer: payer, into: &effects, &marks)
  }

  /// Delivers what was routed, and does what features left to the server, until nothing is left.
  private mutating func settle(_ transaction: inout Transaction) {
    while true {
      if let envelope = transaction.routed.popFirst() {
        deliver(envelope, &transaction)
      } else if let (jid, task) = transaction.tasks.popFirst() {
        run(task, for: jid, &transaction)
      } else {
        return
      }
    }
  }

  private mutating func react(to event: Event, _ transaction: inout Transaction) {
    switch event {
    case .opened(let connection, let origin): open(connection, from: origin, &transaction)
    case .header(let connection, let header): withStream(connection, &transaction) { $0.headerReceived(header, &$1) }
    case .stanza(let connection, let element): elementReceived(connection, element, &transaction)
    case .streamEnd(let connection): streamEnded(connection, &transaction)
    case .streamFailure(let connection, let failure):
      transaction.reach(failure.mark(isBound: streams[connection]?.isBound ?? false))
      endStream(connection, failure.streamError, &transaction)
    case .encrypted(let connection): withStream(connection, &transaction) { $0.tlsEstablished(&$1) }
    case .closed(let connection): connectionClosed(connection, &transaction)
    case .answered(let id, let answer): answered(id, answer, &transaction)
    case .control(let id, let request): control(id, request, &transaction)
    case .deadline: deadlinePassed(&transaction)
    case .shutdown: shutDown(&transaction)
    case .committed, .commitFailed: break
    }
  }

  // MARK: Time

  func isPast(_ time: Int64, _ transaction: Transaction) -> Bool { time <= transaction.now.monotonic }

  mutating func wake(_ subject: Timers.Subject, at time: Int64) { timers.wake(subject, at: time) }

  private mutating func deadlinePassed(_ transaction: inout Transaction) {
    while let subject = timers.popDue(at: transaction.now.monotonic) {
      switch subject {
      case .connection(let connection): checkConnection(connection, &transaction)
      case .account(let jid): releaseIfIdle(account: jid, &transaction)
      case .room(let jid): checkRoom(jid, &transaction)
      case .inquiries: expireInquiries(&transaction)
      }
    }
  }

  // MARK: Failure and end

  /// A commit failed: memory that ran ahead of the disk is dropped, and whoever was promised something hears that it ended.
  private mutating func recover(from loss: OutputCommit.Loss, _ transaction: inout Transaction) {
    transaction.reach(CommitMark.outputFailed)
    transaction.outputs.append(.log(.error, "storage failed: \(loss.touched.count) accounts and rooms are read anew"))
    // A connection whose end was among what was lost still has to end.
    for connection in loss.connections where streams[connection]?.isClosing ?? false {
      transaction.outputs.append(transaction.reach(CommitMark.outputLostEnd, .close(connection)))
    }
    // What an unbound stream lost may have been a header or the success of an authentication: in which stream its client is, nobody
    // knows, so there is nothing that could be said to it.
    for connection in loss.connections where !(streams[connection]?.isBound ?? true) {
      withStream(connection, &transaction) { $0.abandon(&$1) }
    }
    for jid in loss.touched {
      if let loadable = rooms[jid], !loadable.isLoading {
        _ = rooms.remove(jid)
        var entity = loadable.entity
        entity?.abandon(&transaction)
      }
      if accounts[jid] != nil { dropAccount(jid, StreamError(.internalServerError, text: "storage failed"), &transaction) }
    }
    for connection in loss.connections where streams[connection]?.isBound ?? false {
      endStream(
        connection, transaction.reach(CommitMark.outputLostSession, StreamError(.internalServerError, text: "storage failed")), &transaction
      )
    }
    for id in loss.controls {
      transaction.outputs.append(
        transaction.reach(CommitMark.outputLostControl, .reply(id, .refused("storage failed; nothing was changed"))))
    }
  }

  private mutating func shutDown(_ transaction: inout Transaction) {
    isShuttingDown = true
    for jid in rooms.sortedKeys() {
      guard rooms[jid]?.entity != nil else { continue }
      rooms[jid]!.entity!.shutDown(&transaction)
      _ = rooms.remove(jid)
    }
    // Occupants must have their word before they have no session any more that it could go to.
    settle(&transaction)
    for connection in streams.sortedKeys() {
      endStream(connection, transaction.reach(StreamMark.streamShutdown, StreamError(.systemShutdown)), &transaction)
    }
  }
}

extension StreamParser.Failure {
  /// RFC 6120, 4.9.3.
  var streamError: StreamError {
    switch self {
    case .badFormat: StreamError(.badFormat)
    case .badNamespacePrefix: StreamError(.badNamespacePrefix)
    case .notWellFormed, .undeclaredPrefix: StreamError(.notWellFormed)
    case .restricted: StreamError(.restrictedXML)
    case .tooBig(let what): StreamError(.policyViolation, text: Text(what))
    case .unsupportedEncoding: StreamError(.unsupportedEncoding)
    }
  }

  func mark(isBound: Bool) -> StreamMark {
    switch self {
    case .badFormat: .streamBadFormat
    case .badNamespacePrefix: .streamBadNamespacePrefix
    case .undeclaredPrefix: .streamUndeclaredPrefix
    case .notWellFormed: .streamNotWellFormed
    case .restricted: .streamRestrictedXML
    case .tooBig: isBound ? .streamTooBigAuthenticated : .streamTooBigUnauthenticated
    case .unsupportedEncoding: .streamUnsupportedEncoding
    }
  }
}
