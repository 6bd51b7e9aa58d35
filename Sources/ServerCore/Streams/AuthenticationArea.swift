extension Area {
  static let authentication = Area(
    name: "authentication", marks: [SASLMark.self], limits: [.authenticationAttempts, .concurrentKeyDerivations, .scramRounds])
}

extension Limit {
  /// Failed authentications on one connection (RFC 6120, 6.4.5: between 2 and 5).
  public static let authenticationAttempts = number(
    "authentication_attempts", .count, 5, 2...5, effect: "stream error policy-violation after the last failure", trial: .low(74, 3, 2))
  /// Passwords whose keys are being derived at the same time, all connections together.
  public static let concurrentKeyDerivations = count(
    "concurrent_key_derivations", 100, settable: 1...,
    effect: "SASL failure temporary-auth-failure; changes of passwords are answered with resource-constraint", trial: .low(59, 2, 1),
    formerName: "derivations")
  /// PBKDF2 rounds for new credentials (RFC 7677, section 4: at least 4096). They stand at the top of a configuration file.
  public static let scramRounds = number(
    "scram_rounds", .count, 10_000, 4096...10_000_000, possible: 0...1 << 32, effect: nil, placement: .top)
}

extension Configuration {
  public var scramRounds: Int {
    get { limits[.scramRounds] }
    set { limits[.scramRounds] = newValue }
  }
}

/// Marks: authentication.
public enum SASLMark: UInt16, CoverageMark {
  case saslInitialResponseMissing, saslInitialResponseEmpty
  case saslAborted
  case saslAccountDisabled
  case saslEncryptionRequired
  case saslInitialEncodingIncorrect, saslProofEncodingIncorrect
  case saslPlainAuthzidForeign, saslScramAuthzidForeign
  case saslAuthzidOwn
  case saslMechanismInvalid
  case saslUnexpected
  case saslPlainMalformed
  case saslScramMalformed
  case saslScramBindingUnsupported
  case saslScramFinalMalformed, saslScramBindingChanged, saslScramNonceChanged
  case saslScramProofWrong
  case saslPlainPasswordWrong, saslNameUnusable, saslAccountUnknown
  case saslStorageUnavailable
  case saslDerivationsFull
  case saslStreamGone
  case saslRetriesFull
  case saslSucceededAfterFailure, saslSucceededPlain, saslSucceededScramSHA1, saslSucceededScramSHA256

  public static let offset = Mark.offset(of: SASLMark.self)

  public var clause: String {
    switch self {
    case .saslInitialResponseMissing, .saslInitialResponseEmpty: "RFC 6120, 6.4.2"
    case .saslAborted: "RFC 6120, 6.5.1"
    case .saslAccountDisabled: "RFC 6120, 6.5.2"
    case .saslEncryptionRequired: "RFC 6120, 6.5.4"
    case .saslInitialEncodingIncorrect, .saslProofEncodingIncorrect: "RFC 6120, 6.5.5"
    case .saslPlainAuthzidForeign, .saslScramAuthzidForeign: "RFC 6120, 6.5.6"
    case .saslAuthzidOwn: "RFC 6120, 6.3.8"
    case .saslMechanismInvalid: "RFC 6120, 6.5.7"
    case .saslUnexpected: "RFC 6120, 6.5.8"
    case .saslPlainMalformed: "RFC 4616, 2"
    case .saslScramMalformed: "RFC 5802, 7"
    case .saslScramBindingUnsupported: "RFC 5802, 6"
    case .saslScramFinalMalformed, .saslScramBindingChanged, .saslScramNonceChanged: "RFC 5802, 5.1"
    case .saslScramProofWrong: "RFC 5802, 3"
    case .saslPlainPasswordWrong, .saslNameUnusable, .saslAccountUnknown: "RFC 6120, 6.5.10"
    case .saslStorageUnavailable: "RFC 6120, 6.5.11"
    case .saslDerivationsFull: "RFC 6120, 6.5.11; \(Limit.concurrentKeyDerivations)"
    case .saslStreamGone: "activation"
    case .saslRetriesFull: "RFC 6120, 6.4.5; \(Limit.authenticationAttempts)"
    case .saslSucceededAfterFailure, .saslSucceededPlain, .saslSucceededScramSHA1, .saslSucceededScramSHA256: "RFC 6120, 6.4.6"
    }
  }
}
