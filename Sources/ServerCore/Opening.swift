public import XML

/// The facts of a connection at its beginning.
public struct Opening: Sendable, Hashable, Codable {
  /// The kind of entity on the other side.
  public var role: StreamRole
  /// The network that the connection comes from; `nil` if nobody knows.
  public var from: SourceNetwork?
  /// The connection begins with TLS (XEP-0368, 3): `encrypted` comes before its first byte.
  public var isDirectTLS: Bool

  public init(role: StreamRole = .client, from: SourceNetwork? = nil, isDirectTLS: Bool = false) {
    self.role = role
    self.from = from
    self.isDirectTLS = isDirectTLS
  }
}

/// The facts of a TLS handshake that is complete.
public struct TLSFacts: Sendable, Hashable, Codable {
  /// The application protocol (ALPN): the one that both sides know, or else the first that the other side offered. `nil` if it offered none.
  ///
  /// The TLS library of the socket adapter goes on with a handshake in which there is no protocol that both know, where RFC 7301, 3.2, demands
  /// an alert. So the name comes here, and the stream decides.
  public var protocolName: Text?

  /// The certificates that the other side presented, its own first, each in DER; empty if it presented none, or was not asked. Nobody has
  /// looked whether they may be trusted: see `CertificateQuestion`.
  public var chain: [[UInt8]]

  public init(protocolName: Text? = nil, chain: [[UInt8]] = []) { (self.protocolName, self.chain) = (protocolName, chain) }
}

/// The part that the server takes in a TLS handshake.
public enum TLSStart: Sendable, Hashable, Codable {
  /// The listening side's. Unless the client names a domain in its handshake (SNI), the certificate is this domain's (RFC 6120, 5.4.3.1); it is
  /// empty where the client named none that is served. A server that connects is asked for a certificate, and may have none (XEP-0178, 3).
  case server(domain: Text, asksForCertificate: Bool)
  /// The connecting side's.
  ///
  /// - Parameters:
  ///   - serverName: the remote domain in A-labels, for the extension SNI (RFC 6066, 3).
  ///   - certificateOf: the local domain whose certificate is presented if the server asks for one.
  case client(serverName: Text, certificateOf: Text)
}
