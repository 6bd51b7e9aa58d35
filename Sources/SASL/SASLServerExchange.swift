public import XML

/// The server's half of one SASL exchange (RFC 4422), from the client's initial response to its outcome.
///
/// It knows bytes and keys. Its owner says which mechanisms there are, carries messages, looks accounts up, and knows what a name or an
/// authorization identity means. An exchange that ended takes nothing more.
public struct SASLServerExchange: Sendable, Codable {
  public let mechanism: SASLMechanism
  package private(set) var state = State.expectInitialResponse

  /// The contents of a state have storage of their own, because an exchange is copied more often than it goes on.
  package indirect enum State: Sendable, Codable {
    case expectInitialResponse
    case findingForScram(ScramClientFirst)
    case expectProof(ScramExchange, isDecoy: Bool)
    case findingForPlain(name: Text, password: Secret)
    /// The password that was given is being put through the hash of the credentials.
    case deriving(ScramCredentials, isDecoy: Bool)
    case ended
  }

  public init(_ mechanism: SASLMechanism) { self.mechanism = mechanism }

  /// Why the client is not who it says, or did not say it in the right way.
  public enum Failure: Error, Sendable, Hashable {
    /// A response came that nothing asked for.
    case responseUnexpected
    case plainMalformed
    /// Also of a name that has no credentials.
    case plainPasswordWrong
    case scramFirstMalformed
    /// The client wants to bind to the channel, which no mechanism that is offered can do (RFC 5802, section 6).
    case scramBindingUnsupported
    case scramFinalMalformed
    case scramBindingChanged
    case scramNonceChanged
    /// Also of a name that has no credentials.
    case scramProofWrong
  }

  /// The client proved that it knows the password. Nothing outside this module can make one.
  public struct Success: Sendable, Hashable {
    /// For the client, with the outcome; empty for none.
    public let data: [UInt8]
    init(data: [UInt8]) { self.data = data }
  }

  /// The identity that the client claims.
  public struct Claim: Sendable, Hashable {
    /// As the client gave it; not empty.
    public let name: Text
    /// As whom the client wants to act; empty if it asked for nobody in particular.
    public let authorization: Text
  }

  /// The input that an exchange waits for.
  public enum Awaited: Sendable, Hashable {
    case initialResponse
    case response
    /// `credentialsFound`, with credentials of this hash.
    case credentials(ScramHash, of: Text)
    /// `keysDerived`.
    case keys
    /// The exchange has ended.
    case nothing
  }

  public var awaited: Awaited {
    switch state {
    case .expectInitialResponse: .initialResponse
    case .findingForScram(let first): .credentials(mechanism.hash, of: first.username)
    case .expectProof: .response
    case .findingForPlain(let name, _): .credentials(mechanism.hash, of: name)
    case .deriving: .keys
    case .ended: .nothing
    }
  }

  // MARK: Inputs

  public enum ResponseAction: Sendable, Hashable {
    /// Find the credentials of this name, then call `credentialsFound`; or end the exchange, if the client may not act as it wants.
    case find(Claim)
    case succeed(Success)
    case fail(Failure)
  }

  /// A message of the client: its initial response, or its answer to a challenge.
  public mutating func responseReceived(_ response: [UInt8]) -> ResponseAction {
    do throws(Failure) {
      switch state {
      case .expectInitialResponse: return .find(try begin(response))
      case .expectProof(let exchange, let isDecoy):
        state = .ended
        let final = try exchange.verify(clientFinal: Text(utf8: response))
        return isDecoy ? .fail(.scramProofWrong) : .succeed(Success(data: Array(final.utf8)))
      case .findingForScram, .findingForPlain, .deriving, .ended: throw .responseUnexpected
      }
    } catch {
      state = .ended
      return .fail(error)
    }
  }

  private mutating func begin(_ response: [UInt8]) throws(Failure) -> Claim {
    switch mechanism {
    case .scramSHA1, .scramSHA256:
      let first = try ScramClientFirst(parsing: Text(utf8: response))
      state = .findingForScram(first)
      return Claim(name: first.username, authorization: first.authorization)
    case .plain:
      let message = try PlainMessage(parsing: response)
      state = .findingForPlain(name: message.name, password: Secret(preparing: message.password))
      return Claim(name: message.name, authorization: message.authorization)
    }
  }

  public enum CredentialsAction: Sendable {
    case challenge([UInt8])
    /// Derive the keys, then call `keysDerived`.
    case derive(DerivationRequest)
    /// Nothing waited for credentials.
    case ignore
  }

  /// The exchange goes on in the same way whether the name has credentials or not.
  ///
  /// - Parameters:
  ///   - credentials: of the hash that `awaited` says.
  ///   - isDecoy: no password fits the credentials, so the exchange can't succeed.
  ///   - nonce: printable ASCII without commas, never used twice; called once at most.
  public mutating func credentialsFound(_ credentials: ScramCredentials, isDecoy: Bool, nonce: () -> Text) -> CredentialsAction {
    switch state {
    case .findingForScram(let first):
      let exchange = ScramExchange(first, credentials, serverNonce: nonce())
      state = .expectProof(exchange, isDecoy: isDecoy)
      return .challenge(Array(exchange.serverFirst.utf8))
    case .findingForPlain(_, let password):
      state = .deriving(credentials, isDecoy: isDecoy)
      return .derive(
        DerivationRequest(password: password, hashes: [credentials.hash], salts: [credentials.salt], rounds: [credentials.rounds]))
    case .expectInitialResponse, .expectProof, .deriving, .ended:
      return .ignore
    }
  }

  public enum KeysAction: Sendable, Hashable {
    case succeed(Success)
    case fail(Failure)
    /// Nothing waited for keys.
    case ignore
  }

  /// - Parameter keys: as `derive` asked for.
  public mutating func keysDerived(_ keys: [ScramCredentials]) -> KeysAction {
    guard case .deriving(let credentials, let isDecoy) = state else { return .ignore }
    state = .ended
    guard let given = keys.first, Secret(given.storedKey).matches(credentials.storedKey), !isDecoy else {
      return .fail(.plainPasswordWrong)
    }
    return .succeed(Success(data: []))
  }
}
