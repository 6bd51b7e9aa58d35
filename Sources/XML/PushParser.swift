internal import CLibXML2

/// One libxml2 push parser and the element that it is building.
///
/// Once something failed it is of no more use. It is not stopped then: `xmlStopParser` frees the bytes that libxml2 is reading while its
/// functions further up the stack still hold pointers to them. The rest of the stanza is read and comes to nothing.
@safe final class PushParser {
  private var context: xmlParserCtxtPtr
  private var limits = StreamLimits()
  private(set) var failure: StreamParser.Failure?
  private(set) var stanzas = 0
  private(set) var bytesFed = 0

  private var header: (Element, [Prologue.Binding])?
  private var stanza: Element?
  private var entries = ContiguousArray<Element.Entry>()
  private var bytes = ContiguousArray<UInt8>()
  /// Indices of the open elements of the stanza.
  private var open: [UInt32] = []
  /// The run of text that was just added to, while no tag came after it.
  private var textEntry: Int?
  private var inStream = false
  /// How many namespaces libxml2 has in scope between stanzas.
  private var namespacesInScope: Int32 = 0

  /// Where each namespace of this stanza stands, by libxml2's address for it: it has one for each name. A long one that many
  /// elements share is kept once.
  private var places: [UInt: Element.Slice] = [:]
  private var lastNamespace: (address: UInt, place: Element.Slice)?
  /// Bytes of namespaces if each is declared where it changes, as the writer does.
  private var declaredBytes = 0

  init() {
    var handlers = unsafe xmlSAXHandler()
    unsafe handlers.initialized = UInt32(XML_SAX2_MAGIC)
    unsafe handlers.startElementNs = { user, local, prefix, uri, namespaceCount, namespaces, attributeCount, _, attributes in
      unsafe parser(user).start(local!, uri, namespaceCount, namespaces, attributeCount, attributes)
    }
    unsafe handlers.endElementNs = { user, _, _, _ in unsafe parser(user).end() }
    unsafe handlers.characters = { user, text, count in unsafe parser(user).characters(text, count) }
    unsafe handlers.ignorableWhitespace = handlers.characters
    unsafe handlers.cdataBlock = { user, text, count in unsafe parser(user).cdata(text, count) }
    unsafe handlers.processingInstruction = { user, _, _ in unsafe parser(user).fail(.restricted) }
    unsafe handlers.comment = { user, _ in unsafe parser(user).fail(.restricted) }
    unsafe handlers.internalSubset = { user, _, _, _ in unsafe parser(user).fail(.restricted) }
    unsafe handlers.reference = { user, _ in unsafe parser(user).fail(.restricted) }
    unsafe handlers.serror = { user, error in unsafe parser(user).report(error) }
    unsafe context = xmlCreatePushParserCtxt(&handlers, nil, nil, 0, nil)
    unsafe context.pointee.userData = Unmanaged.passUnretained(self).toOpaque()
    unsafe xmlCtxtUseOptions(
      context, Int32(XML_PARSE_NONET.rawValue | XML_PARSE_NOENT.rawValue | XML_PARSE_NOERROR.rawValue | XML_PARSE_NOWARNING.rawValue))
    // Or `&amp;` in an attribute would come as `&#38;`.
    unsafe context.pointee.replaceEntities = 1
    // Or it would guess from the first bytes.
    unsafe xmlSwitchEncoding(context, XML_CHAR_ENCODING_UTF8)
  }

  deinit {
    if unsafe context.pointee.myDoc != nil { unsafe xmlFreeDoc(context.pointee.myDoc) }
    unsafe xmlFreeParserCtxt(context)
  }

  func feed(_ input: ArraySlice<UInt8>, limits: StreamLimits) {
    self.limits = limits
    bytesFed += input.count
    // The contents of an old message stay no longer than the message.
    entries.reserveCapacity(16)
    bytes.reserveCapacity(input.count)
    unsafe context.pointee.errNo = Int32(XML_ERR_OK.rawValue)
    let code = unsafe input.withUnsafeBufferPointer { buffer in
      unsafe buffer.withMemoryRebound(to: CChar.self) { unsafe xmlParseChunk(context, $0.baseAddress, Int32($0.count), 0) }
    }
    if failure == nil, unsafe context.pointee.wellFormed == 0 || !PushParser.isRemark(code) { failure = .notWellFormed }
  }

  func takeHeader() -> (Element, [Prologue.Binding])? {
    defer { header = nil }
    guard failure == nil, let header, unsafe context.pointee.nameNr == 1, standsStill else { return nil }
    unsafe namespacesInScope = context.pointee.nsNr
    return header
  }

  /// The stanza that was fed, if it ended with the last byte, and libxml2 is where it was before it.
  func takeStanza() -> Element? {
    defer {
      stanza = nil
      if !places.isEmpty { places.removeAll(keepingCapacity: places.count <= 16) }
      lastNamespace = nil
      declaredBytes = 0
    }
    guard failure == nil, open.isEmpty, unsafe context.pointee.nameNr == 1 && context.pointee.nsNr == namespacesInScope, standsStill
    else { return nil }
    return stanza
  }

  /// Whether all that was fed was used up, so that the next chunk begins with nothing before it.
  private var standsStill: Bool {
    guard unsafe context.pointee.instate == XML_PARSER_CONTENT && context.pointee.disableSAX == 0, let input = unsafe context.pointee.input
    else { return false }
    return unsafe input.pointee.cur == input.pointee.end
  }

  private func fail(_ reason: StreamParser.Failure) {
    if failure == nil { failure = reason }
  }

  private func report(_ error: UnsafePointer<xmlError>?) {
    guard let error = unsafe error, unsafe !PushParser.isRemark(error.pointee.code) else { return }
    // Errors of the namespace domain are fatal to us, though libxml2 would go on.
    guard unsafe error.pointee.level.rawValue >= XML_ERR_ERROR.rawValue || error.pointee.domain == Int32(XML_FROM_NAMESPACE.rawValue) else {
      return
    }
    switch unsafe UInt32(error.pointee.code) {
    case XML_NS_ERR_UNDEFINED_NAMESPACE.rawValue: fail(.badNamespacePrefix)
    case XML_ERR_UNDECLARED_ENTITY.rawValue, XML_WAR_UNDECLARED_ENTITY.rawValue: fail(.restricted)
    case XML_ERR_NAME_TOO_LONG.rawValue, XML_ERR_NO_MEMORY.rawValue: fail(.tooBig("the parser's own limits"))
    default: fail(.notWellFormed)
    }
  }

  /// No error, or what libxml2 says of a namespace that is no absolute URI, such as `vcard-temp`. It may say that as an error.
  private static func isRemark(_ code: Int32) -> Bool {
    code == Int32(XML_ERR_OK.rawValue) || code == Int32(XML_WAR_NS_URI.rawValue) || code == Int32(XML_WAR_NS_URI_RELATIVE.rawValue)
  }
}

// MARK: - What libxml2 calls

extension PushParser {
  private func start(
    _ name: UnsafePointer<xmlChar>, _ uri: UnsafePointer<xmlChar>?, _ namespaceCount: Int32,
    _ namespaces: UnsafeMutablePointer<UnsafePointer<xmlChar>?>?, _ attributeCount: Int32,
    _ attributes: UnsafeMutablePointer<UnsafePointer<xmlChar>?>?
  ) {
    guard failure == nil else { return }
    // The framing saw one element here.
    if inStream, open.isEmpty, stanza != nil { return fail(.notWellFormed) }
    textEntry = nil

    let index = UInt32(entries.count)
    let namespace = unsafe place(ofNamespace: uri)
    if namespace != open.last.map({ entries[Int($0)].namespace }) { declaredBytes += Int(namespace.count) }
    entries.append(Element.Entry(kind: .element, end: index + 1, name: unsafe copy(name), namespace: namespace, value: .empty))
    for i in 0..<Int(attributeCount) {
      // Five pointers for each: name, prefix, namespace, and the bounds of the value.
      guard let attribute = unsafe attributes.map({ unsafe $0 + 5 * i }), let key = unsafe attribute[0], let begin = unsafe attribute[3],
        let end = unsafe attribute[4]
      else { continue }
      let space = unsafe place(ofNamespace: attribute[2])
      declaredBytes += Int(space.count)
      let keyPlace = unsafe copy(key)
      let value = unsafe copy(UnsafeBufferPointer(start: begin, count: end - begin))
      entries.append(Element.Entry(kind: .attribute, end: UInt32(entries.count + 1), name: keyPlace, namespace: space, value: value))
    }
    // A prefix is short and its namespace may be long: written out, a stanza must not grow without bound.
    if declaredBytes > limits.stanzaBytes { return fail(.tooBig("the namespaces of a stanza are too long")) }
    guard inStream else { return unsafe startStream(namespaceCount, namespaces) }
    open.append(index)
  }

  private func startStream(_ count: Int32, _ namespaces: UnsafeMutablePointer<UnsafePointer<xmlChar>?>?) {
    inStream = true
    entries[0].end = UInt32(entries.count)
    let element = takeElement()
    var bindings: [Prologue.Binding] = []
    for i in 0..<Int(count) {
      let prefix = unsafe namespaces?[2 * i].map { unsafe Text(String(cString: $0)) } ?? ""
      let uri = unsafe namespaces?[2 * i + 1].map { unsafe Text(String(cString: $0)) } ?? ""
      bindings.append(Prologue.Binding(prefix: prefix, namespace: uri))
    }
    bindings.sort { $0.prefix < $1.prefix }
    header = (element, bindings)
    places = [:]
    lastNamespace = nil
    declaredBytes = 0
  }

  private func end() {
    guard failure == nil else { return }
    guard let index = open.popLast() else { return fail(.notWellFormed) }
    entries[Int(index)].end = UInt32(entries.count)
    textEntry = nil
    guard open.isEmpty else { return }
    stanzas += 1
    stanza = takeElement()
  }

  private func characters(_ text: UnsafePointer<xmlChar>?, _ count: Int32) {
    guard failure == nil, let text = unsafe text, count > 0 else { return }
    unsafe append(UnsafeBufferPointer(start: text, count: Int(count)))
  }

  /// A push parser gives CDATA as it stands; the ends of lines are ours to translate (XML 1.0, 2.11).
  private func cdata(_ text: UnsafePointer<xmlChar>?, _ count: Int32) {
    guard failure == nil, let text = unsafe text, count > 0 else { return }
    let carriageReturn = UInt8(ascii: "\r")
    let raw = unsafe Array(UnsafeBufferPointer(start: text, count: Int(count)))
    guard raw.contains(carriageReturn) else { return append(raw) }
    var lines: [UInt8] = []
    var last: UInt8 = 0
    for byte in raw {
      if byte != UInt8(ascii: "\n") || last != carriageReturn { lines.append(byte == carriageReturn ? UInt8(ascii: "\n") : byte) }
      last = byte
    }
    append(lines)
  }

  private func append(_ text: some Collection<UInt8>) {
    // White space between stanzas is never fed.
    guard !open.isEmpty else { return fail(.notWellFormed) }
    let start = UInt32(bytes.count)
    bytes.append(contentsOf: text)
    // libxml2 gives long text in pieces, and each reference by itself: join them.
    if let textEntry {
      entries[textEntry].value.count += UInt32(text.count)
    } else {
      textEntry = entries.count
      let value = Element.Slice(start: start, count: UInt32(text.count))
      entries.append(Element.Entry(kind: .text, end: UInt32(entries.count + 1), name: .empty, namespace: .empty, value: value))
    }
  }

  private func takeElement() -> Element {
    defer {
      entries = []
      bytes = []
    }
    return Element(entries: entries, bytes: bytes)
  }

  private func copy(_ string: UnsafePointer<xmlChar>) -> Element.Slice {
    unsafe copy(UnsafeBufferPointer(start: string, count: Int(xmlStrlen(string))))
  }

  private func copy(_ buffer: UnsafeBufferPointer<xmlChar>) -> Element.Slice {
    let start = UInt32(bytes.count)
    unsafe bytes.append(contentsOf: buffer)
    return Element.Slice(start: start, count: UInt32(buffer.count))
  }

  private func place(ofNamespace uri: UnsafePointer<xmlChar>?) -> Element.Slice {
    guard let uri = unsafe uri else { return .empty }
    let address = UInt(bitPattern: uri)
    // Neighbours mostly share one.
    if let lastNamespace, lastNamespace.address == address { return lastNamespace.place }
    let place = unsafe places[address] ?? copy(uri)
    places[address] = place
    lastNamespace = (address, place)
    return place
  }
}

private func parser(_ user: UnsafeMutableRawPointer?) -> PushParser {
  unsafe Unmanaged<PushParser>.fromOpaque(user!).takeUnretainedValue()
}
