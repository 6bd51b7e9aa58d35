public import XML

/// Decides whether a certificate is one of a domain (RFC 9525, 6.3 and 6.5).
///
/// The domain is checked, and the names are only compared with it: so a name that is malformed (an empty label, a NUL, a part of a label
/// that is `*`) is equal to no domain, and needs no rule of its own. The work is bounded by the number of names and the length of the
/// domain.
public enum NameMatching {
  /// - Parameters:
  ///   - names: what the certificate presents.
  ///   - domain: a prepared domainpart, as `JID.domain` gives it. Any other text matches nothing, and neither does an IP address.
  public static func matches(_ names: PresentedNames, domain: Text) -> Bool {
    guard let reference = ReferenceName(domain) else { return false }
    return names.dns.contains { reference.isPresented(byDNS: $0) }
      || names.srv.contains { reference.isPresented(bySRV: $0) }
      || names.xmpp.contains { reference.isPresented(byXMPP: $0) }
  }
}

/// A domain for which a certificate is looked for.
private struct ReferenceName {
  /// With U-labels.
  private let unicode: [UInt8]
  /// With A-labels, in lower case.
  private let ascii: [UInt8]
  /// Where the second label of `ascii` begins; `nil` if there is but one label.
  private let parent: Int?

  init?(_ domain: Text) {
    guard let ascii = DomainName.ascii(domain).map({ Array($0.utf8) }) else { return nil }
    unicode = Array(domain.utf8)
    self.ascii = ascii
    parent = ascii.firstIndex(of: UInt8(ascii: ".")).map { $0 + 1 }
  }

  /// `*` stands for exactly one label, and for a whole one (RFC 9525, 6.3; RFC 6120, 13.7.1.2.1). How many labels follow it is left to the
  /// authorities (RFC 9525, 7.1).
  func isPresented(byDNS name: Text) -> Bool {
    if let parent, name.hasPrefix("*.") { return ReferenceName.isEqual(name, from: 2, to: ascii[parent...]) }
    return ReferenceName.isEqual(name, from: 0, to: ascii[...])
  }

  /// A service name is compared like a label (RFC 9525, 6.5), and a service of clients vouches for no server.
  func isPresented(bySRV name: Text) -> Bool {
    let service = ReferenceName.service
    return ReferenceName.isEqual(name, from: 0, to: service[...], isWhole: false)
      && ReferenceName.isEqual(name, from: service.count, to: ascii[...])
  }
  private static let service = Array("_xmpp-server.".utf8)

  /// Nothing that is not ASCII is mapped: an address whose U-labels are not prepared matches nothing.
  func isPresented(byXMPP name: Text) -> Bool {
    ReferenceName.isEqual(name, from: 0, to: ascii[...]) || ReferenceName.isEqual(name, from: 0, to: unicode[...])
  }

  /// Whether the bytes of the name from `start` on are those expected, which are in lower case, or (unless `isWhole`) begin with them.
  /// Capitals of ASCII count as small letters (RFC 4343).
  private static func isEqual(_ name: Text, from start: Int, to expected: ArraySlice<UInt8>, isWhole: Bool = true) -> Bool {
    let bytes = name.utf8.span
    guard isWhole ? bytes.count - start == expected.count : bytes.count - start >= expected.count else { return false }
    var place = start
    for byte in expected {
      let presented = bytes[place]
      guard presented == byte || (0x41...0x5A).contains(presented) && presented | 0x20 == byte else { return false }
      place += 1
    }
    return true
  }
}
