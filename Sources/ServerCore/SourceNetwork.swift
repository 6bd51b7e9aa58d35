/// The network that a connection comes from, as connections are counted: one IPv4 address, or the 64 bits of an IPv6 network that one host
/// may have all to itself (RFC 4291, 2.5.4).
public struct SourceNetwork: Sendable, Hashable, Comparable {
  private let bits: UInt64

  /// - Parameter address: 4 or 16 bytes in the network's order; `nil` for anything else.
  public init?(address: [UInt8]) {
    switch address.count {
    case 4: bits = SourceNetwork.bits(ofIPv4: address[...])
    // An IPv4 address in an IPv6 one's clothes (RFC 4291, 2.5.5.2).
    case 16 where address[..<10].allSatisfy { $0 == 0 } && address[10...11] == [0xFF, 0xFF]:
      bits = SourceNetwork.bits(ofIPv4: address[12...])
    case 16: bits = address[..<8].reduce(0) { $0 << 8 | UInt64($1) }
    default: return nil
    }
  }

  /// - Parameter bytes: as `bytes` gives them; all of them count.
  init(recorded bytes: [UInt8]) { bits = bytes.reduce(0) { $0 << 8 | UInt64($1) } }

  /// No IPv6 network begins with this: ::/8 is reserved (RFC 4291, 2.4).
  private static func bits(ofIPv4 address: ArraySlice<UInt8>) -> UInt64 { address.reduce(0xFFFF) { $0 << 8 | UInt64($1) } }

  public static func < (a: SourceNetwork, b: SourceNetwork) -> Bool { a.bits < b.bits }

  /// As a recording has it: 8 bytes.
  var bytes: [UInt8] { (0..<8).map { UInt8(truncatingIfNeeded: bits >> (56 - 8 * UInt64($0))) } }
}

extension SourceNetwork: Codable {
  private struct Malformed: Error {}

  public init(from decoder: any Decoder) throws {
    let bytes = try decoder.singleValueContainer().decode([UInt8].self)
    guard bytes.count == 8 else { throw Malformed() }
    self.init(recorded: bytes)
  }
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(bytes)
  }
}
