internal import XML
internal import XMPP

/// Domains as DNS and certificates have them.
enum DomainName {
  /// The domain in A-labels (RFC 5890, 2.3.2.1), in lower case and without a final dot.
  ///
  /// - Parameter domain: a prepared domainpart, as `JID.domain` gives it.
  /// - Returns: `nil` for any other text, and for an IP address, which has no name to look up or to compare.
  static func ascii(_ domain: Text) -> Text? {
    guard let jid = JID(domain), jid.isDomain, jid.domain == domain, domain.utf8.first != UInt8(ascii: "["),
      let ascii = JID.ascii(domain: domain)
    else { return nil }
    // No top-level domain is a number (RFC 1123, 2.1): such a name is an IPv4 address, or one to some resolver.
    let end = ascii.utf8.lastIndex(of: UInt8(ascii: ".")).map { ascii.utf8.index(after: $0) } ?? ascii.utf8.startIndex
    return ascii.utf8[end...].allSatisfy { (0x30...0x39).contains($0) } ? nil : ascii
  }
}
