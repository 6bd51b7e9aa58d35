/// A reference to a character or to one of the five entities that XML knows (XML 1.0, 4.1 and 4.6), as it is written.
struct CharacterReference: Sendable {
  /// The character that it stands for.
  let scalar: Unicode.Scalar
  private let raw: [UInt8]
  /// Digits of a number, in this base; `nil` for a name.
  private let base: Int?

  /// No client writes a longer one.
  static let longest = 64

  /// - Parameter raw: from `&` to `;`. `nil` if that is not well-formed.
  init?(_ raw: some Collection<UInt8>) {
    let name = String(decoding: raw.dropFirst().dropLast(), as: UTF8.self)
    self.raw = Array(raw)
    switch name {
    case "amp": (scalar, base) = ("&", nil)
    case "lt": (scalar, base) = ("<", nil)
    case "gt": (scalar, base) = (">", nil)
    case "quot": (scalar, base) = ("\"", nil)
    case "apos": (scalar, base) = ("'", nil)
    default:
      guard name.hasPrefix("#") else { return nil }
      let isHex = name.hasPrefix("#x")
      let digits = name.dropFirst(isHex ? 2 : 1)
      guard digits.utf8.allSatisfy({ CharacterReference.isDigit($0, isHex: isHex) }), let number = UInt32(digits, radix: isHex ? 16 : 10),
        let found = Unicode.Scalar(number), CharacterReference.isCharacter(found)
      else { return nil }
      (scalar, base) = (found, isHex ? 16 : 10)
    }
  }

  private static func isDigit(_ byte: UInt8, isHex: Bool) -> Bool {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): true
    case UInt8(ascii: "a")...UInt8(ascii: "f"), UInt8(ascii: "A")...UInt8(ascii: "F"): isHex
    default: false
    }
  }

  /// XML 1.0, 2.2.
  private static func isCharacter(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x9, 0xA, 0xD, 0x20...0xD7FF, 0xE000...0xFFFD, 0x10000...0x10FFFF: true
    default: false
    }
  }

  /// A reference to another character that is written in as many bytes; `nil` if there is none.
  func written(for other: Unicode.Scalar) -> [UInt8]? {
    guard let base else { return other == scalar ? raw : nil }
    let prefix = base == 16 ? "&#x" : "&#"
    let places = raw.count - prefix.utf8.count - 1
    let digits = String(other.value, radix: base)
    guard digits.utf8.count <= places else { return nil }
    return Array((prefix + String(repeating: "0", count: places - digits.utf8.count) + digits + ";").utf8)
  }

  /// The same where a mask says which character: one that takes as many bytes, here and where it is written again.
  var masked: [UInt8] {
    let stays: Bool =
      switch scalar {
      case "&", "<", ">", "'", "\"", "\t", "\n", "\r", " ": true
      default: false
      }
    if stays { return raw }
    let candidates: [Unicode.Scalar] =
      switch scalar.value {
      case ..<0x80: ["x", "X"]
      case ..<0x800: ["\u{D6}"]
      case ..<0x10000: ["\u{905}"]
      default: ["\u{10000}"]
      }
    for candidate in candidates { if let found = written(for: candidate) { return found } }
    // No character of this size has fewer digits than the last candidate.
    return raw.map { _ in TextMask.letter }
  }
}
