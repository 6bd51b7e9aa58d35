internal import DequeModule
internal import OrderedCollections
internal import Storage
internal import XML
internal import XMPP

/// The accounts and rooms whose addresses hash to one number, with the streams of those accounts: events go in, effects come out.
///
/// A shard has its own commit order, timers, questions and source of random bytes. Shards reach each other only by `ShardMessage`, which leaves a
/// shard in the order of its outputs: behind every commit that the message could tell about. See `Server`.
struct Shard: Sendable, Codable {
  /// Its number, and how many shards there are.
  let index: Int
  let count: Int
  let setting: SharedConfiguration
  var configuration: Configuration { _read { yield setting.configuration } }
  var random: RandomSource
  /// Streams of this shard's accounts, and streams whose account nobody knows yet.
  var streams = Store<ConnectionID, ClientStream>()
  /// The streams without a session that claim to be of an account, by the account: its end must cut them short.
  private(set) var claims = Table<JID, Table<ConnectionID, Bool>>()
  var accounts = Store<JID, Loadable<Account>>()
  var rooms = Store<JID, Loadable<Room>>()
  /// Streams that other servers opened, by the numbers of their connections.
  var incoming = Store<ConnectionID, IncomingStream>()
  /// Streams to other servers, for the remote domains that hash to this shard.
  var outgoing = Store<ConnectionID, OutgoingStream>()
  /// The stanzas for other servers, of the remote domains that hash to this shard.
  var pairs = Store<DomainPair, OutgoingPair>()
  /// Bytes of them.
  var abroadBytes = 0
  /// Open questions; a transaction has them while it lasts.
  private(set) var inquiries: Inquiries
  /// The askers of lists that are being read from storage.
  var listings: OrderedDictionary<RowQuery, Listing> = [:]
  private(set) var commits: OutputCommit
  private var timers = Timers()
  /// The coverage marks that this shard has reached; a transaction has them while it lasts.
  private(set) var marks = Marks()
  /// Tasks that wait for storage, of all accounts and rooms, and who waits for a list.
  var parkedCount = 0
  var isShuttingDown = false
  /// How many stanzas the shard's streams have sent. A session's stanzas all come to one shard, so the number tells them apart.
  private var stanzas: UInt64 = 0
  /// How many stanzas were routed to an address, and timers looked at.
  var errands: UInt64 = 0

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
    var parked: [ParkedTask] = []

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

  init(_ index: Int, of count: Int, _ setting: SharedConfiguration, seed: [UInt8]) {
    (self.index, self.count, self.setting) = (index, count, setting)
    random = RandomSource(key: index == 0 ? seed : seed + [UInt8(index)])
    inquiries = Inquiries(shard: index)
    commits = OutputCommit(shard: index)
  }

  /// A stream claims to be of another account than before, or of none.
  mutating func claim(of connection: ConnectionID, changed old: JID?, to new: JID?) {
    guard old != new else { return }
    if let old {
      claims[old]?[connection] = nil
      if claims[old]?.count == 0 { claims[old] = nil }
    }
    if let new {
      if claims[new] == nil { claims[new] = Table() }
      claims[new]?[connection] = true
    }
  }

  /// Whether it can be this one of so many shards: its numbers are its own, and what it wants to say is for one that is there.
  func isSound(as index: Int, of count: Int) -> Bool {
    self.index == index && self.count == count && commits.shard == index && inquiries.shard == index
      && commits.waitingMessages.allSatisfy { message in
        // A list that no shard has asked for would go round for ever.
        if case .roomList(_, _, let asker) = message.content, !(0..<count ~= asker) { return false }
        return 0..<count ~= message.shard
      }
  }

  /// When `Event.deadline` should come, on the monotonic clock.
  var nextDeadline: Int64? { timers.next }

  /// Takes one event, and appends what is to be done, in order.
  mutating func handle(_ event: Event, at now: Instant, into effects: inout [Effect]) {
    switch event {
    case .committed(let id): commits.committed(through: id.number, into: &effects, &marks)
    case .commitFailed(let id):
      let loss = commits.failed(from: id.number, &marks)
      perform(at: now, into: &effects) { shard, transaction in shard.recover(from: loss, &transaction) }
    case .stanza(let connection, let element):
      stanzas &+= 1
      perform(at: now, for: Cause(connection: connection, serial: stanzas), into: &effects) { shard, transaction in
        shard.elementReceived(connection, element, &transaction)
      }
    default:
      perform(at: now, into: &effects) { shard, transaction in shard.react(to: event, &transaction) }
    }
  }

  /// Transactions and tasks that wait for storage.
  var waiting: Int { commits.depth + parkedCount }

  mutating func perform(
    at now: Instant, for cause: Cause = Cause(), into effects: inout [Effect], _ body: (inout Shard, inout Transaction) -> Void
  ) {
    var transaction = Transaction(now: now, setting: setting)
    // Moved there and back: with two owners, each transaction's first mark would copy them all.
    swap(&marks, &transaction.marks)
    swap(&random, &transaction.random)
    swap(&inquiries, &transaction.inquiries)
    body(&self, &transaction)
    settle(&transaction)
    transaction.outputs.close()
    if let deadline = transaction.inquiries.nextDeadline { wake(.inquiries, at: deadline) }
    swap(&inquiries, &transaction.inquiries)
    swap(&random, &transaction.random)
    swap(&marks, &transaction.marks)
    var cause = cause
    if cause.payer == nil, transaction.changedBytes > 0 || transaction.hasMessages, let connection = cause.connection {
      cause.payer = payer(of: connection)
    }
    let isFirst = commits.depth == 0
    commits.add(&transaction, cause, into: &effects, &marks)
    if isFirst, let time = commits.nextLook(limit: configuration.limits[time: .commitTime]) { wake(.commits, at: time) }
  }

  /// Delivers what was routed, and does what features left to the server, until nothing is left.
  mutating func settle(_ transaction: inout Transaction) {
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
    case .header(let connection, let header):
      let isClient: Void? = withStream(connection, &transaction) { $0.headerReceived(header, &$1) }
      if isClient == nil { remoteHeaderReceived(connection, header, &transaction) }
    case .streamEnd(let connection): streamEnded(connection, &transaction)
    case .streamFailure(let connection, let failure):
      guard streams.contains(connection) else {
        if case .tooBig = failure { transaction.reach(RemoteStreamMark.remoteStanzaTooBig) }
        return failRemote(connection, failure.streamError, &transaction)
      }
      transaction.reach(failure.mark(isBound: streams[connection]?.isBound ?? false))
      endStream(connection, failure.streamError, &transaction)
    case .encrypted(let connection, let facts):
      let isClient: Void? = withStream(connection, &transaction) { $0.tlsEstablished(facts, &$1) }
      if isClient == nil { remoteEncrypted(connection, facts, &transaction) }
    case .closed(let connection): connectionClosed(connection, &transaction)
    case .drained(let connection): drained(connection, &transaction)
    case .answered(let id, let answer): answered(id, answer, &transaction)
    case .control(let id, let request): control(id, request, &transaction)
    case .deadline: deadlinePassed(&transaction)
    case .opened, .stanza, .shutdown, .committed, .commitFailed: break
    }
  }

  // MARK: Time

  mutating func reach(_ mark: some CoverageMark) { marks.reach(mark) }

  func isPast(_ time: Int64, _ transaction: Transaction) -> Bool { time <= transaction.now.monotonic }

  mutating func wake(_ subject: Timers.Subject, at time: Int64) { timers.wake(subject, at: time) }

  private mutating func deadlinePassed(_ transaction: inout Transaction) {
    while let subject = timers.popDue(at: transaction.now.monotonic) {
      errands &+= 1
      switch subject {
      case .connection(let connection): checkConnection(connection, &transaction)
      case .account(let jid): releaseIfIdle(account: jid, &transaction)
      case .room(let jid): checkRoom(jid, &transaction)
      case .pair(let pair): checkPair(pair, &transaction)
      case .inquiries: expireInquiries(&transaction)
      case .commits: checkCommits(&transaction)
      }
    }
  }

  /// Says in the log that a commit takes long, and gives up when it takes too long.
  private mutating func checkCommits(_ transaction: inout Transaction) {
    switch commits.delay(at: transaction.now.monotonic, limit: configuration.limits[time: .commitTime]) {
    case .bearable(let next): if let next { wake(.commits, at: next) }
    case .long(let next):
      transaction.reach(CommitMark.commitSlow)
      transaction.immediate.append(.log(.warning, "storage has not finished a commit for long; look whether the disk still works"))
      wake(.commits, at: next)
    case .endless:
      transaction.reach(CommitMark.commitGivenUp)
      transaction.immediate.append(
        .giveUp("storage has not finished a commit within commit_seconds; the server ends, and nothing that it acknowledged is lost"))
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
    // The output that an unbound stream lost may have been a header or the success of an authentication: in which stream its client is, nobody
    // knows, so there is nothing that could be said to it. A client that did not wait for the header may be bound already.
    for connection in loss.connections where loss.headers.contains(connection) || !(streams[connection]?.isBound ?? true) {
      abandonStream(connection, &transaction)
    }
    for jid in loss.touched {
      if let loadable = rooms[jid], !loadable.isLoading {
        _ = rooms.remove(jid)
        var entity = loadable.entity
        entity?.abandon(&transaction)
      }
      // An account that has left memory meanwhile may have shown its lost change to a login (seed 83).
      dropAccount(jid, StreamError(.internalServerError, text: "storage failed"), &transaction)
    }
    for connection in loss.connections where streams[connection]?.isBound ?? false {
      endStream(
        connection, transaction.reach(CommitMark.outputLostSession, StreamError(.internalServerError, text: "storage failed")), &transaction
      )
    }
    for message in loss.messages { recover(message, &transaction) }
    withdrawParked(from: loss.first, &transaction)
    for id in loss.controls {
      transaction.outputs.append(
        transaction.reach(CommitMark.outputLostControl, .reply(id, .refused("storage failed; nothing was changed"))))
    }
  }

  /// Stanzas that wait for their addressees have not been said either, where the change failed that they tell of.
  private mutating func withdrawParked(from number: UInt64, _ transaction: inout Transaction) {
    var withdrawn: [Stanza] = []
    for jid in accounts.sortedKeys() { withdrawn += accounts.modify(jid) { $0.withdraw(from: number) } ?? [] }
    for jid in rooms.sortedKeys() { withdrawn += rooms.modify(jid) { $0.withdraw(from: number) } ?? [] }
    parkedCount -= withdrawn.count
    for stanza in withdrawn {
      transaction.bounce(stanza, transaction.reach(CommitMark.outputLostParked, Shard.busy))
    }
  }

  /// The first half of a shutdown: occupants must have their word before they have no session any more that it could go to.
  mutating func closeRooms(_ transaction: inout Transaction) {
    isShuttingDown = true
    for jid in rooms.sortedKeys() {
      guard rooms[jid]?.entity != nil else { continue }
      rooms[jid]!.entity!.shutDown(&transaction)
      _ = rooms.remove(jid)
    }
  }

  /// The second half.
  mutating func closeStreams(_ transaction: inout Transaction) {
    for connection in streams.sortedKeys() {
      endStream(connection, transaction.reach(StreamMark.streamShutdown, StreamError(.systemShutdown)), &transaction)
    }
    closeRemoteStreams(&transaction)
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
