/// A stream in tokens, as far as its bytes can be read so: whatever makes no token is one of text. Written one after the other, they are the stream.
struct StreamTokens {
  struct Attribute {
    var name: [UInt8]
    var value: [UInt8]
    var quote: UInt8 = UInt8(ascii: "'")
  }

  enum Token {
    case text([UInt8])
    case start(name: [UInt8], attributes: [Attribute], isEmpty: Bool)
    case end(name: [UInt8])
    /// A construct that begins with `<!` or `<?`, as it stands.
    case other([UInt8])
  }

  var tokens: [Token] = []

  init(_ bytes: [UInt8]) {
    var rest = bytes[...]
    while !rest.isEmpty {
      let token = StreamTokens.tag(&rest) ?? StreamTokens.text(&rest)
      tokens.append(token)
    }
  }

  var bytes: [UInt8] { tokens.flatMap(StreamTokens.bytes) }

  /// The range of the element that begins at this place, its end tag included; `nil` where no element begins or it does not end.
  func element(at start: Int) -> Range<Int>? {
    guard case .start(_, _, let isEmpty) = tokens[start] else { return nil }
    if isEmpty { return start..<start + 1 }
    var depth = 0
    for index in start..<tokens.count {
      switch tokens[index] {
      case .start(_, _, false): depth += 1
      case .end:
        depth -= 1
        if depth == 0 { return start..<index + 1 }
      case .start, .text, .other: break
      }
    }
    return nil
  }

  private static func bytes(_ token: Token) -> [UInt8] {
    switch token {
    case .text(let text), .other(let text): return text
    case .end(let name): return Array("</".utf8) + name + [UInt8(ascii: ">")]
    case .start(let name, let attributes, let isEmpty):
      var bytes = [UInt8(ascii: "<")] + name
      for attribute in attributes {
        bytes += [0x20] + attribute.name + [UInt8(ascii: "="), attribute.quote] + attribute.value + [attribute.quote]
      }
      return bytes + Array((isEmpty ? "/>" : ">").utf8)
    }
  }

  // MARK: Reading

  private static func text(_ rest: inout ArraySlice<UInt8>) -> Token {
    let end = rest.dropFirst().firstIndex(of: UInt8(ascii: "<")) ?? rest.endIndex
    defer { rest = rest[end...] }
    return .text(Array(rest[..<end]))
  }

  private static func tag(_ rest: inout ArraySlice<UInt8>) -> Token? {
    guard rest.first == UInt8(ascii: "<"), let second = rest.dropFirst().first else { return nil }
    if second == UInt8(ascii: "!") || second == UInt8(ascii: "?") {
      guard let end = rest.firstIndex(of: UInt8(ascii: ">")) else { return nil }
      defer { rest = rest[(end + 1)...] }
      return .other(Array(rest[...end]))
    }
    var reader = rest.dropFirst()
    let isEnd = second == UInt8(ascii: "/")
    if isEnd { reader = reader.dropFirst() }
    let name = takeName(&reader)
    if isEnd {
      guard reader.popFirst() == UInt8(ascii: ">") else { return nil }
      rest = reader
      return .end(name: name)
    }
    guard !name.isEmpty, let attributes = takeAttributes(&reader) else { return nil }
    let isEmpty = reader.first == UInt8(ascii: "/")
    if isEmpty { reader = reader.dropFirst() }
    guard reader.popFirst() == UInt8(ascii: ">") else { return nil }
    rest = reader
    return .start(name: name, attributes: attributes, isEmpty: isEmpty)
  }

  private static func takeName(_ rest: inout ArraySlice<UInt8>) -> [UInt8] {
    let end = rest.firstIndex { $0 <= 0x20 || "<>/='\"".utf8.contains($0) } ?? rest.endIndex
    defer { rest = rest[end...] }
    return Array(rest[..<end])
  }

  private static func takeAttributes(_ rest: inout ArraySlice<UInt8>) -> [Attribute]? {
    var attributes: [Attribute] = []
    while true {
      rest = rest.drop { $0 == 0x20 || (0x9...0xD).contains($0) }
      guard let byte = rest.first, byte != UInt8(ascii: ">"), byte != UInt8(ascii: "/") else { return attributes }
      let name = takeName(&rest)
      guard rest.popFirst() == UInt8(ascii: "="), let quote = rest.popFirst(), "'\"".utf8.contains(quote),
        let end = rest.firstIndex(of: quote)
      else { return nil }
      attributes.append(Attribute(name: name, value: Array(rest[..<end]), quote: quote))
      rest = rest[(end + 1)...]
    }
  }
}
