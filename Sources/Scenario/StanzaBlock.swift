internal import XML

/// The indented lines under an action, which hold one stanza.
struct StanzaBlock {
  struct Problem: Error {
    var line: Int
    var message: String
  }

  private let lines: [Line]

  /// The lines; the first is neither blank nor a comment.
  init(lines: [Line]) { self.lines = lines }

  /// The prefix that scripts use without declaring it.
  static let namespace: Text = "https://matthewwild.co.uk/projects/scansion#"
  /// The prefix `stream` stands for what it does on real streams, so that scripts can expect a `<stream:error/>`.
  private static let streamHeader = Array(
    "<stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' xmlns:scansion='\(namespace)'>".utf8)

  func template(cast: [Character], isSent: Bool, using pool: ParserPool) throws(Problem) -> Template {
    let element = try element(using: pool)
    do throws(TemplateError) {
      return try Template(element, cast: cast, isSent: isSent)
    } catch {
      // The element does not know where it was written, but what is wrong with it can be found again.
      let wrong = error.source
      let line = lines.first { Array($0.text.utf8).offset(of: Array(wrong.utf8)) != nil }
      throw Problem(line: (line ?? lines[0]).number, message: error.message)
    }
  }

  private func element(using pool: ParserPool) throws(Problem) -> Element {
    var parser = StanzaBlock.parser(using: pool)
    var found: Element?
    for (index, line) in lines.enumerated() {
      if found != nil, line.isComment { continue }
      parser.feed(bytes(of: line))
      switch parser.next(using: pool) {
      case .stanza(let element):
        guard found == nil else { throw Problem(line: line.number, message: "only one stanza may stand here") }
        found = element
        // More on the same line.
        if parser.next(using: pool) != nil { throw Problem(line: line.number, message: "something stands behind the stanza") }
      case .failure(let failure):
        if found != nil { throw Problem(line: line.number, message: "something stands behind the stanza") }
        let place = locate(failure, upTo: index, using: pool)
        throw Problem(line: place, message: "the stanza can't be read: " + StanzaBlock.describe(failure))
      case .end:
        throw Problem(line: line.number, message: "the stanza can't be read: </stream> does not belong here")
      case .header, nil: break
      }
    }
    guard let found, parser.pendingBytes == 0 else {
      let last = lines.last { !$0.isBlank } ?? lines[0]
      throw Problem(line: last.number, message: found == nil ? "the stanza does not end" : "something stands behind the stanza")
    }
    return found
  }

  private static func parser(using pool: ParserPool) -> StreamParser {
    var parser = StreamParser(limits: .authenticated)
    parser.feed(streamHeader)
    _ = parser.next(using: pool)
    return parser
  }

  private func bytes(of line: Line) -> [UInt8] {
    let indentation = lines[0].indentation
    let text = line.text.startsWith(String(indentation)) ? Substring(line.text.utf8.dropFirst(indentation.utf8.count)) : line.text
    return Array(text.utf8) + [0x0A]
  }

  // MARK: Where a stanza is wrong

  /// The line at which something fails so by itself. The parser takes stanzas whole and says no more than that one is wrong;
  /// what only shows between tags (one that does not match) shows at the last line that was fed.
  private func locate(_ failure: StreamParser.Failure, upTo last: Int, using pool: ParserPool) -> Int {
    let source = lines[...last].flatMap(bytes(of:))
    var start = 0
    while start < source.count {
      let end = StanzaBlock.tokenEnd(in: source, from: start)
      let token = source[start..<end]
      if !token.starts(with: "</".utf8), !token.starts(with: "<!".utf8), StanzaBlock.fails(token, failure, using: pool) {
        return lines[source[..<start].count { $0 == 0x0A }].number
      }
      start = end
    }
    return lines[last].number
  }

  /// The end of the tag, CDATA section or line of text that begins at `start`.
  private static func tokenEnd(in source: [UInt8], from start: Int) -> Int {
    let rest = source[start...]
    guard rest.first == UInt8(ascii: "<") else {
      if rest.first == 0x0A { return start + 1 }
      return rest.firstIndex { $0 == UInt8(ascii: "<") || $0 == 0x0A } ?? source.count
    }
    if rest.starts(with: "<![CDATA[".utf8) { return source.offset(of: "]]>".utf8, from: start).map { $0 + 3 } ?? source.count }
    var quote: UInt8?
    for index in rest.indices {
      let byte = source[index]
      if let open = quote {
        if byte == open { quote = nil }
      } else if byte == UInt8(ascii: "'") || byte == UInt8(ascii: "\"") {
        quote = byte
      } else if byte == UInt8(ascii: ">") {
        return index + 1
      }
    }
    return source.count
  }

  private static func fails(_ token: ArraySlice<UInt8>, _ failure: StreamParser.Failure, using pool: ParserPool) -> Bool {
    var parser = parser(using: pool)
    if token.first != UInt8(ascii: "<") {
      // White space alone at the boundary would be dropped; inside an element any text is read.
      parser.feed("<t>".utf8)
      parser.feed(token)
      parser.feed("</t>".utf8)
    } else if token.suffix(2).elementsEqual("/>".utf8) || token.last != UInt8(ascii: ">") {
      parser.feed(token)
    } else {
      parser.feed(token.dropLast())
      parser.feed("/>".utf8)
    }
    return parser.next(using: pool) == .failure(failure)
  }

  private static func describe(_ failure: StreamParser.Failure) -> String {
    switch failure {
    case .badFormat: "text stands outside of the element"
    case .badNamespacePrefix, .undeclaredPrefix: "a prefix is not declared"
    case .notWellFormed: "it is not well-formed"
    case .restricted: "comments, processing instructions and entities of one's own have no place in a stream"
    case .tooBig(let what): what
    case .unsupportedEncoding: "it is not UTF-8"
    }
  }
}
