internal import CLibXML2

/// Builds an element from libxml2's calls for a stanza.
struct ElementBuilder {
  private var limits = StreamLimits()
  private(set) var failure: StreamParser.Failure?
  private(set) var stanzas = 0

  private var header: (Element, [Prologue.Binding])?
  private var stanza: Element?
  private var entries = ContiguousArray<Element.Entry>()
  private var bytes = ContiguousArray<UInt8>()
  /// Indices of the open elements of the stanza.
  private var open: [UInt32] = []
  /// The run of text that was just added to, while no tag came after it.
  private var textEntry: Int?
  private var inStream = false

  /// The place of each namespace of this stanza in `bytes`, by libxml2's address for it: libxml2 has one address for each name. A long
  /// namespace that many elements share is kept once. Most stanzas have two or three, which are searched in turn; from the ninth on they
  /// stand in `morePlaces`.
  private var places: [(address: UInt, place: Element.Slice)] = []
  private var morePlaces: [UInt: Element.Slice] = [:]
  /// Bytes of namespaces if each is declared where it changes, as the writer does.
  private var declaredBytes = 0

  /// So many bytes are about to be parsed.
  mutating func begin(limits: StreamLimits, bytes count: Int) {
    self.limits = limits
    // The contents of an old message stay no longer than the message.
    entries.reserveCapacity(16)
    bytes.reserveCapacity(count)
  }

  mutating func takeHeader() -> (Element, [Prologue.Binding])? {
    defer { header = nil }
    return failure == nil ? header : nil
  }

  /// The stanza that was parsed, if it ended.
  mutating func takeStanza() -> Element? {
    defer {
      stanza = nil
      forgetNamespaces()
    }
    return failure == nil && open.isEmpty ? stanza : nil
  }

  private mutating func forgetNamespaces() {
    places.removeAll(keepingCapacity: true)
    if !morePlaces.isEmpty { morePlaces = [:] }
    declaredBytes = 0
  }

  mutating func fail(_ reason: StreamParser.Failure) {
    if failure == nil { failure = reason }
  }

  mutating func report(_ error: UnsafePointer<xmlError>?) {
    guard let error = unsafe error, unsafe !ElementBuilder.isRemark(error.pointee.code) else { return }
    // Errors of the namespace domain are fatal to us, though libxml2 would go on.
    guard unsafe error.pointee.level.rawValue >= XML_ERR_ERROR.rawValue || error.pointee.domain == Int32(XML_FROM_NAMESPACE.rawValue) else {
      return
    }
    switch unsafe UInt32(error.pointee.code) {
    case XML_NS_ERR_UNDEFINED_NAMESPACE.rawValue: fail(inStream ? .undeclaredPrefix : .badNamespacePrefix)
    case XML_ERR_UNDECLARED_ENTITY.rawValue, XML_WAR_UNDECLARED_ENTITY.rawValue: fail(.restricted)
    case XML_ERR_NAME_TOO_LONG.rawValue, XML_ERR_NO_MEMORY.rawValue: fail(.tooBig("the parser's own limits"))
    default: fail(.notWellFormed)
    }
  }

  /// No error, or what libxml2 says of a namespace that is no absolute URI, such as `vcard-temp`. It may say that as an error.
  static func isRemark(_ code: Int32) -> Bool {
    code == Int32(XML_ERR_OK.rawValue) || code == Int32(XML_WAR_NS_URI.rawValue) || code == Int32(XML_WAR_NS_URI_RELATIVE.rawValue)
  }
}

// MARK: - What libxml2 calls

extension ElementBuilder {
  mutating func start(
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

  private mutating func startStream(_ count: Int32, _ namespaces: UnsafeMutablePointer<UnsafePointer<xmlChar>?>?) {
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
    forgetNamespaces()
  }

  mutating func end() {
    guard failure == nil else { return }
    guard let index = open.popLast() else { return fail(.notWellFormed) }
    entries[Int(index)].end = UInt32(entries.count)
    textEntry = nil
    guard open.isEmpty else { return }
    stanzas += 1
    stanza = takeElement()
  }

  mutating func characters(_ text: UnsafePointer<xmlChar>?, _ count: Int32) {
    guard failure == nil, let text = unsafe text, count > 0 else { return }
    unsafe append(UnsafeBufferPointer(start: text, count: Int(count)))
  }

  /// A push parser gives CDATA as it stands; the ends of lines are ours to translate (XML 1.0, 2.11).
  mutating func cdata(_ text: UnsafePointer<xmlChar>?, _ count: Int32) {
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

  private mutating func append(_ text: some Collection<UInt8>) {
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

  private mutating func takeElement() -> Element {
    defer {
      entries = []
      bytes = []
    }
    return Element(entries: entries, bytes: bytes)
  }

  private mutating func copy(_ string: UnsafePointer<xmlChar>) -> Element.Slice {
    unsafe copy(UnsafeBufferPointer(start: string, count: Int(xmlStrlen(string))))
  }

  private mutating func copy(_ buffer: UnsafeBufferPointer<xmlChar>) -> Element.Slice {
    let start = UInt32(bytes.count)
    unsafe bytes.append(contentsOf: buffer)
    return Element.Slice(start: start, count: UInt32(buffer.count))
  }

  private mutating func place(ofNamespace uri: UnsafePointer<xmlChar>?) -> Element.Slice {
    guard let uri = unsafe uri else { return .empty }
    let address = UInt(bitPattern: uri)
    for known in places where known.address == address { return known.place }
    if let place = morePlaces[address] { return place }
    let place = unsafe copy(uri)
    if places.count < 8 { places.append((address, place)) } else { morePlaces[address] = place }
    return place
  }
}
