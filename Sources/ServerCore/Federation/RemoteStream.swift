internal import XML
internal import XMPP

/// The common part of streams from and to other servers: the connection, its handshakes, and the certificates that were presented in them.
///
/// Federation has no durable state, so all that such a stream says goes out at once, and no commit delays it.
struct RemoteStream: Sendable, Codable {
  let connection: ConnectionID
  let role: StreamRole
  let openedAt: Int64
  private(set) var isEncrypted = false
  private(set) var proof = Proof.none
  private(set) var isClosing = false
  /// When we ended our side, on the monotonic clock.
  private(set) var closedAt: Int64 = 0
  /// When the certificates expire, on the monotonic clock (RFC 6120, 13.7.2.3); `nil` if that is beyond all time.
  private var expiry: Int64?
  private var handshakes = 0
  private var headerWasSent = false

  /// The certificates of the other side, as far as they are known to prove anything.
  enum Proof: Sendable, Codable {
    case none
    case asked(InquiryID)
    case trusted(TrustedChain)
    case rejected(CertificateProblem)
  }

  init(_ connection: ConnectionID, _ role: StreamRole, at now: Int64) {
    (self.connection, self.role, openedAt) = (connection, role, now)
  }

  /// When the stream gives up waiting, on the monotonic clock; `nil` if it waits for nothing.
  ///
  /// - Parameter isOpen: stanzas may pass.
  func deadline(_ limits: Configuration.Limits, isOpen: Bool) -> Int64? {
    if isClosing { return closedAt + limits[time: .closeWait] }
    return isOpen ? expiry : openedAt + limits[time: .remoteNegotiationTime]
  }

  /// The domain that the certificates are of, or what is wrong with them. There is no answer while nobody knows.
  func verify(_ domain: Text) -> Result<VerifiedDomain, CertificateProblem>? {
    switch proof {
    case .none: .failure(.missing)
    case .asked: nil
    case .rejected(let problem): .failure(problem)
    case .trusted(let chain): VerifiedDomain.prove(domain, by: chain).map { .success($0) } ?? .failure(.nameMismatch)
    }
  }

  // MARK: TLS

  /// Lets TLS begin, behind what was said. Bytes that came in the clear are dropped (RFC 6120, 5.4.3.3).
  func startTLS(_ start: TLSStart, _ transaction: inout Transaction) {
    transaction.immediate.append(.startTLS(connection, start))
    transaction.immediate.append(.discardInput(connection))
    transaction.immediate.append(.restart(connection, transaction.configuration.limits.unauthenticatedStream))
  }

  /// The handshake is complete: another stream begins, and somebody is asked about the certificates. `false` if the other side speaks another
  /// protocol.
  mutating func encrypted(_ facts: TLSFacts, _ transaction: inout Transaction) -> Bool {
    guard facts.protocolName == nil || facts.protocolName == role.protocolName else {
      transaction.reach(TLSMark.tlsProtocolWrong)
      return false
    }
    transaction.reach(TLSMark.tlsEstablished)
    isEncrypted = true
    headerWasSent = false
    handshakes += 1
    transaction.immediate.append(.restart(connection, transaction.configuration.limits.unauthenticatedStream))
    transaction.immediate.append(.discardInput(connection))
    guard !facts.chain.isEmpty else { return true }
    let question = CertificateQuestion(
      chain: facts.chain, side: role == .incomingServer ? .client : .server, time: transaction.now.wall)
    let id = transaction.ask(.verify(question), .certificate(connection, handshake: handshakes))
    proof = id.map { .asked($0) } ?? .rejected(transaction.reach(RemoteStreamMark.remoteVerificationsFull, .noAnswer))
    return true
  }

  /// - Returns: whether it is the answer that this stream waits for.
  mutating func verified(_ settled: consuming SettledInquiry, _ transaction: inout Transaction) -> Bool {
    guard case .asked(let id) = proof, id == settled.id else { return false }
    switch TrustedChain.trust(settled, of: connection, handshake: handshakes) {
    case .success(let chain):
      transaction.reach(RemoteStreamMark.remoteCertificateTrusted)
      let left = chain.until - transaction.now.wall
      expiry = left < .seconds(1 << 30) ? transaction.now.monotonic + left : nil
      proof = .trusted(chain)
    case .failure(let problem):
      transaction.reach(problem == .noAnswer ? RemoteStreamMark.remoteVerdictMissing : .remoteCertificateRejected)
      proof = .rejected(problem)
    }
    return true
  }

  // MARK: Saying something

  /// Begins our side of a stream.
  mutating func open(_ opening: StreamOpening, _ transaction: inout Transaction) {
    transaction.immediate.append(.openStream(connection, opening))
    headerWasSent = true
  }

  /// The peer has been believed, or believes us: a new stream begins, under the limits of one that may carry stanzas (RFC 6120, 6.4.6).
  mutating func restart(_ transaction: inout Transaction) {
    transaction.immediate.append(.restart(connection, transaction.configuration.limits.remoteStream))
    headerWasSent = false
  }

  /// Ends the stream with an error (RFC 6120, 4.9.1.1).
  ///
  /// - Parameter opening: our header, if none went out.
  mutating func fail(_ error: StreamError, _ opening: StreamOpening, _ transaction: inout Transaction) {
    guard !isClosing else { return }
    if !headerWasSent { open(opening, &transaction) }
    send(error.element, &transaction)
    close(&transaction)
    transaction.immediate.append(.close(connection))
    transaction.immediate.append(.pause(connection))
  }

  /// Ends our side and waits for the other's (RFC 6120, 4.4).
  mutating func close(_ transaction: inout Transaction) {
    guard !isClosing else { return }
    if headerWasSent { transaction.immediate.append(.closeStream(connection)) } else { transaction.immediate.append(.close(connection)) }
    leave(&transaction)
  }

  /// Ends the connection without a word.
  mutating func end(_ transaction: inout Transaction) {
    guard !isClosing else { return }
    transaction.immediate.append(.close(connection))
    transaction.immediate.append(.pause(connection))
    leave(&transaction)
  }

  private mutating func leave(_ transaction: inout Transaction) {
    isClosing = true
    closedAt = transaction.now.monotonic
    if case .asked(let id) = proof { _ = transaction.inquiries.close(id) }
  }

  /// The connection is gone.
  mutating func lost(_ transaction: inout Transaction) {
    if case .asked(let id) = proof { _ = transaction.inquiries.close(id) }
    proof = .none
  }
}

extension Configuration.Limits {
  /// Those of a stream that carries stanzas of another server's.
  var remoteStream: StreamLimits {
    var limits = authenticatedStream
    limits.stanzaBytes = self[.remoteStanzaBytes]
    return limits
  }
}
