internal import XML
internal import XMPP

/// A stream that we have opened to another server, to send it stanzas of one pair of domains.
///
/// Behind TLS nothing at all is said until the server has proved to be of the remote domain; then it has to believe us, by our certificate
/// (SASL EXTERNAL, XEP-0178).
struct OutgoingStream: Sendable, Codable {
  private(set) var base: RemoteStream
  let pair: DomainPair
  private var phase: Phase
  /// The end has been told.
  private var isOver = false

  private enum Phase: Sendable, Codable {
    case expectTLS
    case expectHeader, expectFeatures
    case expectProceed
    /// The verdict on the certificate has not come, and nothing is said.
    case checking
    /// A header, and features with EXTERNAL among them.
    case proven(VerifiedDomain, hasHeader: Bool)
    /// We have asked to be believed.
    case authenticating(VerifiedDomain)
    /// It believes us: a header and features must come.
    case accepted(SendingRight, hasHeader: Bool)
    case open(SendingRight)
  }

  /// A change that concerns the stanzas that wait for the stream.
  enum Change: Sendable {
    case opened(SendingRight)
    /// It is not over, and nothing can be sent any more.
    case closing
    case ended(RemoteFailure)
  }

  init(_ connection: ConnectionID, for pair: DomainPair, isDirectTLS: Bool, at now: Int64) {
    base = RemoteStream(connection, .outgoingServer, at: now)
    self.pair = pair
    phase = isDirectTLS ? .expectTLS : .expectHeader
  }

  var connection: ConnectionID { base.connection }
  var isOpen: Bool { if case .open = phase { true } else { false } }

  private var opening: StreamOpening {
    StreamOpening(role: base.role, id: nil, from: pair.local, to: pair.remote, language: nil)
  }

  mutating func begin(_ transaction: inout Transaction) { if case .expectHeader = phase { base.open(opening, &transaction) } }

  // MARK: Header and TLS

  mutating func headerReceived(_ header: StreamParser.Header, _ transaction: inout Transaction) -> Change? {
    if let (mark, error) = header.namespaceProblem(of: base.role) ?? header.versionProblem {
      return fail(transaction.reach(mark, error), .stream, &transaction)
    }
    // A server that answers for another domain is not the one that was called.
    if let from = header.element["from"], JID(from)?.text != pair.remote {
      return fail(transaction.reach(RemoteStreamMark.remoteFromWrong, StreamError(.invalidFrom)), .stream, &transaction)
    }
    switch phase {
    case .expectHeader: phase = .expectFeatures
    case .proven(let peer, hasHeader: false): phase = .proven(peer, hasHeader: true)
    case .accepted(let right, hasHeader: false): phase = .accepted(right, hasHeader: true)
    default: return fail(transaction.reach(StreamMark.streamHeaderUnexpected, StreamError(.badFormat)), .stream, &transaction)
    }
    return nil
  }

  mutating func encrypted(_ facts: TLSFacts, _ transaction: inout Transaction) -> Change? {
    guard case .expectTLS = phase, !base.isClosing else { return transaction.reach(TLSMark.tlsEstablishedTooLate, nil) }
    guard base.encrypted(facts, &transaction) else { return end(.stream, &transaction) }
    phase = .checking
    transaction.reach(RemoteStreamMark.remoteChecked)
    return goOn(&transaction)
  }

  mutating func verified(_ settled: consuming SettledInquiry, _ transaction: inout Transaction) -> Change? {
    base.verified(settled, &transaction) ? goOn(&transaction) : nil
  }

  /// RFC 6120, 13.7.2: without a proof nothing goes there.
  private mutating func goOn(_ transaction: inout Transaction) -> Change? {
    guard case .checking = phase, !base.isClosing else { return nil }
    switch base.verify(pair.remote) {
    case nil: return nil
    case .success(let peer):
      phase = .proven(peer, hasHeader: false)
      base.open(opening, &transaction)
      return nil
    case .failure(let problem):
      transaction.reach(RemoteStreamMark.remoteUnproven)
      return fail(StreamError(.notAuthorized, text: RemoteFailure.certificate(problem).text), .certificate(problem), &transaction)
    }
  }

  // MARK: Elements

  mutating func elementReceived(_ element: Element, _ transaction: inout Transaction) -> Change? {
    guard !base.isClosing else { return nil }
    if element.is("error", NS.streams) {
      transaction.reach(StreamMark.streamErrorOfPeer)
      return close(because: .stream, &transaction)
    }
    switch phase {
    case .expectFeatures where element.is("features", NS.streams): return negotiateTLS(element, &transaction)
    case .expectProceed where element.is("proceed", NS.tls):
      guard let name = JID.ascii(domain: pair.remote) else { return end(.stream, &transaction) }
      base.startTLS(.client(serverName: name, certificateOf: pair.local), &transaction)
      phase = .expectTLS
    case .expectProceed where element.is("failure", NS.tls): return close(because: .policy, &transaction)
    case .proven(let peer, hasHeader: true) where element.is("features", NS.streams): return authenticate(element, peer, &transaction)
    case .authenticating(let peer):
      guard let acceptance = Acceptance(element) else { return giveUp(&transaction) }
      transaction.reach(RemoteStreamMark.remoteBelieved)
      phase = .accepted(SendingRight(of: pair.local, to: peer, by: acceptance), hasHeader: false)
      base.restart(&transaction)
      base.open(opening, &transaction)
    case .accepted(let right, hasHeader: true) where element.is("features", NS.streams):
      phase = .open(right)
      return .opened(right)
    default:
      transaction.reach(RemoteStreamMark.remoteElementTooEarly)
      return fail(StreamError(element.stanzaKind == nil ? .unsupportedStanzaType : .notAuthorized), .stream, &transaction)
    }
    return nil
  }

  private mutating func negotiateTLS(_ features: Element, _ transaction: inout Transaction) -> Change? {
    guard features.child("starttls", NS.tls) != nil else {
      let error = StreamError(.policyViolation, text: "this server demands TLS")
      return fail(transaction.reach(RemoteStreamMark.remoteWithoutTLS, error), .policy, &transaction)
    }
    base.send(Element("starttls", NS.tls), &transaction)
    phase = .expectProceed
    return nil
  }

  private mutating func authenticate(_ features: Element, _ peer: VerifiedDomain, _ transaction: inout Transaction) -> Change? {
    let mechanisms = features.child("mechanisms", NS.sasl)
    guard mechanisms?.children.contains(where: { $0.is("mechanism", NS.sasl) && $0.text == "EXTERNAL" }) ?? false else {
      return giveUp(&transaction)
    }
    // RFC 6120, 6.3.8: the identity is that of the header, so there is none to be named.
    var auth = Element("auth", NS.sasl, text: "=")
    auth["mechanism"] = "EXTERNAL"
    base.send(auth, &transaction)
    phase = .authenticating(peer)
    return nil
  }

  // MARK: The end

  /// The server does not believe us.
  private mutating func giveUp(_ transaction: inout Transaction) -> Change? {
    transaction.reach(RemoteStreamMark.remoteNotBelieved)
    return close(because: .refused, &transaction)
  }

  mutating func fail(_ error: StreamError, _ reason: RemoteFailure, _ transaction: inout Transaction) -> Change? {
    guard !base.isClosing else { return nil }
    if case .expectTLS = phase { return end(reason, &transaction) }
    base.fail(error, opening, &transaction)
    return tell(reason)
  }

  /// Ends our side; the connection ends when the other side has ended its own.
  mutating func close(because reason: RemoteFailure, _ transaction: inout Transaction) -> Change? {
    guard !base.isClosing else { return nil }
    if case .expectTLS = phase { return end(reason, &transaction) }
    base.close(&transaction)
    return tell(reason)
  }

  /// The other side ended its own.
  mutating func streamEnded(_ transaction: inout Transaction) -> Change? {
    let change = close(because: .ended, &transaction)
    transaction.immediate.append(.close(connection))
    return change
  }

  private mutating func end(_ reason: RemoteFailure, _ transaction: inout Transaction) -> Change? {
    base.end(&transaction)
    return tell(reason)
  }

  /// A stream that stanzas went to is over when its connection is, or those on the next one could overtake them.
  private mutating func tell(_ reason: RemoteFailure) -> Change? {
    if isOpen { return .closing }
    isOver = true
    return .ended(reason)
  }

  /// The connection is gone.
  mutating func lost(_ transaction: inout Transaction) -> Change? {
    base.lost(&transaction)
    return isOver ? nil : .ended(.connection)
  }
}
