internal import XML

/// Where the server of one remote domain is, by the operator's word instead of that of DNS.
struct StaticHost: Sendable, Hashable, Codable {
  enum Host: Sendable, Hashable, Codable {
    /// In A-labels, without a final dot. DNS is asked for its addresses.
    case name(Text)
    case address(HostAddress)
  }
  var host: Host
  var port: UInt16 = Resolution.defaultPort
  /// Whether TLS begins with the first byte (XEP-0368, 3).
  var isDirectTLS = false
}
