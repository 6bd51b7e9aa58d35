public import XML

/// A question to DNS.
public struct DNSQuestion: Sendable, Hashable, Codable {
  /// The type of the records that are wanted: SRV (RFC 2782), A, AAAA.
  public enum Kind: String, Sendable, Hashable, Codable { case service, ipv4, ipv6 }
  public var kind: Kind
  /// In A-labels, without a final dot.
  public var name: Text

  public init(kind: Kind, name: Text) { (self.kind, self.name) = (kind, name) }
}

/// The answer to a question. A resolver that fails, an answer that DNSSEC calls bogus and none in time are failures of the inquiry, and no
/// answers.
public struct DNSAnswer: Sendable, Hashable, Codable {
  public enum Found: Sendable, Hashable, Codable {
    /// One record at least.
    case records([DNSRecord])
    /// The name exists and has no record of the kind.
    case noRecords
    case noSuchName

    /// How many records there are.
    var count: Int { if case .records(let records) = self { records.count } else { 0 } }
  }
  public var found: Found
  /// Whether DNSSEC vouches for it.
  public var isSecure: Bool
  /// How long it may be kept, in seconds.
  public var seconds: Int

  public init(_ found: Found, isSecure: Bool = false, seconds: Int = 0) {
    (self.found, self.isSecure, self.seconds) = (found, isSecure, seconds)
  }
}

public enum DNSRecord: Sendable, Hashable, Codable {
  /// The target is a name as it stands in the record, "." for "not provided here" (RFC 2782).
  case service(priority: UInt16, weight: UInt16, port: UInt16, target: Text)
  case address(HostAddress)
}

/// An IP address.
public struct HostAddress: Sendable, Hashable, Codable {
  public enum Family: Sendable { case ipv4, ipv6 }

  /// 4 or 16, in the network's order.
  public let bytes: [UInt8]

  /// `nil` unless there are 4 or 16 bytes.
  public init?(_ bytes: [UInt8]) {
    guard bytes.count == 4 || bytes.count == 16 else { return nil }
    self.bytes = bytes
  }

  public var family: Family { bytes.count == 4 ? .ipv4 : .ipv6 }
}

/// A place where a server may listen, and what to say there.
public struct Endpoint: Sendable, Hashable, Codable {
  public var address: HostAddress
  public var port: UInt16
  /// Whether TLS begins with the first byte (XEP-0368, 3), and not after STARTTLS.
  public var isDirectTLS: Bool
  /// The remote domain in A-labels, for the extension SNI: never the name of the host (XEP-0368, 3).
  public var serverName: Text

  public init(address: HostAddress, port: UInt16, isDirectTLS: Bool, serverName: Text) {
    (self.address, self.port, self.isDirectTLS, self.serverName) = (address, port, isDirectTLS, serverName)
  }
}
