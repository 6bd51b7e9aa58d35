import Testing
import XML

/// The course of a stream: beginnings, ends, splits, copies.
@Suite struct StreamTests {
  private let pool = ParserPool()
  private let a = StreamParser.Event.stanza(Element("a", "jabber:client"))

  static let documents: [String] = [
    "<?xml version='1.0' encoding='UTF-8'?>\r\n" + clientHeader
      + "\n<a b='c>' d=\"/>\"/> <a><b x='&lt;'>t&amp;\r\n</b ></a>\t</stream:stream > junk",
    clientHeader + "<a><![CDATA[]]]]><![CDATA[>\r\n\r]]>\r</a><p:a xmlns:p='vcard-temp' p:b='\r\n'/><a xmlns=''/>",
    clientHeader + "<é ü='\u{1F600}'>\u{1F600}\u{E9}\u{FFFD}</é><a>x</a>",
    clientHeader + "<a/><!-- no --><a/>", clientHeader + "<a/>text<a/>", clientHeader + "<a>\u{FFFE}</a><a/>", clientHeader + "<a></b><a/>",
    clientHeader + "<a/><?xml version='1.0'?>", "<?xml version='1.0' encoding='latin1'?>" + clientHeader, clientHeader + "<a>&b;</a><a/>",
    clientHeader + "<p:a/><a/>", "\n\n" + clientHeader + "\n\n\n<a/>", clientHeader + "</stream:stream>" + clientHeader,
  ]

  @Test(arguments: documents)
  func splitsDoNotMatter(document: String) {
    let bytes = Array(document.utf8)
    let whole = events(bytes, pool: pool)
    #expect(!whole.isEmpty)
    for cut in 0...bytes.count {
      var parser = StreamParser(limits: .authenticated)
      parser.feed(bytes[..<cut])
      var found = parser.drain(pool)
      // A copy reads on by itself, and so does what it was copied from.
      var copy = parser
      parser.feed(bytes[cut...])
      copy.feed(bytes[cut...])
      let rest = parser.drain(pool)
      #expect(copy.drain(pool) == rest)
      found += rest
      #expect(found == whole, "cut at \(cut)")
    }
    var parser = StreamParser(limits: .authenticated)
    #expect(
      bytes.flatMap { byte in
        parser.feed([byte])
        return parser.drain(pool)
      } == whole)
  }

  @Test func copiesGoDifferentWays() {
    var parser = StreamParser(limits: .authenticated)
    parser.feed((clientHeader + "<a/><m x='1'><b>te").utf8)
    #expect(parser.drain(pool).count == 2)
    var other = parser
    parser.feed("xt</b></m><a/>".utf8)
    other.feed("st</b><c/></m>".utf8)
    let client: Text = "jabber:client"
    #expect(
      other.drain(pool) == [
        .stanza(Element("m", client, ["x": "1"], children: [Element("b", client, text: "test"), Element("c", client)]))
      ])
    #expect(parser.drain(pool) == [.stanza(Element("m", client, ["x": "1"], children: [Element("b", client, text: "text")])), a])
  }

  @Test func whiteSpaceBetweenStanzasIsDropped() {
    var parser = StreamParser(limits: .authenticated)
    parser.feed(clientHeader.utf8)
    _ = parser.drain(pool)
    for _ in 0..<10 {
      parser.feed(" \t\r\n".utf8)
      #expect(parser.drain(pool).isEmpty)
      #expect(parser.pendingBytes == 0)
    }
    parser.feed("\r".utf8)
    #expect(parser.drain(pool).isEmpty)
    parser.feed("\n<a/>\r".utf8)
    #expect(parser.drain(pool) == [a])
    parser.feed("<a/>".utf8)
    #expect(parser.drain(pool) == [a])
  }

  @Test func nothingComesBehindTheEnd() {
    var parser = StreamParser(limits: .authenticated)
    parser.feed((clientHeader + "<a/></stream:stream><a/>").utf8)
    #expect(parser.drain(pool).dropFirst() == [a, .end])
    #expect(parser.pendingBytes == 0)
    parser.feed("<a/>".utf8)
    #expect(parser.drain(pool).isEmpty)
    #expect(parser.pendingBytes == 0)
  }

  @Test func nothingComesBehindAFailure() {
    var parser = StreamParser(limits: .authenticated)
    parser.feed((clientHeader + "<a></b><a/>").utf8)
    #expect(parser.drain(pool).last == .failure(.notWellFormed))
    for _ in 0..<2 {
      parser.feed((clientHeader + "<a/></stream:stream>").utf8)
      #expect(parser.drain(pool).isEmpty)
      #expect(parser.pendingBytes == 0)
      parser.restart()
    }
  }

  @Test func restartReadsWhatCameAlready() {
    let server = "<s:stream xmlns:s='http://etherx.jabber.org/streams' xmlns='jabber:server'>"
    for piece in [1, 2, 7, 1000] {
      var parser = StreamParser(limits: .authenticated)
      let bytes = Array((clientHeader + "<auth/>\n<?xml version='1.0'?>" + server + "<a/></s:stream>").utf8)
      var found: [StreamParser.Event] = []
      for start in stride(from: 0, to: bytes.count, by: piece) {
        parser.feed(bytes[start..<min(start + piece, bytes.count)])
        while let event = parser.next(using: pool) {
          found.append(event)
          if event == .stanza(Element("auth", "jabber:client")) { parser.restart() }
        }
      }
      #expect(found.count == 5, "\(found)")
      #expect(found.suffix(2) == [.stanza(Element("a", "jabber:server")), .end])
    }
  }

  @Test func restartForgetsHowFarItRead() {
    var parser = StreamParser(limits: .authenticated)
    parser.feed((clientHeader + "<auth/><?xml version='1").utf8)
    _ = parser.next(using: pool)
    _ = parser.next(using: pool)
    parser.restart()
    parser.feed((".0'?>" + clientHeader + "<a/>").utf8)
    #expect(parser.drain(pool).last == a)
  }

  @Test(arguments: ["<a", "<a b='", "<a>", "<a><b>x", "<a><![CDATA[", "<a/><b/>", " ", "<!", "garbage"])
  func whatWasNotReadCanBeForgotten(pipelined: String) {
    for scanned in [false, true] where !scanned || !["<!", "garbage"].contains(pipelined) {
      var parser = StreamParser(limits: .authenticated)
      parser.feed((clientHeader + "<starttls/>" + pipelined).utf8)
      _ = parser.next(using: pool)
      #expect(parser.next(using: pool) == .stanza(Element("starttls", "jabber:client")))
      if scanned { _ = parser.drain(pool) }
      parser.discardPending()
      #expect(parser.pendingBytes == 0)
      var same = parser
      same.feed("<a/></stream:stream>".utf8)
      #expect(same.drain(pool) == [a, .end])
      parser.restart()
      parser.feed((clientHeader + "<a/>").utf8)
      #expect(parser.drain(pool).last == a)
    }
  }

  /// Bytes that became events leave together: or many small stanzas in one chunk would cost the square of their number.
  @Test func manyStanzasInOneChunk() {
    let count = 50_000
    let found = inStream(String(repeating: "<a/>", count: count))
    #expect(found.count == count)
    #expect(found.allSatisfy { $0 == a })
  }

  /// Stanzas of the content namespace that the header declares are read in the other one; what declares a namespace for itself keeps it.
  @Test func contentAlias() throws {
    let alias = StreamParser.ContentAlias(declared: "jabber:server", read: "jabber:client")
    let header = "<stream:stream xmlns='jabber:server' xmlns:s='jabber:server' xmlns:stream='http://etherx.jabber.org/streams'>"
    var parser = StreamParser(limits: .authenticated, contentAlias: alias)
    parser.feed(
      (header + "<message><body/><x xmlns='urn:x'><message xmlns='jabber:client'/></x></message><s:iq/><iq xmlns='jabber:server'/>").utf8)
    guard case .header(let found)? = parser.next(using: pool) else { return #expect(Bool(false)) }
    #expect(found.contentNamespace == "jabber:server")
    var read: [[Text]] = []
    while case .stanza(let element)? = parser.next(using: pool) {
      read.append([element.namespace] + element.children.map(\.namespace) + element.children.flatMap { $0.children.map(\.namespace) })
    }
    #expect(
      read == [["jabber:client", "jabber:client", "urn:x", "jabber:client"], ["jabber:client"], ["jabber:server"]] as [[Text]])
    // The same parsers serve streams without it.
    var plain = StreamParser(limits: .authenticated)
    plain.feed((header + "<message/>").utf8)
    _ = plain.next(using: pool)
    guard case .stanza(let element)? = plain.next(using: pool) else { return #expect(Bool(false)) }
    #expect(element.namespace == "jabber:server")
  }
}
