internal import XML
internal import XMPP

/// The stanzas from one of our domains to another's, with all that is known of the way there.
///
/// Streams are not its own: whatever it wants done about them it leaves behind as `Step`s.
struct OutgoingPair: Sendable, Codable {
  let pair: DomainPair
  private(set) var queue = OutgoingQueue<Stanza>()
  private(set) var route = Route.none
  private(set) var backOff = BackOff()
  /// Why there is no stream, since the last one.
  private(set) var failure: RemoteFailure?
  /// When a stanza last left, on the monotonic clock.
  private var lastUse: Int64 = 0
  private var steps: [Step] = []

  /// The way out. A stream stays the way until it is over, or stanzas on another could overtake its own.
  enum Route: Sendable, Codable {
    case none
    case search(RouteSearch)
    /// The stream on it can't take stanzas yet. If it never will, the search goes on.
    case negotiating(ConnectionID, RouteSearch)
    case open(ConnectionID, SendingRight, since: Int64)
    /// We end the stream, or did; no stanza goes there any more.
    ///
    /// - Parameter since: when it opened, if it was not we who had no more use for it.
    case closing(ConnectionID, since: Int64?)
  }

  /// Something that is to be done about a stream.
  enum Step: Sendable, Codable {
    case open(ConnectionID, isDirectTLS: Bool)
    case close(ConnectionID)
    /// A connection that nobody wants.
    case drop(ConnectionID)
  }

  init(_ pair: DomainPair) { self.pair = pair }

  /// A stream that ended sooner than this, in nanoseconds, counts as a failed one: a server that ends each at once is not dialed without pause.
  static let shortestSuccess = Int64.seconds(10)

  /// Whether nothing need be known of it.
  func isIdle(at now: Int64) -> Bool { if case .none = route { queue.isEmpty && backOff.isOver(at: now) } else { false } }

  /// When to call `timePassed`, on the monotonic clock.
  func nextWake(_ limits: Configuration.Limits) -> Int64? {
    var next = queue.waitingSince.map { $0 + limits[time: .remoteQueueTime] } ?? .max
    switch route {
    case .none: next = min(next, backOff.until ?? .max)
    case .search(let search): next = min(next, search.nextWake(limits) ?? .max)
    case .open: if queue.isEmpty { next = lastUse + limits[time: .remoteIdle] }
    case .negotiating, .closing: break
    }
    return next == .max ? nil : next
  }

  mutating func takeSteps() -> [Step] {
    defer { steps = [] }
    return steps
  }

  // MARK: Stanzas

  /// A stanza for the remote domain: it goes out, waits, or comes back.
  ///
  /// - Parameter room: how many bytes more may wait for all remote domains.
  mutating func send(_ stanza: Stanza, room: Int, _ transaction: inout Transaction) {
    let limits = transaction.configuration.limits
    let now = transaction.now.monotonic
    if case .none = route, let failure, !canWait(for: failure, at: now, limits) {
      return bounce([stanza], transaction.reach(RemoteMark.remoteBackedOff, failure).error, &transaction)
    }
    let most = min(limits[.remoteQueueBytes], queue.bytes + max(0, room))
    let bytes = stanza.element.stored.count
    guard
      queue.append(stanza, bytes: bytes, at: now, maximumCount: limits[.remoteQueueStanzas], maximumBytes: most)
    else { return refuse(stanza, &transaction) }
    proceed(&transaction)
  }

  /// A departure without room takes back the arrival that it would have undone: see `Loadable.park`.
  private mutating func refuse(_ stanza: Stanza, _ transaction: inout Transaction) {
    guard stanza.isDeparture else {
      let error = StanzaError(.resourceConstraint, text: "too much waits for the domain already")
      return bounce([stanza], transaction.reach(RemoteMark.remoteQueueFull, error), &transaction)
    }
    transaction.reach(RemoteMark.remoteDepartureDropped)
    queue.takeBack { $0.kind == .presence && $0.type == nil && $0.from == stanza.from && $0.to == stanza.to }
  }

  /// Whether a stanza may wait for the next attempt.
  private func canWait(for failure: RemoteFailure, at now: Int64, _ limits: Configuration.Limits) -> Bool {
    guard let until = backOff.until, until > now else { return true }
    return !failure.isPermanent && until - now <= limits[time: .remoteQueueTime]
  }

  /// Sends what may be sent; looks for a way if there is none.
  private mutating func proceed(_ transaction: inout Transaction) {
    let now = transaction.now.monotonic
    switch route {
    case .none:
      guard !queue.isEmpty, backOff.isOver(at: now) else { return }
      let host = transaction.configuration.staticHosts.first { $0.domain == pair.remote }
      var search = RouteSearch(for: pair, staticHost: host)
      let failure = search.begin(&transaction)
      goOn(search, failure, &transaction)
    case .open(let connection, let right, _):
      lastUse = now
      for stanza in queue.release(window: transaction.configuration.limits[.remoteWindowBytes]) {
        right.write(stanza, to: connection, &transaction)
      }
      if queue.waitingSince != nil { transaction.reach(RemoteMark.remoteWindowFull) }
    case .search, .negotiating, .closing: break
    }
  }

  // MARK: The way

  mutating func answered(_ question: DNSQuestion, with answer: DNSAnswer?, _ transaction: inout Transaction) {
    change(&transaction) { $0.answered(question, with: answer, &$1) }
  }

  mutating func attemptFailed(to endpoint: Endpoint, _ transaction: inout Transaction) {
    change(&transaction) { $0.attemptFailed(to: endpoint, &$1) }
  }

  mutating func connected(_ connection: ConnectionID, to endpoint: Endpoint, _ transaction: inout Transaction) {
    guard case .search(var search) = route, search.connected(to: endpoint, &transaction) else { return steps.append(.drop(connection)) }
    route = .negotiating(connection, search)
    steps.append(.open(connection, isDirectTLS: endpoint.isDirectTLS))
  }

  private mutating func change(
    _ transaction: inout Transaction, _ body: (inout RouteSearch, inout Transaction) -> RemoteFailure?
  ) {
    switch route {
    case .search(var search):
      let failure = body(&search, &transaction)
      goOn(search, failure, &transaction)
    // DNS may have more to say while a stream is being negotiated.
    case .negotiating(let connection, var search):
      _ = body(&search, &transaction)
      route = .negotiating(connection, search)
    case .none, .open, .closing: break
    }
  }

  private mutating func goOn(_ search: RouteSearch, _ failure: RemoteFailure?, _ transaction: inout Transaction) {
    route = .search(search)
    if let failure { fail(failure, search, &transaction) }
  }

  /// The search is over, and has found nothing.
  private mutating func fail(_ reason: RemoteFailure, _ search: RouteSearch, _ transaction: inout Transaction) {
    var search = search
    search.abandon(&transaction)
    route = .none
    backOff.failed(at: transaction.now.monotonic, &transaction.random)
    failure = reason
    transaction.outputs.append(.log(.info, "no stream from \(pair.local) to \(pair.remote): \(reason.text)"))
    guard !canWait(for: reason, at: transaction.now.monotonic, transaction.configuration.limits) else {
      return transaction.reach(RemoteMark.remoteRetried)
    }
    bounce(queue.takeAll(), transaction.reach(RemoteMark.remoteUnreachable, reason).error, &transaction)
  }

  // MARK: The stream

  mutating func opened(_ connection: ConnectionID, with right: SendingRight, _ transaction: inout Transaction) {
    guard case .negotiating(connection, var search) = route else { return steps.append(.close(connection)) }
    search.abandon(&transaction)
    transaction.reach(RemoteMark.remoteOpened)
    failure = nil
    route = .open(connection, right, since: transaction.now.monotonic)
    proceed(&transaction)
  }

  /// The system has taken all that was written to the stream.
  mutating func drained(_ connection: ConnectionID, _ transaction: inout Transaction) {
    switch route {
    case .open(connection, _, _):
      queue.drained()
      if !queue.isEmpty { proceed(&transaction) }
    case .closing(connection, _): queue.drained()
    default: break
    }
  }

  mutating func ended(_ connection: ConnectionID, because reason: RemoteFailure, _ transaction: inout Transaction) {
    switch route {
    case .negotiating(connection, var search):
      let failure = search.connectionFailed(because: reason, &transaction)
      goOn(search, failure, &transaction)
    case .open(connection, _, let since): leave(openedAt: since, because: reason, &transaction)
    case .closing(connection, let since): leave(openedAt: since, because: reason, &transaction)
    default: break
    }
  }

  /// The stream takes no more stanzas; it is over when its connection is.
  mutating func closing(_ connection: ConnectionID) {
    if case .open(connection, _, let since) = route { route = .closing(connection, since: since) }
  }

  private mutating func leave(openedAt: Int64?, because reason: RemoteFailure, _ transaction: inout Transaction) {
    let lost = queue.takeSent()
    if !lost.isEmpty { transaction.reach(RemoteMark.remoteLost) }
    bounce(lost, RemoteFailure.connection.error, &transaction)
    if let openedAt, transaction.now.monotonic - openedAt < OutgoingPair.shortestSuccess {
      backOff.failed(at: transaction.now.monotonic, &transaction.random)
      failure = reason.isPermanent ? .stream : reason
    } else {
      backOff.reset()
    }
    route = .none
    if !queue.isEmpty { transaction.reach(RemoteMark.remoteReopened) }
    proceed(&transaction)
  }

  mutating func timePassed(_ transaction: inout Transaction) {
    let limits = transaction.configuration.limits
    let now = transaction.now.monotonic
    let late = queue.expire(before: now - limits[time: .remoteQueueTime] + 1)
    if !late.isEmpty {
      bounce(late, transaction.reach(RemoteMark.remoteExpired, failure ?? RemoteFailure.timeout).error, &transaction)
    }
    switch route {
    case .none: proceed(&transaction)
    // A server that does not answer for so long is left alone.
    case .search(let search) where queue.isEmpty: fail(.timeout, search, &transaction)
    case .search: change(&transaction) { $0.timePassed(&$1) }
    case .open(let connection, _, _):
      guard queue.isEmpty, now >= lastUse + limits[time: .remoteIdle] else { return }
      transaction.reach(RemoteMark.remoteIdled)
      route = .closing(connection, since: nil)
      steps.append(.close(connection))
    case .negotiating, .closing: break
    }
  }

  /// Answers stanzas with an error, in order. A departure needs no answer.
  private func bounce(_ stanzas: [Stanza], _ error: StanzaError, _ transaction: inout Transaction) {
    for stanza in stanzas where !stanza.isDeparture { transaction.bounce(stanza, error) }
  }
}

extension SendingRight {
  /// Writes a stanza of the pair to the stream; nothing else writes stanzas to other servers.
  fileprivate func write(_ stanza: Stanza, to connection: ConnectionID, _ transaction: inout Transaction) {
    transaction.immediate.append(.write(stanza.element, from: stanza.from, to: [Addressee(connection: connection, to: stanza.to)]))
  }
}
