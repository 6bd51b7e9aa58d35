import Testing
import XML
import XMPP

struct VisibilityTests {
  @Test(
    arguments: [
      "a", "Ada", " a ", "é", "λ", "ب", "日", "🫖", "!", "·", "\u{301}", "\u{2801}", "\u{200B}a", "\u{AD}a\u{2800}",
      "\u{1F469}\u{200D}\u{1F4BB}",
    ])
  func isSeen(_ text: String) {
    #expect(Text(text).isVisible)
  }

  /// White space, what is ignored by default, formats, fillers, and blanks that are letters or symbols by their category.
  @Test(
    arguments: [
      0x20, 0x09, 0x0A, 0x85, 0xA0, 0xAD, 0x034F, 0x061C, 0x115F, 0x1160, 0x1680, 0x17B4, 0x17B5, 0x180B, 0x180E, 0x2000, 0x200A, 0x200B,
      0x200C, 0x200D, 0x200E, 0x2028, 0x2029, 0x202E, 0x202F, 0x205F, 0x2060, 0x2064, 0x2066, 0x2069, 0x206F, 0x2800, 0x3000, 0x3164,
      0xFE00, 0xFE0F, 0xFEFF, 0xFFA0, 0xFFF9, 0x1107F, 0x13441, 0x16FE4, 0x1D159, 0x1D173, 0xE0001, 0xE0020, 0xE0100, 0x00, 0x7F, 0x0378,
    ] as [UInt32])
  func isNotSeen(_ value: UInt32) throws {
    let character = String(String.UnicodeScalarView([try #require(Unicode.Scalar(value))]))
    #expect(!Text(character).isVisible && !Text(character + " " + character).isVisible)
    #expect(Text(character + "x").isVisible)
  }

  @Test func nothingIsNotSeen() { #expect(!Text("").isVisible) }

  /// All that PRECIS lets through and that has no glyph is known: whatever else is white space, ignorable or a format is no resource.
  @Test func whatPrecisAllowsIsSeenButForSpacesAndBlanks() {
    var unseen: Set<UInt32> = []
    for value in UInt32(0)...0x10FFFF {
      guard let scalar = Unicode.Scalar(value) else { continue }
      guard let prepared = Precis.opaqueString(Text(String(String.UnicodeScalarView([scalar])))), !prepared.isVisible else { continue }
      if prepared != " " { unseen.insert(value) }
    }
    #expect(unseen.isSubset(of: [0x2800, 0x1107F, 0x13441, 0x13442, 0x16FE4, 0x1D159]))
    #expect(unseen.contains(0x2800))
  }
}
