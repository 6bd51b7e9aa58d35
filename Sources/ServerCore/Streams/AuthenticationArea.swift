extension Area {
  static let authentication = Area(name: "authentication", marks: [SASLMark.self])
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
    case .saslDerivationsFull: "RFC 6120, 6.5.11; limit derivations"
    case .saslStreamGone: "activation"
    case .saslRetriesFull: "RFC 6120, 6.4.5; limit authenticationAttempts"
    case .saslSucceededAfterFailure, .saslSucceededPlain, .saslSucceededScramSHA1, .saslSucceededScramSHA256: "RFC 6120, 6.4.6"
    }
  }
}
