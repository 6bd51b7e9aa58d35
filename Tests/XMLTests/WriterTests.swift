import Testing
import XML

@Suite struct WriterTests {
  /// parse(write(x)) = x, alone and as a stanza in a stream.
  @Test func generatedElementsReadBack() throws {
    let pool = ParserPool()
    let unlimited = StreamLimits(stanzaBytes: .max, depth: .max, attributes: .max, elements: .max, nameBytes: .max)
    for seed in 0..<3000 as Range<UInt64> {
      var generator = ElementGenerator(seed: seed)
      let element = generator.element()
      for around: Text in ["jabber:client", "", "it's"] {
        let written = element.serialized(defaultNamespace: around)
        #expect(try Element(parsing: written, defaultNamespace: around, using: pool) == element, "seed \(seed)")
      }
      var parser = StreamParser(limits: unlimited)
      var bytes = Array(clientHeader.utf8)
      let before = bytes.count
      let splice = Writer(defaultNamespace: "jabber:client", declaresStreamPrefix: true).write(element, into: &bytes)
      #expect(bytes[splice] == UInt8(ascii: ">") || bytes[splice] == UInt8(ascii: "/"), "seed \(seed)")
      bytes.insert(contentsOf: " spliced='in'".utf8, at: splice)
      #expect(splice > before)
      parser.feed(bytes)
      let found = parser.drain(pool)
      guard case .stanza(var read)? = found.last else {
        Issue.record("seed \(seed): \(found)")
        continue
      }
      read["spliced"] = nil
      #expect(read == element, "seed \(seed)")
    }
  }

  @Test func whatXMLCannotHoldIsReplaced() throws {
    let bad: Text = "a\u{FFFE}b\u{FFFF}c\u{0}d\u{1}e\u{1F}f\u{FFFD}\u{B}"
    let good: Text = "a\u{FFFD}b\u{FFFD}c\u{FFFD}d\u{FFFD}e\u{FFFD}f\u{FFFD}\u{FFFD}"
    let element = Element("a", "x", ["b": bad], text: bad)
    let read = try Element(parsing: element.serialized(defaultNamespace: ""), defaultNamespace: "")
    #expect(read["b"] == good)
    #expect(read.text == good)
  }

  @Test func formIsPlain() {
    var element = Element("message", "jabber:client", ["to": "a@b"], children: [Element("body", "jabber:client", text: "1 < 2")])
    #expect(element.description == "<message to='a@b'><body>1 &lt; 2</body></message>")
    element.append("x", "y", ["z": "'"])
    element.append("p", "jabber:client")
    #expect(element.description == "<message to='a@b'><body>1 &lt; 2</body><x xmlns='y' z='&apos;'/><p/></message>")
    #expect(Element("a", "", children: [Element("b", "x")]).description == "<a xmlns=''><b xmlns='x'/></a>")
  }

  @Test func streamPrefixIsForTheRootAlone() {
    let streams = Writer.streamsNamespace
    let element = Element(
      "features", streams, children: [Element("a", "jabber:client"), Element("b", streams, children: [Element("c", "jabber:client")])])
    var out: [UInt8] = []
    Writer(defaultNamespace: "jabber:client", declaresStreamPrefix: true).write(element, into: &out)
    #expect(
      String(decoding: out, as: UTF8.self)
        == "<stream:features><a/><b xmlns='http://etherx.jabber.org/streams'><c xmlns='jabber:client'/></b></stream:features>")
    #expect(inStream(out) == [.stanza(element)])
  }

  /// It may not be declared as the default namespace: whoever got that would end the stream.
  @Test func namespaceOfXMLHasItsPrefix() throws {
    let element = try stanza("<a><xml:b c='d'><e/><xml:f/></xml:b></a>")
    #expect(element.description == "<a><xml:b c='d'><e/><xml:f/></xml:b></a>")
    #expect(try stanza(element.description) == element)
    #expect(try stanza("<xml:b/>").description == "<xml:b/>")
  }

  @Test func viewsAreWrittenAlone() throws {
    let element = try stanza("<a xmlns='x'>t<b c='d'>u<e xmlns='y'/></b>v</a>")
    let b = try #require(element.firstChild)
    #expect(b.description == "<b xmlns='x' c='d'>u<e xmlns='y'/></b>")
    #expect(b.firstChild?.description == "<e xmlns='y'/>")
  }

  @Test(arguments: [
    "", " ", "<a/><b/>", "<a/>x", "x<a/>", "<a>", "<a", "<a/><b", "</a>", "</>", "<a/></>", "<?xml version='1.0'?><a/>", "<!-- --><a/>",
    "<a/><!-- -->",
  ])
  func onlyOneElementIsReadBack(xml: String) throws {
    let pool = ParserPool()
    for _ in 0..<2 {
      #expect(throws: StreamParser.Failure.self) { try Element(parsing: Array(xml.utf8), defaultNamespace: "x", using: pool) }
      #expect(try Element(parsing: Array(" <a/>\n".utf8), defaultNamespace: "x", using: pool) == Element("a", "x"))
    }
  }
}
