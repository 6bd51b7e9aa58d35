internal import XML

/// Follows the markup of a stream byte by byte and says of each what it is and whether it may stay in a recording.
///
/// It knows of XML no more than where tags, values and texts begin and end, and needs no more memory than the places that are open. Where the
/// stream's parser gives up, it does so, too, or what it says is markup from there on is names alone.
struct MarkupReader: Sendable {
  /// The role of a byte in the stream.
  enum Role: Sendable {
    /// Brackets, quotes, white space between them, and names.
    case markup
    /// In a tag, where nothing of the kind may stand.
    case junk
    /// Inside of an attribute's value, of text, or of a CDATA section.
    case value(RedactionContext.Treatment)
    case text(RedactionContext.Treatment)
    case cdata(RedactionContext.Treatment)
    /// Nobody reads what comes now.
    case lost
  }

  /// The border at which the last byte stands.
  enum Border: Sendable {
    case valueBegins, valueEnds
    /// An element or a CDATA section begins inside of a text.
    case textIsInterrupted
    /// An end tag begins.
    case elementEnds
    /// A tag is over.
    case contentBegins
  }

  private enum Mode: Sendable {
    case text, tagStart, name, betweenAttributes, attributeName, behindName, behindEquals, unquoted
    case quoted(UInt8)
    case endTagName, behindEndTagName
    /// Behind `<!`, with so many bytes of `[CDATA[` seen.
    case bang(Int)
    /// Inside a CDATA section, with so many closing brackets just before.
    case cdata(Int)
    case lost
  }

  private let keepsText: Bool
  private var mode = Mode.text
  private var open: [RedactionContext] = []
  /// Of the text that comes now.
  private var treatment = RedactionContext.Treatment.mask
  /// The name that is being read, of an element or an attribute, as far as it could matter.
  private var name: [UInt8] = []
  /// The element whose start tag is being read, and how the value that comes is treated.
  private var tagPlace = RedactionContext.other
  private var isDeclaration = false
  private var valueTreatment = RedactionContext.Treatment.mask
  /// The value of a field's `var`, while it is read and behind it.
  private var variable: [UInt8]?
  private var isVariable = false
  private var last: UInt8 = 0
  private(set) var border: Border?

  /// No name that matters is longer.
  private static let longestName = 64
  /// The parser's limit is far below, whatever the configuration.
  static let deepest = 4096

  init(keepsText: Bool) { self.keepsText = keepsText }

  mutating func read(_ byte: UInt8) -> Role {
    border = nil
    defer { last = byte }
    switch mode {
    case .text:
      guard byte == UInt8(ascii: "<") else { return .text(treatment) }
      mode = .tagStart
      return .markup
    case .tagStart: return beginTag(byte)
    case .quoted(let quote): return readQuoted(byte, quote)
    case .name, .betweenAttributes, .attributeName, .behindName, .behindEquals, .unquoted: return readStartTag(byte)
    case .endTagName, .behindEndTagName: return readEndTag(byte)
    case .bang(let seen):
      guard byte == MarkupReader.cdataOpening[seen], !open.isEmpty else { return lose() }
      mode = seen + 1 == MarkupReader.cdataOpening.count ? .cdata(0) : .bang(seen + 1)
      return .markup
    case .cdata(let brackets): return readCDATA(byte, brackets)
    case .lost: return .lost
    }
  }

  private static let cdataOpening = Array("[CDATA[".utf8)

  private mutating func lose(_ role: Role = .lost) -> Role {
    mode = .lost
    return role
  }

  private mutating func readCDATA(_ byte: UInt8, _ brackets: Int) -> Role {
    if byte == UInt8(ascii: "]") {
      mode = .cdata(min(brackets + 1, 2))
      return .markup
    }
    if byte == UInt8(ascii: ">"), brackets == 2 {
      mode = .text
      return .markup
    }
    mode = .cdata(0)
    return .cdata(treatment)
  }

  // MARK: Start tags

  private mutating func beginTag(_ byte: UInt8) -> Role {
    border = .textIsInterrupted
    switch byte {
    case UInt8(ascii: "/"):
      border = .elementEnds
      mode = .endTagName
    case UInt8(ascii: "!"): mode = .bang(0)
    case UInt8(ascii: ">"), UInt8(ascii: "<"), UInt8(ascii: "="), UInt8(ascii: "'"), UInt8(ascii: "\""), 0...0x20: return lose(.markup)
    default:
      name = [byte]
      (tagPlace, isDeclaration, variable) = (.other, byte == UInt8(ascii: "?"), nil)
      mode = .name
    }
    return .markup
  }

  private mutating func readStartTag(_ byte: UInt8) -> Role {
    if byte == UInt8(ascii: ">") {
      endStartTag()
      return .markup
    }
    // No tag begins in a tag, and a `/` is the one before its end. The parser reads a declaration up to its `>`, whatever comes before, and so
    // does this: without the `>` a replay would wait for it.
    if byte == UInt8(ascii: "<"), !isDeclaration { return lose(.markup) }
    if last == UInt8(ascii: "/"), !isDeclaration { return lose() }
    if case .name = mode { return readName(byte) }
    switch byte {
    case UInt8(ascii: "'"), UInt8(ascii: "\""): beginValue(byte)
    case UInt8(ascii: "="):
      if case .attributeName = mode {} else if case .behindName = mode {} else { name = [] }
      mode = .behindEquals
    case UInt8(ascii: "/"): mode = .betweenAttributes
    case 0x20, 0x09, 0x0A, 0x0D:
      if case .attributeName = mode { mode = .behindName } else if case .unquoted = mode { mode = .betweenAttributes }
    default: return readWord(byte)
    }
    return .markup
  }

  private mutating func readName(_ byte: UInt8) -> Role {
    switch byte {
    case UInt8(ascii: "'"), UInt8(ascii: "\""), UInt8(ascii: "="):
      guard isDeclaration else { return lose(.markup) }
      keep(byte)
      return .junk
    case UInt8(ascii: "/"), 0x20, 0x09, 0x0A, 0x0D:
      endName()
      mode = .betweenAttributes
    default:
      keep(byte)
      // Of a declaration that is none only the beginning is read.
      if isDeclaration, !"?xml?".utf8.starts(with: name) { return .junk }
    }
    return .markup
  }

  private mutating func readWord(_ byte: UInt8) -> Role {
    switch mode {
    case .behindEquals, .unquoted:
      mode = .unquoted
      return .junk
    case .attributeName: keep(byte)
    default:
      name = [byte]
      mode = .attributeName
    }
    // In a declaration there are just these.
    let isKnown =
      !isDeclaration || byte == UInt8(ascii: "?") || ["version", "encoding", "standalone"].contains { $0.utf8.starts(with: name) }
    return isKnown ? .markup : .junk
  }

  private mutating func keep(_ byte: UInt8) { if name.count <= MarkupReader.longestName { name.append(byte) } }
  /// One that is too long is none that anybody knows.
  private var word: Text { name.count <= MarkupReader.longestName ? Text(utf8: name) : "" }

  /// The element's name is read: it says how its attributes are treated.
  private mutating func endName() {
    if let colon = name.firstIndex(of: UInt8(ascii: ":")) { name.removeFirst(colon + 1) }
    tagPlace = place.child(word)
  }

  private mutating func beginValue(_ quote: UInt8) {
    // Without an equals sign before it, it is nobody's.
    if case .behindEquals = mode {} else { name = [] }
    valueTreatment = tagPlace.treatment(ofAttribute: word, keepsText: keepsText)
    isVariable = tagPlace == .field && name.elementsEqual("var".utf8)
    if isVariable { variable = [] }
    border = .valueBegins
    mode = .quoted(quote)
  }

  private mutating func readQuoted(_ byte: UInt8, _ quote: UInt8) -> Role {
    if byte == UInt8(ascii: "<"), !isDeclaration { return lose(.markup) }
    if byte == UInt8(ascii: ">"), isDeclaration {
      endStartTag()
      return .markup
    }
    if byte == quote {
      border = .valueEnds
      mode = .betweenAttributes
      return .markup
    }
    if isVariable, (variable?.count ?? 0) <= MarkupReader.longestName { variable?.append(byte) }
    return .value(valueTreatment)
  }

  private var place: RedactionContext { open.last ?? .top }

  private mutating func endStartTag() {
    if case .name = mode { endName() }
    mode = .text
    border = .contentBegins
    // The header of a stream, or of the next on the same connection (RFC 6120, 4.3.3).
    if tagPlace == .stream { open = [] }
    guard last != UInt8(ascii: "/"), !isDeclaration else { return }
    guard open.count < MarkupReader.deepest else { return mode = .lost }
    open.append(tagPlace.named(variable.map { Text(utf8: $0) }))
    treatment = place.treatment(keepsText: keepsText)
  }

  // MARK: End tags

  private mutating func readEndTag(_ byte: UInt8) -> Role {
    switch byte {
    case UInt8(ascii: ">"):
      mode = .text
      border = .contentBegins
      _ = open.popLast()
      treatment = place.treatment(keepsText: keepsText)
      return .markup
    case UInt8(ascii: "<"): return lose(.markup)
    case 0x20, 0x09, 0x0A, 0x0D:
      mode = .behindEndTagName
      return .markup
    default:
      if case .behindEndTagName = mode { return .junk }
      return .markup
    }
  }
}
