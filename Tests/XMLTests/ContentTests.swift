import Testing
import XML

/// Text as XML 1.0 wants it read.
@Suite struct ContentTests {
  @Test(arguments: [
    ("x", "x"), ("", ""), (" x ", " x "), ("&lt;&gt;&amp;&apos;&quot;", "<>&'\""), ("&#x41;&#66;&#x1F600;", "AB\u{1F600}"),
    ("&#9;&#10;&#13;", "\t\n\r"), ("&amp;lt;", "&lt;"), ("&#38;lt;", "&lt;"), ("&#60;a&#62;", "<a>"), (">", ">"), ("]] >", "]] >"),
    ("]>", "]>"),
    ("]]&gt;", "]]>"),
    // 2.11: ends of lines.
    ("a\r\nb\rc\nd\r\r\ne", "a\nb\nc\nd\n\ne"), ("\r", "\n"), ("&#13;\n", "\r\n"), ("\r&#10;", "\n\n"),
    ("\u{7F}\u{85}\u{2028}\u{FEFF}\u{FFFD}\u{E000}", "\u{7F}\u{85}\u{2028}\u{FEFF}\u{FFFD}\u{E000}"),
    ("<![CDATA[]]>", ""), ("<![CDATA[x]]>", "x"), ("a<![CDATA[<b>&amp;</b>]]>c", "a<b>&amp;</b>c"), ("<![CDATA[]]]>", "]"),
    ("<![CDATA[]]]]>", "]]"), ("<![CDATA[]]]]><![CDATA[>]]>", "]]>"), ("<![CDATA[] ]>]]>", "] ]>"), ("<![CDATA[<![CDATA[]]>", "<![CDATA["),
    ("<![CDATA[a\r\nb\rc]]>\r\nd", "a\nb\nc\nd"), ("<![CDATA[\r]]><![CDATA[\n]]>", "\n\n"), ("<![CDATA[</a>]]>", "</a>"),
    ("<![CDATA[<!-- -->]]>", "<!-- -->"),
    ("<![CDATA[\u{E9}\u{1F600}\u{FFFD}]]>", "\u{E9}\u{1F600}\u{FFFD}"),
  ])
  func textIsRead(xml: String, expected: String) throws {
    let element = try stanza("<a>\(xml)</a>")
    #expect(element.text == Text(expected))
    #expect(Array(element.content) == (expected.isEmpty ? [] : [.text(Text(expected))]))
    #expect(try stanza("<x><a>\(xml)</a>\(xml)</x>").firstChild?.text == Text(expected))
  }

  @Test(arguments: [
    ("'x'", "x"), ("\"x\"", "x"), ("'\"'", "\""), ("\"'\"", "'"), ("''", ""), ("'>'", ">"), ("'/>'", "/>"), ("'a/'", "a/"),
    ("']]>'", "]]>"),
    // 3.3.3: white space becomes spaces, references stay what they are. Nothing is trimmed without a DTD.
    ("'a\tb\nc\rd'", "a b c d"), ("'a\r\nb'", "a b"), ("' a  b '", " a  b "), ("'a&#9;b&#10;c&#xD;d'", "a\tb\nc\rd"),
    ("'&lt;&amp;&gt;&apos;&quot;&#38;&#60;'", "<&>'\"&<"), ("'&amp;amp;'", "&amp;"), ("'\u{E9}\u{1F600}'", "\u{E9}\u{1F600}"),
  ])
  func attributeIsRead(quoted: String, expected: String) throws {
    #expect(try stanza("<a b=\(quoted)/>")["b"] == Text(expected))
    #expect(try stanza("<a b = \(quoted) ></a >")["b"] == Text(expected))
    #expect(try stanza("<a xmlns=\(quoted)/>").namespace == Text(expected))
  }

  @Test func contentKeepsItsOrder() throws {
    let element = try stanza("<a x='y'>one<b/><![CDATA[t]]>w&#111;<c>z</c><d/>three</a>")
    let client: Text = "jabber:client"
    #expect(
      Array(element.content) == [
        .text("one"), .element(Element("b", client)), .text("two"), .element(Element("c", client, text: "z")),
        .element(Element("d", client)), .text("three"),
      ])
    #expect(element.text == "onetwothree")
    #expect(element.children.map(\.name) == ["b", "c", "d"])
    #expect(Array(element.child("c", client)!.content) == [.text("z")])
    #expect(Array(element.child("d", client)!.content) == [])
    #expect(element.hasText)
    #expect(try !stanza("<a> \n<b>x</b>\t</a>").hasText)
  }

  @Test func whiteSpaceOfXMLKindIsKept() throws {
    #expect(try stanza("<a xml:space='default'> <b xml:space='odd'> </b> </a>").text == "  ")
  }
}
