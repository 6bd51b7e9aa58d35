/// A line of a script.
struct Line: Sendable {
  /// Counted from 1.
  var number: Int
  /// Without the line's end.
  var text: Substring

  var indentation: Substring { Substring(text.utf8.prefix { $0 == 0x20 || $0 == 0x09 }) }
  var isIndented: Bool { text.utf8.first == 0x20 || text.utf8.first == 0x09 }
  var trimmed: Substring { text.trimmedSpace }
  var isBlank: Bool { trimmed.isEmpty }

  var isComment: Bool {
    let trimmed = trimmed
    return ["#", "//", "--"].contains { trimmed.startsWith($0) }
  }
  /// The line that ends the cast.
  var isRule: Bool { !isIndented && trimmed.utf8.count >= 5 && trimmed.utf8.allSatisfy { $0 == UInt8(ascii: "-") } }

  static func all(of source: String) -> [Line] {
    // By bytes: to Swift, CR LF is one character, and not the one that LF is.
    let bytes = source.utf8.starts(with: [0xEF, 0xBB, 0xBF]) ? source.utf8.dropFirst(3) : source.utf8[...]
    return bytes.split(separator: 0x0A, omittingEmptySubsequences: false).enumerated().map { index, line in
      Line(number: index + 1, text: Substring(line.last == 0x0D ? line.dropLast() : line))
    }
  }
}

extension Substring {
  /// Without the spaces, tabs and carriage returns at its ends.
  var trimmedSpace: Substring {
    func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 || byte == 0x0D }
    var rest = utf8.drop(while: isSpace)
    while let last = rest.last, isSpace(last) { rest.removeLast() }
    return Substring(rest)
  }

  /// The text behind a prefix, without the spaces at its ends; `nil` where it does not begin so.
  func behind(_ prefix: String) -> Substring? { startsWith(prefix) ? Substring(utf8.dropFirst(prefix.utf8.count)).trimmedSpace : nil }
  /// The text before a suffix; `nil` where it does not end so.
  func before(_ suffix: String) -> Substring? {
    utf8.reversed().starts(with: suffix.utf8.reversed()) ? Substring(utf8.dropLast(suffix.utf8.count)) : nil
  }

  // Of bytes, where Swift's own would compare characters.
  func startsWith(_ prefix: String) -> Bool { utf8.starts(with: prefix.utf8) }
  func isSame(as other: String) -> Bool { utf8.elementsEqual(other.utf8) }
}

extension Sequence<UInt8> {
  /// The place at which `needle` first stands in the bytes, from `start` on.
  func offset(of needle: some Collection<UInt8>, from start: Int = 0) -> Int? where Self == [UInt8] {
    guard count >= needle.count else { return nil }
    return (start..<Swift.max(start, count - needle.count + 1)).first { self[$0...].starts(with: needle) }
  }
}
