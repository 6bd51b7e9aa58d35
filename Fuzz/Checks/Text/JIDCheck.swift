internal import Glibc
internal import XML
internal import XMPP

/// Addresses: what preparation must leave alone, limits of RFC 7622, and a slow reading of those that are ASCII.
enum JIDCheck {
  static func check(_ bytes: [UInt8]) -> Finding {
    let text = Text(utf8: bytes)
    let jid = JID(text)
    let reading = SlowJID.read(Array(text.utf8))
    if let reading, reading != jid.map({ Array($0.text.utf8) }) ?? [] {
      return .fault("\(text.debugDescription) is \(jid?.description ?? "refused")")
    }
    guard let jid else { return .refused }
    if let fault = limitFault(of: jid) ?? roundTripFault(of: jid) ?? domainFault(of: jid) {
      return .fault("\(fault): \(text.debugDescription) is \(jid)")
    }
    return .good(1 + jid.text.count)
  }

  /// RFC 7622, 3.2 to 3.4.
  private static func limitFault(of jid: JID) -> String? {
    let parts = [jid.local, jid.domain, jid.resource]
    if parts.contains(where: { $0.count > 1023 }) { return "a part is longer than 1023 bytes" }
    if jid.domain.isEmpty { return "there is no domain" }
    if jid.local.utf8.contains(where: { $0 <= 0x20 || "\"&'/:<>@".utf8.contains($0) || (0x41...0x5A).contains($0) }) {
      return "a localpart has what none may have"
    }
    // Bytes that are no UTF-8 read as this character: nobody's name may depend on which bytes they were.
    if (jid.local + jid.domain).string.unicodeScalars.contains("\u{FFFD}") { return "a name has U+FFFD" }
    if jid.domain.utf8.contains(where: { $0 <= 0x20 || "@/<>\"'&".utf8.contains($0) || (0x41...0x5A).contains($0) }) {
      return "a domainpart has what none may have"
    }
    return jid.resource.utf8.contains { $0 < 0x20 || $0 == 0x7F } ? "a resourcepart has a control character" : nil
  }

  private static func roundTripFault(of jid: JID) -> String? {
    guard let again = JID(jid.text) else { return "the prepared address is refused" }
    if again != jid || again.text != jid.text || again.local != jid.local || again.resource != jid.resource {
      return "preparing twice gives \(again)"
    }
    guard JID(local: jid.local, domain: jid.domain, resource: jid.resource) == jid else { return "its parts make another address" }
    let whole = (jid.hasLocal ? jid.local + "@" : "") + jid.domain + (jid.isFull ? "/" + jid.resource : "")
    if whole != jid.text { return "its parts do not make its text" }
    guard JID(jid.bare.text) == jid.bare, jid.bare.isBare, JID(bare: jid.bare, resource: jid.resource) == jid else {
      return "the bare address is \(jid.bare)"
    }
    return jid.isAt(domain: jid.domain) ? nil : "it is not at its own domain"
  }

  /// A domain in ASCII (RFC 5890) fits in DNS (RFC 1035, 2.3.4), and means the same domain.
  private static func domainFault(of jid: JID) -> String? {
    guard let ascii = JID.ascii(domain: jid.domain) else { return "the domain has no form in ASCII" }
    guard ascii.utf8.allSatisfy({ $0 < 0x80 }) else { return "the form in ASCII is not: \(ascii)" }
    if ascii.utf8.first != UInt8(ascii: "["),
      ascii.count > 253
        || ascii.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false).contains(where: { !(1...63).contains($0.count) }
        )
    {
      return "the domain does not fit in DNS: \(ascii)"
    }
    return JID(ascii)?.domain == jid.domain ? nil : "its form in ASCII, \(ascii), is \(JID(ascii)?.description ?? "refused")"
  }
}

/// An ASCII address read rule by rule (RFC 7622, 3; RFC 1035, 2.3; RFC 4291, 2.2 by the system's own parser).
private enum SlowJID {
  /// The prepared address; empty if it is invalid. `nil` if the rules here say nothing of it: it is not ASCII, or has an A-label, whose
  /// validity depends on Unicode.
  static func read(_ text: [UInt8]) -> [UInt8]? {
    guard text.allSatisfy({ $0 < 0x80 }) else { return nil }
    let slash = text.firstIndex(of: UInt8(ascii: "/"))
    let bare = text[..<(slash ?? text.count)]
    let at = bare.firstIndex(of: UInt8(ascii: "@"))
    let rawDomain = bare[(at.map { $0 + 1 } ?? 0)...].map(lowered)
    if rawDomain.split(separator: UInt8(ascii: ".")).contains(where: { $0.starts(with: "xn--".utf8) }) { return nil }
    var prepared: [UInt8] = []
    if let at {
      guard let local = local(Array(bare[..<at])) else { return [] }
      prepared = local + [UInt8(ascii: "@")]
    }
    guard let domain = domain(rawDomain) else { return [] }
    prepared += domain
    guard let slash else { return prepared }
    let resource = text[(slash + 1)...]
    guard (1...1023).contains(resource.count), resource.allSatisfy({ (0x20...0x7E).contains($0) }) else { return [] }
    return prepared + [UInt8(ascii: "/")] + resource
  }

  private static func lowered(_ byte: UInt8) -> UInt8 { (0x41...0x5A).contains(byte) ? byte + 0x20 : byte }

  private static func local(_ bytes: [UInt8]) -> [UInt8]? {
    guard (1...1023).contains(bytes.count), bytes.allSatisfy({ (0x21...0x7E).contains($0) && !"\"&'/:<>@".utf8.contains($0) }) else {
      return nil
    }
    return bytes.map(lowered)
  }

  private static func domain(_ bytes: [UInt8]) -> [UInt8]? {
    if bytes.first == UInt8(ascii: "[") {
      guard bytes.last == UInt8(ascii: "]"), bytes.count > 2, !bytes.contains(0) else { return nil }
      var address = in6_addr()
      return inet_pton(AF_INET6, String(decoding: bytes.dropFirst().dropLast(), as: UTF8.self), &address) == 1 ? bytes : nil
    }
    let name = bytes.last == UInt8(ascii: ".") ? Array(bytes.dropLast()) : bytes
    guard (1...253).contains(name.count) else { return nil }
    for label in name.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false) {
      guard (1...63).contains(label.count), label.first != UInt8(ascii: "-"), label.last != UInt8(ascii: "-"),
        !label.dropFirst(2).starts(with: "--".utf8),
        label.allSatisfy({ (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == UInt8(ascii: "-") })
      else { return nil }
    }
    return name
  }
}
