import Testing
import XML

/// Each limit at its bound and one beyond, in one piece and byte by byte.
@Suite struct LimitTests {
  private func check(
    _ xml: String, _ limits: StreamLimits, refused message: String?, sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let whole = inStream(xml, limits: limits)
    var parser = StreamParser(limits: limits)
    let pool = ParserPool()
    var single: [StreamParser.Event] = []
    for byte in (clientHeader + xml).utf8 {
      parser.feed([byte])
      single += parser.drain(pool)
      #expect(parser.pendingBytes <= limits.stanzaBytes, sourceLocation: sourceLocation)
    }
    #expect(whole == Array(single.dropFirst()), sourceLocation: sourceLocation)
    if let message {
      #expect(whole.last == .failure(.tooBig(message)), sourceLocation: sourceLocation)
    } else {
      guard case .stanza? = whole.last else {
        Issue.record("\(whole)", sourceLocation: sourceLocation)
        return
      }
    }
  }

  @Test func bytesOfAStanza() {
    let limits = StreamLimits(stanzaBytes: 200)
    func stanza(_ count: Int) -> String { "<a>" + String(repeating: "x", count: count - 7) + "</a>" }
    check(stanza(200), limits, refused: nil)
    check(stanza(201), limits, refused: "a stanza is too long")
    // White space before it is not its own, however it comes.
    check(String(repeating: " ", count: 500) + stanza(200), limits, refused: nil)
    check(stanza(200) + String(repeating: "\n", count: 500) + stanza(200), limits, refused: nil)
    check(stanza(200) + stanza(201), limits, refused: "a stanza is too long")
    // Nothing that has no end, and no '>', may pile up.
    for beginning in ["<", "<a", "<a b='", "<a b='1' ", "<a>", "<a></", "<a></a", "<a><![CDATA[", "<a>&#"] {
      for filler in ["x", " ", "\u{E9}"] where beginning != "<" || filler == "x" {
        let found = inStream(beginning + String(repeating: filler, count: 300), limits: StreamLimits(stanzaBytes: 200, nameBytes: 500))
        guard beginning != "<a></" || filler != " " else { continue }
        #expect(found == [.failure(.tooBig("a stanza is too long"))], "\(beginning)")
      }
    }
    // Not even what ends the stream.
    #expect(
      inStream("</stream:stream" + String(repeating: " ", count: 300) + ">", limits: limits) == [.failure(.tooBig("a stanza is too long"))])
  }

  @Test func bytesOfTheHeader() {
    func header(_ count: Int) -> String { "<s a='" + String(repeating: "x", count: count - 8) + "'>" }
    let limits = StreamLimits(stanzaBytes: 100)
    #expect(events(header(100), limits: limits).count == 1)
    #expect(events(header(100), limits: limits) != [.failure(.tooBig("a stanza is too long"))])
    #expect(events(header(101), limits: limits) == [.failure(.tooBig("a stanza is too long"))])
    let declaration = "<?xml version='1.0'?>"
    let spaces = String(repeating: " ", count: 100)
    for accepted in [declaration + header(79), spaces + header(100)] {
      guard case .header? = events(accepted, limits: limits).first else {
        Issue.record("refused: \(accepted)")
        return
      }
    }
    #expect(events(declaration + header(80), limits: limits) == [.failure(.tooBig("a stanza is too long"))])
    #expect(events(declaration + spaces, limits: limits) == [.failure(.tooBig("a stanza is too long"))])
    #expect(events("<?xml" + spaces, limits: limits) == [.failure(.tooBig("a stanza is too long"))])
  }

  /// All that comes counts, whatever it is, and however it is split.
  @Test func bytesOfTheStream() {
    let header = clientHeader.utf8.count
    let limits = StreamLimits(streamBytes: header + 500)
    let message = "too much came before the login"
    check(String(repeating: " ", count: 496) + "<a/>", limits, refused: nil)
    check(String(repeating: " ", count: 497) + "<a/>", limits, refused: message)
    check(String(repeating: "<a/>", count: 125), limits, refused: nil)
    check(String(repeating: "<a/>", count: 126), limits, refused: message)
    check("<a>" + String(repeating: "x", count: 1000) + "</a>", limits, refused: message)
    #expect(inStream(String(repeating: " ", count: 1000), limits: limits) == [.failure(.tooBig(message))])
    #expect(events(String(repeating: "\n", count: header + 501), limits: limits) == [.failure(.tooBig(message))])
    #expect(inStream(String(repeating: " ", count: 500), limits: limits).isEmpty)
  }

  /// A new stream on the same connection begins to count anew, with what was fed behind the end of the old one.
  @Test func bytesOfTheNextStream() {
    var parser = StreamParser(limits: StreamLimits(streamBytes: 200))
    let pool = ParserPool()
    parser.feed((clientHeader + "<a/>" + String(repeating: " ", count: 50)).utf8)
    #expect(parser.next(using: pool) != nil && parser.next(using: pool) == .stanza(Element("a", "jabber:client")))
    parser.restart()
    // White space between the two belongs to the first, so a declaration may follow it here.
    parser.feed(("<?xml version='1.0'?>" + clientHeader).utf8)
    guard case .header? = parser.next(using: pool) else {
      Issue.record("refused")
      return
    }
    parser.feed(String(repeating: " ", count: 200).utf8)
    #expect(parser.next(using: pool) == .failure(.tooBig("too much came before the login")))
  }

  @Test func depth() {
    let limits = StreamLimits(depth: 4)
    let message = "elements are nested too deeply"
    check("<a><b><c/></b></a>", limits, refused: nil)
    check("<a><b><c></c></b></a>", limits, refused: nil)
    check("<a><b><c><d/></c></b></a>", limits, refused: message)
    check("<a><b><c><d></d></c></b></a>", limits, refused: message)
    check("<a/>", StreamLimits(depth: 1), refused: message)
    let deep = String(repeating: "<a>", count: 1000)
    #expect(inStream(deep) == [.failure(.tooBig(message))])
  }

  @Test func attributes() {
    let limits = StreamLimits(attributes: 3)
    let message = "an element has too many attributes"
    check("<a b='' c='' d=''/>", limits, refused: nil)
    check("<a b='' c='' d='' e=''/>", limits, refused: message)
    check("<a xmlns='x' xmlns:p='y' p:d=''/>", limits, refused: nil)
    check("<a xmlns='x' xmlns:p='y' p:d='' e=''/>", limits, refused: message)
    check("<a b='' c='' d=''><e f='' g='' h=''/></a>", limits, refused: nil)
    #expect(events("<s a='' b='' c='' d=''>", limits: limits) == [.failure(.tooBig(message))])
    // libxml2 compares each with each: it must not see so many.
    let many = "<a " + (0..<40_000).map { "a\($0)=''" }.joined(separator: " ")
    #expect(inStream(many, limits: StreamLimits(stanzaBytes: 1_000_000)) == [.failure(.tooBig(message))])
  }

  @Test func elements() {
    let limits = StreamLimits(elements: 3)
    check("<a><b/><c></c></a>", limits, refused: nil)
    check("<a><b/><c></c><d/></a>", limits, refused: "a stanza has too many elements")
    check("<a><b/><c/></a><a><b/><c/></a>", limits, refused: nil)
  }

  @Test func namesWithTheirPrefixes() {
    let limits = StreamLimits(nameBytes: 13)
    let message = "a name is too long"
    check("<abcdefghijklm/>", limits, refused: nil)
    check("<abcdefghijklm></abcdefghijklm>", limits, refused: nil)
    check("<abcdefghijklmn/>", limits, refused: message)
    check("<abcdefghijklmn></abcdefghijklmn>", limits, refused: message)
    check("<stream:ghijkl/>", StreamLimits(nameBytes: 13), refused: nil)
    check("<a abcdefghijklm='x' b='y'/>", limits, refused: nil)
    check("<a abcdefghijklm = 'x'/>", limits, refused: nil)
    check("<a abcdefghijklmn='x'/>", limits, refused: message)
    check("<a b='x' abcdefghijklmn='x'/>", limits, refused: message)
    check("<a xmlns:ghijklm='x' ghijklm:ijklm='y'/>", limits, refused: nil)
    check("<a xmlns:ghijklmn='x'/>", limits, refused: message)
    check("<a xmlns:p='x' p:cdefghijklmn='y'/>", limits, refused: message)
    check("<a b='abcdefghijklmnopqrstuvwxyz = z'/>", limits, refused: nil)
    #expect(events("<abcdefghijklmn>", limits: limits) == [.failure(.tooBig(message))])
  }

  @Test func laterLimitsHoldFromThenOn() {
    var parser = StreamParser(limits: StreamLimits(stanzaBytes: 300))
    let pool = ParserPool()
    let long = "<a>" + String(repeating: "x", count: 400) + "</a>"
    parser.feed(clientHeader.utf8)
    _ = parser.drain(pool)
    parser.limits = .authenticated
    parser.feed(long.utf8)
    #expect(parser.drain(pool).count == 1)
    parser.limits = StreamLimits(stanzaBytes: 300)
    parser.feed(long.utf8)
    #expect(parser.drain(pool) == [.failure(.tooBig("a stanza is too long"))])
    #expect(parser.pendingBytes == 0)
  }
}
