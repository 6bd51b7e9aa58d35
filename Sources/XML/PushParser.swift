internal import CLibXML2

/// One libxml2 push parser with the element that it is building.
///
/// Once something failed it is of no more use. It is not stopped then: `xmlStopParser` frees the bytes that libxml2 is reading while its
/// functions further up the stack still hold pointers to them. The rest of the stanza is read and comes to nothing.
@safe final class PushParser {
  private let context: xmlParserCtxtPtr
  /// The argument of the context's functions. A pointer and not a property like others: with each access to a property the runtime would
  /// check that nobody else is using it, and libxml2 calls many times for each stanza.
  private let builder: UnsafeMutablePointer<ElementBuilder>
  private(set) var bytesFed = 0
  /// How many namespaces libxml2 has in scope between stanzas.
  private var namespacesInScope: Int32 = 0

  var failure: StreamParser.Failure? { unsafe builder.pointee.failure }
  var stanzas: Int { unsafe builder.pointee.stanzas }

  init() {
    var handlers = unsafe xmlSAXHandler()
    unsafe handlers.initialized = UInt32(XML_SAX2_MAGIC)
    unsafe handlers.startElementNs = { user, local, prefix, uri, namespaceCount, namespaces, attributeCount, _, attributes in
      unsafe state(user).pointee.start(local!, uri, namespaceCount, namespaces, attributeCount, attributes)
    }
    unsafe handlers.endElementNs = { user, _, _, _ in unsafe state(user).pointee.end() }
    unsafe handlers.characters = { user, text, count in unsafe state(user).pointee.characters(text, count) }
    unsafe handlers.ignorableWhitespace = handlers.characters
    unsafe handlers.cdataBlock = { user, text, count in unsafe state(user).pointee.cdata(text, count) }
    unsafe handlers.processingInstruction = { user, _, _ in unsafe state(user).pointee.fail(.restricted) }
    unsafe handlers.comment = { user, _ in unsafe state(user).pointee.fail(.restricted) }
    unsafe handlers.internalSubset = { user, _, _, _ in unsafe state(user).pointee.fail(.restricted) }
    unsafe handlers.reference = { user, _ in unsafe state(user).pointee.fail(.restricted) }
    unsafe handlers.serror = { user, error in unsafe state(user).pointee.report(error) }
    unsafe builder = .allocate(capacity: 1)
    unsafe builder.initialize(to: ElementBuilder())
    unsafe context = xmlCreatePushParserCtxt(&handlers, nil, nil, 0, nil)
    unsafe context.pointee.userData = UnsafeMutableRawPointer(builder)
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
    unsafe builder.deinitialize(count: 1)
    unsafe builder.deallocate()
  }

  func feed(_ input: ArraySlice<UInt8>, limits: StreamLimits) {
    bytesFed += input.count
    unsafe builder.pointee.begin(limits: limits, bytes: input.count)
    unsafe context.pointee.errNo = Int32(XML_ERR_OK.rawValue)
    let code = unsafe input.withUnsafeBufferPointer { buffer in
      unsafe buffer.withMemoryRebound(to: CChar.self) { unsafe xmlParseChunk(context, $0.baseAddress, Int32($0.count), 0) }
    }
    if unsafe context.pointee.wellFormed == 0 || !ElementBuilder.isRemark(code) { unsafe builder.pointee.fail(.notWellFormed) }
  }

  func takeHeader() -> (Element, [Prologue.Binding])? {
    guard let header = unsafe builder.pointee.takeHeader(), unsafe context.pointee.nameNr == 1, standsStill else { return nil }
    unsafe namespacesInScope = context.pointee.nsNr
    return header
  }

  /// The stanza that was fed, if it ended with the last byte, and libxml2 is where it was before it.
  func takeStanza() -> Element? {
    guard let stanza = unsafe builder.pointee.takeStanza(),
      unsafe context.pointee.nameNr == 1 && context.pointee.nsNr == namespacesInScope, standsStill
    else { return nil }
    return stanza
  }

  /// Whether all that was fed was used up, so that the next chunk begins with nothing before it.
  private var standsStill: Bool {
    guard unsafe context.pointee.instate == XML_PARSER_CONTENT && context.pointee.disableSAX == 0, let input = unsafe context.pointee.input
    else { return false }
    return unsafe input.pointee.cur == input.pointee.end
  }
}

private func state(_ user: UnsafeMutableRawPointer?) -> UnsafeMutablePointer<ElementBuilder> {
  unsafe user!.assumingMemoryBound(to: ElementBuilder.self)
}
