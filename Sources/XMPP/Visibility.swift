public import XML

// Which texts can be seen. The profiles of PRECIS allow texts that leave no mark on a screen: OpaqueString maps other spaces to U+0020
// and allows a text of nothing else, and it allows some characters that are letters or symbols by their category and blank by their glyph.

extension Text {
  /// Whether at least one character of the text leaves a mark when it is displayed.
  ///
  /// A character does not if it is white space, if the Unicode Standard says that a renderer ignores it by default
  /// (`Default_Ignorable_Code_Point`: zero-width characters, Hangul fillers, variation selectors, tags), if it is a control, a format
  /// character, a separator or unassigned, or if its glyph is blank (`BlankGlyph`). The empty text is not visible.
  public var isVisible: Bool {
    for scalar in string.unicodeScalars where Visibility.isVisible(scalar) { return true }
    return false
  }
}

enum Visibility {
  static func isVisible(_ scalar: Unicode.Scalar) -> Bool {
    if scalar.isASCII { return (0x21...0x7E).contains(scalar.value) }
    if Unistring.isWhiteSpace(scalar) || Unistring.isDefaultIgnorable(scalar) || isBlankGlyph(scalar) { return false }
    return Unistring.Categories.unseen.isDisjoint(with: Unistring.category(scalar))
  }

  /// Characters that are symbols, letters or marks by their category, and whose glyph is blank: the empty Braille pattern, the null
  /// notehead, the Khitan filler, the number joiner of Brahmi, and the blanks of Egyptian hieroglyphs.
  private static func isBlankGlyph(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x2800, 0x1107F, 0x13441, 0x13442, 0x16FE4, 0x1D159: true
    default: false
    }
  }
}
