/// The XML declaration that may open a stream (XML 1.0, 2.8; RFC 6120, 11.5 and 11.6).
///
/// libxml2 never sees it: it would change its idea of the encoding by it, and a stream of ours is UTF-8 whatever it says.
enum XMLDeclaration {
  /// The fault of `bytes`, which begin with `<?xml` and a space, and end with `?>`; `nil` if they are a declaration that is accepted.
  static func fault(in bytes: ArraySlice<UInt8>) -> StreamParser.Failure? {
    var rest = bytes.dropFirst(5).dropLast(2)
    var sawVersion = false
    var expected: [String] = ["version", "encoding", "standalone"]
    while true {
      let spaced = rest.drop(while: StreamFraming.isSpace)
      guard !spaced.isEmpty else { break }
      guard spaced.startIndex > rest.startIndex, let attribute = takeAttribute(from: spaced) else { return .notWellFormed }
      // Each at most once, in this order.
      guard let place = expected.firstIndex(of: attribute.name), place == 0 || sawVersion else { return .notWellFormed }
      sawVersion = true
      expected.removeSubrange(...place)
      if let fault = fault(of: attribute.name, value: attribute.value) { return fault }
      rest = attribute.rest
    }
    return sawVersion ? nil : .notWellFormed
  }

  private static func takeAttribute(from bytes: ArraySlice<UInt8>) -> (name: String, value: String, rest: ArraySlice<UInt8>)? {
    let name = bytes.prefix { UInt8(ascii: "a")...UInt8(ascii: "z") ~= $0 }
    var rest = bytes.dropFirst(name.count).drop(while: StreamFraming.isSpace)
    guard rest.popFirst() == UInt8(ascii: "=") else { return nil }
    rest = rest.drop(while: StreamFraming.isSpace)
    guard let quote = rest.popFirst(), quote == UInt8(ascii: "'") || quote == UInt8(ascii: "\"") else { return nil }
    guard let close = rest.firstIndex(of: quote) else { return nil }
    return (String(decoding: name, as: UTF8.self), String(decoding: rest[..<close], as: UTF8.self), rest[(close + 1)...])
  }

  private static func fault(of name: String, value: String) -> StreamParser.Failure? {
    switch name {
    case "version":
      let minor = value.utf8.dropFirst(2)
      return value.utf8.starts(with: "1.".utf8) && !minor.isEmpty && minor.allSatisfy(isDigit) ? nil : .notWellFormed
    case "encoding":
      guard let first = value.utf8.first, isLetter(first) else { return .notWellFormed }
      let isName = value.utf8.allSatisfy { isLetter($0) || isDigit($0) || "._-".utf8.contains($0) }
      guard isName else { return .notWellFormed }
      return value.utf8.elementsEqual("utf-8".utf8, by: { $0 | 0x20 == $1 | 0x20 }) ? nil : .unsupportedEncoding
    default:
      return value == "yes" || value == "no" ? nil : .notWellFormed
    }
  }

  private static func isDigit(_ byte: UInt8) -> Bool { UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte }
  private static func isLetter(_ byte: UInt8) -> Bool { UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte | 0x20 }
}
