internal import Foundation
internal import XML
internal import XMPP

/// The preparation of passwords and names (RFC 4013, 8264, 8265) and of resources.
enum PreparationCheck {
  private static let profiles: [(name: String, prepare: @Sendable (Text) -> Text?)] = [
    ("SASLprep", { Precis.saslPrep($0) }), ("OpaqueString", { Precis.opaqueString($0) }), ("UsernameCaseMapped", { Precis.username($0) }),
  ]

  static func check(_ bytes: [UInt8]) -> Finding {
    let text = Text(utf8: bytes)
    var depth = 0
    for profile in profiles {
      guard let prepared = profile.prepare(text) else { continue }
      depth += 1 + prepared.count
      let words = "\(profile.name) makes \(prepared.debugDescription) of \(text.debugDescription)"
      guard profile.prepare(prepared) == prepared else {
        return .fault("\(words), and of that \(profile.prepare(prepared)?.debugDescription ?? "nothing")")
      }
      if !isNormal(prepared, isCompatible: profile.name == "SASLprep") { return .fault("\(words), which is in no normalization form") }
      // U+FDFA becomes 33 bytes of 3 by Normalization Form KC, and nothing grows more.
      if prepared.count > 11 * text.count { return .fault("\(words), which is more than eleven times as long") }
      // Bytes that are no UTF-8 read as this character: no password may depend on which bytes they were.
      if profile.name != "OpaqueString", prepared.string.unicodeScalars.contains("\u{FFFD}") { return .fault("\(words), with U+FFFD") }
      if prepared.string.unicodeScalars.contains(where: isControl) { return .fault("\(words), with a control character") }
    }
    return Finding(fault: nil, depth: depth)
  }

  /// Whether the text is in Normalization Form C or KC, by another library. Characters that came after Unicode 14 are not looked at: one of the
  /// two libraries may not know them.
  private static func isNormal(_ text: Text, isCompatible: Bool) -> Bool {
    guard text.string.unicodeScalars.allSatisfy({ ($0.properties.age?.major ?? 99) <= 14 }) else { return true }
    let normal = isCompatible ? text.string.precomposedStringWithCompatibilityMapping : text.string.precomposedStringWithCanonicalMapping
    return normal.utf8.elementsEqual(text.utf8)
  }

  /// All of ASCII's, those of ISO 6429, line and paragraph separators, and noncharacters: no profile lets one pass.
  private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0..<0x20, 0x7F..<0xA0, 0x2028, 0x2029, 0xFDD0...0xFDEF: true
    default: scalar.value & 0xFFFE == 0xFFFE
    }
  }
}
