import Testing
import XML
import XMPP

@Suite struct JIDTests {
  /// RFC 7622, table 1, and the leading space of table 2, which is valid after all (erratum 4560).
  @Test(
    arguments: [
      ("juliet@example.com", "juliet", "example.com", ""),
      ("juliet@example.com/foo", "juliet", "example.com", "foo"),
      ("juliet@example.com/foo bar", "juliet", "example.com", "foo bar"),
      ("juliet@example.com/foo@bar", "juliet", "example.com", "foo@bar"),
      ("foo\\20bar@example.com", "foo\\20bar", "example.com", ""),
      ("fussball@example.com", "fussball", "example.com", ""),
      ("fu\u{DF}ball@example.com", "fu\u{DF}ball", "example.com", ""),
      ("\u{3C0}@example.com", "\u{3C0}", "example.com", ""),
      ("\u{3A3}@example.com/foo", "\u{3C3}", "example.com", "foo"),
      ("\u{3C3}@example.com/foo", "\u{3C3}", "example.com", "foo"),
      ("\u{3C2}@example.com/foo", "\u{3C2}", "example.com", "foo"),
      ("king@example.com/\u{265A}", "king", "example.com", "\u{265A}"),
      ("example.com", "", "example.com", ""),
      ("example.com/foobar", "", "example.com", "foobar"),
      ("a.example.com/b@example.net", "", "a.example.com", "b@example.net"),
      ("juliet@example.com/ foo", "juliet", "example.com", " foo"),
    ] as [(Text, Text, Text, Text)])
  func validExamples(_ text: Text, _ local: Text, _ domain: Text, _ resource: Text) throws {
    let jid = try #require(JID(text))
    #expect(jid.local == local)
    #expect(jid.domain == domain)
    #expect(jid.resource == resource)
    #expect(JID(jid.text) == jid)
    #expect(JID(local: local, domain: domain, resource: resource) == jid)
  }

  /// RFC 7622, table 2.
  @Test(
    arguments: [
      "\"juliet\"@example.com", "foo bar@example.com", "@example.com/", "henry\u{2163}@example.com", "\u{265A}@example.com",
      "juliet@", "/foobar",
    ] as [Text])
  func invalidExamples(_ text: Text) {
    #expect(JID(text) == nil)
  }

  @Test(
    arguments: [
      "", "@", "/", "@/", "a@/b", "@example.com", "example.com/", "a@example.com/", "a@b@example.com", "a@b@example.com/r",
      "a&b@example.com", "a'b@example.com", "a:b@example.com", "a<b@example.com", "a>b@example.com", "a\u{0}b@example.com",
      "a\u{7F}@example.com", "a@example.com/\u{7}", "a@example.com/r\n", "\u{FF20}@example.com", "a\u{FF0F}b@example.com",
      "a\u{AD}b@example.com", "a\u{200B}b@example.com", "a@example.com/\u{FEFF}", "a@example.com/\u{E000}", "a\u{378}@example.com",
      "a@example.com/\u{378}",
    ] as [Text])
  func otherInvalid(_ text: Text) {
    #expect(JID(text) == nil)
  }

  @Test func emptyPartsAreAbsent() throws {
    #expect(JID(local: "", domain: "example.com", resource: "") == JID("example.com"))
    #expect(JID(local: "", domain: "", resource: "") == nil)
    let bare = try #require(JID("romeo@example.com"))
    #expect(JID(bare: bare, resource: "") == bare)
    #expect(JID(bare: bare, resource: "x")?.text == "romeo@example.com/x")
    let full = try #require(JID("romeo@example.com/y"))
    #expect(JID(bare: full, resource: "x")?.text == "romeo@example.com/x")
    #expect(JID(bare: bare, resource: "\u{7}") == nil)
  }

  @Test func tellsItsShape() throws {
    let full = try #require(JID("romeo@example.com/orchard"))
    #expect(full.isFull && !full.isBare && !full.isDomain)
    #expect(full.bare.isBare && !full.bare.isDomain)
    #expect(full.bare == JID("romeo@example.com"))
    #expect(full.bare.local == "romeo" && full.bare.domain == "example.com")
    #expect(full.description == "romeo@example.com/orchard")
    let domain = try #require(JID("example.com/x"))
    #expect(domain.isFull && !domain.isDomain && domain.bare.isDomain)
  }

  @Test func isAtComparesTheWholeDomain() throws {
    let jid = try #require(JID("romeo@example.com/orchard"))
    #expect(jid.isAt(domain: "example.com"))
    #expect(!jid.isAt(domain: "ample.com"))
    #expect(!jid.isAt(domain: "romeo@example.com"))
    #expect(!jid.isAt(domain: ""))
    #expect(try #require(JID("example.com")).isAt(domain: "example.com"))
    #expect(!(try #require(JID("example.com")).isAt(domain: "com")))
  }

  @Test func ordersByTheBytesOfItsText() {
    let texts: [Text] = [
      "a.b", "a.b/x", "a/x", "a", "a0", "b@a", "b@a.b", "b@a/x", "b@a/y", "b@a0/x", "b-@a", "\u{E9}@a", "b@a/\u{E9}", "a/b@c",
    ]
    let jids = texts.compactMap { JID($0) }
    #expect(jids.count == texts.count)
    #expect(jids.sorted().map(\.text) == texts.sorted())
  }

  @Test func partsAreOfAtMost1023Bytes() {
    let longest = Text(String(repeating: "a", count: 1023))
    let tooLong = longest + "a"
    #expect(JID(longest + "@example.com/" + longest)?.text.count == 1023 + 13 + 1023)
    #expect(JID(tooLong + "@example.com") == nil)
    #expect(JID("a@example.com/" + tooLong) == nil)
    // Counted in bytes, after preparation: a fullwidth letter is three bytes before and one behind it.
    let wide = Text(String(repeating: "\u{FF21}", count: 1023))
    #expect(JID(local: wide, domain: "example.com", resource: "")?.local == longest)
    #expect(JID(local: wide + "a", domain: "example.com", resource: "") == nil)
    let umlauts = Text(String(repeating: "\u{E9}", count: 511))
    #expect(JID(local: "", domain: "a", resource: umlauts + "a")?.resource.count == 1023)
    #expect(JID(local: "", domain: "a", resource: umlauts + "aa") == nil)
    #expect(JID(local: "", domain: "a", resource: Text(String(repeating: "a", count: 1_000_000))) == nil)
  }

  @Test func isSmall() {
    #expect(MemoryLayout<JID>.stride <= 40)
  }
}
