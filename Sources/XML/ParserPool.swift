internal import CLibXML2

/// The libxml2 parsers of one thread, kept for streams that bind the same namespaces.
///
/// A parser that stands between two stanzas is the same for every stream with its prologue, so one serves them all: it is
/// only a cache, and what comes out depends on the stream alone. One that refused a stanza, or that does not stand where it stood
/// before, is never used again. It is replaced after a while, because libxml2's dictionary of names only grows. Not to be shared
/// between threads.
public final class ParserPool {
  typealias Opening = (header: StreamParser.Header, prologue: Prologue)
  private var kept: [(prologue: Prologue, parser: PushParser)] = []
  /// Parsers kept at once. Clients mostly use one or two sets of bindings.
  private static let most = 8
  /// Headers that were good, and what they say: many clients send the very same, at least until they say who they are.
  private var headers: [(bytes: [UInt8], limits: StreamLimits, opening: Opening)] = []
  private static let stanzasEach = 1000
  private static let bytesEach = 1_000_000

  public init() { silence() }

  func parseHeader(_ bytes: ArraySlice<UInt8>, limits: StreamLimits) throws(StreamParser.Failure) -> Opening {
    if let index = headers.firstIndex(where: { $0.limits == limits && $0.bytes.elementsEqual(bytes) }) {
      headers.swapAt(0, index)
      return headers[0].opening
    }
    try checkUTF8(bytes)
    let parser = PushParser()
    parser.feed(bytes, limits: limits)
    guard let (element, bindings) = parser.takeHeader() else { throw parser.failure ?? .notWellFormed }
    let prologue = Prologue(bindings: bindings)
    let opening = (StreamParser.Header(element: element, contentNamespace: prologue.contentNamespace), prologue)
    if headers.count >= ParserPool.most { headers.removeLast() }
    headers.insert((Array(bytes), limits, opening), at: 0)
    return opening
  }

  /// Parses what the framing took for one stanza, from its first byte to its last.
  func parseStanza(_ bytes: ArraySlice<UInt8>, in prologue: Prologue, limits: StreamLimits) throws(StreamParser.Failure) -> Element {
    try checkUTF8(bytes)
    let parser = try parser(for: prologue)
    parser.feed(bytes, limits: limits)
    guard let element = parser.takeStanza() else {
      // The framing saw a stanza end here: if the parser saw none, one of them was fooled, and nothing is to be trusted.
      kept.removeAll { $0.parser === parser }
      throw parser.failure ?? .notWellFormed
    }
    if parser.stanzas >= ParserPool.stanzasEach || parser.bytesFed >= ParserPool.bytesEach {
      kept.removeAll { $0.parser === parser }
    }
    return element
  }

  private func parser(for prologue: Prologue) throws(StreamParser.Failure) -> PushParser {
    if let first = kept.first, first.prologue == prologue { return first.parser }
    if let index = kept.firstIndex(where: { $0.prologue == prologue }) {
      kept.swapAt(0, index)
      return kept[0].parser
    }
    let parser = PushParser()
    // The bindings were checked when the header was read.
    parser.feed(prologue.startTag[...], limits: .unlimited)
    guard parser.takeHeader() != nil else { throw parser.failure ?? .notWellFormed }
    if kept.count >= ParserPool.most { kept.removeLast() }
    kept.insert((prologue, parser), at: 0)
    return parser
  }
}

/// RFC 6120, 11.6 and 4.9.3.22. Not left to libxml2: in CDATA sections it takes overlong forms for characters.
private func checkUTF8(_ bytes: ArraySlice<UInt8>) throws(StreamParser.Failure) {
  do throws(UTF8.ValidationError) { _ = try UTF8Span(validating: bytes.span) } catch { throw .unsupportedEncoding }
}

/// libxml2 prints nothing, also what it reports outside a parser of ours. The setting is one for each thread, and one for those to come.
private func silence() {
  xmlInitParser()
  unsafe xmlSetStructuredErrorFunc(nil) { _, _ in }
  unsafe xmlThrDefSetStructuredErrorFunc(nil) { _, _ in }
}
