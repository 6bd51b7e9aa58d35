internal import XML

/// Reads the bytes of a stream by the grammar of XML 1.0 and by RFC 6120, 11, and says where they break it. It shares no code with the server's
/// parser, which it judges.
///
/// It is asked for the next item when that parser has one. So an item is whole, or the parser has failed and nothing comes behind it.
struct StreamGrammar: Sendable {
  enum Item: Sendable, Equatable {
    case header, stanza, end
    /// The conditions with which the stream may end because of it (RFC 6120, 4.9.3).
    case violation([Text])
  }

  private enum Stop: Error {
    case endOfBytes
    case violation([Text])
    static let malformed = Stop.violation(["not-well-formed"])
    static let restricted = Stop.violation(["restricted-xml"])
  }

  private var bytes: [UInt8] = []
  private var place = 0
  /// The names of the open elements, the stream's own first.
  private var names: [ArraySlice<UInt8>] = []
  /// The prefixes that each of them declares.
  private var prefixes: [[ArraySlice<UInt8>]] = []
  private var sawDeclaration = false

  mutating func feed(_ more: [UInt8]) {
    if place == bytes.count { (bytes, place) = (more, 0) } else { bytes += more }
  }

  /// A new stream begins (RFC 6120, 4.3.3). The bytes that are left belong to it.
  mutating func restart() { (names, prefixes, sawDeclaration) = ([], [], false) }

  /// The bytes around the place that was read last, for reports.
  var excerpt: String { String(decoding: bytes[max(0, place - 60)..<min(bytes.count, place + 40)], as: UTF8.self) }

  mutating func discard() { (bytes, place) = ([], 0) }

  /// `nil` if the bytes end within an item that breaks no rule so far.
  mutating func next() -> Item? {
    do throws(Stop) {
      while true { if let item = try readItem() { return item } }
    } catch {
      if case .violation(let conditions) = error { return .violation(conditions) }
      return nil
    }
  }

  /// `nil` behind an XML declaration.
  private mutating func readItem() throws(Stop) -> Item? {
    try skipSpace()
    guard try peek() == UInt8(ascii: "<") else {
      // RFC 6120, 11.7: white space alone may stand between stanzas.
      throw names.isEmpty ? .violation(["not-well-formed", "unsupported-encoding"]) : .violation(["bad-format"])
    }
    switch try peek(1) {
    case UInt8(ascii: "!"): throw .restricted
    case UInt8(ascii: "?"):
      guard names.isEmpty, !sawDeclaration else { throw .restricted }
      try readDeclaration()
      return nil
    case UInt8(ascii: "/"):
      guard !names.isEmpty else { throw .malformed }
      try readEndTag()
      return .end
    default: break
    }
    let isHeader = names.isEmpty
    let isEmpty = try readStartTag()
    if isHeader {
      if isEmpty { throw .violation(["bad-format"]) }
      return .header
    }
    if isEmpty { close() } else { try readContent(until: 1) }
    dropRead()
    return .stanza
  }

  private mutating func dropRead() {
    guard place > 4096, place * 2 > bytes.count else { return }
    bytes.removeFirst(place)
    place = 0
  }

  private mutating func close() {
    names.removeLast()
    prefixes.removeLast()
  }

  private mutating func readDeclaration() throws(Stop) {
    let start = place
    while try peek() != UInt8(ascii: ">") { place += 1 }
    place += 1
    sawDeclaration = true
    let text = String(decoding: bytes[start..<place], as: UTF8.self)
    guard text.hasPrefix("<?xml ") || text.hasPrefix("<?xml?") else { throw .restricted }
    guard text.hasSuffix("?>") else { throw .malformed }
    // RFC 6120, 11.6.
    if let encoding = text.lowercased().split(separator: "encoding").dropFirst().first {
      let name = encoding.drop { " =\t".contains($0) }.dropFirst().prefix { $0 != "'" && $0 != "\"" }
      if name != "utf-8" { throw .violation(["unsupported-encoding", "not-well-formed"]) }
    }
  }

  /// Reads to the end of the element that is so deep.
  private mutating func readContent(until depth: Int) throws(Stop) {
    while names.count > depth {
      let byte = try peek()
      if byte == UInt8(ascii: "&") {
        try readReference()
      } else if byte != UInt8(ascii: "<") {
        place += 1
        while place < bytes.count, bytes[place] != UInt8(ascii: "<"), bytes[place] != UInt8(ascii: "&") { place += 1 }
      } else {
        switch try peek(1) {
        case UInt8(ascii: "/"): try readEndTag()
        case UInt8(ascii: "?"): throw .restricted
        case UInt8(ascii: "!"): try readSection()
        default: if try readStartTag() { close() }
        }
      }
    }
  }

  /// A CDATA section: of all that begins with "<!" nothing else is allowed (RFC 6120, 11.1).
  private mutating func readSection() throws(Stop) {
    let opening = Array("<![CDATA[".utf8)
    for (offset, byte) in opening.enumerated() where try peek(offset) != byte { throw .restricted }
    place += opening.count
    while true {
      if try peek() == UInt8(ascii: "]"), try peek(1) == UInt8(ascii: "]"), try peek(2) == UInt8(ascii: ">") { break }
      place += 1
    }
    place += 3
  }

  /// RFC 6120, 11.1: the five entities of XML and references to characters, and no others.
  private mutating func readReference() throws(Stop) {
    var name: [UInt8] = []
    place += 1
    while try peek() != UInt8(ascii: ";") {
      name.append(bytes[place])
      place += 1
      // Markup ends it, and so does any length that no reference has.
      if name.count > 32 || name.last == UInt8(ascii: "<") { throw .malformed }
    }
    place += 1
    let text = String(decoding: name, as: UTF8.self)
    if ["lt", "gt", "amp", "apos", "quot"].contains(text) { return }
    guard text.hasPrefix("#") else { throw .violation(["restricted-xml", "not-well-formed"]) }
    let number = text.hasPrefix("#x") ? UInt32(text.dropFirst(2), radix: 16) : UInt32(text.dropFirst())
    guard let number, [0x9, 0xA, 0xD].contains(number) || (0x20...0x10FFFF).contains(number), Unicode.Scalar(number) != nil,
      number & 0xFFFE != 0xFFFE || number > 0xFFFF
    else { throw .malformed }
  }

  // MARK: Tags

  private mutating func readEndTag() throws(Stop) {
    place += 2
    let name = try readName()
    try skipSpace()
    guard try peek() == UInt8(ascii: ">"), name == names.last else { throw .malformed }
    place += 1
    if names.count > 1 { close() }
  }

  /// Returns whether the element has no content.
  private mutating func readStartTag() throws(Stop) -> Bool {
    place += 1
    let name = try readName()
    var attributes: [ArraySlice<UInt8>] = []
    while true {
      try skipSpace()
      let byte = try peek()
      if byte == UInt8(ascii: ">") || byte == UInt8(ascii: "/") { break }
      let attribute = try readName()
      try skipSpace()
      guard try peek() == UInt8(ascii: "="), !attributes.contains(attribute) else { throw .malformed }
      place += 1
      try skipSpace()
      try readValue()
      attributes.append(attribute)
    }
    let isEmpty = try peek() == UInt8(ascii: "/")
    if isEmpty { place += 1 }
    guard try peek() == UInt8(ascii: ">") else { throw .malformed }
    place += 1
    names.append(name)
    let declaration = Array("xmlns:".utf8)
    prefixes.append(attributes.filter { $0.starts(with: declaration) }.map { $0.dropFirst(declaration.count) })
    // RFC 6120, 11.3: namespace-well-formed.
    for word in [name] + attributes {
      guard let colon = word.firstIndex(of: UInt8(ascii: ":")) else { continue }
      let prefix = word[..<colon]
      let isKnown = prefix.elementsEqual("xml".utf8) || prefix.elementsEqual("xmlns".utf8)
      guard isKnown || prefixes.contains(where: { $0.contains(prefix) }) else {
        throw .violation(names.count == 1 ? ["bad-namespace-prefix", "invalid-namespace"] : ["not-well-formed", "bad-namespace-prefix"])
      }
    }
    return isEmpty
  }

  private mutating func readValue() throws(Stop) {
    let quote = try peek()
    guard quote == UInt8(ascii: "'") || quote == UInt8(ascii: "\"") else { throw .malformed }
    place += 1
    while true {
      let byte = try peek()
      if byte == quote { break }
      if byte == UInt8(ascii: "<") { throw .malformed }
      if byte == UInt8(ascii: "&") { try readReference() } else { place += 1 }
    }
    place += 1
  }

  private mutating func readName() throws(Stop) -> ArraySlice<UInt8> {
    let start = place
    while try !StreamGrammar.endsName(peek()) { place += 1 }
    guard place > start else { throw .malformed }
    return bytes[start..<place]
  }

  private static func endsName(_ byte: UInt8) -> Bool { byte <= 0x20 || "></=\"'<&".utf8.contains(byte) }

  private mutating func skipSpace() throws(Stop) {
    while [0x20, 0x09, 0x0A, 0x0D].contains(try peek()) { place += 1 }
  }

  private func peek(_ offset: Int = 0) throws(Stop) -> UInt8 {
    guard place + offset < bytes.count else { throw .endOfBytes }
    return bytes[place + offset]
  }
}
