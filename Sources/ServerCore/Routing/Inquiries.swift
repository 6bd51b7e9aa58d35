internal import DequeModule
public import SASL
public import Storage
public import XML
internal import XMPP

// Everything that is answered later: the core asks, an adapter answers.

/// The number of a question. Never used twice within a run.
public struct InquiryID: Sendable, Hashable, Comparable, Codable {
  public let serial: UInt64
  public init(_ serial: UInt64) { self.serial = serial }
  /// The questions of a shard have numbers of their own.
  init(shard: Int, _ number: UInt64) { serial = number << 6 | UInt64(shard) }
  var shard: Int { Int(serial & 63) }
  public static func < (a: InquiryID, b: InquiryID) -> Bool { a.serial < b.serial }
}

/// A question to the world outside.
public enum Question: Sendable, Codable {
  /// The answer reflects every commit that was handed over before the question.
  case query(Query)
  /// Keys from a password cost milliseconds on purpose, so they are derived outside.
  case deriveKeys(DerivationRequest)
  /// Records of DNS.
  case resolve(DNSQuestion)
  /// A connection to another server, on behalf of a domain of ours, whose certificate is presented in direct TLS. The addresses are tried
  /// by nobody but the core: see `ConnectionAttempts`.
  case connect(Endpoint, from: Text)
  case verify(CertificateQuestion)
}

/// The answer to a question of the same kind. A question may get none, and one that comes too late or twice is ignored.
public enum Answer: Sendable, Codable {
  case result(QueryResult)
  /// For each hash of the request.
  case keys([ScramCredentials])
  case resolved(DNSAnswer)
  /// It is there, and nothing has been said on it. It is closed if nobody wants it any more.
  case connected(ConnectionID)
  case verdict(CertificateVerdict)
  /// The reason is for the log.
  case failed(String)
}

/// A question that is open: for whom it was asked, and until when it may be answered.
struct Inquiry: Sendable, Codable {
  enum Purpose: Sendable, Codable {
    /// The account or room comes into memory.
    case residency(Owner)
    /// Rows of an account, for the feature that declares their table (`Hooks.accountAnswered`).
    case accountRows(RowQuery)
    /// The next page of a list. The list is the query without a place to begin behind.
    case page(RowQuery)
    /// An account's answer to a request.
    case request(Stanza)
    case login(ConnectionID)
    case creation(JID, Requester)
    case passwordChange(JID, Requester)
    /// Whether the certificates may be trusted that a server presented in a handshake of its connection.
    case certificate(ConnectionID, handshake: Int)
    /// Records that lead to a remote domain.
    case resolution(DomainPair, DNSQuestion)
    /// An attempt to connect to a server of a remote domain.
    case attempt(DomainPair, Endpoint)

    var derivesKeys: Bool {
      switch self {
      case .login, .creation, .passwordChange: true
      case .residency, .accountRows, .page, .request, .certificate, .resolution, .attempt: false
      }
    }

    /// Whether it is about another server, for which there is a limit of its own: that must not be the end of all other questions.
    var isRemote: Bool {
      switch self {
      case .certificate, .resolution, .attempt: true
      default: false
      }
    }

    /// Whether the limit of open questions holds for it. A feature asks for an account that is in memory, for itself, and one question at a time:
    /// were it refused, nobody would ask again.
    var isLimited: Bool { if case .accountRows = self { false } else { !isRemote } }
  }

  var purpose: Purpose
  /// On the monotonic clock.
  var deadline: Int64
}

/// A question that has been open, with its answer. `Inquiries.settle` alone makes one, once for each question: so whoever demands one
/// can't be given an answer to another question, or an old one.
struct SettledInquiry: ~Copyable {
  let id: InquiryID
  let purpose: Inquiry.Purpose
  let answer: Answer

  fileprivate init(_ id: InquiryID, _ purpose: Inquiry.Purpose, _ answer: Answer) {
    (self.id, self.purpose, self.answer) = (id, purpose, answer)
  }
}

/// All open questions.
///
/// The asker keeps the number of the question that counts for it; an answer with another number is ignored. So an asker that has changed
/// since it asked simply asks again.
struct Inquiries: Sendable, Codable {
  private var open = Table<InquiryID, Inquiry>()
  /// In the order of asking, which is that of the deadlines. Of those that were answered some may still be in it.
  private var order: Deque<InquiryID> = []
  private var lastNumber: UInt64 = 0
  let shard: Int
  /// Keys that are being derived.
  private(set) var derivations = 0
  /// Questions for which the limit holds.
  private(set) var limitedCount = 0
  /// Questions about other servers.
  private(set) var remoteCount = 0

  init(shard: Int = 0) { self.shard = shard }

  var count: Int { open.count }
  /// When the first one expires, on the monotonic clock.
  var nextDeadline: Int64? { order.first.flatMap { open[$0]?.deadline } }

  mutating func add(_ inquiry: Inquiry) -> InquiryID {
    lastNumber += 1
    let id = InquiryID(shard: shard, lastNumber)
    open[id] = inquiry
    order.append(id)
    if inquiry.purpose.derivesKeys { derivations += 1 }
    if inquiry.purpose.isLimited { limitedCount += 1 }
    if inquiry.purpose.isRemote { remoteCount += 1 }
    return id
  }

  /// The question is answered, or its answer is no longer wanted. `nil` if it was so before.
  mutating func close(_ id: InquiryID) -> Inquiry? {
    guard let inquiry = open.remove(id) else { return nil }
    if inquiry.purpose.derivesKeys { derivations -= 1 }
    if inquiry.purpose.isLimited { limitedCount -= 1 }
    if inquiry.purpose.isRemote { remoteCount -= 1 }
    while let first = order.first, !open.contains(first) { order.removeFirst() }
    // One question that stays open must not keep the numbers of all that were asked after it.
    if order.count > 2 * open.count + 16 { order.removeAll { !open.contains($0) } }
    return inquiry
  }

  /// The question is answered. `nil` if it was so before, or is not wanted any more.
  mutating func settle(_ id: InquiryID, with answer: Answer) -> SettledInquiry? {
    guard let inquiry = close(id) else { return nil }
    return SettledInquiry(id, inquiry.purpose, answer)
  }

  /// Whether it is an open question about another server.
  func isRemote(_ id: InquiryID) -> Bool { open[id]?.purpose.isRemote ?? false }

  /// The first question whose time is over.
  func expired(at now: Int64) -> InquiryID? {
    guard let first = order.first, let deadline = open[first]?.deadline, deadline <= now else { return nil }
    return first
  }
}

extension Transaction {
  /// Asks the world outside. `nil` if too many questions are open: then nothing is asked.
  mutating func ask(_ question: Question, _ purpose: Inquiry.Purpose) -> InquiryID? {
    let limits = configuration.limits
    guard inquiries.limitedCount < limits[.inquiries] || !purpose.isLimited,
      !purpose.derivesKeys || inquiries.derivations < limits[.concurrentKeyDerivations]
    else {
      return reach(InquiryMark.inquiriesFull, nil)
    }
    if purpose.isRemote, inquiries.remoteCount >= limits[.remoteQuestions] { return reach(ResolutionMark.remoteQuestionsFull, nil) }
    let id = inquiries.add(Inquiry(purpose: purpose, deadline: now.monotonic + limits[time: .inquiryTime]))
    immediate.append(.ask(id, question))
    return id
  }
}

extension Shard {
  mutating func answered(_ id: InquiryID, _ answer: Answer, _ transaction: inout Transaction) {
    guard let settled = transaction.inquiries.settle(id, with: answer) else {
      if case .connected(let connection) = answer { return drop(connection, &transaction) }
      return transaction.reach(InquiryMark.inquiryAnswerIgnored)
    }
    follow(settled, &transaction)
  }

  /// Questions that got no answer in time fail.
  mutating func expireInquiries(_ transaction: inout Transaction) {
    while let id = transaction.inquiries.expired(at: transaction.now.monotonic) {
      let isRemote = transaction.inquiries.isRemote(id)
      if !isRemote { transaction.outputs.append(.log(.error, "question \(id.serial) got no answer; look whether storage still works")) }
      answered(id, transaction.reach(InquiryMark.inquiryExpired, .failed("no answer")), &transaction)
    }
  }

  private mutating func rowsLoaded(_ answer: Answer, for query: RowQuery, _ id: InquiryID, _ transaction: inout Transaction) {
    guard case .owner(let owner) = query.scope else { return }
    let jid = owner.jid
    let feature = Feature.all.first { $0.tables.contains { $0.name == query.table } }
    guard let answered = feature?.hooks.accountAnswered, accounts[jid]?.entity != nil else {
      return transaction.reach(InquiryMark.inquiryAskerGone)
    }
    answered(&accounts[jid]!.entity!, id, answer, &transaction)
    // The account's last session may have ended while it waited.
    wake(.account(jid), at: transaction.now.monotonic + configuration.limits[time: .idleTime])
  }

  private mutating func follow(_ settled: consuming SettledInquiry, _ transaction: inout Transaction) {
    let (id, purpose, answer) = (settled.id, settled.purpose, settled.answer)
    switch purpose {
    case .certificate(let connection, _): certificateChecked(settled, of: connection, &transaction)
    case .residency(let owner) where owner.kind == .room: roomLoaded(owner.jid, id, answer, &transaction)
    case .residency(let owner): accountLoaded(owner.jid, id, answer, &transaction)
    case .accountRows(let query): rowsLoaded(answer, for: query, id, &transaction)
    case .page(let query): pageLoaded(answer, for: query, &transaction)
    case .request(let request):
      // An account that went meanwhile has nothing to answer with.
      guard accounts[request.to.bare]?.entity != nil else {
        return transaction.bounce(request, transaction.reach(ActivationMark.abandonedStanza, Shard.busy))
      }
      accounts[request.to.bare]!.entity!.requestAnswered(request, answer, &transaction)
    case .login(let connection):
      if streams[connection] == nil { transaction.reach(SASLMark.saslStreamGone) }
      if case .keys(let keys) = answer {
        withStream(connection, &transaction) { $0.derived(keys, &$1) }
      } else {
        withStream(connection, &transaction) { $0.accountUnavailable(&$1) }
      }
    case .creation(let jid, let requester):
      guard case .keys(let keys) = answer else {
        return finish(requester, transaction.reach(ActivationMark.abandonedManagement, Shard.busy), &transaction)
      }
      run(.create(keys, requester), for: jid, &transaction)
    case .passwordChange(let jid, let requester):
      guard case .keys(let keys) = answer else {
        return finish(requester, transaction.reach(ActivationMark.abandonedManagement, Shard.busy), &transaction)
      }
      run(.changePassword(keys, requester), for: jid, &transaction)
    case .resolution(let pair, let question): resolved(question, for: pair, answer, &transaction)
    case .attempt(let pair, let endpoint): attempted(endpoint, for: pair, answer, &transaction)
    }
  }
}

extension Area {
  static let inquiries = Area(name: "inquiries", marks: [InquiryMark.self], limits: [.inquiries, .inquiryTime])
}

extension Limit {
  /// Questions to storage and the like that have no answer yet.
  public static let inquiries = count(
    "inquiries", 10_000, settable: 1..., effect: "whatever would need another question is answered with an error; nothing is changed",
    trial: .low(97, 3, 1))
  /// How long an answer may take.
  public static let inquiryTime = time(
    "inquiry_seconds", seconds: 60, effect: "the question counts as failed: whoever waited is answered with an error")
}

/// Marks: questions to the world outside.
public enum InquiryMark: UInt16, CoverageMark {
  case inquiriesFull, inquiryAnswerIgnored, inquiryAskerGone, inquiryExpired

  public static let offset = Mark.offset(of: InquiryMark.self)

  public var clause: String {
    switch self {
    case .inquiriesFull: "\(Limit.inquiries)"
    case .inquiryAnswerIgnored, .inquiryAskerGone: "activation"
    case .inquiryExpired: "\(Limit.inquiryTime)"
    }
  }
}
