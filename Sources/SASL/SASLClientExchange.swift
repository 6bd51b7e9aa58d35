public import XML
internal import XMPP

/// The client's half of one SASL exchange (RFC 4422), from its initial response to the proof that the server knows the account, too.
///
/// An exchange that ended takes nothing more.
public struct SASLClientExchange: Sendable {
  public let mechanism: SASLMechanism
  /// The first message, which goes with the name of the mechanism.
  public let initialResponse: [UInt8]
  private var state: State

  private enum State: Sendable {
    case expectServerFirst(ScramClientFirst, password: Secret)
    /// The server must know the key, too (RFC 5802, section 5).
    case expectServerFinal(signature: Secret)
    case expectSuccess
    case ended
  }

  /// Why the exchange can't go on with this server.
  public enum Failure: Error, Sendable, Hashable, CustomStringConvertible {
    case challengeUnexpected, successUnexpected
    case challengeMalformed
    /// The server's nonce does not begin with the client's, or adds nothing to it (RFC 5802, 5.1).
    case nonceChanged
    /// The server wants more iterations than `maximumRounds`: each costs the client time.
    case tooManyRounds
    /// The server does not know the account's keys.
    case signatureWrong

    public var description: String {
      switch self {
      case .challengeUnexpected: "the server asked for more than the mechanism has"
      case .successUnexpected: "the server accepted us before it could know us"
      case .challengeMalformed: "the server's challenge can't be read"
      case .nonceChanged: "the server answered another exchange"
      case .tooManyRounds: "the server wants more than \(maximumRounds) iterations"
      case .signatureWrong: "the server could not prove itself"
      }
    }
  }

  /// The most iterations that a client does for a server.
  public static let maximumRounds = 1_000_000

  /// - Parameters:
  ///   - authorization: as whom to act; empty for the account itself.
  ///   - name: not empty, and prepared as the server wants it.
  ///   - nonce: printable ASCII without commas, never used twice. PLAIN needs none.
  public init(_ mechanism: SASLMechanism, authorization: Text = "", name: Text, password: Text, nonce: Text) {
    self.mechanism = mechanism
    switch mechanism {
    case .scramSHA1, .scramSHA256:
      let first = ScramClientFirst(authorization: authorization, username: name, nonce: nonce)
      initialResponse = Array(first.text.utf8)
      state = .expectServerFirst(first, password: Secret(preparing: password))
    case .plain:
      initialResponse = PlainMessage(authorization: authorization, name: name, password: password).bytes
      state = .expectSuccess
    }
  }

  public enum ChallengeAction: Sendable, Hashable {
    case respond([UInt8])
    case fail(Failure)
  }

  /// Deriving the keys takes time in proportion to the iteration count, here and now.
  public mutating func challengeReceived(_ challenge: [UInt8]) -> ChallengeAction {
    do throws(Failure) {
      switch state {
      case .expectServerFirst(let first, let password):
        return .respond(try prove(first, password, Text(utf8: challenge)))
      case .expectServerFinal(let signature):
        // A server that has no data with its outcome says it before, and is answered with nothing (RFC 4422, section 3.6).
        try verify(signature, challenge)
        state = .expectSuccess
        return .respond([])
      case .expectSuccess, .ended: throw .challengeUnexpected
      }
    } catch {
      state = .ended
      return .fail(error)
    }
  }

  private mutating func prove(_ first: ScramClientFirst, _ password: Secret, _ challenge: Text) throws(Failure) -> [UInt8] {
    guard let server = ScramServerFirst(parsing: challenge) else { throw .challengeMalformed }
    guard server.nonce.hasPrefix(first.nonce), server.nonce.count > first.nonce.count else { throw .nonceChanged }
    guard server.rounds <= SASLClientExchange.maximumRounds else { throw .tooManyRounds }
    let hash = mechanism.hash
    let salted = password.withBytes { Scram.saltedPassword(hash, password: $0, salt: server.salt, rounds: server.rounds) }
    let clientKey = Scram.clientKey(hash, saltedPassword: salted)
    let serverKey = Scram.serverKey(hash, saltedPassword: salted)
    let withoutProof = "c=" + Base64.encode(Array(first.gs2Header.utf8)) + ",r=" + server.nonce
    let message = Scram.authMessage(clientFirstBare: first.bare, serverFirst: server.text, clientFinalWithoutProof: withoutProof)
    let proof = zip(clientKey, Scram.hmac(hash, key: Scram.digest(hash, clientKey), message)).map { $0 ^ $1 }
    state = .expectServerFinal(signature: Secret(Scram.hmac(hash, key: serverKey, message)))
    return Array((withoutProof + ",p=" + Base64.encode(proof)).utf8)
  }

  private func verify(_ signature: Secret, _ final: [UInt8]) throws(Failure) {
    let fields = Scram.fields(Text(utf8: final))
    guard fields[0].key == "v", let given = Base64.decode(fields[0].value), signature.matches(given) else { throw .signatureWrong }
  }

  public enum SuccessAction: Sendable, Hashable {
    /// The server accepted the client and has proved to be the right one, if the mechanism can tell.
    case finish
    case fail(Failure)
  }

  /// The server accepted the client.
  ///
  /// - Parameter data: the bytes that came with its word; empty for none.
  public mutating func successReceived(_ data: [UInt8]) -> SuccessAction {
    defer { state = .ended }
    do throws(Failure) {
      switch state {
      case .expectServerFinal(let signature): try verify(signature, data)
      case .expectSuccess: break
      case .expectServerFirst, .ended: throw .successUnexpected
      }
      return .finish
    } catch {
      return .fail(error)
    }
  }
}
