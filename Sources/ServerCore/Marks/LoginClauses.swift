// Authentication and binding.

extension Mark {
  var loginClause: String? {
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
    case .saslStreamGone, .bindStreamGone: "activation"
    case .saslRetriesFull: "RFC 6120, 6.4.5; limit authenticationAttempts"
    case .saslSucceededAfterFailure, .saslSucceededPlain, .saslSucceededScramSHA1, .saslSucceededScramSHA256: "RFC 6120, 6.4.6"
    case .bindStanzaTooEarly, .bindRequestTooEarly: "RFC 6120, 7.1"
    case .bindResourceInvalid: "RFC 6120, 7.7.2.1"
    case .bindResourceOfServer: "RFC 6120, 7.6.1"
    case .bindResourcePrepared: "RFC 6120, 7.7.1"
    case .bindConflictReplaced, .bindConflictRefused, .bindConflictRenamed: "RFC 6120, 7.7.2.2"
    case .bindSessionsFull: "RFC 6120, 7.6.2.1; limit sessionsPerAccount"
    default: nil
    }
  }
}
