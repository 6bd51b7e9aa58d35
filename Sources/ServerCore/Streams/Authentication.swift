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
  case expectProof(ScramExchange, AccountRecord?, JID?)
  case findingForPlain(JID?, password: Secret, name: Text)
  /// The password given is being put through the account's hash.
  case deriving(AccountRecord?, JID?, expected: ScramCredentials)

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
  mutating func authenticate(_ element: Element, _ step: inout Step) -> Request? {
    switch (phase, element.name) {
    case (.negotiating, "auth"):
      return begin(element, &step)
    case (.authenticating(.expectInitial(let mechanism)), "response"):
      return initialResponse(mechanism, element.text, &step)
    case (.authenticating(.expectProof(let exchange, let record, let jid)), "response"):
      finishScram(exchange, record, jid, element.text, &step)
    case (.authenticating, "abort"):
      refuse(step.reach(SASLMark.saslAborted, .aborted), &step)
    default:
      refuse(step.reach(SASLMark.saslUnexpected, .malformedRequest), &step)
    }
    return nil
  }

  private mutating func begin(_ element: Element, _ step: inout Step) -> Request? {
    guard let mechanism = element["mechanism"].flatMap({ Authentication.Mechanism(rawValue: $0.string) }) else {
      refuse(step.reach(SASLMark.saslMechanismInvalid, .invalidMechanism), &step)
      return nil
    }
    guard Authentication.mechanisms(isEncrypted: isEncrypted, step.configuration).contains(mechanism) else {
      refuse(step.reach(SASLMark.saslEncryptionRequired, .encryptionRequired), &step)
      return nil
    }
    let text = element.text
    guard !text.isEmpty else {
      step.reach(SASLMark.saslInitialResponseMissing)
      phase = .authenticating(.expectInitial(mechanism))
      step.send(Element("challenge", NS.sasl), to: connection)
      return nil
    }
    return initialResponse(mechanism, text, &step)
  }

  private mutating func initialResponse(_ mechanism: Authentication.Mechanism, _ text: Text, _ step: inout Step) -> Request? {
    // "=" stands for a response of no bytes (RFC 6120, 6.4.2).
    if text == "=" { step.reach(SASLMark.saslInitialResponseEmpty) }
    guard let bytes = text == "=" ? [] : Base64.decode(text) else {
      refuse(step.reach(SASLMark.saslInitialEncodingIncorrect, .incorrectEncoding), &step)
      return nil
    }
    switch mechanism {
    case .plain: return beginPlain(bytes, &step)
    case .scramSHA1: return beginScram(.sha1, Text(utf8: bytes), &step)
    case .scramSHA256: return beginScram(.sha256, Text(utf8: bytes), &step)
    }
  }

  private mutating func beginScram(_ hash: ScramHash, _ message: Text, _ step: inout Step) -> Request? {
    let exchange: ScramExchange
    do throws(ScramExchange.Failure) { exchange = try ScramExchange(hash: hash, clientFirst: message) } catch {
      refuse(step.reach(error.mark, .malformedRequest), &step)
      return nil
    }
    let jid = JID(local: exchange.username, domain: domain, resource: "")
    guard isOwn(exchange.authorization, jid) else {
      refuse(step.reach(SASLMark.saslScramAuthzidForeign, .invalidAuthzid), &step)
      return nil
    }
    if !exchange.authorization.isEmpty { step.reach(SASLMark.saslAuthzidOwn) }
    return find(jid, .findingForScram(exchange, jid), &step)
  }

  /// RFC 4616: authorization, NUL, name, NUL, password.
  private mutating func beginPlain(_ bytes: [UInt8], _ step: inout Step) -> Request? {
    let parts = bytes.split(separator: 0, omittingEmptySubsequences: false)
    guard parts.count == 3, !parts[1].isEmpty, !parts[2].isEmpty else {
      refuse(step.reach(SASLMark.saslPlainMalformed, .malformedRequest), &step)
      return nil
    }
    let name = Text(utf8: parts[1])
    let jid = JID(local: name, domain: domain, resource: "")
    guard isOwn(Text(utf8: parts[0]), jid) else {
      refuse(step.reach(SASLMark.saslPlainAuthzidForeign, .invalidAuthzid), &step)
      return nil
    }
    let password = Precis.saslPrep(Text(utf8: parts[2])) ?? Text(utf8: parts[2])
    return find(jid, .findingForPlain(jid, password: Secret(Array(password.utf8)), name: name), &step)
  }

  /// Nobody acts for another here: an authorization identity must be the account's own address (RFC 6120, 6.3.8).
  private func isOwn(_ authorization: Text, _ jid: JID?) -> Bool {
    authorization.isEmpty || (jid != nil && JID(authorization) == jid)
  }

  private mutating func find(_ jid: JID?, _ next: Authentication, _ step: inout Step) -> Request? {
    phase = .authenticating(next)
    claimed = jid
    guard let jid else { return accountFound(step.reach(SASLMark.saslNameUnusable, nil), &step) }
    step.immediate.append(.pause(connection))
    return .findAccount(jid)
  }

  /// Goes on with an authentication, the same way whether the account is there or not.
  mutating func accountFound(_ record: AccountRecord?, _ step: inout Step) -> Request? {
    switch phase {
    case .authenticating(.findingForScram(var exchange, let jid)):
      if record == nil { step.reach(SASLMark.saslAccountUnknown) }
      let decoy = decoy(exchange.hash, jid, exchange.username, record, step)
      let credentials = record?.credentials.first { $0.hash == exchange.hash } ?? decoy
      let challenge = exchange.challenge(credentials, serverNonce: step.generator.token())
      phase = .authenticating(.expectProof(exchange, record, jid))
      step.send(Element("challenge", NS.sasl, text: Base64.encode(Array(challenge.utf8))), to: connection)
      step.immediate.append(.resume(connection))
      return nil
    case .authenticating(.findingForPlain(let jid, let password, let name)):
      if record == nil { step.reach(SASLMark.saslAccountUnknown) }
      let decoy = decoy(.sha256, jid, name, record, step)
      let expected = record?.credentials.first { $0.hash == .sha256 } ?? decoy
      phase = .authenticating(.deriving(record, jid, expected: expected))
      step.immediate.append(.pause(connection))
      return .derive(DerivationRequest(password: password, hashes: [.sha256], salts: [expected.salt], rounds: [expected.rounds]))
    default:
      return nil
    }
  }

  /// In the first domain it is the localpart alone that counts, as it always did: the salts of names are not to change.
  private func decoy(_ hash: ScramHash, _ jid: JID?, _ given: Text, _ record: AccountRecord?, _ step: Step) -> ScramCredentials {
    let local = jid?.local ?? given
    let name = domain == step.configuration.domains.first ? local : local + "@" + domain
    return Scram.decoy(hash, name: name, account: record, step.configuration, at: step.now)
  }

  /// Storage could not say whether the account is there.
  mutating func accountUnavailable(_ step: inout Step) {
    guard case .authenticating = phase else { return }
    refuse(step.reach(SASLMark.saslStorageUnavailable, .temporaryAuthFailure), &step)
    step.immediate.append(.resume(connection))
  }

  mutating func derived(_ credentials: [ScramCredentials], _ step: inout Step) {
    guard case .authenticating(.deriving(let record, let jid, let expected)) = phase else { return }
    step.immediate.append(.resume(connection))
    guard let record, let jid, let given = credentials.first, Secret(given.storedKey).matches(expected.storedKey) else {
      return refuse(step.reach(SASLMark.saslPlainPasswordWrong, .notAuthorized), &step)
    }
    step.reach(SASLMark.saslSucceededPlain)
    succeed(record, jid, "", &step)
  }

  private mutating func finishScram(_ exchange: ScramExchange, _ record: AccountRecord?, _ jid: JID?, _ text: Text, _ step: inout Step) {
    guard let bytes = Base64.decode(text) else { return refuse(step.reach(SASLMark.saslProofEncodingIncorrect, .incorrectEncoding), &step) }
    let final: Text
    do throws(ScramExchange.Failure) { final = try exchange.verify(clientFinal: Text(utf8: bytes)) } catch {
      return refuse(step.reach(error.mark, .notAuthorized), &step)
    }
    guard let record, let jid else { return refuse(.notAuthorized, &step) }
    step.reach(exchange.hash == .sha1 ? SASLMark.saslSucceededScramSHA1 : .saslSucceededScramSHA256)
    succeed(record, jid, Base64.encode(Array(final.utf8)), &step)
  }

  private mutating func succeed(_ record: AccountRecord, _ jid: JID, _ data: Text, _ step: inout Step) {
    // Only who knew the password learns of it.
    guard !record.isDisabled else { return refuse(step.reach(SASLMark.saslAccountDisabled, .accountDisabled), &step) }
    if failures > 0 { step.reach(SASLMark.saslSucceededAfterFailure) }
    step.send(Element("success", NS.sasl, text: data.isEmpty ? nil : data), to: connection)
    step.immediate.append(.restart(connection, step.configuration.limits.authenticatedStream))
    expectHeader(VerifiedIdentity(account: jid))
  }

  mutating func refuse(_ failure: Authentication.Failure, _ step: inout Step) {
    var element = Element("failure", NS.sasl)
    element.append(Text(failure.rawValue), NS.sasl)
    step.send(element, to: connection)
    claimed = nil
    phase = .negotiating
    failures += 1
    if failures >= step.configuration.limits[.authenticationAttempts] {
      fail(step.reach(SASLMark.saslRetriesFull, StreamError(.policyViolation, text: "too many failed authentications")), &step)
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
