public import XML

extension Precis {
  /// SASLprep, the preparation of passwords for SCRAM (RFC 4013; RFC 5802, 5.1): spaces beyond ASCII become U+0020, what is
  /// commonly mapped to nothing is dropped, then Normalization Form KC. `nil` if a character is prohibited, or if
  /// directions are mixed. An empty text stays empty.
  ///
  /// Characters that Unicode 3.2 did not have are allowed, as in a query (RFC 3454, 7): a password may hold any of them.
  public static func saslPrep(_ text: Text) -> Text? {
    if isPrintableASCII(text) { return text }
    var mapped = String.UnicodeScalarView()
    for scalar in text.string.unicodeScalars {
      if isNonASCIISpace(scalar) {
        mapped.append(" ")
      } else if !isMappedToNothing(scalar) {
        mapped.append(scalar)
      }
    }
    guard let normal = Unistring.nfkc(Text(String(mapped))) else { return nil }
    let scalars = Array(normal.string.unicodeScalars)
    guard !scalars.contains(where: isProhibited), isOneDirection(scalars) else { return nil }
    return normal
  }

  /// Table C.1.2 of RFC 3454.
  private static func isNonASCIISpace(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x00A0, 0x1680, 0x2000...0x200B, 0x202F, 0x205F, 0x3000: true
    default: false
    }
  }

  /// Table B.1, less U+200B, which is a space above.
  private static func isMappedToNothing(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x00AD, 0x034F, 0x1806, 0x180B...0x180D, 0x200C, 0x200D, 0x2060, 0xFE00...0xFE0F, 0xFEFF: true
    default: false
    }
  }

  /// RFC 4013, 2.3.
  private static func isProhibited(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x00...0x1F, 0x7F: true  // C.2.1: ASCII controls.
    case 0x80...0x9F, 0x06DD, 0x070F, 0x180E, 0x200C, 0x200D, 0x2028, 0x2029, 0x2060...0x2063, 0x206A...0x206F, 0xFEFF,
      0xFFF9...0xFFFC, 0x1D173...0x1D17A:
      true  // C.2.2: other controls.
    case 0xE000...0xF8FF, 0xF_0000...0xF_FFFD, 0x10_0000...0x10_FFFD: true  // C.3: private use.
    case 0xFFFD: true  // C.6: inappropriate for plain text.
    case 0x2FF0...0x2FFB: true  // C.7: inappropriate for canonical representation.
    case 0x0340, 0x0341, 0x200E, 0x200F, 0x202A...0x202E: true  // C.8: change display properties, or deprecated.
    case 0xE0001, 0xE0020...0xE007F: true  // C.9: tags.
    case 0xFDD0...0xFDEF: true  // C.4, as is the line below: no characters at all.
    default: scalar.value & 0xFFFE == 0xFFFE || isNonASCIISpace(scalar)
    }
  }

  /// RFC 3454, 6: a text that has right-to-left letters has no others, and begins and ends with them.
  private static func isOneDirection(_ scalars: [Unicode.Scalar]) -> Bool {
    let classes = scalars.map(Unistring.bidi)
    func isRightToLeft(_ bidi: Unistring.Bidi) -> Bool { bidi == .r || bidi == .al }
    guard let first = classes.first, let last = classes.last, classes.contains(where: isRightToLeft) else { return true }
    return isRightToLeft(first) && isRightToLeft(last) && !classes.contains(.l)
  }
}
