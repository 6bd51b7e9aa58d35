internal import CIDN2
import XML

/// Domainparts: domain names of which the labels are plain or U-labels, and literal IP addresses (RFC 7622, 3.2).
enum Domain {
  /// The domain as it is compared: without a final dot, in lower case and standard width, in Normalization Form C, and with
  /// U-labels in place of A-labels. `nil` if it isn't a domain.
  static func prepare(_ text: Text) -> Text? {
    if isPreparedASCII(text) { return text }
    guard text.count <= JID.maximumRawPartCount else { return nil }
    if text.utf8.first == UInt8(ascii: "[") { return bracketedIPv6(text) }
    guard let mapped = map(text) else { return nil }
    let name = mapped.utf8.last == UInt8(ascii: ".") ? mapped.slice(0, mapped.count - 1) : mapped
    if isPreparedASCII(name) { return name }
    guard let unicode = decodeALabels(name), unicode.count <= JID.maximumPartCount, isRegistrable(unicode) else { return nil }
    return unicode
  }

  /// A prepared domain as DNS and certificates have it: with A-labels in place of U-labels (RFC 5890, 2.3.2.1).
  static func ascii(_ prepared: Text) -> Text? { ASCII.isASCII(prepared) ? prepared : encode(prepared) }

  private static func isPreparedASCII(_ text: Text) -> Bool {
    let bytes = text.utf8.span
    return ASCII.isDomain(bytes, 0, bytes.count)
  }

  /// The mappings of RFC 5895, 2: lower case, standard width, Normalization Form C, and the ideographic full stop for a dot.
  private static func map(_ text: Text) -> Text? {
    if ASCII.isASCII(text) { return ASCII.lowercased(text) }
    let wide = Unistring.standardWidth(text)
    guard let lower = Unistring.lowercased(wide), let normal = Unistring.nfc(lower) else { return nil }
    guard normal.string.unicodeScalars.contains("\u{3002}") else { return normal }
    var dotted = String.UnicodeScalarView()
    for scalar in normal.string.unicodeScalars { dotted.append(scalar == "\u{3002}" ? "." : scalar) }
    return Text(String(dotted))
  }

  /// Puts U-labels in place of A-labels.
  private static func decodeALabels(_ name: Text) -> Text? {
    var labels: [Text] = []
    for piece in name.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false) {
      let label = Text(utf8: piece)
      guard label.hasPrefix("xn--") else {
        labels.append(label)
        continue
      }
      // An A-label is made from its U-label and from nothing else (RFC 5890, 2.3.2.1).
      guard label.count <= 63, let decoded = decode(label), !ASCII.isASCII(decoded), encode(decoded) == label else { return nil }
      labels.append(decoded)
    }
    return Text(labels.map(\.string).joined(separator: "."))
  }

  /// Whether each label is a U-label, or plain. libidn2 looks at the U-labels (RFC 5891, 5.4). The plain ones, and what
  /// is ASCII in the others, are looked at here: it lets pass what no host name has, and stops reading at a NUL. A U-label has
  /// no more characters than its A-label has bytes, so a longer one needn't be encoded to know that it is too long.
  private static func isRegistrable(_ name: Text) -> Bool {
    let labels = name.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false).map { Text(utf8: $0) }
    guard labels.allSatisfy({ !ASCII.isASCII($0) || isPreparedASCII($0) }), name.utf8.allSatisfy(ASCII.isInDomain),
      labels.allSatisfy({ $0.string.unicodeScalars.count <= 63 }), let encoded = encode(name), encoded.count <= 253
    else { return false }
    // If one label is written from right to left, the rule holds for all of them (RFC 5893, 1.4).
    let isBidi = !BidiRule.isVacuous(Array(name.string.unicodeScalars))
    return labels.allSatisfy { label in
      let scalars = Array(label.string.unicodeScalars)
      let ends = [scalars.first, scalars.last]
      return !ends.contains("-") && (!isBidi || BidiRule.allows(scalars, always: true))
    }
  }

  /// The name with A-labels in place of U-labels, if they are valid by IDNA 2008. No mappings (UTS #46) are applied.
  private static func encode(_ name: Text) -> Text? {
    let input = Array(name.utf8) + [0]
    return unsafe input.withUnsafeBufferPointer { bytes in
      var output: UnsafeMutablePointer<UInt8>?
      let flags = Int32(IDN2_NO_TR46.rawValue)
      guard unsafe idn2_lookup_u8(bytes.baseAddress, &output, flags) == IDN2_OK.rawValue, let output = unsafe output else { return nil }
      defer { unsafe idn2_free(output) }
      return unsafe Text(String(cString: output))
    }
  }

  private static func decode(_ label: Text) -> Text? {
    var output: UnsafeMutablePointer<CChar>?
    guard unsafe idn2_to_unicode_8z8z(label.string, &output, 0) == IDN2_OK.rawValue, let output = unsafe output else { return nil }
    defer { unsafe idn2_free(output) }
    return unsafe Text(String(cString: output))
  }
}

// MARK: - Addresses

extension Domain {
  /// An IPv6 address in brackets (RFC 3986, 3.2.2), in lower case. IPv4 addresses need no brackets and look like names.
  private static func bracketedIPv6(_ text: Text) -> Text? {
    guard text.utf8.last == UInt8(ascii: "]"), isIPv6(Array(text.utf8.dropFirst().dropLast())) else { return nil }
    return ASCII.lowercased(text)
  }

  private static func isIPv6(_ bytes: [UInt8]) -> Bool {
    // "::" may stand once, for one group or more; split there, so that each side is groups with single colons between.
    let colon = UInt8(ascii: ":")
    guard let gap = bytes.indices.dropLast().first(where: { bytes[$0] == colon && bytes[$0 + 1] == colon }) else {
      return groupCount(bytes[...], mayEndInIPv4: true) == 8
    }
    guard let before = groupCount(bytes[..<gap], mayEndInIPv4: false), let after = groupCount(bytes[(gap + 2)...], mayEndInIPv4: true)
    else { return false }
    return before + after <= 7
  }

  /// How many groups of 16 bits there are; `nil` if something isn't one.
  private static func groupCount(_ bytes: ArraySlice<UInt8>, mayEndInIPv4: Bool) -> Int? {
    guard !bytes.isEmpty else { return 0 }
    let groups = bytes.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
    var count = 0
    for (index, group) in groups.enumerated() {
      if mayEndInIPv4, index == groups.count - 1, group.contains(UInt8(ascii: ".")) {
        guard isIPv4(group) else { return nil }
        count += 2
      } else {
        guard (1...4).contains(group.count), group.allSatisfy(isHexDigit) else { return nil }
        count += 1
      }
    }
    return count
  }

  private static func isIPv4(_ bytes: ArraySlice<UInt8>) -> Bool {
    let parts = bytes.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
    return parts.count == 4
      && parts.allSatisfy { part in
        guard (1...3).contains(part.count), part.allSatisfy(isDigit), part.count == 1 || part.first != UInt8(ascii: "0") else {
          return false
        }
        return part.reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) } <= 255
      }
  }

  private static func isDigit(_ byte: UInt8) -> Bool { byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9") }

  private static func isHexDigit(_ byte: UInt8) -> Bool {
    isDigit(byte) || (byte | 0x20) >= UInt8(ascii: "a") && (byte | 0x20) <= UInt8(ascii: "f")
  }
}
