internal import SASL
internal import XML
internal import XMPP

/// An account whose owner has proved to be there. It takes the success of an exchange to make one, and the authenticated states of a stream
/// have one, so there is no way around. (A recording holds those of the server that it was made of; nothing that serves reads one.)
struct VerifiedIdentity: Sendable, Codable {
  /// Bare.
  let account: JID
  fileprivate init(_ record: StoredAccount, by _: SASLServerExchange.Success) { account = record.jid }
}

/// A SASL exchange in progress (RFC 6120, section 6), and the account that it is about.
struct Authentication: Sendable, Codable {
  var exchange: SASLServerExchange
  /// Bare; `nil` until the client has said who it is, and if its name can be no account's.
  var claimed: JID?
  /// `nil` until it is found, and if there is no such account.
  var record: StoredAccount?

  /// PLAIN shows the password to whoever listens: over TLS only (RFC 6120, 13.8.2).
  static func mechanisms(isEncrypted: Bool, _ configuration: Configuration) -> [SASLMechanism] {
    if isEncrypted { return SASLMechanism.allCases }
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

extension StreamFeature {
  /// SASL (RFC 6120, 6). An attempt is answered with a failure even if no mechanism is offered (6.5.4).
  static let sasl = StreamFeature(
    stage: .login,
    offer: { situation in
      let offered = Authentication.mechanisms(isEncrypted: situation.isEncrypted, situation.configuration)
      guard !offered.isEmpty else { return nil }
      return Element("mechanisms", NS.sasl, children: offered.map { Element("mechanism", NS.sasl, text: Text($0.rawValue)) })
    },
    handler: Handler(elements: .namespace(NS.sasl), takesUnoffered: true, hasExchange: true) { stream, element, transaction in
      stream.authenticate(element, &transaction)
    })
}

extension ClientStream {
  fileprivate mutating func authenticate(_ element: Element, _ transaction: inout Transaction) -> Request? {
    switch phase {
    case .negotiating where element.has(name: "auth"):
      return begin(element, &transaction)
    case .authenticating(let authentication) where element.has(name: "response"):
      return respond(element.text, in: authentication, &transaction)
    case .authenticating where element.has(name: "abort"):
      refuse(transaction.reach(SASLMark.saslAborted, .aborted), &transaction)
    default:
      refuse(transaction.reach(SASLMark.saslUnexpected, .malformedRequest), &transaction)
    }
    return nil
  }

  private mutating func begin(_ element: Element, _ transaction: inout Transaction) -> Request? {
    guard let mechanism = element["mechanism"].flatMap({ SASLMechanism(rawValue: $0.string) }) else {
      refuse(transaction.reach(SASLMark.saslMechanismInvalid, .invalidMechanism), &transaction)
      return nil
    }
    guard Authentication.mechanisms(isEncrypted: isEncrypted, transaction.configuration).contains(mechanism) else {
      refuse(transaction.reach(SASLMark.saslEncryptionRequired, .encryptionRequired), &transaction)
      return nil
    }
    let authentication = Authentication(exchange: SASLServerExchange(mechanism))
    let text = element.text
    guard !text.isEmpty else {
      transaction.reach(SASLMark.saslInitialResponseMissing)
      phase = .authenticating(authentication)
      send(Element("challenge", NS.sasl), &transaction)
      return nil
    }
    return respond(text, in: authentication, &transaction)
  }

  /// The client's next message, as it stood in the stream.
  private mutating func respond(_ text: Text, in authentication: Authentication, _ transaction: inout Transaction) -> Request? {
    let isInitial: Bool
    switch authentication.exchange.awaited {
    case .initialResponse: isInitial = true
    case .response: isInitial = false
    case .credentials, .keys, .nothing:
      refuse(.responseUnexpected, &transaction)
      return nil
    }
    // "=" stands for an initial response of no bytes (RFC 6120, 6.4.2).
    let isEmpty = isInitial && text == "="
    if isEmpty { transaction.reach(SASLMark.saslInitialResponseEmpty) }
    guard let bytes = isEmpty ? [] : Base64.decode(text) else {
      let mark: SASLMark = isInitial ? .saslInitialEncodingIncorrect : .saslProofEncodingIncorrect
      refuse(transaction.reach(mark, .incorrectEncoding), &transaction)
      return nil
    }
    var authentication = authentication
    switch authentication.exchange.responseReceived(bytes) {
    case .find(let claim): return find(claim, authentication, &transaction)
    case .succeed(let success): succeed(success, authentication, &transaction)
    case .fail(let failure): refuse(failure, &transaction)
    }
    return nil
  }

  private mutating func find(_ claim: SASLServerExchange.Claim, _ authentication: Authentication, _ transaction: inout Transaction)
    -> Request?
  {
    var authentication = authentication
    let jid = JID(local: claim.name, domain: domain, resource: "")
    // Nobody acts for another here: an authorization identity must be the account's own address (RFC 6120, 6.3.8).
    if !claim.authorization.isEmpty {
      guard let jid, JID(claim.authorization) == jid else {
        let isPlain = authentication.exchange.mechanism == .plain
        refuse(transaction.reach(isPlain ? SASLMark.saslPlainAuthzidForeign : .saslScramAuthzidForeign, .invalidAuthzid), &transaction)
        return nil
      }
      transaction.reach(SASLMark.saslAuthzidOwn)
    }
    authentication.claimed = jid
    phase = .authenticating(authentication)
    guard let jid else { return accountFound(transaction.reach(SASLMark.saslNameUnusable, nil), &transaction) }
    transaction.immediate.append(.pause(connection))
    return .findAccount(jid)
  }

  /// Goes on with an authentication, the same way whether the account is there or not.
  mutating func accountFound(_ record: StoredAccount?, _ transaction: inout Transaction) -> Request? {
    guard case .authenticating(var authentication) = phase,
      case .credentials(let hash, let name) = authentication.exchange.awaited
    else { return nil }
    if record == nil { transaction.reach(SASLMark.saslAccountUnknown) }
    // Made for names that have credentials, too, so that both take the same time.
    let decoy = decoy(hash, authentication.claimed?.local ?? name, record, transaction)
    let credentials = record?.credentials.first { $0.hash == hash }
    authentication.record = record
    let action = authentication.exchange.credentialsFound(credentials ?? decoy, isDecoy: credentials == nil) { transaction.random.token() }
    phase = .authenticating(authentication)
    switch action {
    case .challenge(let challenge):
      send(Element("challenge", NS.sasl, text: Base64.encode(challenge)), &transaction)
      transaction.immediate.append(.resume(connection))
      return nil
    case .derive(let request):
      transaction.immediate.append(.pause(connection))
      return .derive(request)
    case .ignore: return nil
    }
  }

  /// Credentials that no password fits, with the salt and the iteration count that a name without an account always shows.
  ///
  /// - Parameters:
  ///   - local: in the first domain the localpart alone counts, as it always did: the salts of names are not to change. Names of the other
  ///     domains have salts of their own, as accounts have.
  ///   - record: what there is of the name. All its hashes show the same rounds, as if they had been derived together.
  private func decoy(_ hash: ScramHash, _ local: Text, _ record: StoredAccount?, _ transaction: Transaction) -> ScramCredentials {
    let configuration = transaction.configuration
    let name = domain == configuration.domains.first ? local : local + "@" + domain
    let others = configuration.roundsHistory?.rounds(for: name, at: transaction.now.wall) ?? configuration.scramRounds
    return Scram.decoy(hash, name: name, secret: configuration.secret, rounds: record?.credentials.first?.rounds ?? others)
  }

  /// Storage could not say whether the account is there.
  mutating func accountUnavailable(_ transaction: inout Transaction) {
    guard case .authenticating = phase else { return }
    refuse(transaction.reach(SASLMark.saslStorageUnavailable, .temporaryAuthFailure), &transaction)
    transaction.immediate.append(.resume(connection))
  }

  mutating func derived(_ keys: [ScramCredentials], _ transaction: inout Transaction) {
    guard case .authenticating(var authentication) = phase else { return }
    switch authentication.exchange.keysDerived(keys) {
    case .succeed(let success):
      transaction.immediate.append(.resume(connection))
      succeed(success, authentication, &transaction)
    case .fail(let failure):
      transaction.immediate.append(.resume(connection))
      refuse(failure, &transaction)
    case .ignore: break
    }
  }

  private mutating func succeed(_ success: SASLServerExchange.Success, _ authentication: Authentication, _ transaction: inout Transaction) {
    // There is no success with a decoy, and no name without an account has anything else.
    guard let record = authentication.record else { return refuse(.notAuthorized, &transaction) }
    switch authentication.exchange.mechanism {
    case .scramSHA256: transaction.reach(SASLMark.saslSucceededScramSHA256)
    case .scramSHA1: transaction.reach(SASLMark.saslSucceededScramSHA1)
    case .plain: transaction.reach(SASLMark.saslSucceededPlain)
    }
    // Only who knew the password learns of it.
    guard !record.isDisabled else { return refuse(transaction.reach(SASLMark.saslAccountDisabled, .accountDisabled), &transaction) }
    if failures > 0 { transaction.reach(SASLMark.saslSucceededAfterFailure) }
    send(Element("success", NS.sasl, text: success.data.isEmpty ? nil : Base64.encode(success.data)), &transaction)
    transaction.immediate.append(.restart(connection, transaction.configuration.limits.authenticatedStream))
    expectHeader(VerifiedIdentity(record, by: success))
  }

  private mutating func refuse(_ failure: SASLServerExchange.Failure, _ transaction: inout Transaction) {
    let (mark, condition) = failure.meaning
    refuse(transaction.reach(mark, condition), &transaction)
  }

  mutating func refuse(_ failure: Authentication.Failure, _ transaction: inout Transaction) {
    var element = Element("failure", NS.sasl)
    element.append(Text(failure.rawValue), NS.sasl)
    send(element, &transaction)
    phase = .negotiating
    failures += 1
    if failures >= transaction.configuration.limits[.authenticationAttempts] {
      fail(
        transaction.reach(SASLMark.saslRetriesFull, StreamError(.policyViolation, text: "too many failed authentications")), &transaction)
    }
  }
}

extension SASLServerExchange.Failure {
  /// The mark, and the condition that the client is told.
  fileprivate var meaning: (SASLMark, Authentication.Failure) {
    switch self {
    case .responseUnexpected: (.saslUnexpected, .malformedRequest)
    case .plainMalformed: (.saslPlainMalformed, .malformedRequest)
    case .plainPasswordWrong: (.saslPlainPasswordWrong, .notAuthorized)
    case .scramFirstMalformed: (.saslScramMalformed, .malformedRequest)
    case .scramBindingUnsupported: (.saslScramBindingUnsupported, .malformedRequest)
    case .scramFinalMalformed: (.saslScramFinalMalformed, .notAuthorized)
    case .scramBindingChanged: (.saslScramBindingChanged, .notAuthorized)
    case .scramNonceChanged: (.saslScramNonceChanged, .notAuthorized)
    case .scramProofWrong: (.saslScramProofWrong, .notAuthorized)
    }
  }
}
