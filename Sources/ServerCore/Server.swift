internal import DequeModule
internal import OrderedCollections
internal import Storage
internal import XML
internal import XMPP

/// The whole behaviour of a server as one value: events go in, effects come out.
///
/// It does no I/O, reads no clock and knows no randomness but its generator's: the same events at the same times give the same
/// effects, in any process. To copy it is to take a snapshot of the world.
public struct Server: Sendable, Codable {
  let setting: SharedConfiguration
  public var configuration: Configuration { _read { yield setting.configuration } }
  var generator: Generator
  var streams = Store<ConnectionID, ClientStream>()
  /// Streams without a session: those whose authentication an account's end must cut short.
  var unbound = Table<ConnectionID, Bool>()
  /// How many connections there are from where.
  var connectionCounts = Table<Origin, Int>()
  var accounts = Store<JID, Slot<Account>>()
  var rooms = Store<JID, Slot<Room>>()
  /// Open questions; a step has them while it lasts.
  private(set) var inquiries = Inquiries()
  /// Who waits for a list from storage.
  var listings: OrderedDictionary<RowQuery, Listing> = [:]
  private(set) var commits = OutputCommit()
  private var timers = Timers()
  /// What this server has reached; a step has them while it lasts.
  public private(set) var marks = Marks()
  /// Errands that wait for storage, of all accounts and rooms, and who waits for a list.
  var parkedCount = 0
  /// Connections that are not read from until there is less that waits for storage.
  private var throttled: [ConnectionID] = []
  var isShuttingDown = false

  /// An account or room: in memory, or on its way there with what came for it meanwhile.
  struct Slot<Entity: Sendable & Codable>: Sendable, Codable {
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
    var parked: [Errand] = []

    init(_ entity: Entity?) { held = entity.map { [$0] } ?? [] }

    /// On its way.
    init(awaiting inquiry: InquiryID) {
      held = []
      self.inquiry = inquiry
    }

    /// Does something with the account or room, in its place; `nil` if it is not there.
    mutating func change<Answer>(_ body: (inout Entity) -> Answer) -> Answer? { held.isEmpty ? nil : body(&held[0]) }
    func look<Answer>(_ body: (borrowing Entity) -> Answer) -> Answer? { held.isEmpty ? nil : body(held[0]) }
  }

  /// - Parameter seed: the generator's key; 32 bytes of entropy in production.
  public init(configuration: Configuration, seed: [UInt8]) {
    setting = SharedConfiguration(configuration)
    generator = Generator(key: seed)
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
      perform(at: now, for: nil, into: &effects) { server, step in server.recover(from: loss, &step) }
      unthrottle(&effects)
      return
    default:
      break
    }
    let waitedBefore = waiting
    let bytesBefore = commits.bytes
    let cause: ConnectionID? = if case .stanza(let connection, _) = event { connection } else { nil }
    perform(at: now, for: cause, into: &effects) { server, step in server.react(to: event, &step) }
    if let cause {
      throttle(cause, waitedBefore: waitedBefore, bytesBefore: bytesBefore, &effects)
    } else {
      unthrottle(&effects)
    }
  }

  /// A session that has made too much wait for storage is not read from until there is less.
  private mutating func throttle(_ connection: ConnectionID, waitedBefore: Int, bytesBefore: Int, _ effects: inout [Effect]) {
    // Mostly nothing waits.
    guard commits.bytes > 0 || waiting > setting.configuration.limits[.heldSteps] else { return }
    let limits = setting.configuration.limits
    guard let account = streams.look(connection, { $0.account }) ?? nil else { return }
    let mark: CommitMark
    // Whichever of its sessions speaks, and also one that has just begun.
    if commits.bytes(of: account) > limits[.accountRecordBytes] {
      mark = .outputShareThrottled
    } else if commits.bytes > max(limits[.allRecordBytes], bytesBefore) {
      mark = .outputBytesThrottled
    } else if waiting > max(limits[.heldSteps], waitedBefore) {
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
  /// Steps and errands that wait for storage.
  private var waiting: Int { commits.depth + parkedCount }

  private mutating func unthrottle(_ effects: inout [Effect]) {
    guard !throttled.isEmpty else { return }
    let limits = setting.configuration.limits
    guard waiting <= limits[.heldSteps] / 2, commits.bytes <= limits[.allRecordBytes] / 2 else { return }
    var kept: [ConnectionID] = []
    for connection in throttled {
      guard let stream = streams.look(connection, { (isThere: true, account: $0.account) }) else { continue }
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
    at now: Instant, for cause: ConnectionID?, into effects: inout [Effect], _ body: (inout Server, inout Step) -> Void
  ) {
    var step = Step(now: now, setting: setting)
    // Moved there and back: with two owners, each step's first mark would copy them all.
    swap(&marks, &step.marks)
    swap(&generator, &step.generator)
    swap(&inquiries, &step.inquiries)
    body(&self, &step)
    settle(&step)
    if let deadline = step.inquiries.nextDeadline { wake(.inquiries, at: deadline) }
    swap(&inquiries, &step.inquiries)
    swap(&generator, &step.generator)
    swap(&marks, &step.marks)
    let payer = step.changedBytes > 0 ? cause.flatMap { streams.look($0) { $0.account } ?? nil } : nil
    commits.add(step, cause: cause, payer: payer, into: &effects, &marks)
  }

  /// Delivers what was routed, and does what features left to the server, until nothing is left.
  private mutating func settle(_ step: inout Step) {
    while true {
      if let mail = step.mail.popFirst() {
        deliver(mail, &step)
      } else if let (jid, errand) = step.errands.popFirst() {
        run(errand, for: jid, &step)
      } else {
        return
      }
    }
  }

  private mutating func react(to event: Event, _ step: inout Step) {
    switch event {
    case .opened(let connection, let origin): open(connection, from: origin, &step)
    case .header(let connection, let header): withStream(connection, &step) { $0.headerReceived(header, &$1) }
    case .stanza(let connection, let element): elementReceived(connection, element, &step)
    case .streamEnd(let connection): streamEnded(connection, &step)
    case .streamFailure(let connection, let failure):
      step.reach(failure.mark(isBound: streams[connection]?.isBound ?? false))
      endStream(connection, failure.streamError, &step)
    case .encrypted(let connection): withStream(connection, &step) { $0.tlsEstablished(&$1) }
    case .closed(let connection): connectionClosed(connection, &step)
    case .answered(let id, let answer): answered(id, answer, &step)
    case .control(let id, let request): control(id, request, &step)
    case .deadline: deadlinePassed(&step)
    case .shutdown: shutDown(&step)
    case .committed, .commitFailed: break
    }
  }

  // MARK: Time

  func isPast(_ time: Int64, _ step: Step) -> Bool { time <= step.now.monotonic }

  mutating func wake(_ subject: Timers.Subject, at time: Int64) { timers.wake(subject, at: time) }

  private mutating func deadlinePassed(_ step: inout Step) {
    while let subject = timers.popDue(at: step.now.monotonic) {
      switch subject {
      case .connection(let connection): checkConnection(connection, &step)
      case .account(let jid): releaseIfIdle(account: jid, &step)
      case .room(let jid): checkRoom(jid, &step)
      case .inquiries: expireInquiries(&step)
      }
    }
  }

  // MARK: Failure and end

  /// A commit failed: memory that ran ahead of the disk is dropped, and whoever was promised something hears that it ended.
  private mutating func recover(from loss: OutputCommit.Loss, _ step: inout Step) {
    step.reach(CommitMark.outputFailed)
    step.outputs.append(.log(.error, "storage failed: \(loss.touched.count) accounts and rooms are read anew"))
    // A connection whose end was among what was lost still has to end.
    for connection in loss.connections where streams[connection]?.isClosing ?? false {
      step.outputs.append(step.reach(CommitMark.outputLostEnd, .close(connection)))
    }
    // What an unbound stream lost may have been a header or the success of an authentication: in which stream its client is, nobody
    // knows, so there is nothing that could be said to it.
    for connection in loss.connections where !(streams[connection]?.isBound ?? true) { withStream(connection, &step) { $0.abandon(&$1) } }
    for jid in loss.touched {
      if let slot = rooms[jid], !slot.isLoading {
        _ = rooms.remove(jid)
        var entity = slot.entity
        entity?.abandon(&step)
      }
      if accounts[jid] != nil { dropAccount(jid, StreamError(.internalServerError, text: "storage failed"), &step) }
    }
    for connection in loss.connections where streams[connection]?.isBound ?? false {
      endStream(connection, step.reach(CommitMark.outputLostSession, StreamError(.internalServerError, text: "storage failed")), &step)
    }
    for id in loss.controls {
      step.outputs.append(step.reach(CommitMark.outputLostControl, .reply(id, .refused("storage failed; nothing was changed"))))
    }
  }

  private mutating func shutDown(_ step: inout Step) {
    isShuttingDown = true
    for jid in rooms.sortedKeys() {
      guard rooms[jid]?.entity != nil else { continue }
      rooms[jid]!.entity!.shutDown(&step)
      _ = rooms.remove(jid)
    }
    // Occupants must have their word before they have no session any more that it could go to.
    settle(&step)
    for connection in streams.sortedKeys() {
      endStream(connection, step.reach(StreamMark.streamShutdown, StreamError(.systemShutdown)), &step)
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
