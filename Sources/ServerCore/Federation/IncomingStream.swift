internal import XML
internal import XMPP

/// A stream that another server has opened to send us stanzas of its domain.
///
/// Nothing but the negotiation is heard until the server has proved, by its certificate and SASL EXTERNAL (XEP-0178), to be of the domain.
struct IncomingStream: Sendable, Codable {
  private(set) var base: RemoteStream
  /// The network for which it counts as a connection; `nil` if for none.
  let origin: SourceNetwork?
  private var phase: Phase
  /// The domain of ours that the peer talks to, or that of a room service; fixed by the first header behind TLS.
  private var local: Text = ""
  /// The domain that it says it is.
  private var remote: Text = ""
  private(set) var language: Text?
  private var failures = 0

  private enum Phase: Sendable, Codable {
    case expectTLS
    case expectHeader
    /// The header came, and the verdict on the certificate has not.
    case checking
    /// EXTERNAL is offered to a domain that has a proof.
    case negotiating(VerifiedDomain?)
    /// The peer began EXTERNAL without saying as whom, and is asked (RFC 6120, 6.4.2).
    case expectResponse(VerifiedDomain)
    /// A header must come, for the same domains.
    case accepted(VerifiedDomain)
    case open(ProvenPair)
  }

  init(_ connection: ConnectionID, _ opening: Opening, counts: Bool, at now: Int64) {
    base = RemoteStream(connection, .incomingServer, at: now)
    origin = counts ? opening.from : nil
    phase = opening.isDirectTLS ? .expectTLS : .expectHeader
  }

  var connection: ConnectionID { base.connection }
  var isOpen: Bool { if case .open = phase { !base.isClosing } else { false } }
  /// The right to send us stanzas, once there is one.
  var proven: ProvenPair? { if case .open(let pair) = phase, !base.isClosing { pair } else { nil } }

  // MARK: Header

  /// - Parameter isLocal: whether a domain is served here, for accounts or rooms.
  mutating func headerReceived(
    _ header: StreamParser.Header, isLocal: (Text) -> Bool, _ policy: RemotePolicy, _ transaction: inout Transaction
  ) {
    switch phase {
    case .expectHeader, .accepted: break
    default: return fail(transaction.reach(StreamMark.streamHeaderUnexpected, StreamError(.badFormat)), &transaction)
    }
    language = header.language
    let (old, isFirst) = ((local, remote), local.isEmpty)
    (local, remote) = (IncomingStream.domain(header.element["to"]), IncomingStream.domain(header.element["from"]))
    base.open(opening(&transaction, isLocal: isLocal(local)), &transaction)
    if let (mark, error) = header.namespaceProblem(of: base.role) ?? header.versionProblem {
      return fail(transaction.reach(mark, error), &transaction)
    }
    guard isLocal(local) else { return fail(transaction.reach(StreamMark.streamHostUnknown, StreamError(.hostUnknown)), &transaction) }
    if let problem = problem(isLocal, policy) { return fail(transaction.reach(RemoteStreamMark.remoteFromWrong, problem), &transaction) }
    if case .accepted = phase, !isFirst, old != (local, remote) {
      return fail(transaction.reach(RemoteStreamMark.remoteDomainChanged, StreamError(.notAuthorized)), &transaction)
    }
    offer(&transaction)
  }

  private static func domain(_ address: Text?) -> Text {
    guard let jid = address.flatMap({ JID($0) }), jid.isDomain else { return "" }
    return jid.domain
  }

  /// Without TLS the peer need not say who it is (RFC 6120, 4.7.1).
  private func problem(_ isLocal: (Text) -> Bool, _ policy: RemotePolicy) -> StreamError? {
    if remote.isEmpty { return base.isEncrypted ? StreamError(.improperAddressing) : nil }
    if isLocal(remote) { return StreamError(.invalidFrom) }
    return policy.permits(remote) ? nil : StreamError(.policyViolation, text: "this server does not talk to your domain")
  }

  private func opening(_ transaction: inout Transaction, isLocal: Bool = true) -> StreamOpening {
    let domain = isLocal && !local.isEmpty ? local : transaction.configuration.domains.first
    return StreamOpening(
      role: base.role, id: transaction.random.token(), from: domain, to: remote.isEmpty ? nil : remote, language: StanzaError.ownLanguage)
  }

  /// Sends the features that the peer may use now (RFC 6120, 4.3.2).
  private mutating func offer(_ transaction: inout Transaction) {
    var features = Element("features", NS.streams)
    if case .accepted(let peer) = phase {
      transaction.reach(RemoteStreamMark.remoteAccepted)
      phase = .open(ProvenPair(local: local, peer: peer))
    } else if !base.isEncrypted {
      if transaction.configuration.offersTLS {
        var startTLS = Element("starttls", NS.tls)
        startTLS.append("required", NS.tls)
        features.append(startTLS)
      }
      phase = .negotiating(nil)
    } else {
      switch base.verify(remote) {
      case nil:
        phase = .checking
        return transaction.immediate.append(transaction.reach(RemoteStreamMark.remoteChecked, .pause(connection)))
      case .success(let peer):
        var mechanisms = Element("mechanisms", NS.sasl)
        mechanisms.append(Element("mechanism", NS.sasl, text: "EXTERNAL"))
        features.append(mechanisms)
        phase = .negotiating(peer)
      case .failure:
        // XEP-0178, 3: EXTERNAL is not offered to whoever has no certificate for it.
        transaction.reach(RemoteStreamMark.remoteUnproven)
        phase = .negotiating(nil)
      }
    }
    base.send(features, &transaction)
  }

  mutating func verified(_ settled: consuming SettledInquiry, _ transaction: inout Transaction) {
    guard base.verified(settled, &transaction), case .checking = phase else { return }
    transaction.immediate.append(.resume(connection))
    offer(&transaction)
  }

  // MARK: Elements

  /// - Returns: the right under which a stanza came.
  mutating func elementReceived(_ element: Element, _ transaction: inout Transaction) -> ProvenPair? {
    guard !base.isClosing else { return nil }
    if element.is("error", NS.streams) {
      transaction.reach(StreamMark.streamErrorOfPeer)
      close(&transaction)
      return nil
    }
    switch phase {
    case .open(let pair): return pair
    case .negotiating where element.is("starttls", NS.tls) && !base.isEncrypted: startTLS(&transaction)
    case .negotiating(let peer) where element.is("auth", NS.sasl) && base.isEncrypted: authenticate(element, as: peer, &transaction)
    case .expectResponse(let peer) where element.is("response", NS.sasl): accept(element.text, as: peer, &transaction)
    case .expectResponse(let peer) where element.is("abort", NS.sasl): refuse("aborted", peer, &transaction)
    default:
      let isStanza = element.stanzaKind != nil
      transaction.reach(isStanza ? RemoteStreamMark.remoteStanzaTooEarly : .remoteElementTooEarly)
      fail(StreamError(isStanza ? .notAuthorized : .unsupportedStanzaType), &transaction)
    }
    return nil
  }

  private mutating func startTLS(_ transaction: inout Transaction) {
    guard transaction.configuration.offersTLS else {
      base.send(Element("failure", NS.tls), &transaction)
      return close(&transaction)
    }
    base.send(Element("proceed", NS.tls), &transaction)
    base.startTLS(.server(domain: local, asksForCertificate: true), &transaction)
    phase = .expectTLS
  }

  mutating func encrypted(_ facts: TLSFacts, _ transaction: inout Transaction) {
    guard case .expectTLS = phase, !base.isClosing else { return transaction.reach(TLSMark.tlsEstablishedTooLate) }
    guard base.encrypted(facts, &transaction) else { return base.end(&transaction) }
    // Nothing that the header said in the clear is trusted (RFC 6120, 5.4.3.3).
    (local, remote, phase) = ("", "", .expectHeader)
  }

  private mutating func authenticate(_ auth: Element, as peer: VerifiedDomain?, _ transaction: inout Transaction) {
    guard auth["mechanism"] == "EXTERNAL" else { return refuse("invalid-mechanism", peer, &transaction) }
    guard let peer else { return refuse("not-authorized", nil, &transaction) }
    guard auth.text.isEmpty else { return accept(auth.text, as: peer, &transaction) }
    base.send(Element("challenge", NS.sasl), &transaction)
    phase = .expectResponse(peer)
  }

  /// RFC 6120, 6.4.2 and 6.3.8: `=` stands for nothing, which means the domain of the header; any other must not be claimed.
  private mutating func accept(_ response: Text, as peer: VerifiedDomain, _ transaction: inout Transaction) {
    guard let bytes = response == "=" ? [] : Base64.decode(response) else { return refuse("incorrect-encoding", peer, &transaction) }
    guard bytes.isEmpty || JID(Text(utf8: bytes))?.text == peer.domain else { return refuse("invalid-authzid", peer, &transaction) }
    base.send(Element("success", NS.sasl), &transaction)
    base.restart(&transaction)
    phase = .accepted(peer)
  }

  private mutating func refuse(_ condition: Text, _ peer: VerifiedDomain?, _ transaction: inout Transaction) {
    transaction.reach(RemoteStreamMark.remoteRefused)
    var failure = Element("failure", NS.sasl)
    failure.append(condition, NS.sasl)
    base.send(failure, &transaction)
    phase = .negotiating(peer)
    failures += 1
    if failures >= transaction.configuration.limits[.authenticationAttempts] {
      fail(StreamError(.policyViolation, text: "too many failed authentications"), &transaction)
    }
  }

  // MARK: The end

  mutating func fail(_ error: StreamError, _ transaction: inout Transaction) {
    // Until the end of the handshake nothing can be said (RFC 6120, 5.4.3.2).
    if case .expectTLS = phase { return base.end(&transaction) }
    base.fail(error, opening(&transaction), &transaction)
  }

  mutating func close(_ transaction: inout Transaction) {
    base.close(&transaction)
    transaction.immediate.append(.close(connection))
  }

  mutating func lost(_ transaction: inout Transaction) { base.lost(&transaction) }
}
