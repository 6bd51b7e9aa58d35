/// Limits on what a peer's stream may cost. Bytes count as fed since the last boundary.
public struct StreamLimits: Sendable, Hashable, Codable {
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
  /// Bytes of the whole stream, white space between stanzas among them; 0: as many as come.
  public var streamBytes: Int

  public init(
    stanzaBytes: Int = 262_144, depth: Int = 64, attributes: Int = 64, elements: Int = 4096, nameBytes: Int = 256, streamBytes: Int = 0
  ) {
    self.stanzaBytes = stanzaBytes
    self.depth = depth
    self.attributes = attributes
    self.elements = elements
    self.nameBytes = nameBytes
    self.streamBytes = streamBytes
  }

  /// Bytes of a stream header, at any time: what it binds, every stanza pays for.
  public static let headerBytes = 4096

  /// Before authentication (RFC 6120, 13.12): nothing there is large.
  public static let unauthenticated = StreamLimits(
    stanzaBytes: 10_000, depth: 16, attributes: 32, elements: 64, streamBytes: 64 << 10)
  public static let authenticated = StreamLimits()
}

/// Reads one direction of an XML stream (RFC 6120, section 4): fed with any split of bytes, it gives the header, stanzas, and
/// the end.
///
/// It is a value: a copy reads on by itself. Between stanzas it holds no more than the stream's namespace bindings; inside of one, the
/// bytes since its beginning. The libxml2 parser proper is borrowed from a `ParserPool` for the moment in which a whole
/// stanza is there.
public struct StreamParser: Sendable, Codable {
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
    /// The prefix of the stream's own element, or of an attribute of its, is not declared.
    case badNamespacePrefix
    /// A prefix inside a stanza is not declared: the stanza is not namespace-well-formed (RFC 6120, 4.9.3.13 and 11.3).
    case undeclaredPrefix
    case notWellFormed
    case restricted
    case tooBig(String)
    case unsupportedEncoding
  }

  public var limits: StreamLimits
  private var framing = StreamFraming()
  /// The bytes that were fed, from the last event's on.
  private var pending: [UInt8] = []
  /// How many of `pending` became events: they leave it together, so that many small stanzas in one chunk cost no more than their bytes.
  private var consumed = 0
  /// How many bytes of the stream are in `pending` no longer; counted where a stream has a limit.
  private var dropped = 0
  private var prologue: Prologue?
  /// Stanzas of the one namespace are read as if the header had declared the other for them.
  private let contentAlias: ContentAlias?
  private var failed = false
  private var ended = false

  /// Two content namespaces (RFC 6120, 4.8.2) whose stanzas are the same: streams between servers have one of their own.
  public struct ContentAlias: Sendable, Hashable, Codable {
    var declared: Text
    var read: Text
    public init(declared: Text, read: Text) { (self.declared, self.read) = (declared, read) }
  }

  /// - Parameter contentAlias: what the header declares as the first namespace, stanzas have as the second. One that declares the first for
  ///   itself keeps it.
  public init(limits: StreamLimits = .unauthenticated, contentAlias: ContentAlias? = nil) {
    (self.limits, self.contentAlias) = (limits, contentAlias)
  }

  /// Bytes that were fed and are not yet part of an event. Once `next` gave nil, no more than `limits.stanzaBytes`.
  public var pendingBytes: Int { pending.count - consumed }

  /// Takes bytes from the wire.
  public mutating func feed(_ bytes: some Sequence<UInt8>) {
    guard !failed, !ended else { return }
    if consumed > pendingBytes { dropConsumed() }
    pending.append(contentsOf: bytes)
  }

  /// The same for what already stands in an array: mostly there is nothing that it would have to be added to.
  public mutating func feed(_ bytes: [UInt8]) {
    guard !failed, !ended else { return }
    if consumed > pendingBytes { dropConsumed() }
    if pending.isEmpty { pending = bytes } else { pending.append(contentsOf: bytes) }
  }

  /// Begins a new stream on the same connection (RFC 6120, 4.3.3); what was fed and not yet read belongs to it.
  public mutating func restart() {
    dropConsumed()
    // Bytes that were fed behind the last event belong to the new stream.
    dropped = 0
    framing = StreamFraming(followsStream: true)
    prologue = nil
    ended = false
  }

  /// Forgets what was fed and not yet read (RFC 6120, 5.4.3.3: what came before TLS is not trusted).
  public mutating func discardPending() {
    pending = []
    consumed = 0
    framing.abandon()
  }

  /// The next event that can be had from the bytes fed so far. Which it is does not depend on how they were split.
  public mutating func next(using pool: ParserPool) -> Event? {
    guard !failed, !ended else { return nil }
    let most = limits.streamBytes == 0 ? Int.max : limits.streamBytes - dropped
    guard let found = framing.scan(pending, limits: limits, most: most) else {
      if framing.atBoundary { consumed = pending.count }
      dropConsumed()
      return nil
    }
    let event: Event
    do throws(Failure) {
      switch found {
      case .error(let failure): throw failure
      case .streamEnd:
        ended = true
        event = .end
      case .header(let place): event = .header(try readHeader(pending[place], pool))
      case .stanza(let place):
        guard let prologue else { throw .notWellFormed }
        event = .stanza(try pool.parseStanza(pending[place], in: prologue, limits: limits))
      }
    } catch {
      failed = true
      event = .failure(error)
    }
    consumed = failed || ended ? pending.count : framing.position
    if pendingBytes == 0 { dropConsumed() }
    return event
  }

  /// For a snapshot: what was fed and is not yet part of an event, and a parser that has nothing else.
  ///
  /// - Parameter change: may put other bytes into the place of these, as many.
  public func snapshot(_ change: (inout [UInt8]) -> Void) -> StreamParser {
    var copy = self
    copy.dropConsumed()
    let count = copy.pending.count
    change(&copy.pending)
    return copy.pending.count == count ? copy : self
  }

  private mutating func dropConsumed() {
    guard consumed > 0 else { return }
    if pendingBytes == 0 { pending = [] } else { pending.removeFirst(consumed) }
    framing.dropped(consumed)
    if limits.streamBytes > 0 { dropped += consumed }
    consumed = 0
  }

  /// Whether what it says of its bytes can be: for one that was read from a file.
  public var isSound: Bool {
    // A parser that has stopped for good looks at no more bytes.
    (0...pending.count).contains(consumed) && (failed || ended || framing.isSound(pending))
  }

  private mutating func readHeader(_ bytes: ArraySlice<UInt8>, _ pool: ParserPool) throws(Failure) -> Header {
    let (header, prologue) = try pool.parseHeader(bytes, limits: limits)
    self.prologue = prologue
    if let contentAlias {
      self.prologue?.bindings = prologue.bindings.map {
        $0.namespace == contentAlias.declared ? Prologue.Binding(prefix: $0.prefix, namespace: contentAlias.read) : $0
      }
    }
    return header
  }
}

/// The namespace bindings that a stream's header made: all that a parser must know to begin in the middle of it.
struct Prologue: Sendable, Hashable, Codable {
  struct Binding: Sendable, Hashable, Codable {
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
