/// Finds where the stanzas of a stream begin and end, before any of them is parsed.
///
/// It reads every byte once, whatever the splits, and knows just enough of XML for that: tags, quotes, CDATA sections,
/// and the names of what is open. What RFC 6120, 11.1 forbids (comments, processing instructions, document types) and
/// tags that do not match are found at the byte that shows them. Whether the rest is well-formed is the parser's to say, once the
/// stanza is whole; the two must agree on where it ends.
struct StreamFraming: Sendable, Equatable {
  enum Found: Equatable {
    /// The stream's own start tag ends at this offset.
    case header(end: Int)
    case stanza(end: Int)
    case streamEnd(end: Int)
    case error(StreamParser.Failure)
  }

  private enum State: Equatable {
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
  /// Where the names of the open elements stand, from the stream's own inwards; those of a stanza as offsets into `pending`.
  private var open: [Range<Int>] = []
  /// The raw name of the stream's own element, prefix and all.
  private var streamName: [UInt8] = []
  private var tagBegin = 0
  private var nameEnd: Int?
  private var lastByte: UInt8 = 0
  private var sawHeader = false
  private(set) var encodingDeclaration: Range<Int>?

  /// How many bytes of `pending` were read.
  private(set) var position = 0

  /// Whether nothing but white space came since the last boundary.
  var atBoundary: Bool { position == 0 || (open.isEmpty && (state == .text || state == .prologue)) }

  private static let cdataOpening = Array("[CDATA[".utf8)

  /// Reads on in `pending`, the bytes since the last boundary. After `.header` or `.stanza` the caller drops what ended there and
  /// calls `boundary()`.
  mutating func scan(_ pending: [UInt8], limits: StreamLimits) -> Found? {
    while position < pending.count {
      let byte = pending[position]
      let at = position
      position += 1
      defer { lastByte = byte }
      switch state {
      case .text:
        if byte == UInt8(ascii: "<") {
          tagBegin = at
          state = .tagStart
        } else if open.isEmpty, !StreamFraming.isSpace(byte) {
          // RFC 6120, 11.7: only white space may stand between stanzas.
          return .error(.badFormat)
        }
      case .prologue:
        if byte == UInt8(ascii: "<") {
          tagBegin = at
          state = .tagStart
        } else if !StreamFraming.isSpace(byte) {
          return .error(.notWellFormed)
        }
      case .tagStart:
        switch byte {
        case UInt8(ascii: "/"):
          guard sawHeader else { return .error(.notWellFormed) }
          state = .endTag
        case UInt8(ascii: "!"):
          state = .bang(0)
        case UInt8(ascii: "?"):
          guard !sawHeader, encodingDeclaration == nil else { return .error(.restricted) }
          state = .declaration
        case UInt8(ascii: ">"), UInt8(ascii: "<"), UInt8(ascii: "="), 0...0x20:
          return .error(.notWellFormed)
        default:
          nameEnd = nil
          state = .startTag
        }
      case .startTag:
        switch byte {
        case UInt8(ascii: ">"):
          if let found = endStartTag(pending, at: at, limits: limits) { return found }
        case UInt8(ascii: "'"), UInt8(ascii: "\""):
          if nameEnd == nil { return .error(.notWellFormed) }
          state = .quoted(byte)
        case UInt8(ascii: "<"):
          return .error(.notWellFormed)
        case UInt8(ascii: "/"), 0x20, 0x09, 0x0A, 0x0D:
          if nameEnd == nil { nameEnd = at }
        default:
          break
        }
      case .quoted(let quote):
        if byte == quote { state = .startTag }
        if byte == UInt8(ascii: "<") { return .error(.notWellFormed) }
      case .endTag:
        if byte == UInt8(ascii: ">"), let found = endEndTag(pending, at: at) { return found }
        if byte == UInt8(ascii: "<") { return .error(.notWellFormed) }
      case .bang(let seen):
        // Only a CDATA section may begin so, and only inside a stanza (RFC 6120, 11.1).
        guard sawHeader, !open.isEmpty, byte == StreamFraming.cdataOpening[seen] else { return .error(.restricted) }
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
        if byte == UInt8(ascii: ">") {
          guard lastByte == UInt8(ascii: "?"), pending[tagBegin...].starts(with: "<?xml".utf8), StreamFraming.isSpace(pending[tagBegin + 5])
          else { return .error(.restricted) }
          encodingDeclaration = tagBegin..<position
          state = .prologue
        }
      }
    }
    return nil
  }

  private mutating func endStartTag(_ pending: [UInt8], at: Int, limits: StreamLimits) -> Found? {
    let end = nameEnd ?? at
    let isEmptyElement = lastByte == UInt8(ascii: "/") && end < at
    state = .text
    if !sawHeader {
      guard !isEmptyElement else { return .error(.notWellFormed) }
      sawHeader = true
      streamName = Array(pending[tagBegin + 1..<end])
      return .header(end: position)
    }
    if end - tagBegin - 1 > limits.nameBytes { return .error(.tooBig("a name is too long")) }
    if isEmptyElement { return open.isEmpty ? .stanza(end: position) : nil }
    open.append(tagBegin + 1..<end)
    // The stream's own element counts as the first level.
    return open.count + 1 > limits.depth ? .error(.tooBig("elements are nested too deeply")) : nil
  }

  private mutating func endEndTag(_ pending: [UInt8], at: Int) -> Found? {
    var end = at
    while StreamFraming.isSpace(pending[end - 1]) { end -= 1 }
    let name = pending[tagBegin + 2..<max(end, tagBegin + 2)]
    state = .text
    guard let innermost = open.popLast() else {
      return name.elementsEqual(streamName) ? .streamEnd(end: position) : .error(.notWellFormed)
    }
    guard name.elementsEqual(pending[innermost]) else { return .error(.notWellFormed) }
    return open.isEmpty ? .stanza(end: position) : nil
  }

  /// Forgets what ended; the next byte scanned is the first of a new `pending`.
  mutating func boundary() {
    position = 0
    tagBegin = 0
    nameEnd = nil
    lastByte = 0
  }

  static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 }
}
