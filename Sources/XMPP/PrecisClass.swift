import XML

/// The two string classes of PRECIS (RFC 8264, 4). Which characters they allow follows from properties of the characters, by
/// the algorithm of section 8; so the classes grow as the Unicode tables do.
enum PrecisClass {
  /// For what identifies someone: letters, digits and what is printable in ASCII (4.2).
  case identifier
  /// For what people write freely (4.3).
  case freeform

  /// Whether a text of these characters conforms to the class.
  func allows(_ scalars: [Unicode.Scalar]) -> Bool {
    PrecisContext.allows(scalars) && scalars.indices.allSatisfy { allows(scalars, at: $0) }
  }

  private func allows(_ scalars: [Unicode.Scalar], at index: Int) -> Bool {
    switch PrecisClass.property(of: scalars[index]) {
    case .valid: true
    case .freeformOnly: self == .freeform
    case .contextual: PrecisContext.allows(scalars, at: index)
    case .disallowed: false
    }
  }

  /// The derived property of a character, less the distinctions that nothing here depends on: what isn't assigned
  /// counts as disallowed, and the two kinds of context as one.
  enum Property {
    case valid, freeformOnly, contextual, disallowed
  }

  static func property(of scalar: Unicode.Scalar) -> Property {
    if scalar.isASCII { return asciiProperty(of: scalar) }
    // The order of the questions is that of section 8. BackwardCompatible (9.7) is empty as yet.
    if let exception = exception(scalar) { return exception }
    let category = Unistring.category(scalar)
    if category == .unassigned { return .disallowed }
    if Unistring.isJoinControl(scalar) { return .contextual }
    if isOldHangulJamo(scalar) { return .disallowed }
    if Unistring.isDefaultIgnorable(scalar) || Unistring.isNoncharacter(scalar) { return .disallowed }
    if category == .controls { return .disallowed }
    if Unistring.isChangedByNFKC(scalar) { return .freeformOnly }  // HasCompat (9.17).
    if Unistring.Categories.letterDigits.contains(category) { return .valid }
    let freeform: Unistring.Categories = [.otherLetterDigits, .spaces, .symbols, .punctuation]
    return freeform.contains(category) ? .freeformOnly : .disallowed
  }

  /// ASCII7 (9.11), the space (9.14) and controls (9.12).
  private static func asciiProperty(of scalar: Unicode.Scalar) -> Property {
    switch scalar.value {
    case 0x21...0x7E: .valid
    case 0x20: .freeformOnly
    default: .disallowed
    }
  }

  /// Exceptions (9.6).
  private static func exception(_ scalar: Unicode.Scalar) -> Property? {
    switch scalar.value {
    case 0x00DF, 0x03C2, 0x06FD, 0x06FE, 0x0F0B, 0x3007: .valid
    case 0x00B7, 0x0375, 0x05F3, 0x05F4, 0x30FB, 0x0660...0x0669, 0x06F0...0x06F9: .contextual
    case 0x0640, 0x07FA, 0x302E, 0x302F, 0x3031...0x3035, 0x303B: .disallowed
    default: nil
    }
  }

  /// OldHangulJamo (9.9): the blocks of conjoining jamo, of which every assigned character is a leading consonant, a vowel
  /// or a trailing consonant.
  private static func isOldHangulJamo(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x1100...0x11FF, 0xA960...0xA97C, 0xD7B0...0xD7FB: true
    default: false
    }
  }
}

/// Rules for the places at which characters that need a context may stand (RFC 5892, appendix A).
enum PrecisContext {
  /// The rules that look at the whole text, for all its characters at once: asked for each of a thousand middle dots, they would
  /// look at a million characters.
  static func allows(_ scalars: [Unicode.Scalar]) -> Bool {
    // Arabic-Indic digits don't go with the extended ones, A.8 and A.9.
    if scalars.contains(where: isArabicIndicDigit) && scalars.contains(where: isExtendedArabicIndicDigit) { return false }
    // Katakana middle dot, A.7: anywhere, as long as there is Japanese.
    return !scalars.contains("\u{30FB}") || scalars.contains(where: isJapanese)
  }

  /// The rules that look at the characters nearby. The character at `index` is one that needs a context.
  static func allows(_ scalars: [Unicode.Scalar], at index: Int) -> Bool {
    let before = index > 0 ? scalars[index - 1] : nil
    let after = index + 1 < scalars.count ? scalars[index + 1] : nil
    switch scalars[index].value {
    case 0x200C:  // Zero width non-joiner, A.1.
      return before.map(Unistring.isVirama) == true || breaksJoin(scalars, at: index)
    case 0x200D:  // Zero width joiner, A.2.
      return before.map(Unistring.isVirama) == true
    case 0x00B7:  // Middle dot, A.3: between two l.
      return before == "l" && after == "l"
    case 0x0375:  // Greek lower numeral sign, A.4.
      return after.map { Unistring.isIn(.greek, $0) } == true
    case 0x05F3, 0x05F4:  // Hebrew geresh and gershayim, A.5 and A.6.
      return before.map { Unistring.isIn(.hebrew, $0) } == true
    case 0x30FB, 0x0660...0x0669, 0x06F0...0x06F9:
      return true  // As far as the whole text allows them.
    default:
      return false
    }
  }

  /// Whether two letters would join here, were it not for the character at `index` (A.1).
  private static func breaksJoin(_ scalars: [Unicode.Scalar], at index: Int) -> Bool {
    let before = scalars[..<index].last { Unistring.joining($0) != .transparent }.map(Unistring.joining)
    let after = scalars[(index + 1)...].first { Unistring.joining($0) != .transparent }.map(Unistring.joining)
    return (before == .left || before == .dual) && (after == .right || after == .dual)
  }

  private static func isArabicIndicDigit(_ scalar: Unicode.Scalar) -> Bool { (0x0660...0x0669).contains(scalar.value) }
  private static func isExtendedArabicIndicDigit(_ scalar: Unicode.Scalar) -> Bool { (0x06F0...0x06F9).contains(scalar.value) }

  private static func isJapanese(_ scalar: Unicode.Scalar) -> Bool {
    Unistring.isIn(.katakana, scalar) || Unistring.isIn(.hiragana, scalar) || Unistring.isIn(.han, scalar)
  }
}
