/// Replaces text by stand-ins, byte for byte, so that what reads it does the same with it: what XML reserves stays, so does white space
/// before the first letter, an illegal byte or a broken character stays illegal and broken, and the length is the same.
///
/// To mask what was masked changes nothing.
struct TextMask: Sendable {
  /// Something other than white space came before.
  private var sawLetter = false
  /// The value of an attribute: quotes in it are written as references.
  private let isAttribute: Bool
  /// A reference as far as it came, from its `&` on.
  private var open: [UInt8]?
  /// The replacement of the reference that has just ended.
  private var reference: [UInt8]?
  /// The demand of the last byte on the next, if it began a character of several bytes.
  private var lead: Lead?
  private enum Lead { case any, highOnly, lowOnly, notLowest, lowestOnly, noncharacter, noncharacterEnd }

  static let letter = UInt8(ascii: "x")

  init(isAttribute: Bool = false) { self.isAttribute = isAttribute }

  /// A byte as it stands in XML. The name or number of a reference is masked; once it has ended, `takeReference` gives what belongs there.
  mutating func mask(_ byte: UInt8) -> UInt8 {
    if open != nil, let masked = maskReference(byte) { return masked }
    open = byte == UInt8(ascii: "&") ? [byte] : nil
    return maskRead(byte)
  }

  /// A byte of text that was read: what looks like a reference is an ampersand.
  mutating func maskRead(_ byte: UInt8) -> UInt8 {
    if byte >= 0x80 { return maskWide(byte) }
    lead = nil
    switch byte {
    // In CDATA sections they are text, and so they leave escaped: their number is part of the length.
    case UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: "]"), UInt8(ascii: "&"): return byte
    case UInt8(ascii: "'"), UInt8(ascii: "\""):
      sawLetter = true
      return isAttribute ? byte : TextMask.letter
    case 0x20: return sawLetter ? TextMask.letter : byte
    case 0..<0x20: return byte
    default:
      sawLetter = true
      return TextMask.letter
    }
  }

  /// The replacement of a reference whose `;` was the last byte: as many bytes.
  mutating func takeReference() -> [UInt8]? {
    defer { reference = nil }
    return reference
  }

  /// `nil` if the byte belongs to no reference.
  private mutating func maskReference(_ byte: UInt8) -> UInt8? {
    switch byte {
    case UInt8(ascii: ";"):
      if let found = CharacterReference((open ?? []) + [byte]) {
        reference = found.masked
        if found.scalar.value > 0x20 { sawLetter = true }
      }
      open = nil
      return byte
    // A number that is none is refused otherwise than a name (XML 1.0, 4.1).
    case UInt8(ascii: "#") where open?.count == 1:
      open?.append(byte)
      return byte
    case UInt8(ascii: "#"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "a")...UInt8(ascii: "z"):
      guard (open?.count ?? 0) < CharacterReference.longest else { return nil }
      open?.append(byte)
      return TextMask.letter
    default: return nil
    }
  }

  /// A byte of a character of several: well-formed ones stay so (Unicode, table 3-7).
  private mutating func maskWide(_ byte: UInt8) -> UInt8 {
    sawLetter = true
    guard byte >= 0xC0 else { return maskContinuation(byte) }
    switch byte {
    case 0xC2...0xDF:
      lead = .any
      return 0xC3
    case 0xE1...0xEC, 0xEE:
      lead = .any
      return 0xE2
    case 0xF1...0xF3:
      lead = .any
      return 0xF1
    case 0xE0: lead = .highOnly
    case 0xED: lead = .lowOnly
    case 0xF0: lead = .notLowest
    case 0xF4: lead = .lowestOnly
    // U+FFFE and U+FFFF are no characters of XML.
    case 0xEF: lead = .noncharacter
    default: lead = nil
    }
    return byte
  }

  private mutating func maskContinuation(_ byte: UInt8) -> UInt8 {
    defer { lead = lead == .noncharacter && byte == 0xBF ? .noncharacterEnd : nil }
    switch lead {
    case nil, .any: return 0x96
    case .highOnly: return byte >= 0xA0 ? 0xA5 : 0x96
    case .lowOnly: return byte < 0xA0 ? 0x96 : 0xA5
    case .notLowest: return byte >= 0x90 ? 0x96 : 0x85
    case .lowestOnly: return byte < 0x90 ? 0x85 : 0x96
    case .noncharacter: return byte == 0xBF ? 0xBF : 0x96
    case .noncharacterEnd: return byte >= 0xBE ? 0xBE : 0x96
    }
  }
}
