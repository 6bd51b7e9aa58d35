/// Finds where the stanzas of a stream begin and end, before any of them is parsed.
///
/// It reads every byte once, whatever the splits, and knows just enough of XML for that: tags, quotes, CDATA sections,
/// and the names of the open elements. Constructs that RFC 6120, 11.1 forbids (comments, processing instructions, document types),
/// tags that do not match, and excesses of a limit are found at the byte that shows them: libxml2 takes time that
/// grows with the square of an element's attributes, so it must never see too many. Whether the rest is well-formed is
/// the parser's to say, once the stanza is whole; the two must agree on where it ends, or the stream is given up.
///
/// Places are offsets into `pending`, the bytes that the stream's parser keeps.
struct StreamFraming: Sendable, Equatable, Codable {
  enum Found: Equatable {
    /// The stream's own start tag stands here; an XML declaration before it has been checked.
    case header(Range<Int>)
    case stanza(Range<Int>)
    case streamEnd
    case error(StreamParser.Failure)
  }

  private enum State: Equatable, Codable {
    /// Before the stream header, outside any tag.
    case prologue
    /// Inside `<?xml … ?>` at the stream's very start.
    case declaration
    case text
    /// Behind a `<`.
    case tagStart
    case startTag
    case quoted(UInt8)
    case endTag
    /// Behind `<!`, with so many bytes of `[CDATA[` seen.
    case bang(Int)
    /// Inside a CDATA section, with so many closing brackets just before.
    case cdata(Int)
  }

  private var state: State = .prologue
  /// The places of the names of the stanza's open elements, from the outermost inwards.
  private var open: [Range<Int>] = []
  /// The raw name of the stream's own element, prefix and all.
  private var streamName: [UInt8] = []
  /// Place at which the thing being read began: a stanza, the header, or the declaration before it. nil while there is only white space.
  private var begin: Int?
  private var tagBegin = 0
  private var nameEnd: Int?
  /// The place at which the name being read began, the element's or an attribute's.
  private var wordBegin = 0
  private var attributes = 0
  private var elements = 0
  private var sawHeader = false
  private var sawDeclaration = false
  /// White space came before anything else, so that no XML declaration may follow (XML 1.0, 2.8; RFC 6120, 11.5).
  private var sawSpace = false
  /// The stream follows another on the same connection: white space before it is the end of that one (RFC 6120, 11.7).
  private var followsStream = false

  /// How far `pending` was read.
  private(set) var position = 0

  /// Whether nothing but white space came since the last event.
  var atBoundary: Bool { begin == nil }

  init(followsStream: Bool = false) { self.followsStream = followsStream }

  /// As it stands behind a stream header: for a stanza by itself.
  static var betweenStanzas: StreamFraming {
    var framing = StreamFraming()
    framing.state = .text
    framing.sawHeader = true
    return framing
  }

  /// Reads on in `pending`. A thing that was found ends at `position`.
  ///
  /// - Parameter most: the place in `pending` at which the stream has become too long as a whole.
  mutating func scan(_ pending: [UInt8], limits: StreamLimits, most: Int = .max) -> Found? {
    // It is moved when a stanza begins.
    var end = limit(limits, pending.count, most)
    while position < pending.count {
      guard position < end else { return .error(.tooBig(position < most ? "a stanza is too long" : "too much came before the login")) }
      let at = position
      let byte = pending[at]
      position += 1
      switch state {
      case .text:
        if byte == UInt8(ascii: "<") {
          let isFirst = begin == nil
          beginTag(at)
          if isFirst { end = limit(limits, pending.count, most) }
        } else if !open.isEmpty {
          position = StreamFraming.find(UInt8(ascii: "<"), UInt8(ascii: "<"), in: pending, from: position, to: end)
        } else if !StreamFraming.isSpace(byte) {
          // RFC 6120, 11.7: only white space may stand between stanzas.
          return .error(.badFormat)
        }
      case .startTag:
        if byte == UInt8(ascii: ">") {
          if let found = endStartTag(pending, at: at, limits: limits) { return found }
        } else if let failure = readStartTag(byte, pending, at: at, limits: limits) {
          return .error(failure)
        } else if StreamFraming.isNameByte(byte) {
          // The bytes that continue the name, up to the longest name allowed, are skipped at once.
          let longest = min(end, wordBegin > .max - limits.nameBytes ? end : wordBegin + limits.nameBytes)
          position = StreamFraming.run(pending, from: position, to: longest, while: StreamFraming.isNameByte)
          if let failure = readValue(pending, to: end, limits: limits) { return .error(failure) }
        }
      case .quoted(let quote):
        if byte == UInt8(ascii: "<") { return .error(.notWellFormed) }
        if byte == quote {
          state = .startTag
        } else {
          position = StreamFraming.find(quote, UInt8(ascii: "<"), in: pending, from: position, to: end)
        }
      case .endTag:
        if byte == UInt8(ascii: ">") {
          if let found = endEndTag(pending, at: at) { return found }
        } else if byte == UInt8(ascii: "<") {
          return .error(.notWellFormed)
        } else {
          position = StreamFraming.find(UInt8(ascii: ">"), UInt8(ascii: "<"), in: pending, from: position, to: end)
        }
      case .tagStart:
        if let failure = classify(byte, at: at) { return .error(failure) }
      default:
        if let failure = readRarity(byte, pending) { return .error(failure) }
        end = limit(limits, pending.count, most)
      }
    }
    return nil
  }

  /// The place at which the stanza that is being read, the header, or the stream becomes too long; `count` if it can't before.
  private func limit(_ limits: StreamLimits, _ count: Int, _ mostOfStream: Int) -> Int {
    guard let begin else { return min(count, mostOfStream) }
    let most = sawHeader ? limits.stanzaBytes : min(limits.stanzaBytes, StreamLimits.headerBytes)
    return min(count - begin <= most ? count : begin + most, mostOfStream)
  }

  /// The place of the first byte from `start` on, and before `end`, of which this is not true.
  @inline(__always)
  private static func run(_ bytes: [UInt8], from start: Int, to end: Int, while isPart: (UInt8) -> Bool) -> Int {
    var place = start
    while place < end, isPart(bytes[place]) { place += 1 }
    return place
  }

  /// The place of the first of these two bytes from `start` on; `end` if there is none before it. Eight bytes are looked at together.
  private static func find(_ one: UInt8, _ other: UInt8, in bytes: [UInt8], from start: Int, to end: Int) -> Int {
    let ones: UInt64 = 0x0101_0101_0101_0101
    let highs: UInt64 = 0x8080_8080_8080_8080
    let (one, other) = (ones &* UInt64(one), ones &* UInt64(other))
    let raw = unsafe bytes.span.bytes
    var place = start
    while place <= end - 8 {
      let word = UInt64(littleEndian: unsafe raw.unsafeLoadUnaligned(fromByteOffset: place, as: UInt64.self))
      // A byte of zero shows where it is the byte in question; above it there may be errors, never below.
      let (a, b) = (word ^ one, word ^ other)
      let found = ((a &- ones) & ~a | (b &- ones) & ~b) & highs
      if found != 0 { return place + found.trailingZeroBitCount / 8 }
      place += 8
    }
    let (first, second) = (UInt8(truncatingIfNeeded: one), UInt8(truncatingIfNeeded: other))
    while place < end, bytes[place] != first, bytes[place] != second { place += 1 }
    return place
  }

  /// Reads a byte in a state that ordinary stanzas never enter: before the header, or in a CDATA section.
  private mutating func readRarity(_ byte: UInt8, _ pending: [UInt8]) -> StreamParser.Failure? {
    switch state {
    case .prologue:
      if byte == UInt8(ascii: "<") {
        beginTag(position - 1)
      } else if StreamFraming.isSpace(byte) {
        sawSpace = true
      } else {
        return StreamFraming.isWideByte(byte) ? .unsupportedEncoding : .notWellFormed
      }
    case .bang(let seen):
      // Only a CDATA section may begin so, and only inside a stanza (RFC 6120, 11.1).
      guard !open.isEmpty, byte == StreamFraming.cdataOpening[seen] else { return .restricted }
      state = seen + 1 == StreamFraming.cdataOpening.count ? .cdata(0) : .bang(seen + 1)
    case .cdata(let brackets):
      if byte == UInt8(ascii: "]") {
        state = .cdata(min(brackets + 1, 2))
      } else if byte == UInt8(ascii: ">"), brackets == 2 {
        state = .text
      } else {
        state = .cdata(0)
      }
    case .declaration:
      if byte == UInt8(ascii: ">") { return endDeclaration(pending[tagBegin..<position]) }
    case .text, .tagStart, .startTag, .quoted, .endTag: break
    }
    return nil
  }

  private static let cdataOpening = Array("[CDATA[".utf8)

  private mutating func beginTag(_ at: Int) {
    if begin == nil { begin = at }
    tagBegin = at
    state = .tagStart
  }

  /// Decides by the byte behind a `<` what kind of tag has begun.
  private mutating func classify(_ byte: UInt8, at: Int) -> StreamParser.Failure? {
    switch byte {
    case UInt8(ascii: "/"):
      guard sawHeader else { return .notWellFormed }
      state = .endTag
    case UInt8(ascii: "!"):
      state = .bang(0)
    case UInt8(ascii: "?"):
      guard !sawHeader, !sawDeclaration else { return .restricted }
      state = .declaration
    case 0 where !sawHeader:
      return .unsupportedEncoding
    case UInt8(ascii: ">"), UInt8(ascii: "<"), UInt8(ascii: "="), UInt8(ascii: "'"), UInt8(ascii: "\""), 0...0x20:
      return .notWellFormed
    default:
      nameEnd = nil
      wordBegin = at
      attributes = 0
      state = .startTag
    }
    return nil
  }

  private mutating func readStartTag(_ byte: UInt8, _ pending: [UInt8], at: Int, limits: StreamLimits) -> StreamParser.Failure? {
    let last = pending[at - 1]
    // A '/' outside quotes is the one before the '>'.
    if last == UInt8(ascii: "/") { return .notWellFormed }
    switch byte {
    case UInt8(ascii: "'"), UInt8(ascii: "\""):
      if nameEnd == nil { return .notWellFormed }
      attributes += 1
      if attributes > limits.attributes { return .tooBig("an element has too many attributes") }
      state = .quoted(byte)
    case UInt8(ascii: "<"):
      return .notWellFormed
    case UInt8(ascii: "="):
      if nameEnd == nil || bindsXMLTwice(pending, nameEnd: at) { return .notWellFormed }
    case UInt8(ascii: "/"), 0x20, 0x09, 0x0A, 0x0D:
      if nameEnd == nil { nameEnd = at } else if bindsXMLTwice(pending, nameEnd: at) { return .notWellFormed }
    default:
      if StreamFraming.isSpace(last) || last == UInt8(ascii: "'") || last == UInt8(ascii: "\"") || last == UInt8(ascii: "=") {
        wordBegin = at
      }
      if at - wordBegin >= limits.nameBytes { return .tooBig("a name is too long") }
    }
    return nil
  }

  /// Behind a name: goes on to the end of an attribute's value, if one begins here. The same as a look at each byte, which are most of a tag's.
  private mutating func readValue(_ pending: [UInt8], to end: Int, limits: StreamLimits) -> StreamParser.Failure? {
    guard nameEnd != nil, position + 1 < end, pending[position] == UInt8(ascii: "=") else { return nil }
    let quote = pending[position + 1]
    guard quote == UInt8(ascii: "'") || quote == UInt8(ascii: "\"") else { return nil }
    if bindsXMLTwice(pending, nameEnd: position) { return .notWellFormed }
    attributes += 1
    if attributes > limits.attributes { return .tooBig("an element has too many attributes") }
    position = StreamFraming.find(quote, UInt8(ascii: "<"), in: pending, from: position + 2, to: end)
    if position < end, pending[position] == quote { position += 1 } else { state = .quoted(quote) }
    return nil
  }

  /// Whether the attribute name that ends here is `xmlns:xml`, and the tag has that attribute already. libxml2 finds every other
  /// attribute that stands twice in a tag (XML 1.0, 3.1), but takes no account of this one, whose value can only be what it is anyway.
  private func bindsXMLTwice(_ pending: [UInt8], nameEnd end: Int) -> Bool {
    guard end - wordBegin == StreamFraming.xmlBinding.count, pending[wordBegin..<end].elementsEqual(StreamFraming.xmlBinding) else {
      return false
    }
    var quote: UInt8?
    for place in (nameEnd ?? tagBegin)..<wordBegin {
      let byte = pending[place]
      if quote == byte { quote = nil } else if quote == nil, byte == UInt8(ascii: "'") || byte == UInt8(ascii: "\"") { quote = byte }
      if quote == nil, pending[place..<wordBegin].starts(with: StreamFraming.xmlBinding),
        !StreamFraming.isNameByte(pending[place - 1]),
        !StreamFraming.isNameByte(pending[place + StreamFraming.xmlBinding.count])
      {
        return true
      }
    }
    return false
  }

  private static let xmlBinding = Array("xmlns:xml".utf8)

  private mutating func endStartTag(_ pending: [UInt8], at: Int, limits: StreamLimits) -> Found? {
    let end = nameEnd ?? at
    let isEmptyElement = pending[at - 1] == UInt8(ascii: "/")
    state = .text
    if !sawHeader {
      // A stream that ends where it begins: well-formed, but no stream.
      guard !isEmptyElement else { return .error(.badFormat) }
      sawHeader = true
      streamName = Array(pending[tagBegin + 1..<end])
      begin = nil
      return .header(tagBegin..<position)
    }
    elements = open.isEmpty ? 1 : elements + 1
    if elements > limits.elements { return .error(.tooBig("a stanza has too many elements")) }
    // The stream's own element counts as the first level.
    if open.count + 2 > limits.depth { return .error(.tooBig("elements are nested too deeply")) }
    if isEmptyElement { return open.isEmpty ? endStanza() : nil }
    open.append(tagBegin + 1..<end)
    return nil
  }

  private mutating func endEndTag(_ pending: [UInt8], at: Int) -> Found? {
    var end = at
    while StreamFraming.isSpace(pending[end - 1]) { end -= 1 }
    let begin = tagBegin + 2
    state = .text
    guard let innermost = open.popLast() else {
      return pending[begin..<end].elementsEqual(streamName) ? .streamEnd : .error(.notWellFormed)
    }
    guard end - begin == innermost.count else { return .error(.notWellFormed) }
    let shift = begin - innermost.lowerBound
    for place in innermost where pending[place] != pending[place + shift] { return .error(.notWellFormed) }
    return open.isEmpty ? endStanza() : nil
  }

  private mutating func endStanza() -> Found {
    let stanza = (begin ?? tagBegin)..<position
    begin = nil
    return .stanza(stanza)
  }

  private mutating func endDeclaration(_ bytes: ArraySlice<UInt8>) -> StreamParser.Failure? {
    guard bytes.starts(with: "<?xml".utf8), let next = bytes.dropFirst(5).first, StreamFraming.isSpace(next) || next == UInt8(ascii: "?")
    else { return .restricted }
    guard !sawSpace || followsStream, bytes.dropLast().last == UInt8(ascii: "?") else { return .notWellFormed }
    sawDeclaration = true
    state = .prologue
    return XMLDeclaration.fault(in: bytes)
  }

  /// Counts places from `count` bytes further on: `pending` lost so many at its front, all of them before what is being read.
  mutating func dropped(_ count: Int) {
    position -= count
    tagBegin -= count
    wordBegin -= count
    begin = begin.map { $0 - count }
    nameEnd = nameEnd.map { $0 - count }
    for index in open.indices { open[index] = open[index].lowerBound - count..<open[index].upperBound - count }
  }

  /// Forgets what was being read; `pending` is empty again, and nothing of an earlier stream can come any more.
  mutating func abandon() {
    let streamName = streamName
    self = sawHeader ? .betweenStanzas : StreamFraming()
    self.streamName = streamName
  }

  /// Whether the places that will be looked at lie within what is there.
  func isSound(_ pending: [UInt8]) -> Bool {
    guard (0...pending.count).contains(position) else { return false }
    let isRead: (Int) -> Bool = { (0...position).contains($0) }
    // Others are from before, and only compared.
    let isNear: (Int) -> Bool = { abs($0) < 1 << 40 }
    guard isNear(tagBegin), isNear(wordBegin), isNear(nameEnd ?? 0), begin.map(isRead) ?? true,
      open.allSatisfy({ isRead($0.lowerBound) && isRead($0.upperBound) })
    else { return false }
    switch state {
    case .bang(let seen): return StreamFraming.cdataOpening.indices.contains(seen)
    // There is a byte before the one that comes, and the name lies behind the bracket.
    case .startTag, .quoted: return tagBegin >= 0 && tagBegin < position && (tagBegin + 1...position).contains(nameEnd ?? position)
    case .endTag: return tagBegin >= 0 && tagBegin + 2 <= position
    case .tagStart, .declaration: return tagBegin >= 0 && tagBegin < position
    case .prologue, .text, .cdata: return true
    }
  }

  /// Whether the byte means nothing inside a tag but itself.
  private static func isNameByte(_ byte: UInt8) -> Bool {
    byte > UInt8(ascii: ">") || (byte > UInt8(ascii: "/") && byte < UInt8(ascii: "<")) || byte == UInt8(ascii: "-")
      || byte == UInt8(ascii: ".")
  }

  static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 }

  /// A byte with which UTF-16 or UTF-32 may begin, and UTF-8 can't.
  private static func isWideByte(_ byte: UInt8) -> Bool { byte == 0 || byte == 0xFE || byte == 0xFF }
}
