internal import CExpat

/// A piece of a stream, as both parsers report it.
enum Piece: Equatable {
  case start(name: [UInt8], attributes: [[UInt8]])
  case text([UInt8])
  case end
}

/// Reads a stream with expat, namespaces resolved (Namespaces in XML 1.0).
final class ExpatReading {
  private let parser: XML_Parser
  /// All that was reported so far. Text directly in the stream's own element is left out.
  private(set) var pieces: [Piece] = []
  /// Names as they were written, of the elements that are open.
  private(set) var open: [[UInt8]] = []
  /// Constructs that a stream must not have (RFC 6120, 11.1), in words.
  private(set) var forbidden: [String] = []
  /// Whether there was text other than white space directly in the stream's own element (RFC 6120, 11.7), or that element ended at once.
  private(set) var hasTextBetweenStanzas = false
  private(set) var deepest = 0
  private(set) var mostAttributes = 0
  private(set) var longestName = 0
  private(set) var mostElements = 0
  private(set) var hasDeclaration = false
  private var elements = 0
  private var fed: [UInt8] = []
  /// The place of the first byte that can't be, and the error; `nil` while there is none.
  private(set) var error: (place: Int, words: String, code: UInt32)?

  /// Stands between a namespace and a name; no document can have it.
  private static let separator: UInt8 = 1

  init() {
    parser = XML_ParserCreateNS("UTF-8", XML_Char(ExpatReading.separator))
    XML_SetReturnNSTriplet(parser, 1)
    XML_SetUserData(parser, Unmanaged.passUnretained(self).toOpaque())
    XML_SetElementHandler(parser, { reading($0).start(bytes($1), $2) }, { user, _ in reading(user).end() })
    XML_SetCharacterDataHandler(parser) { user, text, count in
      reading(user).text(UnsafeBufferPointer(start: text, count: Int(count)).map { UInt8(bitPattern: $0) })
    }
    XML_SetCommentHandler(parser) { user, _ in reading(user).forbid("a comment") }
    XML_SetProcessingInstructionHandler(parser) { user, _, _ in reading(user).forbid("a processing instruction") }
    XML_SetStartDoctypeDeclHandler(parser) { user, _, _, _, _ in reading(user).forbid("a document type") }
    XML_SetStartCdataSectionHandler(parser) { user in
      if reading(user).open.count < 2 { reading(user).forbid("a CDATA section between stanzas") }
    }
    XML_SetXmlDeclHandler(parser) { user, _, _, _ in reading(user).hasDeclaration = true }
  }

  deinit { XML_ParserFree(parser) }

  /// Takes more bytes. Nothing is taken after an error.
  func feed(_ input: some Collection<UInt8>, isLast: Bool = false) {
    guard error == nil else { return }
    fed += input
    let chunk = input.map { CChar(bitPattern: $0) }
    guard XML_Parse(parser, chunk, CInt(chunk.count), isLast ? 1 : 0) != XML_STATUS_OK else { return }
    let code = XML_GetErrorCode(parser)
    error = (Int(XML_GetCurrentByteIndex(parser)), String(cString: XML_ErrorString(code)), code.rawValue)
  }

  /// Takes what was reported since the last time.
  func takePieces() -> [Piece] {
    defer { pieces = [] }
    return pieces
  }

  private func forbid(_ words: String) { forbidden.append(words) }

  private func start(_ written: [UInt8], _ attributes: UnsafeMutablePointer<UnsafePointer<XML_Char>?>?) {
    let name = Name(written)
    if open.isEmpty || open.count == 1 { elements = 0 }
    elements += 1
    open.append(name.qualified)
    mostElements = max(mostElements, elements)
    deepest = max(deepest, open.count)
    longestName = max(longestName, name.qualified.count)
    var found: [[UInt8]] = []
    var next = attributes
    while let place = next, let key = place[0], let value = place[1] {
      let name = Name(bytes(key))
      longestName = max(longestName, name.qualified.count)
      found.append(name.expanded + [ExpatReading.separator] + bytes(value))
      next = place + 2
    }
    // Declarations of namespaces are not among them: each is at least a little of a tag, and there are never more than bytes of the stream.
    mostAttributes = max(mostAttributes, found.count)
    pieces.append(.start(name: name.expanded, attributes: found.sorted { $0.lexicographicallyPrecedes($1) }))
  }

  private func end() {
    if open.count == 1, case .start? = pieces.last { hasTextBetweenStanzas = true }
    open.removeLast()
    pieces.append(.end)
  }

  private func text(_ text: [UInt8]) {
    guard open.count > 1 else {
      // A reference is no white space, whatever character it stands for.
      let isReference = fed[Int(XML_GetCurrentByteIndex(parser))] == UInt8(ascii: "&")
      if isReference || !text.allSatisfy({ [0x20, 0x09, 0x0A, 0x0D].contains($0) }) { hasTextBetweenStanzas = true }
      return
    }
    if case .text(let before)? = pieces.last {
      pieces[pieces.count - 1] = .text(before + text)
    } else {
      pieces.append(.text(text))
    }
  }

  private struct Name {
    /// `namespace` separator `local`, or `local` where there is no namespace.
    var expanded: [UInt8]
    /// With its prefix, as it was written.
    var qualified: [UInt8]

    init(_ triplet: [UInt8]) {
      let parts = triplet.split(separator: ExpatReading.separator, omittingEmptySubsequences: false).map { Array($0) }
      expanded = parts.count < 2 ? triplet : parts[0] + [ExpatReading.separator] + parts[1]
      qualified = parts.count < 3 ? parts[parts.count - 1] : parts[2] + [UInt8(ascii: ":")] + parts[1]
    }
  }
}

private func reading(_ user: UnsafeMutableRawPointer?) -> ExpatReading { Unmanaged<ExpatReading>.fromOpaque(user!).takeUnretainedValue() }

private func bytes(_ text: UnsafePointer<XML_Char>?) -> [UInt8] { text.map { Array(String(cString: $0).utf8) } ?? [] }
