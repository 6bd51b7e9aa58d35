internal import SASL
internal import XML
internal import XMPP

/// One client's stream from its opening to its session (RFC 6120, sections 4 to 7).
///
/// It decides alone what it can; what concerns accounts comes out as a `Request`.
struct ClientStream: Sendable, Codable {
  let connection: ConnectionID
  let role: StreamRole
  /// The network for which it counts as a connection; `nil` if for none.
  let origin: SourceNetwork?
  /// Fixed by the first header: a restart may not move it (RFC 6120, 4.7.2).
  private(set) var domain: Text = ""
  private(set) var language: Text?
  private(set) var isEncrypted = false
  var phase: Phase
  var failures = 0
  /// Whether our header went out since the stream began or began anew.
  private var headerWasSent = false
  let openedAt: Int64
  private(set) var lastProgress: Int64

  enum Phase: Sendable, Codable {
    /// A stream header must come; the identity is there once authentication is.
    case expectHeader(VerifiedIdentity?)
    /// The handshake must be completed, and nothing can be said until then.
    case expectTLS
    case negotiating
    /// The authentication is large, and each look at a phase copies the phase: so it has storage of its own.
    indirect case authenticating(Authentication)
    /// Keys for a new account are being derived.
    case creatingAccount
    case expectBind(VerifiedIdentity)
    /// The bind request waits for the account.
    case binding(VerifiedIdentity)
    case bound(JID)
    /// We ended the stream and wait for the other side to do so.
    case closing
  }

  /// A request of the stream to the server.
  enum Request: Sendable {
    /// Look the account up, then call `accountFound`.
    case findAccount(JID)
    case derive(DerivationRequest)
    case createAccount(JID, password: Secret, id: Text)
    /// The other side ended the stream with an error.
    case endByPeer
    case bind(VerifiedIdentity, resource: Text, id: Text?)
    /// A stanza of a bound session, and the language of its stream.
    case stanza(JID, Element, Text?)
  }

  /// - Parameter counts: it counts as one of the connections from its network.
  init(_ connection: ConnectionID, _ opening: Opening, counts: Bool, now: Instant) {
    self.connection = connection
    role = opening.role
    origin = counts ? opening.from : nil
    phase = opening.isDirectTLS ? .expectTLS : .expectHeader(nil)
    openedAt = now.monotonic
    lastProgress = now.monotonic
  }

  /// When the stream gives up waiting, if it does.
  func deadline(_ limits: Configuration.Limits) -> Int64? {
    switch phase {
    case .bound: nil
    case .closing: lastProgress + limits[time: .closeWait]
    default: min(lastProgress + limits[time: .negotiationIdle], openedAt + limits[time: .negotiationTotal])
    }
  }

  /// The account whose session this is (bare), once there is one.
  var account: JID? { if case .bound(let jid) = phase { jid.bare } else { nil } }
  var isBound: Bool { if case .bound = phase { true } else { false } }
  var isClosing: Bool { if case .closing = phase { true } else { false } }

  // MARK: Stream header

  mutating func headerReceived(_ header: StreamParser.Header, _ transaction: inout Transaction) {
    lastProgress = transaction.now.monotonic
    guard case .expectHeader(let identity) = phase else {
      return fail(transaction.reach(StreamMark.streamHeaderUnexpected, .init(.badFormat)), &transaction)
    }
    let root = header.element
    let asked = root["to"]
    let isFirst = domain.isEmpty
    if isFirst { domain = asked.flatMap { JID($0) }.map(\.text) ?? "" }
    language = header.language
    if language != root.lang { transaction.reach(StreamMark.streamLanguageInvalid) }
    let isKnown = transaction.configuration.domains.contains(domain)
    let opening = StreamOpening(
      role: role, id: transaction.random.token(), from: isKnown ? domain : transaction.configuration.domains.first,
      to: root["from"].flatMap { JID($0) }?.bare.text, language: StanzaError.ownLanguage)
    transaction.outputs.append(.openStream(connection, opening))
    headerWasSent = true
    if let problem = check(header, isKnown: isKnown, isFirst: isFirst, &transaction) {
      return fail(problem, &transaction)
    }
    let stage: StreamFeature.Stage = identity == nil ? .login : .binding
    send(transaction.offers.offer(at: stage, isEncrypted: isEncrypted).element, &transaction)
    phase = if let identity { .expectBind(identity) } else { .negotiating }
  }

  /// RFC 6120, 4.7 and 4.8.
  private func check(_ header: StreamParser.Header, isKnown: Bool, isFirst: Bool, _ transaction: inout Transaction) -> StreamError? {
    if let (mark, error) = header.namespaceProblem(of: role) { return transaction.reach(mark, error) }
    guard isKnown else { return transaction.reach(StreamMark.streamHostUnknown, StreamError(.hostUnknown)) }
    if !isFirst, let to = header.element["to"], JID(to)?.text != domain {
      return transaction.reach(StreamMark.streamHostChanged, StreamError(.hostUnknown, text: "the domain of a stream can't change"))
    }
    if let (mark, error) = header.versionProblem { return transaction.reach(mark, error) }
    return nil
  }

  // MARK: Elements

  mutating func elementReceived(_ element: Element, _ transaction: inout Transaction) -> Request? {
    // An element that is no stanza goes the same way, and is found out where stanzas are checked.
    if case .bound(let jid) = phase { return .stanza(jid, element, language) }
    // 4.9.1.1: an error of the other side ends the stream, in any state, and is not answered with another.
    if element.is("error", NS.streams) { return isClosing ? nil : transaction.reach(StreamMark.streamErrorOfPeer, .endByPeer) }
    switch phase {
    case .closing:
      return nil
    case .negotiating: return negotiate(element, at: .login, &transaction)
    case .authenticating: return negotiate(element, at: .login, isInExchange: true, &transaction)
    case .expectBind: return negotiate(element, at: .binding, &transaction)
    case .expectHeader, .expectTLS, .creatingAccount, .binding, .bound:
      // The parser is paused or at a stream's start then.
      fail(StreamError(.badFormat), &transaction)
      return nil
    }
  }

  private mutating func negotiate(
    _ element: Element, at stage: StreamFeature.Stage, isInExchange: Bool = false, _ transaction: inout Transaction
  ) -> Request? {
    lastProgress = transaction.now.monotonic
    let isOffered = transaction.offers.offer(at: stage, isEncrypted: isEncrypted).isOffered
    for (place, feature) in StreamFeature.all.enumerated() where feature.stage == stage {
      guard let handler = feature.handler, handler.hasExchange || !isInExchange, handler.takesUnoffered || isOffered[place],
        handler.elements.contain(element)
      else { continue }
      return handler.handle(&self, element, &transaction)
    }
    // RFC 6120, 4.9.3.12: stanzas before authentication.
    transaction.reach(element.stanzaKind == nil ? StreamMark.streamElementTooEarly : .streamStanzaTooEarly)
    fail(StreamError(element.stanzaKind == nil ? .unsupportedStanzaType : .notAuthorized), &transaction)
    return nil
  }

  mutating func tlsEstablished(_ facts: TLSFacts, _ transaction: inout Transaction) {
    guard case .expectTLS = phase else { return transaction.reach(TLSMark.tlsEstablishedTooLate) }
    // The other side speaks something else than XMPP, so nothing is said to it.
    guard facts.protocolName == nil || facts.protocolName == role.protocolName else {
      transaction.reach(TLSMark.tlsProtocolWrong)
      return end(&transaction)
    }
    transaction.reach(TLSMark.tlsEstablished)
    isEncrypted = true
    lastProgress = transaction.now.monotonic
    // All other input that came in the clear until now is not trusted either.
    transaction.immediate.append(.restart(connection, transaction.configuration.limits.unauthenticatedStream))
    transaction.immediate.append(.discardInput(connection))
    // Nor what the header said (5.4.3.3).
    domain = ""
    language = nil
    expectHeader(nil)
  }

  /// A new stream begins on the same connection (RFC 6120, 4.3.3).
  mutating func expectHeader(_ identity: VerifiedIdentity?) {
    headerWasSent = false
    phase = .expectHeader(identity)
  }

  // MARK: The end

  /// Ends the stream with an error (RFC 6120, 4.9.1.1). A peer that never sent a usable header gets one all the same.
  mutating func fail(_ error: StreamError, _ transaction: inout Transaction) {
    guard !isClosing else { return }
    // Until the end of the handshake nothing can be said, in either stream (RFC 6120, 5.4.3.2).
    if case .expectTLS = phase { return end(&transaction) }
    if !headerWasSent {
      transaction.reach(StreamMark.streamErrorBeforeHeader)
      let from = domain.isEmpty ? transaction.configuration.domains.first : domain
      transaction.outputs.append(
        .openStream(
          connection, StreamOpening(role: role, id: transaction.random.token(), from: from, to: nil, language: StanzaError.ownLanguage)))
    }
    send(error.element, &transaction)
    close(&transaction)
    // There is nothing to wait for after an error (4.9.1.1).
    transaction.outputs.append(.close(connection))
    transaction.immediate.append(.pause(connection))
  }

  /// Ends the connection without a word.
  mutating func abandon(_ transaction: inout Transaction) {
    guard !isClosing else { return }
    transaction.reach(CommitMark.outputLostStream)
    end(&transaction)
  }

  private mutating func end(_ transaction: inout Transaction) {
    lastProgress = transaction.now.monotonic
    phase = .closing
    transaction.outputs.append(.close(connection))
    transaction.immediate.append(.pause(connection))
  }

  /// Ends our side and waits for the other's (RFC 6120, 4.4).
  mutating func close(_ transaction: inout Transaction) {
    guard !isClosing else { return }
    transaction.outputs.append(.closeStream(connection))
    lastProgress = transaction.now.monotonic
    phase = .closing
  }
}
