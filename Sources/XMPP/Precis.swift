public import XML

/// Preparation of names and secrets so that they can be compared by their bytes (PRECIS, RFC 8264 and 8265).
public enum Precis {
  /// The profile OpaqueString, for secrets and resourceparts (RFC 8265, 4.2): spaces beyond ASCII become U+0020, then
  /// Normalization Form C. `nil` if the text is empty or has a character outside the FreeformClass.
  public static func opaqueString(_ text: Text) -> Text? {
    if isPrintableASCII(text) { return text.isEmpty ? nil : text }
    return stable(text) { text in
      var spaced = String.UnicodeScalarView()
      for scalar in text.string.unicodeScalars {
        spaced.append(Unistring.category(scalar) == .spaces ? " " : scalar)
      }
      guard let normal = Unistring.nfc(Text(String(spaced))), conforms(normal, to: .freeform) else { return nil }
      return normal
    }
  }

  /// The profile UsernameCaseMapped (RFC 8265, 3.3): standard widths, lower case, then Normalization Form C. `nil` if the
  /// text is empty, has a character outside the IdentifierClass, or breaks the bidi rule.
  public static func username(_ text: Text) -> Text? {
    if ASCII.isASCII(text) {
      guard !text.isEmpty, text.utf8.allSatisfy(ASCII.isIdentifier) else { return nil }
      return text.utf8.contains(where: ASCII.isUpper) ? ASCII.lowercased(text) : text
    }
    return stable(text) { text in
      // The class is checked before mapping (3.3.1, step 2), lest a character that isn't allowed vanish in it, and
      // afterwards, lest one come out of it.
      let wide = Unistring.standardWidth(text)
      guard conforms(wide, to: .identifier), let lower = Unistring.lowercased(wide), let normal = Unistring.nfc(lower),
        conforms(normal, to: .identifier), BidiRule.allows(Array(normal.string.unicodeScalars))
      else { return nil }
      return normal
    }
  }

  /// Some texts come out differently if they are prepared twice. They are prepared until they don't, or refused
  /// (RFC 8264, 7).
  private static func stable(_ text: Text, _ prepare: (Text) -> Text?) -> Text? {
    guard var current = prepare(text), !current.isEmpty else { return nil }
    for _ in 0..<3 {
      guard let next = prepare(current) else { return nil }
      if next == current { return current }
      current = next
    }
    return nil
  }

  private static func conforms(_ text: Text, to stringClass: PrecisClass) -> Bool {
    stringClass.allows(Array(text.string.unicodeScalars))
  }

  static func isPrintableASCII(_ text: Text) -> Bool {
    let bytes = text.utf8.span
    return ASCII.isPrintable(bytes, 0, bytes.count)
  }
}
