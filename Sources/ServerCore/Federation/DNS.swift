internal import XML

/// A question to DNS.
struct DNSQuestion: Sendable, Hashable, Codable {
  /// The type of the records that are wanted: SRV (RFC 2782), A, AAAA.
  enum Kind: String, Sendable, Hashable, Codable { case service, ipv4, ipv6 }
  var kind: Kind
  /// In A-labels, without a final dot.
  var name: Text
}

/// The answer to a question. A resolver that fails, an answer that DNSSEC calls bogus and none in time are failures of the inquiry, and no
/// answers.
struct DNSAnswer: Sendable, Hashable, Codable {
  enum Found: Sendable, Hashable, Codable {
    /// One record at least.
    case records([DNSRecord])
    /// The name exists and has no record of the kind.
    case noRecords
    case noSuchName
  }
  var found: Found
  /// Whether DNSSEC vouches for it.
  var isSecure: Bool
  /// How long it may be kept, in seconds.
  var seconds: Int
}

enum DNSRecord: Sendable, Hashable, Codable {
  /// The target is a name as it stands in the record, "." for "not provided here" (RFC 2782).
  case service(priority: UInt16, weight: UInt16, port: UInt16, target: Text)
  case address(HostAddress)
}

/// An IP address.
struct HostAddress: Sendable, Hashable, Codable {
  enum Family: Sendable { case ipv4, ipv6 }

  /// 4 or 16, in the network's order.
  let bytes: [UInt8]

  /// `nil` unless there are 4 or 16 bytes.
  init?(_ bytes: [UInt8]) {
    guard bytes.count == 4 || bytes.count == 16 else { return nil }
    self.bytes = bytes
  }

  var family: Family { bytes.count == 4 ? .ipv4 : .ipv6 }
}

/// A place where a server may listen, and what to say there.
struct Endpoint: Sendable, Hashable, Codable {
  var address: HostAddress
  var port: UInt16
  /// Whether TLS begins with the first byte (XEP-0368, 3), and not after STARTTLS.
  var isDirectTLS: Bool
  /// The remote domain in A-labels, for the extension SNI: never the name of the host (XEP-0368, 3).
  var serverName: Text
}
