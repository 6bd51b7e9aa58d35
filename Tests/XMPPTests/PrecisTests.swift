import Testing
import XML
import XMPP

@Suite struct PrecisTests {
  @Test(
    arguments: [
      ("Juliet", "juliet"), ("JOS\u{C9}", "jos\u{E9}"), ("Jose\u{301}", "jos\u{E9}"), ("\u{FF2A}\u{FF55}", "ju"),
      ("\u{FF76}\u{FF9E}", "\u{30AC}"), ("fu\u{DF}", "fu\u{DF}"), ("\u{1E9E}", "\u{DF}"), ("\u{3A3}", "\u{3C3}"),
      ("\u{39F}\u{394}\u{39F}\u{3A3}", "\u{3BF}\u{3B4}\u{3BF}\u{3C2}"), ("\u{130}", "i\u{307}"), ("\u{416}", "\u{436}"),
      ("l\u{B7}l", "l\u{B7}l"), ("\u{5D0}\u{5F3}", "\u{5D0}\u{5F3}"), ("\u{30A2}\u{30FB}\u{30A2}", "\u{30A2}\u{30FB}\u{30A2}"),
      ("\u{375}\u{3B1}", "\u{375}\u{3B1}"), ("\u{5D0}\u{5D1}1", "\u{5D0}\u{5D1}1"), ("\u{627}\u{661}", "\u{627}\u{661}"),
      ("\u{915}\u{94D}\u{200D}\u{937}", "\u{915}\u{94D}\u{200D}\u{937}"),
      ("\u{628}\u{200C}\u{628}", "\u{628}\u{200C}\u{628}"), ("\u{3007}", "\u{3007}"), ("\u{1F9D}", nil), ("a&b", "a&b"),
    ] as [(Text, Text?)])
  func usernames(_ text: Text, _ prepared: Text?) {
    #expect(Precis.username(text) == prepared)
    if let prepared { #expect(Precis.username(prepared) == prepared) }
  }

  @Test(
    arguments: [
      "", " ", "a b", "a\u{A0}b", "\u{0}", "\u{85}", "\u{2163}", "\u{265A}", "\u{2160}", "\u{212A}", "\u{FB01}", "\u{1100}", "\u{A960}",
      "\u{640}\u{628}", "\u{B7}", "l\u{B7}a", "a\u{375}", "\u{5F3}", "a\u{5F4}", "\u{30FB}", "a\u{30FB}", "\u{200D}", "a\u{200D}b",
      "a\u{200C}b", "\u{661}\u{6F1}\u{627}", "\u{627}\u{661}\u{6F1}", "\u{5D0}a", "a\u{5D0}", "1\u{5D0}", "\u{5D0}1\u{661}", "\u{2028}",
      "\u{E000}", "\u{600}", "a\u{FE0F}", "\u{302E}", "\u{20DD}", "\u{1F600}",
    ] as [Text])
  func notUsernames(_ text: Text) {
    #expect(Precis.username(text) == nil)
  }

  /// RFC 8265, 4.3, table 4, among others.
  @Test(
    arguments: [
      ("correct horse battery staple", "correct horse battery staple"), ("Correct Horse Battery Staple", "Correct Horse Battery Staple"),
      ("\u{3C0}\u{DF}\u{E5}", "\u{3C0}\u{DF}\u{E5}"), ("Jack of \u{2666}s", "Jack of \u{2666}s"), ("foo\u{1680}bar", "foo bar"),
      ("a\u{3000}b\u{A0}", "a b "), ("A\u{30A}", "\u{C5}"), ("\u{212B}", "\u{C5}"), ("\u{FF21}", "\u{FF21}"), ("\u{2163}", "\u{2163}"),
      ("\u{5D0}a", "\u{5D0}a"), ("\u{1F600}", "\u{1F600}"), ("", nil), ("my cat is a \u{9}by", nil), ("\u{7F}", nil), ("\u{80}", nil),
      ("\u{2028}", nil), ("\u{FEFF}", nil), ("\u{E000}", nil), ("\u{1100}", nil), ("a\u{200D}", nil),
    ] as [(Text, Text?)])
  func opaqueStrings(_ text: Text, _ prepared: Text?) {
    #expect(Precis.opaqueString(text) == prepared)
    if let prepared { #expect(Precis.opaqueString(prepared) == prepared) }
  }

  /// RFC 4013, 3, among others.
  @Test(
    arguments: [
      ("I\u{AD}X", "IX"), ("user", "user"), ("USER", "USER"), ("\u{AA}", "a"), ("\u{2168}", "IX"), ("\u{7}", nil), ("\u{627}1", nil),
      ("", ""), ("\u{AD}", ""), ("a\u{A0}b", "a b"), ("p\u{E4}ss", "p\u{E4}ss"), ("pa\u{308}ss", "p\u{E4}ss"),
      ("\u{627}1\u{628}", "\u{627}1\u{628}"),
      ("\u{627}a\u{628}", nil), ("\u{E000}", nil), ("\u{FFFD}", nil), ("\u{202E}a", nil), ("\u{80}", nil),
      ("\u{E0041}", nil), ("\u{1F600}", "\u{1F600}"), ("\u{1F468}\u{200D}\u{1F469}", "\u{1F468}\u{1F469}"),
    ] as [(Text, Text?)])
  func saslPrep(_ text: Text, _ prepared: Text?) {
    #expect(Precis.saslPrep(text) == prepared)
  }

  /// The compiler takes none of these in a literal.
  @Test(arguments: [0xFDD0, 0xFFFF, 0x1FFFE, 0x10FFFF] as [UInt32])
  func noncharactersAreRefused(_ value: UInt32) throws {
    let text = Text("a" + String(try #require(Unicode.Scalar(value))))
    #expect(Precis.username(text) == nil)
    #expect(Precis.opaqueString(text) == nil)
    #expect(Precis.saslPrep(text) == nil)
  }

  /// Characters alone and behind a letter: what is prepared stays as it is, whatever it is. The ranges leave out blocks of
  /// thousands that are all alike, ideographs for the most part.
  @Test func preparationIsIdempotent() {
    var failures: [UInt32] = []
    let ranges: [ClosedRange<UInt32>] = [
      0...0x33FF, 0xA000...0xABFF, 0xD7A0...0xE001, 0xF900...0x11FFF, 0x1CF00...0x1FBFF, 0x2F800...0x2FA1F,
    ]
    for value in ranges.joined() {
      guard let scalar = Unicode.Scalar(value) else { continue }
      for text in [Text(String(scalar)), Text("a" + String(scalar)), Text("\u{5D0}" + String(scalar))] {
        if let once = Precis.username(text), Precis.username(once) != once { failures.append(value) }
        if let once = Precis.opaqueString(text), Precis.opaqueString(once) != once { failures.append(value) }
        if let jid = JID(local: text, domain: "example.com", resource: text), JID(jid.text) != jid { failures.append(value) }
      }
      let domain = Text(String(scalar) + ".com")
      if let jid = JID(domain), JID(jid.text) != jid { failures.append(value) }
    }
    #expect(failures.isEmpty)
  }
}
