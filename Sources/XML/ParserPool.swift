internal import CLibXML2

/// The libxml2 parsers of one thread, kept for streams that bind the same namespaces.
///
/// A parser that stands between two stanzas is the same for every stream with its prologue, so one serves them all: it is
/// only a cache, and what comes out depends on the stream alone. It is replaced after a while, because libxml2's dictionary of
/// names only grows. Not to be shared between threads.
public final class ParserPool {
  private var kept: [(prologue: Prologue, parser: Parser)] = []
  /// Parsers kept at once. Clients mostly use one or two sets of bindings.
  private static let most = 8
  private static let stanzasEach = 1000
  private static let bytesEach = 1_000_000

  public init() { silence() }

  func parseHeader(_ bytes: ArraySlice<UInt8>, limits: StreamLimits) throws(StreamParser.Failure) -> (Element, [Prologue.Binding]) {
    let parser = Parser(limits: limits)
    parser.feed(bytes)
    guard parser.failure == nil, let header = parser.takeHeader() else { throw parser.failure ?? .notWellFormed }
    return header
  }

  func parseStanza(_ bytes: ArraySlice<UInt8>, in prologue: Prologue, limits: StreamLimits) throws(StreamParser.Failure) -> Element {
    let parser = parser(for: prologue)
    parser.limits = limits
    parser.feed(bytes)
    guard parser.failure == nil, let element = parser.takeStanza() else {
      // The framing saw a stanza end here: if the parser saw none, one of them was fooled, and nothing is to be trusted.
      kept.removeAll { $0.parser === parser }
      throw parser.failure ?? .notWellFormed
    }
    if parser.stanzas >= ParserPool.stanzasEach || parser.bytesFed >= ParserPool.bytesEach {
      kept.removeAll { $0.parser === parser }
    }
    return element
  }

  private func parser(for prologue: Prologue) -> Parser {
    if let first = kept.first, first.prologue == prologue { return first.parser }
    if let index = kept.firstIndex(where: { $0.prologue == prologue }) {
      kept.swapAt(0, index)
      return kept[0].parser
    }
    let parser = Parser(limits: .authenticated)
    parser.feed(prologue.startTag[...])
    _ = parser.takeHeader()
    if kept.count >= ParserPool.most { kept.removeLast() }
    kept.insert((prologue, parser), at: 0)
    return parser
  }
}

/// One libxml2 push parser and the element that it is building.
@safe private final class Parser {
  private var context: xmlParserCtxtPtr
  var limits: StreamLimits
  private(set) var failure: StreamParser.Failure?
  private(set) var stanzas = 0
  private(set) var bytesFed = 0

  private var header: (Element, [Prologue.Binding])?
  private var stanza: Element?
  private var nodes = ContiguousArray<Element.Node>()
  private var bytes = ContiguousArray<UInt8>()
  /// Indices of the open elements of the stanza.
  private var open: [UInt32] = []
  private var elements = 0
  /// The run of text that was just added to, while no tag came after it.
  private var textNode: Int?
  private var inStream = false
  private var lastNamespace: UnsafePointer<xmlChar>?
  private var lastNamespaceSlice = Element.Slice.empty

  init(limits: StreamLimits) {
    self.limits = limits
    var handlers = unsafe xmlSAXHandler()
    unsafe handlers.initialized = UInt32(XML_SAX2_MAGIC)
    unsafe handlers.startElementNs = { user, local, prefix, uri, namespaceCount, namespaces, attributeCount, _, attributes in
      unsafe parser(user).start(local!, uri, namespaceCount, namespaces, attributeCount, attributes)
    }
    unsafe handlers.endElementNs = { user, _, _, _ in unsafe parser(user).end() }
    unsafe handlers.characters = { user, text, count in unsafe parser(user).characters(text, count) }
    unsafe handlers.cdataBlock = { user, text, count in unsafe parser(user).characters(text, count) }
    unsafe handlers.processingInstruction = { user, _, _ in unsafe parser(user).fail(.restricted) }
    unsafe handlers.comment = { user, _ in unsafe parser(user).fail(.restricted) }
    unsafe handlers.internalSubset = { user, _, _, _ in unsafe parser(user).fail(.restricted) }
    unsafe handlers.reference = { user, _ in unsafe parser(user).fail(.restricted) }
    unsafe handlers.serror = { user, error in unsafe parser(user).report(error) }
    unsafe context = xmlCreatePushParserCtxt(&handlers, nil, nil, 0, nil)
    unsafe context.pointee.userData = Unmanaged.passUnretained(self).toOpaque()
    unsafe xmlCtxtUseOptions(context, Int32(XML_PARSE_NONET.rawValue | XML_PARSE_NOENT.rawValue | XML_PARSE_NOERROR.rawValue | XML_PARSE_NOWARNING.rawValue))
    // NOENT would ask for a document to hold the entities; we have neither.
    unsafe context.pointee.replaceEntities = 1
    unsafe xmlSwitchEncoding(context, XML_CHAR_ENCODING_UTF8)
  }

  deinit {
    if unsafe context.pointee.myDoc != nil { unsafe xmlFreeDoc(context.pointee.myDoc) }
    unsafe xmlFreeParserCtxt(context)
  }

  func feed(_ input: ArraySlice<UInt8>) {
    bytesFed += input.count
    // The contents of an old message stay no longer than the message.
    nodes.reserveCapacity(16)
    bytes.reserveCapacity(input.count)
    let code = unsafe input.withUnsafeBufferPointer { buffer in
      unsafe buffer.withMemoryRebound(to: CChar.self) { unsafe xmlParseChunk(context, $0.baseAddress, Int32($0.count), 0) }
    }
    if code != 0, failure == nil { failure = Parser.failure(forCode: UInt32(code), domain: 0) ?? .notWellFormed }
  }

  func takeHeader() -> (Element, [Prologue.Binding])? {
    defer { header = nil }
    return header
  }
  /// The stanza that was fed, if it is whole and nothing came after it.
  func takeStanza() -> Element? {
    defer { stanza = nil }
    return open.isEmpty ? stanza : nil
  }

  func fail(_ reason: StreamParser.Failure) {
    if failure == nil { failure = reason }
    unsafe xmlStopParser(context)
  }

  func report(_ error: UnsafePointer<xmlError>?) {
    guard let error = unsafe error else { return }
    // Errors of the namespace domain are fatal to us, though libxml2 would go on; what it says of a namespace that is not an absolute
    // URI (`vcard-temp`) is only a remark.
    guard unsafe error.pointee.code != Int32(XML_WAR_NS_URI.rawValue), unsafe error.pointee.code != Int32(XML_WAR_NS_URI_RELATIVE.rawValue) else { return }
    guard unsafe error.pointee.level.rawValue >= XML_ERR_ERROR.rawValue || error.pointee.domain == Int32(XML_FROM_NAMESPACE.rawValue) else { return }
    unsafe fail(Parser.failure(forCode: UInt32(error.pointee.code), domain: UInt32(error.pointee.domain)) ?? .notWellFormed)
  }

  private static func failure(forCode code: UInt32, domain: UInt32) -> StreamParser.Failure? {
    switch code {
    case XML_NS_ERR_UNDEFINED_NAMESPACE.rawValue: .badNamespacePrefix
    case XML_ERR_UNDECLARED_ENTITY.rawValue, XML_WAR_UNDECLARED_ENTITY.rawValue, XML_ERR_ENTITY_LOOP.rawValue: .restricted
    case XML_ERR_NAME_TOO_LONG.rawValue, XML_ERR_NO_MEMORY.rawValue: .tooBig("the parser's own limits")
    case XML_ERR_OK.rawValue: nil
    default: .notWellFormed
    }
  }

  // MARK: What libxml2 calls

  func start(
    _ name: UnsafePointer<xmlChar>, _ uri: UnsafePointer<xmlChar>?, _ namespaceCount: Int32,
    _ namespaces: UnsafeMutablePointer<UnsafePointer<xmlChar>?>?, _ attributeCount: Int32,
    _ attributes: UnsafeMutablePointer<UnsafePointer<xmlChar>?>?
  ) {
    guard failure == nil else { return }
    if Int(attributeCount) + Int(namespaceCount) > limits.attributes { return fail(.tooBig("an element has too many attributes")) }
    if inStream, open.isEmpty, stanza != nil { return fail(.notWellFormed) }
    elements = open.isEmpty ? 1 : elements + 1
    textNode = nil
    if elements > limits.elements { return fail(.tooBig("a stanza has too many elements")) }
    if open.isEmpty { unsafe lastNamespace = nil }

    let index = UInt32(nodes.count)
    let nameSlice = unsafe copy(name)
    let namespaceSlice = unsafe copyNamespace(uri)
    nodes.append(Element.Node(kind: .element, end: index + 1, name: nameSlice, namespace: namespaceSlice, value: .empty))
    for i in 0..<Int(attributeCount) {
      // Five pointers for each: name, prefix, namespace, and the bounds of the value.
      guard let attribute = unsafe attributes.map({ unsafe $0 + 5 * i }), let key = unsafe attribute[0], let begin = unsafe attribute[3],
        let end = unsafe attribute[4]
      else { continue }
      let keySlice = unsafe copy(key)
      if keySlice.count > limits.nameBytes { return fail(.tooBig("a name is too long")) }
      let spaceSlice = unsafe attribute[2].map { unsafe copy($0) } ?? .empty
      let valueSlice = unsafe copy(UnsafeBufferPointer(start: begin, count: end - begin))
      nodes.append(Element.Node(kind: .attribute, end: UInt32(nodes.count + 1), name: keySlice, namespace: spaceSlice, value: valueSlice))
    }
    guard inStream else { return unsafe startStream(namespaceCount, namespaces) }
    open.append(index)
  }

  private func startStream(_ count: Int32, _ namespaces: UnsafeMutablePointer<UnsafePointer<xmlChar>?>?) {
    inStream = true
    nodes[0].end = UInt32(nodes.count)
    let element = takeElement()
    var bindings: [Prologue.Binding] = []
    for i in 0..<Int(count) {
      let prefix = unsafe namespaces?[2 * i].map { unsafe Text(String(cString: $0)) } ?? ""
      let uri = unsafe namespaces?[2 * i + 1].map { unsafe Text(String(cString: $0)) } ?? ""
      bindings.append(Prologue.Binding(prefix: prefix, namespace: uri))
    }
    bindings.sort { $0.prefix < $1.prefix }
    header = (element, bindings)
  }

  func end() {
    guard failure == nil, let index = open.popLast() else { return }
    nodes[Int(index)].end = UInt32(nodes.count)
    textNode = nil
    guard open.isEmpty else { return }
    stanzas += 1
    stanza = takeElement()
  }

  func characters(_ text: UnsafePointer<xmlChar>?, _ count: Int32) {
    guard failure == nil, !open.isEmpty, let text = unsafe text, count > 0 else { return }
    let start = UInt32(bytes.count)
    unsafe bytes.append(contentsOf: UnsafeBufferPointer(start: text, count: Int(count)))
    // libxml2 gives long text in pieces, and each reference by itself: join them.
    if let textNode {
      nodes[textNode].value.count += UInt32(count)
    } else {
      textNode = nodes.count
      nodes.append(
        Element.Node(kind: .text, end: UInt32(nodes.count + 1), name: .empty, namespace: .empty, value: Element.Slice(start: start, count: UInt32(count))))
    }
  }

  private func takeElement() -> Element {
    defer {
      nodes = []
      bytes = []
    }
    return Element(nodes: nodes, bytes: bytes)
  }

  private func copy(_ string: UnsafePointer<xmlChar>) -> Element.Slice {
    unsafe copy(UnsafeBufferPointer(start: string, count: Int(xmlStrlen(string))))
  }
  private func copy(_ buffer: UnsafeBufferPointer<xmlChar>) -> Element.Slice {
    let start = UInt32(bytes.count)
    unsafe bytes.append(contentsOf: buffer)
    return Element.Slice(start: start, count: UInt32(buffer.count))
  }
  /// Children mostly stand in their parent's namespace; libxml2 gives the same pointer then.
  private func copyNamespace(_ uri: UnsafePointer<xmlChar>?) -> Element.Slice {
    guard let uri = unsafe uri else { return .empty }
    if let lastNamespace = unsafe lastNamespace, unsafe lastNamespace == uri { return lastNamespaceSlice }
    unsafe lastNamespace = uri
    unsafe lastNamespaceSlice = copy(uri)
    return lastNamespaceSlice
  }
}

private func parser(_ user: UnsafeMutableRawPointer?) -> Parser {
  unsafe Unmanaged<Parser>.fromOpaque(user!).takeUnretainedValue()
}

/// libxml2 prints nothing, also what it reports outside a parser of ours.
private func silence() {
  xmlInitParser()
  unsafe xmlSetStructuredErrorFunc(nil) { _, _ in }
}
