import Foundation
import Testing
import XML

/// One pool serves many streams, good and bad: none may see another.
@Suite struct ParserPoolTests {
  private static let bad = [
    "<a", "<a b='1", "<a>&b</a>", "<a>&b;</a>", "<a></b>", "<a>\u{1}</a>", "<a xml:space='preserve'><p:b/></a>", "<p:a/>",
    "<a xmlns='x' xmlns='y'/>",
    "<a><![CDATA[\u{1}]]></a>", "<a>&#0;</a>", "<a b='&#0;'/>", "<a ></a><!-- ", "<a><b xmlns:p='x'><p:c></b></a>", "<a>]]></a>", "<a>\r",
    "<a>\r\u{FFFE}</a>",
    "<a b='&lt'/>", "<a>&lt</a>", "</a>", "<a xmlns:xmlns='x'/>", "<a/ ></a>",
  ]
  private static let good = [
    "<a xml:space='preserve' xml:lang='de'> </a>", "<a xmlns='not a uri'/>", "<a xml:space='odd'/>", "<a xmlns:p='q'><p:b/></a>",
    "<a>\r</a>", "<a>x&#13;</a>", "<a b='\r'/>",
    "<a><![CDATA[\r]]></a>", "<a>\u{1F600}</a>", "<a><b/><b>\r\n</b></a>", "<stream:a/>",
  ]

  @Test func streamsDoNotSeeEachOther() {
    let shared = ParserPool()
    for first in Self.bad + Self.good {
      for second in Self.good + Self.bad {
        let expected = events((clientHeader + second + "<z/>").utf8, pool: ParserPool())
        _ = events((clientHeader + first).utf8, pool: shared)
        #expect(events((clientHeader + second + "<z/>").utf8, pool: shared) == expected, "\(first), then \(second)")
      }
    }
  }

  @Test func headersThatCameBeforeReadTheSame() {
    let headers = [
      clientHeader, "<?xml version='1.0'?>" + clientHeader, "<s xmlns='a' from='b'>", "<s xmlns='a' from='c'>", "<s xmlns='b' from='b'>",
      "<p:s>",
      "<s a='1' a='2'>", "<s xmlns:p='q' p:a='\u{1}'>", "<s xmlns:p='\(String(repeating: "q", count: 90))' p:a='' p:b=''>",
    ]
    let shared = ParserPool()
    for limits in [StreamLimits.authenticated, StreamLimits(stanzaBytes: 120), .unauthenticated, .authenticated] {
      for header in headers + headers.reversed() {
        let bytes = (header + "<a b='c'/>").utf8
        #expect(events(bytes, limits: limits, pool: shared) == events(bytes, limits: limits, pool: ParserPool()), "\(header)")
      }
    }
  }

  @Test func streamsTakeTurns() {
    let pool = ParserPool()
    // More kinds of prologue than the pool keeps, and more stanzas than one parser lives for.
    var streams = (0..<12).map { number in
      var parser = StreamParser(limits: .authenticated)
      parser.feed("<s xmlns='n\(number)' xmlns:p='p\(number % 3)'>".utf8)
      return parser
    }
    for index in streams.indices { #expect(streams[index].drain(pool).count == 1) }
    for round in 0..<400 {
      for index in streams.indices {
        streams[index].feed("<a b='\(round)'><p:c/></a".utf8)
        #expect(streams[index].drain(pool).isEmpty)
      }
      for index in streams.indices.reversed() {
        streams[index].feed(">".utf8)
        let expected = Element("a", "n\(index)", ["b": "\(round)"], children: [Element("c", "p\(index % 3)")])
        #expect(streams[index].drain(pool) == [.stanza(expected)])
      }
    }
  }

  /// libxml2 has a mind to tell the terminal what it thinks.
  @Test func nothingIsPrinted() throws {
    let file = try #require(tmpfile())
    let saved = dup(STDERR_FILENO)
    dup2(fileno(file), STDERR_FILENO)
    for text in Self.bad + Self.good { _ = inStream(text) }
    for input in RestrictedXMLTests.atTheStart { _ = events(input.bytes) }
    for input in RestrictedXMLTests.inside { _ = inStream(input.bytes) }
    dup2(saved, STDERR_FILENO)
    close(saved)
    rewind(file)
    var buffer = [UInt8](repeating: 0, count: 65536)
    let printed = String(decoding: buffer.prefix(fread(&buffer, 1, buffer.count, file)), as: UTF8.self)
    fclose(file)
    // Tests that run beside this one may have written too: that goes where it should, and libxml2 shows by its words.
    FileHandle.standardError.write(Data(printed.utf8))
    for word in ["parser error", "namespace error", "Entity: line", "parser warning", "I/O"] { #expect(!printed.contains(word)) }
  }
}
