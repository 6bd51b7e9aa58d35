public import XML

/// Where the server of one remote domain is, by the operator's word instead of that of DNS.
public struct StaticHost: Sendable, Hashable, Codable {
  public enum Host: Sendable, Hashable, Codable {
    /// In A-labels, without a final dot. DNS is asked for its addresses.
    case name(Text)
    case address(HostAddress)
  }
  /// The remote domain: prepared, with U-labels.
  public var domain: Text
  public var host: Host
  public var port: UInt16
  /// Whether TLS begins with the first byte (XEP-0368, 3).
  public var isDirectTLS: Bool

  /// - Parameter port: RFC 6120, 14.7, registers 5269.
  public init(of domain: Text, host: Host, port: UInt16 = 5269, isDirectTLS: Bool = false) {
    (self.domain, self.host, self.port, self.isDirectTLS) = (domain, host, port, isDirectTLS)
  }
}
