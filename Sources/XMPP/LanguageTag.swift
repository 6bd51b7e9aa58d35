public import XML

/// Language tags as `xml:lang` has them (RFC 6120, 8.1.5; RFC 5646, 2.1).
public enum LanguageTag {
  /// Bytes of the longest tag that a server must be able to keep (RFC 5646, 4.4.1). No registered language needs more.
  public static let maximumCount = 35

  /// Whether the text is a well-formed tag of at most `maximumCount` bytes. Whether its subtags are registered is not looked at.
  public static func isWellFormed(_ text: Text) -> Bool {
    guard (1...maximumCount).contains(text.count) else { return false }
    let bytes = ASCII.lowercased(text)
    let subtags = bytes.utf8.split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false).map { Array($0) }
    guard subtags.allSatisfy({ (1...8).contains($0.count) && $0.allSatisfy(isAlphanumeric) }) else { return false }
    if irregular.contains(bytes) { return true }
    var rest = subtags[...]
    if rest.first != [UInt8(ascii: "x")] {
      guard takeLanguage(&rest) else { return false }
      take(&rest) { $0.count == 4 && $0.allSatisfy(isLetter) }
      take(&rest) { ($0.count == 2 && $0.allSatisfy(isLetter)) || ($0.count == 3 && $0.allSatisfy(isDigit)) }
      while take(&rest, isVariant) {}
      while let first = rest.first, first.count == 1, first != [UInt8(ascii: "x")] {
        rest.removeFirst()
        guard take(&rest, { $0.count >= 2 }) else { return false }
        while take(&rest, { $0.count >= 2 }) {}
      }
    }
    // "x" and what follows it is for private use: at least one subtag.
    return rest.isEmpty || (rest.first == [UInt8(ascii: "x")] && rest.count >= 2)
  }

  /// The primary language, with up to three extended ones.
  private static func takeLanguage(_ rest: inout ArraySlice<[UInt8]>) -> Bool {
    guard let language = rest.popFirst(), (2...8).contains(language.count), language.allSatisfy(isLetter) else { return false }
    guard language.count <= 3 else { return true }
    for _ in 0..<3 { take(&rest) { $0.count == 3 && $0.allSatisfy(isLetter) } }
    return true
  }

  private static func isVariant(_ subtag: [UInt8]) -> Bool { subtag.count >= 5 || (subtag.count == 4 && isDigit(subtag[0])) }

  @discardableResult
  private static func take(_ rest: inout ArraySlice<[UInt8]>, _ isWanted: ([UInt8]) -> Bool) -> Bool {
    guard let first = rest.first, isWanted(first) else { return false }
    rest.removeFirst()
    return true
  }

  private static func isLetter(_ byte: UInt8) -> Bool { UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte }
  private static func isDigit(_ byte: UInt8) -> Bool { UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte }
  private static func isAlphanumeric(_ byte: UInt8) -> Bool { isLetter(byte) || isDigit(byte) }

  /// Tags from before RFC 4646 that the grammar does not have ("irregular" in RFC 5646, 2.1), in lower case.
  private static let irregular: [Text] = [
    "en-gb-oed", "i-ami", "i-bnn", "i-default", "i-enochian", "i-hak", "i-klingon", "i-lux", "i-mingo", "i-navajo", "i-pwn", "i-tao",
    "i-tay", "i-tsu", "sgn-be-fr", "sgn-be-nl", "sgn-ch-de",
  ]
}
