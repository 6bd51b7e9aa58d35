import XML

/// Tests for characters that preparation would leave as they are, as far as that shows without Unicode tables. Addresses come with every
/// stanza and nearly all of them are plain, so these run over the bytes once and call nothing.
enum ASCII {
  /// Printable, neither a space nor a capital, and none of the characters that RFC 7622, 3.3.1 excludes.
  static func isLocal(_ bytes: Span<UInt8>, _ start: Int, _ end: Int) -> Bool {
    guard end - start <= JID.maximumPartCount else { return false }
    var i = start
    while i < end {
      let byte = bytes[i]
      guard isIdentifier(byte), !isUpper(byte), !isExcludedFromLocal(byte) else { return false }
      i += 1
    }
    return true
  }

  /// Printable characters and spaces (RFC 8265, 4.2.1).
  static func isResource(_ bytes: Span<UInt8>, _ start: Int, _ end: Int) -> Bool {
    guard end - start <= JID.maximumPartCount else { return false }
    return isPrintable(bytes, start, end)
  }

  static func isPrintable(_ bytes: Span<UInt8>, _ start: Int, _ end: Int) -> Bool {
    var i = start
    while i < end {
      let byte = bytes[i]
      guard byte >= 0x20 && byte <= 0x7E else { return false }
      i += 1
    }
    return true
  }

  /// Labels of lower case letters, digits and inner hyphens (NR-LDH labels of RFC 5890, 2.3.1), within the limits
  /// of RFC 1035, 2.3.4: labels of at most 63 bytes, and 253 in all, which are 255 on the wire.
  static func isDomain(_ bytes: Span<UInt8>, _ start: Int, _ end: Int) -> Bool {
    guard start < end, end - start <= 253 else { return false }
    var labelStart = start
    var i = start
    while true {
      if i == end || bytes[i] == UInt8(ascii: ".") {
        guard isLabel(bytes, labelStart, i) else { return false }
        if i == end { return true }
        labelStart = i + 1
      } else if !isLowerLetterDigitHyphen(bytes[i]) {
        return false
      }
      i += 1
    }
  }

  /// A label of which the characters have been checked. With hyphens in the third and fourth place it would be
  /// an A-label, or reserved.
  private static func isLabel(_ bytes: Span<UInt8>, _ start: Int, _ end: Int) -> Bool {
    let hyphen = UInt8(ascii: "-")
    guard end > start, end - start <= 63, bytes[start] != hyphen, bytes[end - 1] != hyphen else { return false }
    return end - start < 4 || bytes[start + 2] != hyphen || bytes[start + 3] != hyphen
  }

  private static func isLowerLetterDigitHyphen(_ byte: UInt8) -> Bool {
    byte >= UInt8(ascii: "a") && byte <= UInt8(ascii: "z") || byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9")
      || byte == UInt8(ascii: "-")
  }

  /// Whether a domain name may hold the byte: dots, the characters of labels, and the bytes of characters outside ASCII.
  static func isInDomain(_ byte: UInt8) -> Bool {
    byte >= 0x80 || byte == UInt8(ascii: ".") || isLowerLetterDigitHyphen(byte)
  }

  /// The ASCII part of the IdentifierClass (RFC 8264, 9.11).
  static func isIdentifier(_ byte: UInt8) -> Bool { byte >= 0x21 && byte <= 0x7E }

  static func isUpper(_ byte: UInt8) -> Bool { byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "Z") }

  /// RFC 7622, 3.3.1.
  static func isExcludedFromLocal(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "&"), UInt8(ascii: "'"), UInt8(ascii: "/"), UInt8(ascii: ":"), UInt8(ascii: "<"),
      UInt8(ascii: ">"), UInt8(ascii: "@"):
      return true
    default:
      return false
    }
  }

  static func isASCII(_ text: Text) -> Bool { text.utf8.allSatisfy { $0 < 0x80 } }

  static func lowercased(_ text: Text) -> Text {
    Text(utf8: text.utf8.map { isUpper($0) ? $0 | 0x20 : $0 })
  }
}
