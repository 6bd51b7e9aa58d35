import Testing
import XML

@Suite struct ElementTests {
  private func sample() throws -> Element {
    try stanza("<a xmlns='x' k='v' l='w'>one<b m='n'>two<c/></b><d/>three<b/></a>")
  }

  @Test func attributesAreSetAndRemoved() throws {
    var element = try sample()
    element["k"] = "2"
    element["l"] = nil
    element["new"] = "3"
    element["absent"] = nil
    element.lang = "en"
    element.set("k", "other", "4")
    #expect(element["k"] == "2")
    #expect(element["l"] == nil)
    #expect(element["new"] == "3")
    #expect(element.lang == "en")
    #expect(element.attributes.count == 4)
    #expect(element.text == "onethree")
    #expect(element.children.map(\.name) == ["b", "d", "b"])
    element.lang = nil
    element.set("k", "other", nil)
    #expect(Set(element.attributes.map(\.name)) == ["k", "new"])
    #expect(try Element(parsing: element.serialized(defaultNamespace: "x"), defaultNamespace: "x") == element)
  }

  @Test func viewIsChangedByItself() throws {
    let element = try sample()
    var b = try #require(element.child("b", "x"))
    b["m"] = "changed"
    b["o"] = "p"
    b.append(text: "!")
    b.append("e", "y", ["f": "g"], text: "h")
    #expect(b.text == "two!")
    #expect(b.children.map(\.name) == ["c", "e"])
    #expect(b["m"] == "changed")
    #expect(b.attributes.count == 2)
    #expect(try element == sample())
    #expect(try Element(parsing: b.serialized(defaultNamespace: "x"), defaultNamespace: "x") == b)
    var d = try #require(element.child("d", "x"))
    d["m"] = nil
    d["k"] = "1"
    #expect(d == Element("d", "x", ["k": "1"]))
    var last = try #require(Array(element.children).last)
    last.append(element)
    #expect(last.firstChild == element)
  }

  @Test func elementIsAppendedToItself() throws {
    var element = try sample()
    let before = element
    element.append(element)
    element.append(element.firstChild!)
    #expect(element.children.map(\.name) == ["b", "d", "b", "a", "b"])
    #expect(Array(element.children)[3] == before)
    #expect(Array(element.children)[4] == before.firstChild)
  }

  @Test func childrenAreRemoved() throws {
    let element = try sample()
    let rest = element.removingChildren { $0.has(name: "b") }
    #expect(rest.description == "<a xmlns='x' k='v' l='w'>one<d/>three</a>")
    #expect(Array(rest.content) == [.text("one"), .element(Element("d", "x")), .text("three")])
    #expect(element.removingChildren { $0.has(name: "none") } == element)
    #expect(element.firstChild?.removingChildren { _ in true }.description == "<b xmlns='x' m='n'>two</b>")
  }

  @Test func contentIsRemoved() throws {
    let element = try sample()
    #expect(element.withoutContent == Element("a", "x", ["k": "v", "l": "w"]))
    #expect(element.firstChild?.withoutContent == Element("b", "x", ["m": "n"]))
    #expect(Element("a", "x").withoutContent == Element("a", "x"))
    #expect(Element("a", "x", text: Text(String(repeating: "x", count: 10_000))).withoutContent.weight < 200)
  }

  @Test func adjacentTextIsOneRun() {
    var element = Element("a", "x", text: "1")
    element.append(text: "2")
    element.append(text: "")
    #expect(element == Element("a", "x", text: "12"))
    #expect(element.hashValue == Element("a", "x", text: "12").hashValue)
    #expect(Array(element.content) == [.text("12")])
    #expect(element.text == "12")
  }

  @Test func equalityIsOfNamesNotOfPrefixes() throws {
    #expect(try stanza("<p:a xmlns:p='x' p:b='1'/>") == stanza("<a xmlns='x' q:b='1' xmlns:q='x'/>"))
    #expect(try stanza("<a xmlns='x' b='1'/>") != stanza("<a xmlns='x' q:b='1' xmlns:q='x'/>"))
    #expect(try stanza("<a><b/></a>") != stanza("<a><b xmlns=''/></a>"))
    #expect(try stanza("<a>x<b/></a>") != stanza("<a><b/>x</a>"))
    #expect(try stanza("<\u{C5}/>") != stanza("<A\u{30A}/>"))
  }
}

@Suite struct TextTests {
  /// Canonically equivalent, and equal as a `String`; not the same name of anything.
  @Test func comparesBytes() {
    let angstrom: Text = "\u{212B}"
    let letter: Text = "\u{C5}"
    #expect(angstrom.string == letter.string)
    #expect(angstrom != letter)
    #expect(Set([angstrom, letter, "A\u{30A}"]).count == 3)
    #expect(!(angstrom + "x").hasPrefix(letter))
    #expect((angstrom + "x").hasPrefix(angstrom))
    #expect(Element("a", "x", ["\u{212B}": "1"])["\u{C5}"] == nil)
    #expect(!Element("\u{212B}", "x").is("\u{C5}", "x"))
  }

  /// They are compared several bytes at a time: of every length, and wherever the difference stands.
  @Test func areEqualOnlyIfEveryByteIs() {
    for count in 0...40 {
      let bytes = [UInt8](repeating: UInt8(ascii: "a"), count: count)
      #expect(Text(utf8: bytes) == Text(utf8: bytes))
      #expect(Text(utf8: bytes) != Text(utf8: bytes + [UInt8(ascii: "a")]))
      for place in 0..<count {
        var other = bytes
        other[place] = UInt8(ascii: "b")
        #expect(Text(utf8: bytes) != Text(utf8: other), "\(count) bytes, another at \(place)")
      }
    }
  }

  @Test func ordersByBytes() {
    #expect(["b", "\u{FF5E}", "a", "\u{1F600}", "", "ab"].map { Text($0) }.sorted() == ["", "a", "ab", "b", "\u{FF5E}", "\u{1F600}"])
  }

  @Test func countsBytes() {
    #expect(Text("\u{1F600}").count == 4)
    #expect(Text("").isEmpty)
    #expect(Text(utf8: [0x61, 0xFF]) == "a\u{FFFD}")
  }

  @Test(arguments: [
    ("", ""), (" ", ""), ("x", "x"), (" \t\r\nx y\n", "x y"), ("\r\n", ""), ("\u{A0}x", "\u{A0}x"), (" \u{301}x", "\u{301}x"),
    ("x\u{600} ", "x\u{600}"),
    ("\u{1F600}\n", "\u{1F600}"), ("\u{E9}", "\u{E9}"),
  ])
  func trimsWhiteSpaceOfXMLAlone(text: String, expected: String) {
    #expect(Text(text).trimmed == Text(expected))
  }
}
