internal import XML

/// Properties that must hold for any bytes in any splits. The fuzzer checks them, and so does a test, for inputs that it once found.
public enum StreamParserCheck {
  /// Small, so that short inputs reach them.
  static let limits = StreamLimits(stanzaBytes: 600, depth: 6, attributes: 5, elements: 12, nameBytes: 20, streamBytes: 3000)

  /// The first byte chooses a set of limits, the next three how the rest is cut. The rest goes into a fresh stream if the first byte is even, and behind
  /// a header otherwise, so that short inputs soon have stanzas.
  ///
  /// - Returns: what is wrong, or nil.
  public static func fault(in input: [UInt8]) -> String? {
    guard input.count > 4 else { return nil }
    let limits = input[0] & 2 == 0 ? limits : .authenticated
    var bytes = Array(input[4...])
    if input[0] & 1 == 1 { bytes = header + bytes }
    let pool = ParserPool()
    let whole = read(Cuts(sizes: [bytes.count], of: bytes), limits, pool)
    // A pool that served this stream, and others that failed in it, must serve the next alike: it is used again.
    let cut = read(Cuts(sizes: input[1...3].map { Int($0) }, of: bytes), limits, pool)
    if whole.events != cut.events { return "whole: \(whole.events)\nsplit: \(cut.events)" }
    if input[0] & 4 == 4 {
      let single = read(Cuts(sizes: [1], of: bytes), limits, ParserPool())
      if whole.events != single.events { return "whole: \(whole.events)\nbyte by byte: \(single.events)" }
    }
    // White space before a stanza stays with the piece that it came in.
    if cut.mostPending > limits.stanzaBytes + 300 { return "\(cut.mostPending) bytes pending" }
    // The shortest stanza has four bytes.
    if whole.events.count > bytes.count / 4 + 2 { return "\(whole.events.count) events of \(bytes.count) bytes" }
    // A character may become a reference of six, an attribute may need a prefix of its own, and namespaces that are written out are limited.
    let most = 8 * (bytes.count + limits.stanzaBytes)
    return fault(inEvents: whole.events, namespace: whole.namespace, mostWritten: most, pool)
  }

  /// How far an input got: the stanzas that it has. Where that is 0 for every input of a corpus, most of what is checked has nothing to look at.
  public static func depth(of input: [UInt8]) -> Int {
    guard input.count > 4 else { return 0 }
    let bytes = (input[0] & 1 == 1 ? header : []) + input[4...]
    return read(Cuts(sizes: [bytes.count], of: bytes), input[0] & 2 == 0 ? limits : .authenticated, ParserPool()).events
      .count { if case .stanza = $0 { true } else { false } }
  }

  private static let header = Array(
    "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' xmlns:p='p:p' version='1.0'>".utf8)

  /// The input in pieces of these sizes, over and over. A size of 0 means 300.
  private struct Cuts: Sequence, IteratorProtocol {
    let sizes: [Int]
    let bytes: [UInt8]
    var position = 0
    var turn = 0

    init(sizes: [Int], of bytes: [UInt8]) {
      self.sizes = sizes
      self.bytes = bytes
    }

    mutating func next() -> ArraySlice<UInt8>? {
      guard position < bytes.count else { return nil }
      let size = sizes[turn % sizes.count]
      turn += 1
      let end = Swift.min(bytes.count, position + (size == 0 ? 300 : size))
      defer { position = end }
      return bytes[position..<end]
    }
  }

  private struct Reading {
    var events: [StreamParser.Event] = []
    var namespace: Text = ""
    var mostPending = 0
  }

  private static func read(_ pieces: Cuts, _ limits: StreamLimits, _ pool: ParserPool) -> Reading {
    var parser = StreamParser(limits: limits)
    var reading = Reading()
    for piece in pieces {
      parser.feed(piece)
      while let event = parser.next(using: pool) {
        if case .header(let header) = event { reading.namespace = header.contentNamespace }
        reading.events.append(event)
      }
      reading.mostPending = max(reading.mostPending, parser.pendingBytes)
    }
    return reading
  }

  private static func fault(
    inEvents events: [StreamParser.Event], namespace: Text, mostWritten: Int, _ pool: ParserPool
  ) -> String? {
    var written = 0
    for (index, event) in events.enumerated() {
      switch event {
      case .header: if index != 0 { return "a second header" }
      case .end, .failure: if index != events.count - 1 { return "something behind \(event)" }
      case .stanza(let stanza):
        if index == 0 { return "a stanza without a header" }
        if let fault = fault(in: stanza, namespace: namespace, pool) { return fault }
        written += stanza.serialized(defaultNamespace: namespace).count
        if written > mostWritten { return "\(written) bytes are written of those of a stream that may become \(mostWritten)" }
      }
    }
    return nil
  }

  private static func fault(in stanza: Element, namespace: Text, _ pool: ParserPool) -> String? {
    for around in [namespace, "jabber:server", ""] {
      let written = stanza.serialized(defaultNamespace: around)
      do throws(StreamParser.Failure) {
        let read = try Element(parsing: written, defaultNamespace: around, using: pool)
        if let fault = WrittenXML.fault(in: written) { return "what we wrote is wrong, \(fault): \(stanza)" }
        if Shape(read) != Shape(stanza) || read != stanza { return "parse(write(x)) != x: \(stanza) became \(read)" }
        if read.serialized(defaultNamespace: around) != written { return "written otherwise the second time: \(stanza)" }
      } catch {
        return "what we wrote is refused, \(error): \(String(decoding: written, as: UTF8.self))"
      }
    }
    return contentFault(in: stanza)
  }

  /// An element made anew of what the readers give is the same element.
  private static func contentFault(in element: Element) -> String? {
    var copy = Element(element.name, element.namespace)
    for attribute in element.attributes.reversed() { copy.set(attribute.name, attribute.namespace, attribute.value) }
    for node in element.content {
      switch node {
      case .text(let text): copy.append(text: text)
      case .element(let child): copy.append(child)
      }
    }
    return copy == element && Shape(copy) == Shape(element) ? nil : "made anew, \(element) is \(copy)"
  }
}
