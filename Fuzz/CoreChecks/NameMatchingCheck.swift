internal import ServerCore
internal import XML
internal import XMPP

/// Properties of the matching of names in certificates, for any names and any domain, beside a second reading of RFC 9525, 6.3, that goes
/// label by label.
///
/// An input is lines. The first is the domain. In each of the others the first character says what kind of name the rest is: `d` for a name
/// of DNS, `s` for a service, `x` for an address of XMPP.
public enum NameMatchingCheck {
  /// - Returns: the property that does not hold, in words; `nil` if all hold.
  public static func fault(in input: [UInt8]) -> String? { check(input).fault }

  /// How far an input got: 0 without a domain, and else one more than the number of names that are the domain's.
  public static func depth(of input: [UInt8]) -> Int { check(input).depth }

  private enum Kind: UInt8 { case dns = 0x64, srv = 0x73, xmpp = 0x78 }

  private struct Name {
    var kind: Kind
    var text: Text

    var alone: PresentedNames { NameMatchingCheck.presented([self]) }

    /// With small letters of ASCII for capitals, and the reverse.
    var inverted: Name {
      func invert(_ byte: UInt8) -> UInt8 { (0x41...0x5A).contains(byte & 0xDF) ? byte ^ 0x20 : byte }
      return Name(kind: kind, text: Text(utf8: text.utf8.map(invert)))
    }
  }

  private static func presented(_ names: [Name]) -> PresentedNames {
    func texts(_ kind: Kind) -> [Text] { names.filter { $0.kind == kind }.map(\.text) }
    return PresentedNames(dns: texts(.dns), srv: texts(.srv), xmpp: texts(.xmpp))
  }

  private static func check(_ input: [UInt8]) -> (fault: String?, depth: Int) {
    let lines = input.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    let names = lines.dropFirst().prefix(100).compactMap { line in
      line.first.flatMap { Kind(rawValue: $0) }.map { Name(kind: $0, text: Text(utf8: line.dropFirst())) }
    }
    let raw = Text(utf8: lines[0])
    guard let domain = JID(raw)?.domain else {
      return (NameMatching.matches(presented(names), domain: raw) ? "\(raw.debugDescription) is no domain, and matches" : nil, 0)
    }
    if domain != raw, NameMatching.matches(presented(names), domain: raw) {
      return ("\(raw.debugDescription) is not prepared, and matches", 1)
    }
    var matching = 0
    for name in names {
      let expected = SlowMatching.matches(name.kind == .dns, name.kind == .srv, Array(name.text.utf8), domain)
      if expected { matching += 1 }
      for variant in [name, name.inverted] where NameMatching.matches(variant.alone, domain: domain) != expected {
        return ("\(variant.text.debugDescription) as \(name.kind) \(expected ? "is not" : "is") taken for \(domain)", matching)
      }
    }
    guard NameMatching.matches(presented(names), domain: domain) == (matching > 0) else {
      return ("\(matching) names are those of \(domain), and together they are not", matching)
    }
    return (nil, 1 + matching)
  }
}

/// The rules label by label.
private enum SlowMatching {
  static func matches(_ isDNS: Bool, _ isService: Bool, _ name: [UInt8], _ domain: Text) -> Bool {
    guard let ascii = JID.ascii(domain: domain), !domain.hasPrefix("[") else { return false }
    let reference = labels(Array(ascii.utf8))
    guard let last = reference.last, last.contains(where: { !(0x30...0x39).contains($0) }) else { return false }
    var presented = labels(name)
    if isService {
      guard presented.removeFirst() == Array("_xmpp-server".utf8) else { return false }
      return presented == reference
    }
    guard isDNS else { return presented == reference || presented == labels(Array(domain.utf8)) }
    guard presented.count == reference.count else { return false }
    return presented.indices.allSatisfy { i in
      presented[i] == reference[i] || i == 0 && presented.count > 1 && presented[i] == [UInt8(ascii: "*")]
    }
  }

  private static func labels(_ name: [UInt8]) -> [[UInt8]] {
    name.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false).map { label in
      label.map { (0x41...0x5A).contains($0) ? $0 + 0x20 : $0 }
    }
  }
}
