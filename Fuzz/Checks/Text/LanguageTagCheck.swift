internal import XML
internal import XMPP

/// Language tags against the grammar of RFC 5646, 2.1, tried in every way that it allows.
enum LanguageTagCheck {
  static func check(_ bytes: [UInt8]) -> Finding {
    let text = Text(utf8: bytes)
    let isTag = text.count <= LanguageTag.maximumCount && isTag(Array(text.utf8))
    guard LanguageTag.isWellFormed(text) == isTag else {
      return .fault("\(text.debugDescription) is \(isTag ? "" : "not ")a language tag")
    }
    return isTag ? .good(text.count) : .refused
  }

  private static let irregular: Set<String> = [
    "en-gb-oed", "i-ami", "i-bnn", "i-default", "i-enochian", "i-hak", "i-klingon", "i-lux", "i-mingo", "i-navajo", "i-pwn", "i-tao",
    "i-tay", "i-tsu", "sgn-be-fr", "sgn-be-nl", "sgn-ch-de",
  ]

  private static func isTag(_ bytes: [UInt8]) -> Bool {
    let lower = bytes.map { (0x41...0x5A).contains($0) ? $0 + 0x20 : $0 }
    if irregular.contains(String(decoding: lower, as: UTF8.self)) { return true }
    let subtags = lower.split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false).map { String(decoding: $0, as: UTF8.self) }
    return Grammar(subtags: subtags).matches(.language, from: 0)
  }

  private struct Grammar {
    let subtags: [String]

    /// The parts of a tag, in their order. A part may be left out, and a repeated one goes on.
    enum Part: Int { case language, firstExtended, secondExtended, thirdExtended, script, region, variant, extensions, privateUse, end }

    /// Whether the subtags from `index` on are this part and those behind it.
    func matches(_ part: Part, from index: Int) -> Bool {
      let rest = subtags.count - index
      if part == .language {
        guard rest > 0 else { return false }
        if matches(.privateUse, from: index) { return true }
        if isLetters(index, 2...3), matches(.firstExtended, from: index + 1) { return true }
        return isLetters(index, 4...8) && matches(.script, from: index + 1)
      }
      guard let next = Part(rawValue: part.rawValue + 1) else { return rest == 0 }
      switch part {
      case .firstExtended, .secondExtended, .thirdExtended:
        if isLetters(index, 3...3), matches(next, from: index + 1) { return true }
        return matches(.script, from: index)
      case .script: if isLetters(index, 4...4), matches(next, from: index + 1) { return true }
      case .region: if isLetters(index, 2...2) || isDigits(index, 3), matches(next, from: index + 1) { return true }
      case .variant:
        if isAlphanumeric(index, 5...8) || isAlphanumeric(index, 4...4) && subtags[index].utf8.first! < 0x3A {
          if matches(part, from: index + 1) { return true }
        }
      case .extensions:
        if isAlphanumeric(index, 1...1), subtags[index] != "x" {
          var end = index + 1
          while isAlphanumeric(end, 2...8) {
            end += 1
            if matches(part, from: end) { return true }
          }
        }
      case .privateUse:
        if rest == 0 { return true }
        return subtags[index] == "x" && rest >= 2 && (index + 1..<subtags.count).allSatisfy { isAlphanumeric($0, 1...8) }
      case .language, .end: return false
      }
      return matches(next, from: index)
    }

    private func isLetters(_ index: Int, _ counts: ClosedRange<Int>) -> Bool {
      isAlphanumeric(index, counts) && subtags[index].utf8.allSatisfy { $0 > 0x39 }
    }
    private func isDigits(_ index: Int, _ count: Int) -> Bool {
      isAlphanumeric(index, count...count) && subtags[index].utf8.allSatisfy { $0 < 0x3A }
    }
    private func isAlphanumeric(_ index: Int, _ counts: ClosedRange<Int>) -> Bool {
      index < subtags.count && counts.contains(subtags[index].utf8.count)
        && subtags[index].utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x7A).contains($0) }
    }
  }
}
