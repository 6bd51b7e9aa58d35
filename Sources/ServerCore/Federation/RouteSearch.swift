internal import XML

/// The search for a server of a remote domain, on behalf of one of ours: DNS gives endpoints, and attempts to connect are made to them.
///
/// It is over when a connection is there, and goes on with the next endpoint if that comes to nothing.
struct RouteSearch: Sendable, Codable {
  private let pair: DomainPair
  private var resolution: Resolution
  private var resolutionEnd: Resolution.End?
  private var attempts = ConnectionAttempts()
  /// Questions without an answer, in the order of asking.
  private var questions: [Question] = []
  /// Why the last endpoint was no use.
  private var failure: RemoteFailure?

  private struct Question: Sendable, Codable {
    var id: InquiryID
    var subject: Subject
    /// On the monotonic clock.
    var since: Int64
  }
  private enum Subject: Sendable, Hashable, Codable {
    case records(DNSQuestion)
    case connection(Endpoint)
  }

  init(for pair: DomainPair, staticHost: StaticHost?) {
    self.pair = pair
    resolution = Resolution(of: pair.remote, staticHost: staticHost)
  }

  /// Begins. To be called once.
  ///
  /// - Returns: why the search has failed, if it has; it is over then. So do all functions below.
  mutating func begin(_ transaction: inout Transaction) -> RemoteFailure? {
    let progress = resolution.begin()
    return follow(progress, &transaction)
  }

  /// - Parameter answer: `nil` if the question failed.
  mutating func answered(_ question: DNSQuestion, with answer: DNSAnswer?, _ transaction: inout Transaction) -> RemoteFailure? {
    questions.removeAll { $0.subject == .records(question) }
    let progress = resolution.answered(question, with: answer, &transaction.random)
    return follow(progress, &transaction)
  }

  /// A connection is there. Returns whether it is the one that is used; all other attempts are given up then.
  mutating func connected(to endpoint: Endpoint, _ transaction: inout Transaction) -> Bool {
    questions.removeAll { $0.subject == .connection(endpoint) }
    guard case .won(let losers) = attempts.connected(endpoint) else { return false }
    if !losers.isEmpty { transaction.reach(ResolutionMark.attemptLost) }
    close({ if case .connection = $0 { true } else { false } }, &transaction)
    return true
  }

  mutating func attemptFailed(to endpoint: Endpoint, _ transaction: inout Transaction) -> RemoteFailure? {
    questions.removeAll { $0.subject == .connection(endpoint) }
    failure = .connection
    dial(attempts.failed(endpoint, at: transaction.now.monotonic), &transaction)
    return outcome
  }

  /// The connection that was used came to nothing before a stanza could be said.
  mutating func connectionFailed(because reason: RemoteFailure, _ transaction: inout Transaction) -> RemoteFailure? {
    failure = reason
    dial(attempts.winnerFailed(at: transaction.now.monotonic), &transaction)
    return outcome
  }

  mutating func timePassed(_ transaction: inout Transaction) -> RemoteFailure? {
    let now = transaction.now.monotonic
    while let (question, deadline) = firstDeadline(transaction.configuration.limits), deadline <= now {
      transaction.reach(ResolutionMark.resolutionSlow)
      close({ $0 == .records(question) }, &transaction)
      if let failure = answered(question, with: nil, &transaction) { return failure }
    }
    if let endpoint = attempts.timePassed(at: now) {
      transaction.reach(ResolutionMark.attemptOverlapping)
      dial(endpoint, &transaction)
    }
    return outcome
  }

  /// When to call `timePassed`, on the monotonic clock.
  func nextWake(_ limits: Configuration.Limits) -> Int64? {
    guard let deadline = firstDeadline(limits)?.deadline else { return attempts.nextDial }
    return min(deadline, attempts.nextDial ?? deadline)
  }

  /// Nobody wants its result any more.
  mutating func abandon(_ transaction: inout Transaction) { close({ _ in true }, &transaction) }

  // MARK: -

  private func firstDeadline(_ limits: Configuration.Limits) -> (question: DNSQuestion, deadline: Int64)? {
    for question in questions {
      if case .records(let asked) = question.subject { return (asked, question.since + limits[time: .resolutionTime]) }
    }
    return nil
  }

  private var outcome: RemoteFailure? {
    guard let resolutionEnd, attempts.isExhausted else { return nil }
    return switch resolutionEnd {
    case .notFound, .notProvided: .notFound
    case .unanswered: .unresolved
    case .complete: failure ?? .connection
    }
  }

  private mutating func follow(_ progress: Resolution.Progress, _ transaction: inout Transaction) -> RemoteFailure? {
    if let end = progress.end {
      resolutionEnd = end
      transaction.reach(end.mark)
      close({ if case .records = $0 { true } else { false } }, &transaction)
    }
    if !progress.endpoints.isEmpty { dial(attempts.add(progress.endpoints, at: transaction.now.monotonic), &transaction) }
    for question in progress.questions where !ask(.resolve(question), .records(question), .resolution(pair, question), &transaction) {
      if let failure = answered(question, with: nil, &transaction) { return failure }
    }
    return outcome
  }

  private mutating func dial(_ first: Endpoint?, _ transaction: inout Transaction) {
    var next = first
    while let endpoint = next {
      let isAsked = ask(.connect(endpoint, from: pair.local), .connection(endpoint), .attempt(pair, endpoint), &transaction)
      if isAsked { return }
      next = attempts.failed(endpoint, at: transaction.now.monotonic)
    }
  }

  private mutating func ask(
    _ question: ServerCore.Question, _ subject: Subject, _ purpose: Inquiry.Purpose, _ transaction: inout Transaction
  ) -> Bool {
    guard let id = transaction.ask(question, purpose) else { return false }
    questions.append(Question(id: id, subject: subject, since: transaction.now.monotonic))
    return true
  }

  private mutating func close(_ isUnwanted: (Subject) -> Bool, _ transaction: inout Transaction) {
    questions.removeAll { question in
      guard isUnwanted(question.subject) else { return false }
      _ = transaction.inquiries.close(question.id)
      return true
    }
  }
}

extension Resolution.End {
  fileprivate var mark: ResolutionMark {
    switch self {
    case .complete: .resolutionComplete
    case .notProvided: .resolutionNotProvided
    case .notFound: .resolutionNotFound
    case .unanswered: .resolutionUnanswered
    }
  }
}
