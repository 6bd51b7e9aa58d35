/// What a peer's stream may cost. Bytes count as fed since the last boundary.
public struct StreamLimits: Sendable, Hashable {
  /// Bytes of one stanza, or of the stream header.
  public var stanzaBytes: Int
  /// Levels of elements, the stream's own among them.
  public var depth: Int
  /// Attributes of one element, namespace declarations among them.
  public var attributes: Int
  /// Elements in one stanza, itself among them.
  public var elements: Int
  /// Bytes of an element's or attribute's name as written, with its prefix.
  public var nameBytes: Int

  public init(stanzaBytes: Int = 262_144, depth: Int = 64, attributes: Int = 64, elements: Int = 4096, nameBytes: Int = 256) {
    self.stanzaBytes = stanzaBytes
    self.depth = depth
    self.attributes = attributes
    self.elements = elements
    self.nameBytes = nameBytes
  }

  /// Before authentication (RFC 6120, 13.12): nothing there is large.
  public static let unauthenticated = StreamLimits(stanzaBytes: 10_000, depth: 16, attributes: 32, elements: 64)
  public static let authenticated = StreamLimits()
}

/// Reads one direction of an XML stream (RFC 6120, section 4): fed with any split of bytes, it gives the header, stanzas, and
/// the end.
///
/// It is a value: a copy reads on by itself. Between stanzas it holds no more than the stream's namespace bindings; inside of one, the
/// bytes since its beginning. The libxml2 parser proper is borrowed from a `ParserPool` for the moment in which a whole
/// stanza is there.
public struct StreamParser: Sendable {
  public enum Event: Sendable, Equatable {
    /// The stream's start tag, as an element without content.
    case header(Header)
    case stanza(Element)
    case end
    /// The stream can't be read on; nothing comes after it.
    case failure(Failure)
  }

  public struct Header: Sendable, Equatable {
    public var element: Element
    /// The default namespace that stanzas stand in; empty if none was declared.
    public var contentNamespace: Text
  }

  /// Why a stream can't be read on, as the stream error condition to answer with (RFC 6120, 4.9.3).
  public enum Failure: Error, Sendable, Hashable {
    case badFormat
    case badNamespacePrefix
    case notWellFormed
    case restricted
    case tooBig(String)
    case unsupportedEncoding
  }

  public var limits: StreamLimits
  private var framing = StreamFraming()
  /// The bytes since the last boundary, then those not looked at.
  private var pending: [UInt8] = []
  private var prologue: Prologue?
  private var failed = false
  private var ended = false

  public init(limits: StreamLimits = .unauthenticated) { self.limits = limits }

  /// Bytes that were fed and are not yet part of an event.
  public var pendingBytes: Int { pending.count }

  /// Takes bytes from the wire.
  public mutating func feed(_ bytes: some Sequence<UInt8>) {
    guard !failed, !ended else { return }
    pending.append(contentsOf: bytes)
  }

  /// Begins a new stream on the same connection (RFC 6120, 4.3.3); what was fed and not yet read belongs to it.
  public mutating func restart() {
    framing = StreamFraming()
    prologue = nil
    ended = false
  }

  /// Forgets what was fed and not yet read (RFC 6120, 5.4.3.3: what came before TLS is not trusted).
  public mutating func discardPending() {
    pending = []
    framing.boundary()
  }

  /// The next event that can be had from the bytes fed so far.
  public mutating func next(using pool: ParserPool) -> Event? {
    guard !failed, !ended else { return nil }
    guard let found = framing.scan(pending, limits: limits) else {
      if framing.atBoundary { dropWhiteSpace() }
      return framing.position > limits.stanzaBytes ? fail(.tooBig("a stanza is too long")) : nil
    }
    switch found {
    case .error(let failure):
      return fail(failure)
    case .streamEnd:
      ended = true
      pending = []
      return .end
    case .header(let end), .stanza(let end):
      guard end <= limits.stanzaBytes else { return fail(.tooBig("a stanza is too long")) }
      let event: Event
      do throws(Failure) {
        event = if case .header = found { try readHeader(end, pool) } else { .stanza(try readStanza(end, pool)) }
      } catch {
        return fail(error)
      }
      framing.boundary()
      if pending.count == end { pending = [] } else { pending.removeFirst(end) }
      return event
    }
  }

  private mutating func dropWhiteSpace() {
    guard framing.encodingDeclaration == nil || prologue != nil else { return }
    pending = []
    framing.boundary()
  }

  private mutating func fail(_ failure: Failure) -> Event {
    failed = true
    pending = []
    return .failure(failure)
  }

  private mutating func readHeader(_ end: Int, _ pool: ParserPool) throws(Failure) -> Event {
    var start = 0
    if let declaration = framing.encodingDeclaration {
      try checkDeclaration(pending[declaration])
      start = declaration.upperBound
    }
    let (element, bindings) = try pool.parseHeader(pending[start..<end], limits: limits)
    let prologue = Prologue(bindings: bindings)
    self.prologue = prologue
    return .header(Header(element: element, contentNamespace: prologue.contentNamespace))
  }

  private func readStanza(_ end: Int, _ pool: ParserPool) throws(Failure) -> Element {
    guard let prologue else { throw .notWellFormed }
    return try pool.parseStanza(pending[..<end], in: prologue, limits: limits)
  }

  /// RFC 6120, 11.6: UTF-8 and nothing else, whatever the declaration says.
  private func checkDeclaration(_ bytes: ArraySlice<UInt8>) throws(Failure) {
    let lowercased = String(decoding: bytes, as: UTF8.self).lowercased()
    guard let encoding = lowercased.range(of: "encoding") else { return }
    let value = lowercased[encoding.upperBound...].drop { " \t\r\n=".contains($0) }
    guard let quote = value.first, quote == "'" || quote == "\"" else { throw .notWellFormed }
    guard value.dropFirst().prefix(while: { $0 != quote }) == "utf-8" else { throw .unsupportedEncoding }
  }
}

extension String {
  fileprivate func range(of needle: String) -> Range<String.Index>? {
    var start = startIndex
    while start < endIndex {
      if self[start...].hasPrefix(needle) { return start..<index(start, offsetBy: needle.count) }
      start = index(after: start)
    }
    return nil
  }
}

/// The namespace bindings that a stream's header made: all that a parser must know to begin in the middle of it.
struct Prologue: Sendable, Hashable {
  struct Binding: Sendable, Hashable {
    var prefix: Text
    var namespace: Text
  }
  var bindings: [Binding]

  var contentNamespace: Text { bindings.first { $0.prefix.isEmpty }?.namespace ?? "" }

  /// A start tag that makes the same bindings.
  var startTag: [UInt8] {
    var root = Element("s", "")
    for binding in bindings { root[binding.prefix.isEmpty ? "xmlns" : "xmlns:" + binding.prefix] = binding.namespace }
    var bytes = root.serialized(defaultNamespace: "")
    bytes.removeLast(2)
    bytes.append(UInt8(ascii: ">"))
    return bytes
  }
}
