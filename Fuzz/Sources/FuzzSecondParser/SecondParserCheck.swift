internal import CExpat
internal import XML

/// The stream parser against expat: whether a stream is well-formed, and which names, attributes and texts it has.
///
/// The two may differ where XMPP forbids what XML allows, and at limits; both are judged by what expat saw. Two differences are expat's: it knows
/// the names of XML 1.0's fourth edition, and libxml2 those of the fifth; and it takes a byte order mark, which RFC 6120, 11.6 does not provide.
enum SecondParserCheck {
  /// The first four bytes are those of `FuzzStreamParser`; of them the first says whether a header comes before the rest.
  static func fault(in input: [UInt8]) -> String? {
    guard input.count > 4 else { return nil }
    let bytes = (input[0] & 1 == 1 ? header : []) + input[4...]
    if let fault = compare(bytes) { return fault }
    // The same stream with an end to all that is open: there what was left open before can't hide a difference.
    let reading = ExpatReading()
    reading.feed(bytes)
    guard reading.error == nil, !reading.open.isEmpty else { return nil }
    return compare(bytes + reading.open.reversed().flatMap { Array("</".utf8) + $0 + [UInt8(ascii: ">")] })
  }

  private static let header = Array(
    "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' xmlns:p='p:p' version='1.0'>".utf8)

  private static func compare(_ bytes: [UInt8]) -> String? {
    let expat = ExpatReading()
    var read = 0
    for (event, end) in events(of: bytes) {
      if case .failure(let failure) = event { return faultOfRefusal(failure, of: bytes) }
      expat.feed(bytes[read..<end])
      read = end
      if let error = expat.error {
        return isOfEditions(error, bytes) ? nil : "expat refuses at \(error.place), \(error.words), what we took: \(words(bytes))"
      }
      if !expat.forbidden.isEmpty { return "we took \(expat.forbidden[0]): \(words(bytes))" }
      if expat.hasTextBetweenStanzas, event != .end { return "we took text between stanzas: \(words(bytes))" }
      let (ours, theirs) = (pieces(of: event), expat.takePieces())
      if ours != theirs { return "we read \(ours) and expat \(theirs) of \(words(bytes))" }
      if event == .end {
        expat.feed([], isLast: true)
        return expat.error.map { "expat says that the stream does not end, \($0.words): \(words(bytes))" }
      }
    }
    expat.feed(bytes[read...], isLast: true)
    return expat.error == nil ? "expat sees the end of a stream where we wait for more: \(words(bytes))" : nil
  }

  /// A stream that expat takes whole is refused by us for a reason of ours alone.
  private static func faultOfRefusal(_ failure: StreamParser.Failure, of bytes: [UInt8]) -> String? {
    // We read no further than the end of the stream, and expat would refuse anything behind.
    let expat = ExpatReading()
    expat.feed(bytes, isLast: true)
    guard expat.error == nil else { return nil }
    let isReason =
      switch failure {
      case .restricted: !expat.forbidden.isEmpty
      case .badFormat: expat.hasTextBetweenStanzas
      case .tooBig:
        expat.deepest > 64 || expat.longestName > 256 || expat.mostElements > 4096 || bytes.count > 4096 || attributes(in: bytes) > 64
      case .unsupportedEncoding, .notWellFormed: isReasonInDeclaration(bytes, expat)
      case .badNamespacePrefix, .undeclaredPrefix: false
      }
    return isReason ? nil : "we refuse, \(failure), what expat takes: \(words(bytes))"
  }

  /// Whether a byte order mark or the XML declaration is why we refuse: without either we take the stream, or refuse it for a good reason. (expat believes any version and, as
  /// it was told that the stream is UTF-8, does not mind which encoding is declared.)
  private static func isReasonInDeclaration(_ bytes: [UInt8], _ expat: ExpatReading) -> Bool {
    var rest = bytes[...]
    if rest.starts(with: [0xEF, 0xBB, 0xBF]) { rest = rest.dropFirst(3) }
    if expat.hasDeclaration, let end = rest.firstIndex(of: UInt8(ascii: ">")) { rest = rest[(end + 1)...] }
    guard rest.count < bytes.count else { return false }
    guard case .failure(let failure)? = events(of: Array(rest)).last?.event else { return true }
    return faultOfRefusal(failure, of: Array(rest)) == nil
  }

  /// As many quoted values as there are in any part of a stream, at most: declarations of namespaces count as well.
  private static func attributes(in bytes: [UInt8]) -> Int { bytes.count { $0 == UInt8(ascii: "=") } }

  /// Whether expat stumbled over a character that names may have since XML 1.0's fifth edition.
  private static func isOfEditions(_ error: (place: Int, words: String, code: UInt32), _ bytes: [UInt8]) -> Bool {
    guard error.code == XML_ERROR_INVALID_TOKEN.rawValue, error.place < bytes.count, bytes[error.place] >= 0x80 else { return false }
    let rest = bytes[error.place...].prefix(4)
    let count = rest.first! < 0xE0 ? 2 : rest.first! < 0xF0 ? 3 : 4
    guard let scalar = String(validating: rest.prefix(count), as: UTF8.self)?.unicodeScalars.first else { return false }
    switch scalar.value {
    case 0xB7, 0xC0...0xD6, 0xD8...0xF6, 0xF8...0x37D, 0x37F...0x1FFF, 0x200C...0x200D, 0x203F...0x2040, 0x2070...0x218F, 0x2C00...0x2FEF,
      0x3001...0xD7FF, 0xF900...0xFDCF, 0xFDF0...0xFFFD, 0x10000...0xEFFFF:
      return true
    default: return false
    }
  }

  // MARK: Ours

  /// The events of our parser, each with the place at which it ends: it is fed byte by byte.
  private static func events(of bytes: [UInt8]) -> [(event: StreamParser.Event, end: Int)] {
    var parser = StreamParser(limits: .authenticated)
    let pool = ParserPool()
    var events: [(event: StreamParser.Event, end: Int)] = []
    for (place, byte) in bytes.enumerated() {
      parser.feed(CollectionOfOne(byte))
      while let event = parser.next(using: pool) { events.append((event, place + 1)) }
      switch events.last?.event {
      case .failure, .end: return events
      case .header, .stanza, nil: break
      }
    }
    return events
  }

  private static func pieces(of event: StreamParser.Event) -> [Piece] {
    switch event {
    case .header(let header): [start(of: header.element)]
    case .stanza(let stanza): pieces(of: stanza)
    case .end: [.end]
    case .failure: []
    }
  }

  private static func pieces(of element: Element) -> [Piece] {
    var pieces = [start(of: element)]
    for node in element.content {
      switch node {
      case .text(let text): pieces.append(.text(Array(text.utf8)))
      case .element(let child): pieces += self.pieces(of: child)
      }
    }
    return pieces + [.end]
  }

  private static func start(of element: Element) -> Piece {
    let attributes = element.attributes.map { expanded($0.name, $0.namespace) + [1] + Array($0.value.utf8) }
    return .start(name: expanded(element.name, element.namespace), attributes: attributes.sorted { $0.lexicographicallyPrecedes($1) })
  }

  private static func expanded(_ name: Text, _ namespace: Text) -> [UInt8] {
    namespace.isEmpty ? Array(name.utf8) : Array(namespace.utf8) + [1] + Array(name.utf8)
  }

  private static func words(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self).debugDescription }
}
