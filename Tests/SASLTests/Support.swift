import XML
import XMPP

@testable import SASL

/// SplitMix64: the same numbers in every run.
struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64
  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}

func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

/// The credentials of RFC 5802, section 5 (SHA-1), and RFC 7677, section 3 (SHA-256): the password is "pencil".
func pencil(_ hash: ScramHash) -> ScramCredentials {
  let salt = Base64.decode(hash == .sha1 ? "QSXCR+Q6sek8bf92" : "W22ZaJ0SNY7soEsUEjb6gQ==")!
  return credentials(hash, password: "pencil", salt: salt, rounds: 4096)
}

func credentials(_ hash: ScramHash, password: Text, salt: [UInt8] = [1, 2, 3], rounds: Int = 2) -> ScramCredentials {
  let salted = Secret(preparing: password).withBytes { Scram.saltedPassword(hash, password: $0, salt: salt, rounds: rounds) }
  return Scram.credentials(hash, saltedPassword: salted, salt: salt, rounds: rounds)
}

// Complete answers as one line, so that a table can hold them.

extension SASLServerExchange.ResponseAction {
  var told: String {
    switch self {
    case .find(let claim): "find \(claim.name) as '\(claim.authorization)'"
    case .succeed(let success): "succeed '\(Text(utf8: success.data))'"
    case .fail(let failure): "fail \(failure)"
    }
  }
}

extension SASLServerExchange.CredentialsAction {
  var told: String {
    switch self {
    case .challenge(let challenge): "challenge '\(Text(utf8: challenge))'"
    case .derive(let request):
      "derive \(request.hashes) \(request.salts) \(request.rounds) '\(request.password.withBytes { Text(utf8: $0) })'"
    case .ignore: "ignore"
    }
  }
}

extension SASLServerExchange.KeysAction {
  var told: String {
    switch self {
    case .succeed(let success): "succeed '\(Text(utf8: success.data))'"
    case .fail(let failure): "fail \(failure)"
    case .ignore: "ignore"
    }
  }
}

extension SASLClientExchange.ChallengeAction {
  var told: String {
    switch self {
    case .respond(let response): "respond '\(Text(utf8: response))'"
    case .fail(let failure): "fail \(failure.name)"
    }
  }
}

extension SASLClientExchange.SuccessAction {
  var told: String {
    switch self {
    case .finish: "finish"
    case .fail(let failure): "fail \(failure.name)"
    }
  }
}

extension SASLClientExchange.Failure {
  /// Its name in the source, rather than the sentence for people.
  var name: String {
    switch self {
    case .challengeUnexpected: "challengeUnexpected"
    case .successUnexpected: "successUnexpected"
    case .challengeMalformed: "challengeMalformed"
    case .nonceChanged: "nonceChanged"
    case .tooManyRounds: "tooManyRounds"
    case .signatureWrong: "signatureWrong"
    }
  }
}
