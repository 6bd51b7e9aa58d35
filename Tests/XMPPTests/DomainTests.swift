import Testing
import XML
import XMPP

@Suite struct DomainTests {
  @Test(
    arguments: [
      ("Example.COM", "example.com"), ("example.com.", "example.com"), ("localhost", "localhost"), ("a-b.c1.d", "a-b.c1.d"),
      ("xn--fuball-cta.example", "fu\u{DF}ball.example"), ("XN--FUBALL-CTA.example", "fu\u{DF}ball.example"),
      ("fu\u{DF}ball.example", "fu\u{DF}ball.example"), ("FU\u{1E9E}BALL.example", "fu\u{DF}ball.example"),
      ("fussball.example", "fussball.example"), ("B\u{DC}CHER.example", "b\u{FC}cher.example"),
      ("bu\u{308}cher.example.", "b\u{FC}cher.example"), ("xn--bcher-kva.example", "b\u{FC}cher.example"),
      ("\u{FF45}\u{FF58}.com", "ex.com"), ("\u{4F8B}\u{3002}com", "\u{4F8B}.com"), ("\u{4F8B}\u{FF61}com", "\u{4F8B}.com"),
      ("\u{5D0}\u{5D1}.example", "\u{5D0}\u{5D1}.example"), ("192.0.2.1", "192.0.2.1"), ("[::1]", "[::1]"), ("[::]", "[::]"),
      ("[2001:DB8::7]", "[2001:db8::7]"), ("[1:2:3:4:5:6:7:8]", "[1:2:3:4:5:6:7:8]"), ("[::ffff:192.0.2.1]", "[::ffff:192.0.2.1]"),
      ("[1:2:3:4:5:6:192.0.2.1]", "[1:2:3:4:5:6:192.0.2.1]"), ("[1::]", "[1::]"), ("[1:2:3:4:5:6:7::]", "[1:2:3:4:5:6:7::]"),
    ] as [(Text, Text)])
  func prepares(_ text: Text, _ prepared: Text) throws {
    let jid = try #require(JID("a@" + text + "/b"))
    #expect(jid.domain == prepared)
    #expect(JID(prepared)?.text == prepared)
  }

  @Test(
    arguments: [
      ".", "..", "a..b", ".a", "a.b..", "-a", "a-", "a.-b.c", "a b", "a_b", "a,b", "ab--cd", "xn--", "xn--a", "xn--zzzzzzz99999.com",
      // An A-label that holds a capital, and one that is plain.
      "xn--Bcher-Kva8.com", "xn--abc-.com", "\u{2665}.com", "a\u{200D}b.com", "\u{E9}\u{0}.com", "\u{E9}_.com", "\u{E9}.a_b", "\u{E9}-.com",
      "\u{E9}..com", "-\u{E9}.com", "\u{301}a.com", "\u{5D0}a.com", "a\u{5D0}.com", "\u{5D0}.1com", "a\u{2163}.com", "[", "[]", "[::1",
      "::1]", "[:::]", "[1]", "[1:2:3:4:5:6:7:8:9]", "[1:2:3:4:5:6:7:8::]", "[1::2::3]", "[12345::]", "[::g]", "[::1.2.3]", "[::1.2.3.256]",
      "[1.2.3.4::]", "[::01.2.3.4]", "[fe80::1%25eth0]", "[v1.a]", "[:1:2:3:4:5:6:7]", "[1:2:3:4:5:6:7:]", "[::1].com", "[::\u{FF11}]",
    ] as [Text])
  func refuses(_ text: Text) {
    #expect(JID(text) == nil)
  }

  /// RFC 1035, 2.3.4, which RFC 7622, 3.2 leaves in force below its own 1023 bytes.
  @Test func keepsTheLimitsOfNames() {
    let label = String(repeating: "a", count: 63)
    #expect(JID(Text(label)) != nil)
    #expect(JID(Text(label + "a")) == nil)
    let long = [label, label, label, String(repeating: "a", count: 61)].joined(separator: ".")
    #expect(JID(Text(long))?.text.count == 253)
    #expect(JID(Text(long + ".")) != nil)
    #expect(JID(Text(long + "a")) == nil)
    #expect(JID(Text(String(repeating: "a.", count: 511) + "a")) == nil)
    #expect(JID(Text(String(repeating: "\u{E9}", count: 60) + ".com")) == nil)
    #expect(JID(Text(String(repeating: "\u{E9}", count: 2_000_000))) == nil)
  }
}
