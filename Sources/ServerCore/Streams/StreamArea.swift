extension Area {
  static let streams = Area(name: "streams", marks: [StreamMark.self, TLSMark.self])
}

/// Marks: how streams begin and end.
public enum StreamMark: UInt16, CoverageMark {
  case streamHeaderUnexpected, streamNameWrong, streamBadFormat
  case streamNamespaceWrong
  case streamContentNamespaceWrong
  case streamHostUnknown
  case streamHostChanged
  case streamVersionUnsupported
  case streamLanguageInvalid
  case streamErrorBeforeHeader
  case streamStanzaTooEarly
  case streamElementTooEarly
  case streamEndedByPeer, streamErrorOfPeer
  case streamBadNamespacePrefix, streamUndeclaredPrefix
  case streamNotWellFormed
  case streamRestrictedXML
  case streamUnsupportedEncoding
  case streamTooBigUnauthenticated
  case streamTooBigAuthenticated
  case streamLostInNegotiation, streamLostBound
  case streamNegotiationIdle
  case streamNegotiationTooLong
  case streamCloseWaitOver
  case streamCutUnbound
  case streamShutdown, streamRefusedInShutdown
  case streamAddressFull

  public static let offset = Mark.offset(of: StreamMark.self)

  public var clause: String {
    switch self {
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
    case .streamUndeclaredPrefix, .streamNotWellFormed: "RFC 6120, 4.9.3.13"
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
    }
  }
}

/// Marks: STARTTLS.
public enum TLSMark: UInt16, CoverageMark {
  case tlsRefused
  case tlsEstablishedTooLate
  case tlsEstablished, tlsInputDiscarded

  public static let offset = Mark.offset(of: TLSMark.self)

  public var clause: String {
    switch self {
    case .tlsRefused: "RFC 6120, 5.4.2.2"
    case .tlsEstablishedTooLate: "RFC 6120, 5.4.3.2"
    case .tlsEstablished, .tlsInputDiscarded: "RFC 6120, 5.4.3.3"
    }
  }
}
