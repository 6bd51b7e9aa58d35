internal import OrderedCollections
internal import SASL
internal import ServerCore
internal import XML
internal import XMPP

/// One client's stream until a resource is bound, as RFC 6120, 4 to 7, and RFC 5802 have it: which outputs the server owes for what the client has sent.
struct LoginStream: Sendable {
  enum Phase: Sendable {
    /// A header must come; the account is there once somebody has logged in.
    case header(JID?)
    /// "proceed" was said, or the connection begins with TLS; the handshake has not been completed.
    case tls
    case negotiating
    case exchange(Exchange)
    case bind(JID)
    /// The server has ended the stream.
    case ended
  }

  enum Exchange: Sendable {
    /// The initial response has been asked for by an empty challenge.
    case initial(SASLMechanism)
    case final(SASLMechanism, SASLGrammar.First, SASLGrammar.Challenge, account: JID?, since: Int64)
  }

  /// An output that the server owes.
  enum Owed: Sendable {
    case header
    case features
    case proceed, startTLS, tlsFailure
    case emptyChallenge(SASLMechanism)
    case challenge(SASLMechanism, SASLGrammar.First, account: JID?, since: Int64)
    /// The conditions of a SASL failure (RFC 6120, 6.5).
    case failure([Text])
    case verdict(Attempt)
    case bound(resource: Text, id: Text)
    case stanzaError(id: Text?, [Text])
    /// A request of a stranger to a feature, and the number of the change that it asks for.
    case registration(id: Text?, request: Element, change: PendingChange?)
    /// The conditions of a stream error (RFC 6120, 4.9.3).
    case error([Text])
    case streamEnd
    case close
  }

  struct PendingChange: Sendable {
    let account: JID
    let number: Int
  }

  /// A claim that the server must judge.
  struct Attempt: Sendable {
    enum Evidence: Sendable {
      /// Prepared.
      case password([UInt8])
      case proof(SASLGrammar.Proof)
    }
    let account: JID?
    let evidence: Evidence
    /// When the client's first message of the attempt came, at the latest.
    let since: Int64

    func isRight(for password: [UInt8]) -> Bool {
      switch evidence {
      case .password(let given): given == password
      case .proof(let proof): proof.isRight(for: password)
      }
    }

    func final(for password: [UInt8]) -> [UInt8] {
      switch evidence {
      case .password: []
      case .proof(let proof): proof.final(for: password)
      }
    }
  }

  let openedAt: Int64
  let origin: SourceNetwork?
  /// It was one too many from its address.
  var isRefused = false
  var phase: Phase
  /// In order.
  var owed: [Owed] = []
  var isEncrypted = false
  /// As prepared; empty until a header has named one since the connection began, or since it is encrypted.
  var domain: Text = ""
  var wasHeaderSent = false
  var failures = 0
  /// The number of the event by which the server had shown to know whose stream it is to be, by a challenge or by success.
  private(set) var claimed: Int?
  /// The password that the client has shown to know, prepared.
  private(set) var password: [UInt8]?
  /// Bytes came behind the request for TLS and before the handshake, and not together with the request.
  private(set) var wasHeardBehindTLS = false
  /// The server may have ended it within the handshake, and its outputs wait for a commit.
  var mayBeOver = false
  /// When the server handled a header or an element last.
  var progress: Int64
  /// When the bytes that are not read yet began to come.
  var heardAt: Int64
  private var parser: StreamParser
  private(set) var grammar = StreamGrammar()
  /// How many items were read, and how many the server has handled.
  var taken = 0
  var handled = 0

  init(at now: Int64, _ opening: Opening, limits: Configuration.Limits) {
    (openedAt, progress, heardAt) = (now, now, now)
    origin = opening.from
    phase = opening.isDirectTLS ? .tls : .header(nil)
    parser = StreamParser(limits: limits.unauthenticatedStream)
  }

  var isEnded: Bool { if case .ended = phase { true } else { false } }

  /// The account that the stream is of, or is about to be.
  var account: JID? {
    switch phase {
    case .header(let account): return account
    case .bind(let account): return account
    case .exchange(.final(_, _, _, let account, _)): return account
    case .negotiating, .exchange(.initial), .tls, .ended: break
    }
    switch owed.first {
    case .verdict(let attempt): return attempt.account
    case .challenge(_, _, let account, _): return account
    default: return nil
    }
  }

  /// When the server must have ended it (RFC 6120, 4.9.3.4): progress counts by whole elements.
  func deadline(_ limits: Configuration.Limits) -> Int64 {
    min(progress + limits[time: .negotiationIdle], openedAt + limits[time: .negotiationTotal])
  }

  var isInHandshake: Bool { if case .tls = phase { true } else { false } }
  private var isStartingTLS: Bool {
    switch owed.first {
    case .proceed, .startTLS: true
    default: isInHandshake
    }
  }
  var isBeforeHeader: Bool { if case .header = phase { true } else { false } }
  /// The account that has logged in.
  var loginAccount: JID? {
    switch phase {
    case .header(let account): account
    case .bind(let account): account
    case .tls, .negotiating, .exchange, .ended: nil
    }
  }

  // MARK: Progress

  /// - Parameter isHeld: what the server said had waited, so bytes behind the request for TLS may have come by themselves.
  mutating func beginHandshake(isHeld: Bool) {
    if isHeld, parser.pendingBytes > 0 { wasHeardBehindTLS = true }
    phase = .tls
    owed = []
    discard()
  }

  mutating func beginEncrypted(_ limits: StreamLimits, at now: Int64) {
    isEncrypted = true
    phase = .header(nil)
    restart(limits)
    discard()
    (progress, heardAt) = (now, now)
  }

  /// The features were offered.
  mutating func pass() {
    phase = if case .header(let account?) = phase { .bind(account) } else { .negotiating }
    owed = []
  }

  /// - Parameter moment: the number of the event.
  mutating func begin(_ exchange: Exchange, at moment: Int) {
    phase = .exchange(exchange)
    owed = []
    if case .final = exchange { claimed = moment }
  }

  mutating func fail(limit: Int) {
    phase = .negotiating
    claimed = nil
    failures += 1
    owed = failures >= limit ? [.error([LoginChoices.tooManyFailures]), .streamEnd, .close] : []
  }

  mutating func succeed(_ account: JID, _ password: [UInt8], _ limits: StreamLimits, at moment: Int) {
    phase = .header(account)
    owed = []
    self.password = password
    claimed = claimed ?? moment
    restart(limits)
  }

  mutating func end() {
    phase = .ended
    owed = []
  }

  // MARK: Bytes

  mutating func feed(_ bytes: [UInt8], at now: Int64) {
    if isStartingTLS { wasHeardBehindTLS = true }
    // Between "proceed" and the end of the handshake nothing is read that has an effect, but perhaps the end of the stream.
    if isInHandshake { return }
    if parser.pendingBytes == 0 { heardAt = now }
    parser.feed(bytes)
    grammar.feed(bytes)
  }

  /// A new stream begins on the connection (RFC 6120, 4.3.3).
  mutating func restart(_ limits: StreamLimits) {
    parser.restart()
    parser.limits = limits
    grammar.restart()
    wasHeaderSent = false
  }

  /// RFC 6120, 5.4.3.3: nothing that was said in the clear has an effect.
  mutating func discard() {
    parser.discardPending()
    grammar.discard()
    domain = ""
  }

  enum Input {
    case header(StreamParser.Header)
    case element(Element)
    case end
    /// The conditions that the stream may end with.
    case violation([Text])
    /// The two readers of the bytes disagree.
    case dispute(String)
  }

  mutating func next(_ pool: ParserPool) -> Input? {
    guard let event = parser.next(using: pool) else { return nil }
    let item = grammar.next()
    if case .violation(let conditions)? = item {
      guard case .failure(let failure) = event else { return .violation(conditions) }
      // Some of what is malformed within a stanza shows at its end alone, and more may have come until then. An excess may have come before,
      // and the grammar knows no limits.
      return .violation(conditions.contains("not-well-formed") || failure.isExcess ? conditions + [failure.condition] : conditions)
    }
    switch (event, item) {
    case (.failure(let failure), _): return .violation([failure.condition])
    case (.header(let header), .header): return .header(header)
    case (.stanza(let element), .stanza): return .element(element)
    case (.end, .end): return .end
    default: return .dispute("the parser read \(event), and the grammar has \(item.map { "\($0)" } ?? "nothing")")
    }
  }
}

extension StreamParser.Failure {
  fileprivate var isExcess: Bool { if case .tooBig = self { true } else { false } }

  /// RFC 6120, 4.9.3.
  var condition: Text {
    switch self {
    case .badFormat: "bad-format"
    case .badNamespacePrefix: "bad-namespace-prefix"
    case .undeclaredPrefix, .notWellFormed: "not-well-formed"
    case .restricted: "restricted-xml"
    case .tooBig: "policy-violation"
    case .unsupportedEncoding: "unsupported-encoding"
    }
  }
}
