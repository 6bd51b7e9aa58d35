internal import XML
internal import XMPP

// What people write, and what programs write in forms and attributes.

extension ValueTable {
  /// Texts: bodies, subjects, reasons, names of groups and contacts.
  static let texts = ValueTable(writings + sizes)
  /// The same behind what is there.
  static let additions = ValueTable(writings, extends: true)

  private static let writings: [Text?] = [
    // References, white space, quotes, ends of lines, the end of a CDATA section.
    "<&>\"'", "&amp;lt;", "]]>", "<![CDATA[x]]>", " both ends ", "\n", "\r\n", "a\rb\tc\nd", "", " ", "\u{2028}\u{2029}\u{85}",
    // Other scripts, emoji of several scalars, marks without end, the direction overridden.
    "\u{65E5}\u{672C}\u{8A9E}", "\u{627}\u{644}\u{639}\u{631}\u{628}\u{64A}\u{629}", "\u{5E9}\u{5DC}\u{5D5}\u{5DD}",
    "\u{1F468}\u{200D}\u{1F469}\u{200D}\u{1F467}\u{200D}\u{1F466}", "\u{1F1E9}\u{1F1EA}\u{1F44D}\u{1F3FD}",
    "Z\u{334}\u{351}\u{34A}\u{300}\u{301}\u{302}a", "\u{202E}evil\u{202C}", "\u{212B}\u{C5}A\u{30A}", "\u{FB03}",
    // A character that stands for another one, characters that Unicode never assigns, private use, beyond the first plane, a byte-order mark.
    "\u{FFFD}", .scalar(0xFDD0), .scalar(0x1FFFF), .scalar(0x10FFFF), "\u{E000}", "\u{1D11E}", "\u{FEFF}", "\u{7F}\u{80}\u{9F}", "\u{200B}",
    // Texts that a program could take for something else.
    "'; DROP TABLE account; --", "%00", "\\0", "${x}", "/me leaves",
  ]

  /// Just below, at, and just above lengths that servers bound, in bytes, with an end that takes one byte or three.
  private static let sizes: [Text?] = lengths.flatMap { bytes -> [Text?] in [.sized(bytes), .sized(bytes, ending: "\u{265A}")] }
  private static let lengths = [255, 256, 257, 1022, 1023, 1024, 1025, 4095, 4096, 4097, 8191, 8192, 8193]

  /// Whole numbers as XML Schema has them (part 2, 3.3.13, integer), and what is none; bounds of bytes, words and longer ones.
  static let numbers = ValueTable([
    "0", "1", "-1", "+1", "-0", "+0", "007", "-05", " 5", "5\n", "127", "128", "-128", "-129", "255", "65536", "2147483647", "2147483648",
    "-2147483649", "4294967296", "9223372036854775807", "9223372036854775808", "-9223372036854775808", "99999999999999999999", "1e3", "1.0",
    "0x10", "\u{663}", "\u{FF15}", "five", "", "-", "+", "--1", nil,
  ])

  /// XEP-0082: instants, in several spellings, and what is none.
  static let dates = ValueTable([
    "2027-01-15T08:00:03Z", "2027-01-15T08:00:03.123Z", "2027-01-15T09:00:03+01:00", "2027-01-15T08:00:03-00:00", "2027-01-15T08:00:03",
    "2027-01-15", "20270115T08:00:03", "2027-02-30T08:00:03Z", "2027-01-15T24:00:00Z", "2027-01-15T08:00:60Z", "0000-01-01T00:00:00Z",
    "9999-12-31T23:59:59Z", "-0001-01-01T00:00:00Z", "1969-12-31T23:59:59Z", "2027-01-15t08:00:03z", " 2027-01-15T08:00:03Z", "", nil,
  ])

  /// Languages: RFC 5646, appendix A, its last three ill-formed or invalid; and texts that are no tags at all.
  static let languages = ValueTable(
    [
      "de", "fr", "ja", "i-enochian", "zh-Hant", "sr-Cyrl", "zh-cmn-Hans-CN", "cmn-Hans-CN", "zh-yue-HK", "sl-rozaj-biske", "de-CH-1901",
      "hy-Latn-IT-arevela", "es-419", "de-CH-x-phonebk", "az-Arab-x-AZE-derbend", "x-whatever", "qaa-Qaaa-QM-x-southern", "sr-Qaaa-RS",
      "en-US-u-islamcal", "zh-CN-a-myext-x-private", "en-a-myext-b-another", "de-419-DE", "a-DE", "ar-a-aaa-b-bbb-a-ccc",
      "", " ", "en_US", "en-", "-en", "e", "no such language", "i-klingon", "x-12345678-12345678-12345678-1234567",
      "x-12345678-12345678-12345678-12345678", "x-12345678-12345678-12345678-123456789", "\u{65E5}\u{672C}", "<&>\"'", nil,
    ], spellings: [uppercased])

  /// The values of a field of a form (XEP-0004, 3.3): booleans and numbers in all their spellings, options that nobody offers, none, several.
  static let fields: [[Text]] = single.map { [$0] } + several

  private static let single: [Text] = [
    "0", "1", "true", "false", "TRUE", "True", "yes", "", " 1 ", "1\n", "2", "-1", "+1", "007", "20", "9223372036854775808", "1e3",
    "anyone", "moderators", "participants", "none", "nobody", "Moderators", "weird", "\u{265A}", "<&>\"'", " ", "\n", .sized(255),
    .sized(256), .sized(257), .sized(4096), .sized(4097), .sized(256, ending: "\u{265A}"),
  ]
  private static let several: [[Text]] = [
    [], ["1", "0"], ["0", "1"], ["", ""], ["moderator", "moderator"], ["moderator", "visitor", "weird"], ["none"],
  ]
}
