public import XML

extension Area {
  static let streams = Area(
    name: "streams", marks: [StreamMark.self, TLSMark.self],
    limits: Limit.unauthenticatedStream + Limit.authenticatedStream + [
      .connectionsPerAddress, .negotiationIdle, .negotiationTotal, .closeWait,
    ])
}

extension Limit {
  private static let streamEnds = "stream error policy-violation, and the end of the stream"

  /// Of a stream before its authentication.
  static let unauthenticatedStream: [Limit] = [
    unauthenticatedStanzaBytes, unauthenticatedStanzaDepth, unauthenticatedStanzaAttributes, unauthenticatedStanzaElements,
    unauthenticatedNameBytes, unauthenticatedStreamBytes,
  ]
  public static let unauthenticatedStanzaBytes = number(
    "unauthenticated_stanza_bytes", .bytes, StreamLimits.unauthenticated.stanzaBytes, 1000...(1 << 24), effect: streamEnds)
  public static let unauthenticatedStanzaDepth = number(
    "unauthenticated_stanza_depth", .count, StreamLimits.unauthenticated.depth, nil, effect: streamEnds)
  public static let unauthenticatedStanzaAttributes = number(
    "unauthenticated_stanza_attributes", .count, StreamLimits.unauthenticated.attributes, nil, effect: streamEnds)
  public static let unauthenticatedStanzaElements = number(
    "unauthenticated_stanza_elements", .count, StreamLimits.unauthenticated.elements, nil, effect: streamEnds)
  public static let unauthenticatedNameBytes = number(
    "unauthenticated_name_bytes", .bytes, StreamLimits.unauthenticated.nameBytes, nil, effect: streamEnds)
  public static let unauthenticatedStreamBytes = number(
    "unauthenticated_stream_bytes", .bytes, StreamLimits.unauthenticated.streamBytes, 16_384...(1 << 30), effect: streamEnds)

  /// Of a stream from its authentication on.
  static let authenticatedStream: [Limit] = [stanzaBytes, stanzaDepth, stanzaAttributes, stanzaElements, nameBytes, streamBytes]
  public static let stanzaBytes = number(
    "stanza_bytes", .bytes, StreamLimits.authenticated.stanzaBytes, 10_000...(1 << 24), effect: streamEnds, trial: .low(76, 20_000, 10_000))
  public static let stanzaDepth = number("stanza_depth", .count, StreamLimits.authenticated.depth, 8...200, effect: streamEnds)
  public static let stanzaAttributes = number("stanza_attributes", .count, StreamLimits.authenticated.attributes, nil, effect: streamEnds)
  public static let stanzaElements = number(
    "stanza_elements", .count, StreamLimits.authenticated.elements, 64...1_000_000, effect: streamEnds)
  public static let nameBytes = number("name_bytes", .bytes, StreamLimits.authenticated.nameBytes, nil, effect: streamEnds)
  public static let streamBytes = number("stream_bytes", .bytes, StreamLimits.authenticated.streamBytes, nil, effect: streamEnds)

  /// Connections from one IPv4 address, or one IPv6 network of 64 bits.
  public static let connectionsPerAddress = count(
    "connections_per_address", 1_000, settable: 1..., effect: "stream error policy-violation, and the end of the connection",
    trial: .low(79, 2, 1))
  /// Without progress before a session is bound.
  public static let negotiationIdle = time(
    "negotiation_idle_seconds", seconds: 60, effect: "stream error connection-timeout", trial: .low(71, milliseconds: 4_000, 3_000))
  /// In all before a session is bound.
  public static let negotiationTotal = time(
    "negotiation_total_seconds", seconds: 300, effect: "stream error connection-timeout", trial: .low(72, milliseconds: 12_000, 8_000))
  /// How long a closing connection waits for the other side's end of stream.
  public static let closeWait = time(
    "close_wait_seconds", seconds: 5, effect: "the connection is cut; the stream has ended on our side already",
    trial: .low(73, milliseconds: 1_000, 50))
}

extension Configuration.Limits {
  public var unauthenticatedStream: StreamLimits {
    StreamLimits(
      stanzaBytes: self[.unauthenticatedStanzaBytes], depth: self[.unauthenticatedStanzaDepth],
      attributes: self[.unauthenticatedStanzaAttributes], elements: self[.unauthenticatedStanzaElements],
      nameBytes: self[.unauthenticatedNameBytes], streamBytes: self[.unauthenticatedStreamBytes])
  }

  public var authenticatedStream: StreamLimits {
    StreamLimits(
      stanzaBytes: self[.stanzaBytes], depth: self[.stanzaDepth], attributes: self[.stanzaAttributes], elements: self[.stanzaElements],
      nameBytes: self[.nameBytes], streamBytes: self[.streamBytes])
  }
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
    case .streamTooBigUnauthenticated: (["RFC 6120, 4.9.3.14"] + Limit.unauthenticatedStream.map(\.description)).joined(separator: "; ")
    case .streamTooBigAuthenticated: (["RFC 6120, 4.9.3.14"] + Limit.authenticatedStream.map(\.description)).joined(separator: "; ")
    case .streamLostInNegotiation, .streamLostBound: "RFC 6120, 4.6.1"
    case .streamNegotiationIdle: "RFC 6120, 4.9.3.4; \(Limit.negotiationIdle)"
    case .streamNegotiationTooLong: "RFC 6120, 4.9.3.4; \(Limit.negotiationTotal)"
    case .streamCloseWaitOver: "RFC 6120, 4.4; \(Limit.closeWait)"
    case .streamCutUnbound: "account control"
    case .streamShutdown, .streamRefusedInShutdown: "RFC 6120, 4.9.3.20"
    case .streamAddressFull: "RFC 6120, 13.12; \(Limit.connectionsPerAddress)"
    }
  }
}

/// Marks: TLS, from the start or by STARTTLS.
public enum TLSMark: UInt16, CoverageMark {
  case tlsRefused
  case tlsEstablishedTooLate
  case tlsEstablished, tlsInputDiscarded
  case tlsDirect
  case tlsProtocolWrong

  public static let offset = Mark.offset(of: TLSMark.self)

  public var clause: String {
    switch self {
    case .tlsRefused: "RFC 6120, 5.4.2.2"
    case .tlsEstablishedTooLate: "RFC 6120, 5.4.3.2"
    case .tlsEstablished, .tlsInputDiscarded: "RFC 6120, 5.4.3.3"
    case .tlsDirect: "XEP-0368, 3"
    case .tlsProtocolWrong: "RFC 7301, 3.2; XEP-0368, 3"
    }
  }
}
