// Links, streams, and TLS.

extension Mark {
  var streamClause: String? {
    switch self {
    case .linkOutboxOverrun: "limit outboxBytes"
    case .linkAllOutboxesOverrun: "limit allOutboxesBytes"
    case .linkReadPaused, .linkReadResumed: "limit unprocessedBytes"
    case .linkHeldBack: "RFC 6120, 13.12; limit bytesPerSecond; limit burstBytes"
    case .linkResumedWithInput: "RFC 6120, 10.1"
    case .streamHeaderUnexpected, .streamNameWrong, .streamBadFormat: "RFC 6120, 4.9.3.1"
    case .streamNamespaceWrong: "RFC 6120, 4.8.1"
    case .streamContentNamespaceWrong: "RFC 6120, 4.8.2"
    case .streamHostUnknown: "RFC 6120, 4.9.3.6"
    case .streamHostChanged: "RFC 6120, 4.7.2"
    case .streamVersionUnsupported: "RFC 6120, 4.9.3.25"
    case .streamLanguageInvalid: "RFC 6120, 4.7.4"
    case .streamErrorBeforeHeader: "RFC 6120, 4.9.1.2"
    case .streamStanzaTooEarly: "RFC 6120, 4.9.3.12"
    case .streamElementTooEarly: "RFC 6120, 4.9.3.24"
    case .streamEndedByPeer: "RFC 6120, 4.4"
    case .streamErrorOfPeer: "RFC 6120, 4.9.1.1"
    case .streamBadNamespacePrefix: "RFC 6120, 4.9.3.2"
    case .streamNotWellFormed, .streamUndeclaredPrefix: "RFC 6120, 4.9.3.13"
    case .streamRestrictedXML: "RFC 6120, 4.9.3.18"
    case .streamUnsupportedEncoding: "RFC 6120, 4.9.3.22"
    case .streamTooBigUnauthenticated: "RFC 6120, 4.9.3.14; limit unauthenticatedStream"
    case .streamTooBigAuthenticated: "RFC 6120, 4.9.3.14; limit authenticatedStream"
    case .streamLostInNegotiation, .streamLostBound: "RFC 6120, 4.6.1"
    case .streamNegotiationIdle: "RFC 6120, 4.9.3.4; limit negotiationIdle"
    case .streamNegotiationTooLong: "RFC 6120, 4.9.3.4; limit negotiationTotal"
    case .streamCloseWaitOver: "RFC 6120, 4.4; limit closeWait"
    case .streamCutUnbound: "account control"
    case .streamShutdown, .streamRefusedInShutdown: "RFC 6120, 4.9.3.20"
    case .streamAddressFull: "RFC 6120, 13.12; limit connectionsPerAddress"
    case .tlsRefused: "RFC 6120, 5.4.2.2"
    case .tlsEstablishedTooLate: "RFC 6120, 5.4.3.2"
    case .tlsEstablished, .tlsInputDiscarded: "RFC 6120, 5.4.3.3"
    default: nil
    }
  }
}
