internal import XML
internal import XMPP

/// An account whose owner has proved to be there. It is made in this file alone, by a proof that was checked and held; the
/// authenticated states of a stream have one, so there is no way around. (A recording holds those of the server that it was made of; nothing
/// that serves reads one.)
struct VerifiedIdentity: Sendable, Codable {
  /// Bare.
  let account: JID
  fileprivate init(account: JID) { self.account = account }
}

/// A SASL exchange in progress (RFC 6120, section 6).
enum Authentication: Sendable, Codable {
  /// `<auth/>` came without an initial response; the client was asked for it.
  case expectInitial(Mechanism)
  /// The account is being looked up.
  case findingForScram(ScramExchange, JID?)
  case expectProof(ScramExchange, StoredAccount?, JID?)
  case findingForPlain(JID?, password: Secret, name: Text)
  /// The password given is being put through the account's hash.
  case deriving(StoredAccount?, JID?, expected: ScramCredentials)

  enum Mechanism: String, CaseIterable, Sendable, Codable {
    case scramSHA256 = "SCRAM-SHA-256"
    case scramSHA1 = "SCRAM-SHA-1"
    case plain = "PLAIN"
  }

  /// PLAIN shows the password to whoever listens: over TLS only (RFC 6120, 13.8.2).
  static func mechanisms(isEncrypted: Bool, _ configuration: Configuration) -> [Mechanism] {
    if isEncrypted { return Mechanism.allCases }
    return configuration.requiresTLS ? [] : [.scramSHA256, .scramSHA1]
  }

  /// RFC 6120, 6.5.
  enum Failure: String, Sendable {
    case aborted = "aborted"
    case accountDisabled = "account-disabled"
    case encryptionRequired = "encryption-required"
    case incorrectEncoding = "incorrect-encoding"
    case invalidAuthzid = "invalid-authzid"
    case invalidMechanism = "invalid-mechanism"
    case malformedRequest = "malformed-request"
    case notAuthorized = "not-authorized"
    case temporaryAuthFailure = "temporary-auth-failure"
  }
}

extension ClientStream {
  mutating func authenticate(_ element: Element, _ transaction: inout Transaction) -> Request? {
    switch (phase, element.name) {
    case (.negotiating, "auth"):
      return begin(element, &transaction)
    case (.authenticating(.expectInitial(let mechanism)), "response"):
      return initialResponse(mechanism, element.text, &transaction)
    case (.authenticating(.expectProof(let exchange, let record, let jid)), "response"):
      finishScram(exchange, record, jid, element.text, &transaction)
    case (.authenticating, "abort"):
      refuse(transaction.reach(SASLMark.saslAborted, .aborted), &transaction)
    default:
      refuse(transaction.reach(SASLMark.saslUnexpected, .malformedRequest), &transaction)
    }
    return nil
  }

  private mutating func begin(_ element: Element, _ transaction: inout Transaction) -> Request? {
    guard let mechanism = element["mechanism"].flatMap({ Authentication.Mechanism(rawValue: $0.string) }) else {
      refuse(transaction.reach(SASLMark.saslMechanismInvalid, .invalidMechanism), &transaction)
      return nil
    }
    guard Authentication.mechanisms(isEncrypted: isEncrypted, transaction.configuration).contains(mechanism) else {
      refuse(transaction.reach(SASLMark.saslEncryptionRequired, .encryptionRequired), &transaction)
      return nil
    }
    let text = element.text
    guard !text.isEmpty else {
      transaction.reach(SASLMark.saslInitialResponseMissing)
      phase = .authenticating(.expectInitial(mechanism))
      transaction.send(Element("challenge", NS.sasl), to: connection)
      return nil
    }
    return initialResponse(mechanism, text, &transaction)
  }

  private mutating func initialResponse(_ mechanism: Authentication.Mechanism, _ text: Text, _ transaction: inout Transaction) -> Request? {
    // "=" stands for a response of no bytes (RFC 6120, 6.4.2).
    if text == "=" { transaction.reach(SASLMark.saslInitialResponseEmpty) }
    guard let bytes = text == "=" ? [] : Base64.decode(text) else {
      refuse(transaction.reach(SASLMark.saslInitialEncodingIncorrect, .incorrectEncoding), &transaction)
      return nil
    }
    switch mechanism {
    case .plain: return beginPlain(bytes, &transaction)
    case .scramSHA1: return beginScram(.sha1, Text(utf8: bytes), &transaction)
    case .scramSHA256: return beginScram(.sha256, Text(utf8: bytes), &transaction)
    }
  }

  private mutating func beginScram(_ hash: ScramHash, _ message: Text, _ transaction: inout Transaction) -> Request? {
    let exchange: ScramExchange
    do throws(ScramExchange.Failure) { exchange = try ScramExchange(hash: hash, clientFirst: message) } catch {
      refuse(transaction.reach(error.mark, .malformedRequest), &transaction)
      return nil
    }
    let jid = JID(local: exchange.username, domain: domain, resource: "")
    guard isOwn(exchange.authorization, jid) else {
      refuse(transaction.reach(SASLMark.saslScramAuthzidForeign, .invalidAuthzid), &transaction)
      return nil
    }
    if !exchange.authorization.isEmpty { transaction.reach(SASLMark.saslAuthzidOwn) }
    return find(jid, .findingForScram(exchange, jid), &transaction)
  }

  /// RFC 4616: authorization, NUL, name, NUL, password.
  private mutating func beginPlain(_ bytes: [UInt8], _ transaction: inout Transaction) -> Request? {
    let parts = bytes.split(separator: 0, omittingEmptySubsequences: false)
    guard parts.count == 3, !parts[1].isEmpty, !parts[2].isEmpty else {
      refuse(transaction.reach(SASLMark.saslPlainMalformed, .malformedRequest), &transaction)
      return nil
    }
    let name = Text(utf8: parts[1])
    let jid = JID(local: name, domain: domain, resource: "")
    guard isOwn(Text(utf8: parts[0]), jid) else {
      refuse(transaction.reach(SASLMark.saslPlainAuthzidForeign, .invalidAuthzid), &transaction)
      return nil
    }
    let password = Precis.saslPrep(Text(utf8: parts[2])) ?? Text(utf8: parts[2])
    return find(jid, .findingForPlain(jid, password: Secret(Array(password.utf8)), name: name), &transaction)
  }

  /// Nobody acts for another here: an authorization identity must be the account's own address (RFC 6120, 6.3.8).
  private func isOwn(_ authorization: Text, _ jid: JID?) -> Bool {
    authorization.isEmpty || (jid != nil && JID(authorization) == jid)
  }

  private mutating func find(_ jid: JID?, _ next: Authentication, _ transaction: inout Transaction) -> Request? {
    phase = .authenticating(next)
    claimed = jid
    guard let jid else { return accountFound(transaction.reach(SASLMark.saslNameUnusable, nil), &transaction) }
    transaction.immediate.append(.pause(connection))
    return .findAccount(jid)
  }

  /// Goes on with an authentication, the same way whether the account is there or not.
  mutating func accountFound(_ record: StoredAccount?, _ transaction: inout Transaction) -> Request? {
    switch phase {
    case .authenticating(.findingForScram(var exchange, let jid)):
      if record == nil { transaction.reach(SASLMark.saslAccountUnknown) }
      let decoy = decoy(exchange.hash, jid, exchange.username, record, transaction)
      let credentials = record?.credentials.first { $0.hash == exchange.hash } ?? decoy
      let challenge = exchange.challenge(credentials, serverNonce: transaction.random.token())
      phase = .authenticating(.expectProof(exchange, record, jid))
      transaction.send(Element("challenge", NS.sasl, text: Base64.encode(Array(challenge.utf8))), to: connection)
      transaction.immediate.append(.resume(connection))
      return nil
    case .authenticating(.findingForPlain(let jid, let password, let name)):
      if record == nil { transaction.reach(SASLMark.saslAccountUnknown) }
      let decoy = decoy(.sha256, jid, name, record, transaction)
      let expected = record?.credentials.first { $0.hash == .sha256 } ?? decoy
      phase = .authenticating(.deriving(record, jid, expected: expected))
      transaction.immediate.append(.pause(connection))
      return .derive(DerivationRequest(password: password, hashes: [.sha256], salts: [expected.salt], rounds: [expected.rounds]))
    default:
      return nil
    }
  }

  /// In the first domain it is the localpart alone that counts, as it always did: the salts of names are not to change.
  private func decoy(_ hash: ScramHash, _ jid: JID?, _ given: Text, _ record: StoredAccount?, _ transaction: Transaction)
    -> ScramCredentials
  {
    let local = jid?.local ?? given
    let name = domain == transaction.configuration.domains.first ? local : local + "@" + domain
    return Scram.decoy(hash, name: name, account: record, transaction.configuration, at: transaction.now)
  }

  /// Storage could not say whether the account is there.
  mutating func accountUnavailable(_ transaction: inout Transaction) {
    guard case .authenticating = phase else { return }
    refuse(transaction.reach(SASLMark.saslStorageUnavailable, .temporaryAuthFailure), &transaction)
    transaction.immediate.append(.resume(connection))
  }

  mutating func derived(_ credentials: [ScramCredentials], _ transaction: inout Transaction) {
    guard case .authenticating(.deriving(let record, let jid, let expected)) = phase else { return }
    transaction.immediate.append(.resume(connection))
    guard let record, let jid, let given = credentials.first, Secret(given.storedKey).matches(expected.storedKey) else {
      return refuse(transaction.reach(SASLMark.saslPlainPasswordWrong, .notAuthorized), &transaction)
    }
    transaction.reach(SASLMark.saslSucceededPlain)
    succeed(record, jid, "", &transaction)
  }

  private mutating func finishScram(
    _ exchange: ScramExchange, _ record: StoredAccount?, _ jid: JID?, _ text: Text, _ transaction: inout Transaction
  ) {
    guard let bytes = Base64.decode(text) else {
      return refuse(transaction.reach(SASLMark.saslProofEncodingIncorrect, .incorrectEncoding), &transaction)
    }
    let final: Text
    do throws(ScramExchange.Failure) { final = try exchange.verify(clientFinal: Text(utf8: bytes)) } catch {
      return refuse(transaction.reach(error.mark, .notAuthorized), &transaction)
    }
    guard let record, let jid else { return refuse(.notAuthorized, &transaction) }
    transaction.reach(exchange.hash == .sha1 ? SASLMark.saslSucceededScramSHA1 : .saslSucceededScramSHA256)
    succeed(record, jid, Base64.encode(Array(final.utf8)), &transaction)
  }

  private mutating func succeed(_ record: StoredAccount, _ jid: JID, _ data: Text, _ transaction: inout Transaction) {
    // Only who knew the password learns of it.
    guard !record.isDisabled else { return refuse(transaction.reach(SASLMark.saslAccountDisabled, .accountDisabled), &transaction) }
    if failures > 0 { transaction.reach(SASLMark.saslSucceededAfterFailure) }
    transaction.send(Element("success", NS.sasl, text: data.isEmpty ? nil : data), to: connection)
    transaction.immediate.append(.restart(connection, transaction.configuration.limits.authenticatedStream))
    expectHeader(VerifiedIdentity(account: jid))
  }

  mutating func refuse(_ failure: Authentication.Failure, _ transaction: inout Transaction) {
    var element = Element("failure", NS.sasl)
    element.append(Text(failure.rawValue), NS.sasl)
    transaction.send(element, to: connection)
    claimed = nil
    phase = .negotiating
    failures += 1
    if failures >= transaction.configuration.limits[.authenticationAttempts] {
      fail(
        transaction.reach(SASLMark.saslRetriesFull, StreamError(.policyViolation, text: "too many failed authentications")), &transaction)
    }
  }
}

extension ScramExchange.Failure {
  fileprivate var mark: SASLMark {
    switch self {
    case .malformedFirst: .saslScramMalformed
    case .bindingUnsupported: .saslScramBindingUnsupported
    case .malformedFinal: .saslScramFinalMalformed
    case .bindingChanged: .saslScramBindingChanged
    case .nonceChanged: .saslScramNonceChanged
    case .proofWrong: .saslScramProofWrong
    }
  }
}
