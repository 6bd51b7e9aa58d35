internal import CUnistring
import XML

/// The functions of libunistring that are used: tables of Unicode characters, and mappings of whole texts.
enum Unistring {
  /// Normalization Form C.
  static func nfc(_ text: Text) -> Text? { unsafe map(text, spondee_nfc) }
  /// Normalization Form KC.
  static func nfkc(_ text: Text) -> Text? { unsafe map(text, spondee_nfkc) }
  /// Unicode's toLowercase(), by which a sigma that ends a word becomes a final one.
  static func lowercased(_ text: Text) -> Text? { unsafe map(text, spondee_lower) }

  private typealias Mapping = (UnsafePointer<UInt8>?, Int, UnsafeMutablePointer<Int>?) -> UnsafeMutablePointer<UInt8>?

  /// `nil` only if there is no memory left.
  private static func map(_ text: Text, _ mapping: Mapping) -> Text? {
    guard !text.isEmpty else { return text }
    let bytes = Array(text.utf8)
    return unsafe bytes.withUnsafeBufferPointer { input in
      var count = 0
      guard let output = unsafe mapping(input.baseAddress, input.count, &count) else { return nil }
      defer { unsafe spondee_free(output) }
      return unsafe Text(utf8: UnsafeBufferPointer(start: output, count: count))
    }
  }

  /// The character that a fullwidth or halfwidth character stands for (RFC 8265, 3.3.2, rule 1).
  static func standardWidth(_ scalar: Unicode.Scalar) -> Unicode.Scalar {
    Unicode.Scalar(spondee_standard_width(scalar.value)) ?? scalar
  }

  static func standardWidth(_ text: Text) -> Text {
    var result = String.UnicodeScalarView()
    for scalar in text.string.unicodeScalars { result.append(standardWidth(scalar)) }
    return Text(String(result))
  }

  enum Script: String { case greek = "Greek", hebrew = "Hebrew", hiragana = "Hiragana", katakana = "Katakana", han = "Han" }

  static func isIn(_ script: Script, _ scalar: Unicode.Scalar) -> Bool {
    unsafe spondee_in_script(scalar.value, script.rawValue) != 0
  }

  /// Bits of general categories: one for a character, several for a set of them.
  struct Categories: OptionSet {
    let rawValue: Int
    init(rawValue: Int) { self.rawValue = rawValue }

    static let letterDigits = Categories(
      UC_CATEGORY_MASK_Ll, UC_CATEGORY_MASK_Lu, UC_CATEGORY_MASK_Lo, UC_CATEGORY_MASK_Nd, UC_CATEGORY_MASK_Lm, UC_CATEGORY_MASK_Mn,
      UC_CATEGORY_MASK_Mc)
    static let otherLetterDigits = Categories(UC_CATEGORY_MASK_Lt, UC_CATEGORY_MASK_Nl, UC_CATEGORY_MASK_No, UC_CATEGORY_MASK_Me)
    static let spaces = Categories(UC_CATEGORY_MASK_Zs)
    static let symbols = Categories(UC_CATEGORY_MASK_S)
    static let punctuation = Categories(UC_CATEGORY_MASK_P)
    static let controls = Categories(UC_CATEGORY_MASK_Cc)
    static let unassigned = Categories(UC_CATEGORY_MASK_Cn)
    static let privateUse = Categories(UC_CATEGORY_MASK_Co)
    /// Categories whose characters have no glyph.
    static let unseen = Categories(
      UC_CATEGORY_MASK_Cc, UC_CATEGORY_MASK_Cf, UC_CATEGORY_MASK_Cs, UC_CATEGORY_MASK_Cn, UC_CATEGORY_MASK_Zs, UC_CATEGORY_MASK_Zl,
      UC_CATEGORY_MASK_Zp)

    private init(_ masks: Int...) { rawValue = masks.reduce(0, |) }
  }

  static func category(_ scalar: Unicode.Scalar) -> Categories {
    Categories(rawValue: Int(spondee_category(scalar.value)))
  }

  /// Whether Normalization Form KC changes the character.
  static func isChangedByNFKC(_ scalar: Unicode.Scalar) -> Bool {
    // Most have no decomposition, and need no normalizing to tell.
    guard spondee_decomposes(scalar.value) != 0 else { return false }
    let text = Text(String(scalar))
    return nfkc(text) != text
  }

  static func isDefaultIgnorable(_ scalar: Unicode.Scalar) -> Bool { uc_is_property_default_ignorable_code_point(scalar.value) }
  static func isWhiteSpace(_ scalar: Unicode.Scalar) -> Bool { uc_is_property_white_space(scalar.value) }
  static func isNoncharacter(_ scalar: Unicode.Scalar) -> Bool { uc_is_property_not_a_character(scalar.value) }
  static func isJoinControl(_ scalar: Unicode.Scalar) -> Bool { uc_is_property_join_control(scalar.value) }
  static func isVirama(_ scalar: Unicode.Scalar) -> Bool { uc_combining_class(scalar.value) == Int32(UC_CCC_VR) }

  enum Joining { case none, transparent, causing, left, right, dual }

  static func joining(_ scalar: Unicode.Scalar) -> Joining {
    switch Int(uc_joining_type(scalar.value)) {
    case UC_JOINING_TYPE_T: .transparent
    case UC_JOINING_TYPE_C: .causing
    case UC_JOINING_TYPE_L: .left
    case UC_JOINING_TYPE_R: .right
    case UC_JOINING_TYPE_D: .dual
    default: .none
    }
  }

  /// The classes of the bidi rule (RFC 5893, 1.4); all that it doesn't name are `other`.
  enum Bidi { case l, r, al, an, en, es, cs, et, on, bn, nsm, other }

  static func bidi(_ scalar: Unicode.Scalar) -> Bidi {
    switch Int(uc_bidi_class(scalar.value)) {
    case UC_BIDI_L: .l
    case UC_BIDI_R: .r
    case UC_BIDI_AL: .al
    case UC_BIDI_AN: .an
    case UC_BIDI_EN: .en
    case UC_BIDI_ES: .es
    case UC_BIDI_CS: .cs
    case UC_BIDI_ET: .et
    case UC_BIDI_ON: .on
    case UC_BIDI_BN: .bn
    case UC_BIDI_NSM: .nsm
    default: .other
    }
  }
}
