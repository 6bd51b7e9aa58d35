internal import CLibXML2
internal import XML
internal import XMPP

/// All that the server writes is read a second time, by a parser that is not ours: libxml2 by itself, with none of the handlers or
/// workarounds of `XML`.
///
/// The bytes of a stream are kept until it ends, or a new one begins on the same connection, and then parsed as a whole: so it stays a
/// value. A stream that broke off is judged by the bytes that came.
struct OutputStreams: Sendable {
  static let name = "output"

  private struct Stream: Sendable {
    var bytes: [UInt8] = []
  }
  private var streams: [Stream] = []

  mutating func received(_ bytes: [UInt8], by actor: Int) {
    while streams.count <= actor { streams.append(Stream()) }
    streams[actor].bytes += bytes
  }

  mutating func drop(_ actor: Int) { if actor < streams.count { streams[actor] = Stream() } }

  /// Returns the fault of the stream's bytes, if there is one. The next stream may begin.
  mutating func endOfStream(_ actor: Int) -> String? {
    guard actor < streams.count, !streams[actor].bytes.isEmpty else { return nil }
    let stream = streams[actor]
    streams[actor] = Stream()
    for part in Self.parts(stream.bytes[...]) {
      if let problem = StrictDocument.problem(part) { return problem }
    }
    return nil
  }

  /// Behind the success of an authentication a new stream begins (RFC 6120, 6.4.6); its header may come with an error before the client
  /// has sent its own, or in the midst of all if the client waits for nothing.
  private static let loginBytes = 8000

  private static let opening = Array("<success ".utf8)

  /// The place behind the first `opening`. (The standard library's search for a sequence took an eighth of a campaign.)
  private static func endOfOpening(in bytes: ArraySlice<UInt8>) -> Int? {
    var rest = bytes
    while let place = rest.firstIndex(of: UInt8(ascii: "<")) {
      rest = rest[place...]
      if rest.starts(with: opening) { return place + opening.count }
      rest = rest.dropFirst()
    }
    return nil
  }

  private static func parts(_ bytes: ArraySlice<UInt8>) -> [ArraySlice<UInt8>] {
    guard let start = endOfOpening(in: bytes.prefix(loginBytes)),
      let tag = bytes[start...].firstIndex(of: UInt8(ascii: ">"))
    else { return [bytes] }
    var end = tag + 1
    if bytes[tag - 1] != UInt8(ascii: "/") {
      guard let close = bytes[end...].firstIndex(of: UInt8(ascii: ">")) else { return [bytes] }
      end = close + 1
    }
    return [bytes[..<end]] + (end < bytes.endIndex ? parts(bytes[end...]) : [])
  }
}

/// One document, or its beginning, as libxml2 sees it.
private enum StrictDocument {
  static func problem(_ bytes: ArraySlice<UInt8>) -> String? {
    guard let context = unsafe xmlCreatePushParserCtxt(nil, nil, nil, 0, nil) else { return nil }
    defer {
      if unsafe context.pointee.myDoc != nil { unsafe xmlFreeDoc(context.pointee.myDoc) }
      unsafe xmlFreeParserCtxt(context)
    }
    let options = XML_PARSE_NONET.rawValue | XML_PARSE_NOERROR.rawValue | XML_PARSE_NOWARNING.rawValue | XML_PARSE_HUGE.rawValue
    unsafe xmlCtxtUseOptions(context, Int32(options))
    unsafe bytes.withUnsafeBytes { buffer in
      // In pieces, as nobody has so large a document at once.
      var done = 0
      while done < buffer.count {
        let count = min(1 << 16, buffer.count - done)
        let start = unsafe buffer.baseAddress!.advanced(by: done).assumingMemoryBound(to: CChar.self)
        unsafe xmlParseChunk(context, start, Int32(count), 0)
        done += count
      }
    }
    guard unsafe context.pointee.wellFormed == 1 else {
      return "what came is not well-formed: \(unsafe lastError(context))\(excerpt(bytes))"
    }
    guard unsafe context.pointee.nsWellFormed == 1 else { return "a namespace is wrong: \(unsafe lastError(context))\(excerpt(bytes))" }
    guard let document = unsafe context.pointee.myDoc else { return nil }
    return unsafe problem(of: document)
  }

  private static func excerpt(_ bytes: ArraySlice<UInt8>) -> String { " … \(String(decoding: bytes.suffix(300), as: UTF8.self))" }

  private static func lastError(_ context: xmlParserCtxtPtr) -> String {
    guard let error = unsafe xmlCtxtGetLastError(context), let message = unsafe error.pointee.message else { return "" }
    return unsafe String(cString: message)
  }

  /// One root and nothing beside it, with what a header has to say (RFC 6120, 4.7).
  private static func problem(of document: xmlDocPtr) -> String? {
    guard let root = unsafe document.pointee.children else { return nil }
    guard unsafe root.pointee.type == XML_ELEMENT_NODE, unsafe root.pointee.next == nil else {
      return "there is something beside the stream"
    }
    guard unsafe name(root) == "stream", unsafe namespace(root) == NS.streams.string else { return "the root is no stream" }
    guard unsafe attribute(root, "version") == "1.0" else { return "the header has no version" }
    guard unsafe attribute(root, "id") ?? "" != "" else { return "the header has no id" }
    let domains: [Text] = ["localhost", Swarm.otherDomain]
    guard let from = unsafe attribute(root, "from"), domains.contains(Text(from)) else { return "the header is not from this server" }
    guard unsafe attribute(root, "lang") ?? "" != "" else { return "the header has no language" }
    var child = unsafe root.pointee.children
    while let node = unsafe child {
      if let problem = unsafe problem(ofTopLevel: node) { return problem }
      unsafe child = node.pointee.next
    }
    return nil
  }

  private static let namespaces = [NS.client, NS.streams, NS.tls, NS.sasl].map(\.string)

  private static func problem(ofTopLevel node: xmlNodePtr) -> String? {
    guard unsafe node.pointee.type == XML_ELEMENT_NODE else { return "there is something between the stanzas" }
    guard let namespace = unsafe namespace(node), namespaces.contains(namespace) else {
      return "there is an element of a strange namespace: \(unsafe name(node))"
    }
    return unsafe problem(within: node)
  }

  /// RFC 6120, 11.1.
  private static func problem(within node: xmlNodePtr) -> String? {
    var child = unsafe node.pointee.children
    while let next = unsafe child {
      switch unsafe next.pointee.type {
      case XML_ELEMENT_NODE:
        guard unsafe namespace(next) != nil else { return "an element is in no namespace: \(unsafe name(next))" }
        if let problem = unsafe problem(within: next) { return problem }
      case XML_TEXT_NODE, XML_CDATA_SECTION_NODE: break
      default: return "there is what RFC 6120, 11.1 forbids"
      }
      unsafe child = next.pointee.next
    }
    return nil
  }

  private static func name(_ node: xmlNodePtr) -> String { unsafe String(cString: node.pointee.name) }
  private static func namespace(_ node: xmlNodePtr) -> String? {
    guard let namespace = unsafe node.pointee.ns, let address = unsafe namespace.pointee.href else { return nil }
    return unsafe String(cString: address)
  }
  private static func attribute(_ node: xmlNodePtr, _ name: String) -> String? {
    var next = unsafe node.pointee.properties
    while let attribute = unsafe next {
      // No attribute of a header has entities in it: so its value is one text.
      if unsafe String(cString: attribute.pointee.name) == name {
        return unsafe attribute.pointee.children.flatMap { text in unsafe text.pointee.content.map { unsafe String(cString: $0) } }
      }
      unsafe next = attribute.pointee.next
    }
    return nil
  }
}
