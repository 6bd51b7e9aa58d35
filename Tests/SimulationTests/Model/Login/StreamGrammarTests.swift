import Testing
import XML

@testable import Simulation

/// The grammar that judges what RFC 6120, 11 allows in a stream, by bytes and verdict.
struct StreamGrammarTests {
  private static let header =
    "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' to='localhost' version='1.0'>"

  private func items(_ text: String) -> [StreamGrammar.Item?] {
    var grammar = StreamGrammar()
    grammar.feed(Array(text.utf8))
    var items: [StreamGrammar.Item?] = []
    while true {
      let item = grammar.next()
      items.append(item)
      switch item {
      case .header, .stanza: continue
      case .end, .violation, nil: return items
      }
    }
  }

  @Test(arguments: [
    "<a/>", "<a>b</a>", "<a b='&lt;' c=\"'\"/>", "<a>&amp;&#65;&#x41;</a>", "<a><![CDATA[<!-- b -->]]></a>", "<a><b/><b></b ></a>",
    "<p:a xmlns:p='urn:p'><p:b p:c='1'/></p:a>", " \n<a/>", "<a xml:lang='en'/>", "<stream:a/>", "<a b = '1'/>", "<a>a > b</a>",
  ])
  func allowed(_ stanza: String) {
    #expect(items(Self.header + stanza + "</stream:stream>") == [.header, .stanza, .end])
    #expect(items("<?xml version='1.0'?>\n" + Self.header + stanza + stanza) == [.header, .stanza, .stanza, nil])
  }

  @Test(arguments: [
    ("<!-- a -->", "restricted-xml"), ("<a><!-- b --></a>", "restricted-xml"), ("<a><!----></a>", "restricted-xml"),
    ("<?a b?>", "restricted-xml"), ("<a><?b c?></a>", "restricted-xml"), ("<?xml version='1.0'?>", "restricted-xml"),
    ("<!DOCTYPE a>", "restricted-xml"), ("<a><!ENTITY b 'c'></a>", "restricted-xml"), ("<a><![CDATA(b)]]></a>", "restricted-xml"),
    ("<a>&nbsp;</a>", "restricted-xml"), ("<a b='&c;'/>", "restricted-xml"), ("<a>&Lt;</a>", "restricted-xml"),
    ("<a>&#0;</a>", "not-well-formed"), ("<a>&#xD800;</a>", "not-well-formed"), ("<a>&#xFFFE;</a>", "not-well-formed"),
    ("<a>& </a>;", "not-well-formed"), ("<a></b>", "not-well-formed"), ("<a></A>", "not-well-formed"),
    ("<a b='1' b='2'/>", "not-well-formed"),
    ("<a b='<'/>", "not-well-formed"), ("<a b=1/>", "not-well-formed"), ("<a b/>", "not-well-formed"), ("</a>", "not-well-formed"),
    ("<p:a/>", "not-well-formed"), ("<a p:b='1'/>", "not-well-formed"), ("<a><b xmlns:p='urn:p'/><p:c/></a>", "not-well-formed"),
    ("text", "bad-format"), ("&lt;", "bad-format"),
  ])
  func forbidden(_ stanza: String, _ condition: String) {
    let items = items(Self.header + stanza)
    #expect(items.first == .header)
    guard case .violation(let conditions)? = items.last else {
      Issue.record("\(items)")
      return
    }
    #expect(conditions.contains { $0.string == condition })
  }

  @Test func aStreamThatBeginsAnew() {
    var grammar = StreamGrammar()
    grammar.feed(Array((Self.header + "<a/>" + Self.header + "<b/>").utf8))
    #expect(grammar.next() == .header)
    #expect(grammar.next() == .stanza)
    grammar.restart()
    #expect(grammar.next() == .header)
    grammar.discard()
    grammar.feed(Array("</stream:stream>".utf8))
    #expect(grammar.next() == .end)
  }

  /// Of the catalogue of hostile clients the grammar allows just what is said to be allowed.
  @Test func theCatalogueIsForbidden() {
    var allowed: Set<String> = []
    for number in 0..<200 {
      let input = ForbiddenXML.input { min(number, $0 - 1) }
      if case .stanza? = items(Self.header + input).last(where: { $0 != nil }) { allowed.insert(input) }
    }
    #expect(allowed.count == 4)
  }
}
