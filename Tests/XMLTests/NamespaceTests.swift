import Testing
import XML

/// Namespaces in XML 1.0, and RFC 6120, 4.8.
@Suite struct NamespaceTests {
  @Test(arguments: [
    ("<a/>", Element("a", "jabber:client")),
    ("<a xmlns='x'/>", Element("a", "x")),
    ("<a xmlns=''/>", Element("a", "")),
    ("<a xmlns=\"x\"><b/></a>", Element("a", "x", children: [Element("b", "x")])),
    (
      "<a><b xmlns='x'><c xmlns=''><d/></c></b><e/></a>",
      Element(
        "a", "jabber:client",
        children: [
          Element("b", "x", children: [Element("c", "", children: [Element("d", "")])]), Element("e", "jabber:client"),
        ])
    ),
    ("<p:a xmlns:p='x'><b/><p:c/></p:a>", Element("a", "x", children: [Element("b", "jabber:client"), Element("c", "x")])),
    ("<p:a xmlns:p='x'><p:b xmlns:p='y'/><p:c/></p:a>", Element("a", "x", children: [Element("b", "y"), Element("c", "x")])),
    ("<stream:features/>", Element("features", "http://etherx.jabber.org/streams")),
    ("<stream:a xmlns:stream='other'/>", Element("a", "other")),
    // The default namespace does not apply to attributes.
    ("<a xmlns='x' b='1'/>", Element("a", "x", ["b": "1"])),
    // None of these is an absolute URI, and all of them are in use or harmless.
    ("<vCard xmlns='vcard-temp'/>", Element("vCard", "vcard-temp")),
    ("<a xmlns='not a uri'/>", Element("a", "not a uri")),
    ("<a xmlns='%%'><p:b xmlns:p=':'/></a>", Element("a", "%%", children: [Element("b", ":")])),
    ("<a xmlns='../x#y'/>", Element("a", "../x#y")),
    ("<a xmlns='&#x78;&amp;'/>", Element("a", "x&")),
    ("<a xmlns:xml='http://www.w3.org/XML/1998/namespace'/>", Element("a", "jabber:client")),
    ("<xml:a/>", Element("a", "http://www.w3.org/XML/1998/namespace")),
  ])
  func namesAreResolved(xml: String, expected: Element) throws {
    #expect(try stanza(xml) == expected)
    // Also behind something else, with a parser that was used.
    #expect(inStream("<x:before xmlns:x='z' xmlns='q'/>" + xml).last == .stanza(expected))
  }

  private static let xml = "xmlns:xml='http://www.w3.org/XML/1998/namespace'"

  /// An attribute stands in a tag once (XML 1.0, 3.1), the one that binds `xml` too.
  @Test(arguments: [
    "<a \(xml) \(xml)/>", "<a \(xml) b='' \(xml)/>", "<a \(xml)\n\(xml)/>", "<a b=\"'\" \(xml) c='\"' \(xml)/>",
    "<a \(xml)><b/></a><c \(xml) \(xml)/>", "<a \(xml) xmlns:xml = 'http://www.w3.org/XML/1998/namespace'/>",
  ])
  func theBindingOfXMLStandsOnce(document: String) { #expect(inStream(document).last == .failure(.notWellFormed)) }

  @Test(arguments: [
    "<a \(xml)><c \(xml)/></a>", "<a b=\"\(xml)\" \(xml)/>", "<a \(xml) xmlns:xml2='x'/>", "<a xmlns:xmlb='x' \(xml)/>",
    "<a b=\" \(xml) \" \(xml) c=\" \(xml) \"/>",
  ])
  func otherNamesAreNotTheBindingOfXML(document: String) throws { _ = try stanza(document) }

  @Test func attributesKeepTheirNamespaces() throws {
    let element = try stanza("<a b='0' p:b='1' q:b='2' xml:lang='en' xmlns:p='x' xmlns:q='y'/>")
    #expect(element["b"] == "0")
    #expect(element.lang == "en")
    #expect(
      element.attributes.map { "{\($0.namespace)}\($0.name)=\($0.value)" } == [
        "{}b=0", "{x}b=1", "{y}b=2", "{\(Element.xmlNamespace)}lang=en",
      ])
  }

  @Test func stanzasMayHaveAPrefix() {
    let header = "<stream xmlns='http://etherx.jabber.org/streams' xmlns:c='jabber:client'>"
    let expected = Element(
      "message", "jabber:client", children: [Element("body", "jabber:client", text: "x"), Element("x", "http://etherx.jabber.org/streams")])
    #expect(events(header + "<c:message><c:body>x</c:body><x/></c:message></stream>").dropFirst() == [.stanza(expected), .end])
  }

  @Test func headerSaysWhereStanzasStand() {
    for (header, namespace): (String, Text) in [
      (clientHeader, "jabber:client"), ("<s:stream xmlns:s='http://etherx.jabber.org/streams' xmlns='jabber:server'>", "jabber:server"),
      ("<s:stream xmlns:s='http://etherx.jabber.org/streams'>", ""), ("<stream xmlns=''>", ""), ("<s>", ""),
      ("<s xmlns='a&apos;&lt;&#10;b'>", "a'<\nb"),
    ] {
      let found = events(header + "<a/>")
      guard found.count == 2, case .header(let read) = found[0] else {
        Issue.record("\(header) gives \(found)")
        continue
      }
      #expect(read.contentNamespace == namespace)
      #expect(found[1] == .stanza(Element("a", namespace)))
    }
  }

  @Test(arguments: [
    ("<p:a/>", StreamParser.Failure.undeclaredPrefix),
    ("<a p:b='c'/>", .undeclaredPrefix),
    ("<a><p:b xmlns:p='x'/><p:c/></a>", .undeclaredPrefix),
    ("<Stream:a/>", .undeclaredPrefix),
    ("<xmlns:a/>", .undeclaredPrefix),
    ("<a xmlns:p=''/>", .notWellFormed),
    ("<a p:b='1' q:b='2' xmlns:p='x' xmlns:q='x'/>", .notWellFormed),
    ("<a xmlns='x' xmlns='y'/>", .notWellFormed),
    ("<a xmlns:p='x' xmlns:p='y'/>", .notWellFormed),
    ("<a xmlns:xml='x'/>", .notWellFormed),
    ("<a xmlns:p='http://www.w3.org/XML/1998/namespace'/>", .notWellFormed),
    ("<a xmlns='http://www.w3.org/XML/1998/namespace'/>", .notWellFormed),
    ("<a xmlns:xmlns='x'/>", .notWellFormed),
    ("<a xmlns:xmlns='http://www.w3.org/2000/xmlns/'/>", .notWellFormed),
    ("<a xmlns:p='http://www.w3.org/2000/xmlns/'/>", .notWellFormed),
    ("<a xmlns='http://www.w3.org/2000/xmlns/'/>", .notWellFormed),
    ("<a:b:c xmlns:a='x'/>", .notWellFormed),
    ("<a b:c:d='' xmlns:b='x'/>", .notWellFormed),
    ("<:a/>", .notWellFormed),
    ("<stream:/>", .notWellFormed),
    ("<a :b='c'/>", .notWellFormed),
    ("<a stream:='c'/>", .notWellFormed),
    ("<a xmlns:='c'/>", .notWellFormed),
  ])
  func abuseIsFatal(xml: String, failure: StreamParser.Failure) {
    #expect(inStream(xml + "<after/>") == [.failure(failure)])
    // And as a header.
    let header = xml.replacing("<stream:", with: "<unbound:").replacing("/>", with: ">").replacing("Stream", with: "stream")
    if !xml.contains("<a><"), !xml.contains("stream:") {
      #expect(events(header) == [.failure(failure == .undeclaredPrefix ? .badNamespacePrefix : failure)])
    }
  }

  /// Prefixes are short, and what they stand for may be long: neither memory nor what is written may grow with their product.
  @Test func longNamespacesDoNotMultiply() {
    let long = String(repeating: "x", count: 20_000)
    let few = "<a xmlns:p='\(long)1' xmlns:q='\(long)2'><p:b/><q:b/><p:b/></a>"
    #expect(inStream(few).count == 1)
    #expect(inStream(few) != [.failure(.tooBig("the namespaces of a stanza are too long"))])
    let many = "<a xmlns:p='\(long)1' xmlns:q='\(long)2'>" + String(repeating: "<p:b/><q:b/>", count: 10) + "</a>"
    #expect(inStream(many) == [.failure(.tooBig("the namespaces of a stanza are too long"))])
    let attributes = "<a xmlns:p='\(long)'>" + String(repeating: "<b p:a=''/>", count: 20) + "</a>"
    #expect(inStream(attributes) == [.failure(.tooBig("the namespaces of a stanza are too long"))])
    // All in one and the same: written once, kept once.
    guard case .stanza(let same)? = inStream("<p:a xmlns:p='\(long)'>" + String(repeating: "<p:b/>", count: 1000) + "</p:a>").first else {
      Issue.record("refused")
      return
    }
    #expect(same.weight < 100_000)
  }
}
