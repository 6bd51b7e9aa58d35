import Testing

@testable import ServerCore

/// Addresses of one host (RFC 8305, 4).
@Suite struct AddressOrderTests {
  /// An address of IPv6 is a capital, one of IPv4 a small letter.
  static func address(_ letter: Character) -> HostAddress {
    letter.isUppercase ? ResolutionTests.ipv6(letter.asciiValue!) : ResolutionTests.ipv4(letter.asciiValue!)
  }

  @Test(arguments: [
    ("", "", ""), ("A", "", "A"), ("", "a", "a"), ("A", "a", "Aa"), ("ABC", "a", "AaBC"), ("A", "abc", "Aabc"), ("ABC", "abc", "AaBbCc"),
    ("AAB", "aab", "AaBb"), ("aB", "Cd", "Bd"), ("ab", "AB", ""),
  ])
  func familiesInTurn(ipv6: String, ipv4: String, order: String) {
    #expect(AddressOrder.interleaved(ipv6: ipv6.map(Self.address), ipv4: ipv4.map(Self.address)) == order.map(Self.address))
  }

  @Test(arguments: [(0, nil), (3, nil), (4, .ipv4), (5, nil), (15, nil), (16, .ipv6), (17, nil)] as [(Int, HostAddress.Family?)])
  func lengthsOfAddresses(count: Int, family: HostAddress.Family?) {
    #expect(HostAddress([UInt8](repeating: 1, count: count))?.family == family)
  }
}
