import SASL
import Testing
import XML

/// Keys of server dialback (XEP-0185, 2; XEP-0220, 2.2.2).
@Suite struct DialbackKeyTests {
  static let secret = Secret(Array("s3cr3tf0rd14lb4ck".utf8))

  static func key(_ receiving: Text, _ originating: Text, _ stream: Text, secret: Secret = secret) -> Text? {
    DialbackKey(receiving: receiving, originating: originating, stream: stream, secret: secret)?.text
  }

  /// XEP-0185, 3.
  @Test func vector() {
    let expected: Text = "37c69b1cf07a3f67c04a5ef5902fa5114f2c76fe4a2686482ba5b89323075643"
    #expect(Self.key("xmpp.example.com", "example.org", "D60000229F") == expected)
  }

  /// Neither a field's place nor a border between two fields may change without another key (XEP-0185, 2).
  @Test(
    arguments: [
      ("example.org", "xmpp.example.com", "D60000229F"), ("xmpp.example.comexample.org", "", "D60000229F"),
      ("xmpp.example.co", "mexample.org", "D60000229F"), ("xmpp.example.com", "example.or", "gD60000229F"),
      ("xmpp.example.com", "example.orgD", "60000229F"), ("", "xmpp.example.com", "example.org D60000229F"),
      ("xmpp.example.com", "", "example.org D60000229F"), ("xmpp.example.com", "example.org", " D60000229F"),
      ("xmpp.example.com", "example.org", "D60000229F "), ("xmpp.example.com", "example.org", "d60000229F"),
      ("XMPP.example.com", "example.org", "D60000229F"), ("xmpp.example.com", "example.org", ""),
    ] as [(Text, Text, Text)])
  func otherFieldsHaveAnotherKey(receiving: Text, originating: Text, stream: Text) throws {
    let own = DialbackKey(receiving: "xmpp.example.com", originating: "example.org", stream: "D60000229F", secret: Self.secret)
    #expect(try !#require(own).matches(try #require(Self.key(receiving, originating, stream))))
  }

  /// With a space in a domain the same bytes would be those of another domain and id.
  @Test(
    arguments: [
      ("xmpp.example.com example.org", "D60000229F", ""), ("xmpp.example.com", "example.org D60000229F", ""),
      (" ", "a", "b"), ("a", " ", "b"),
    ] as [(Text, Text, Text)])
  func aDomainHasNoSpace(receiving: Text, originating: Text, stream: Text) { #expect(Self.key(receiving, originating, stream) == nil) }

  /// An id is any text that the other server chose: whichever it is, no two triples have one key.
  @Test func noTwoTriplesHaveOneKey() {
    let domains: [Text] = ["a", "b", "a.b", "ab", ""]
    let ids: [Text] = ["", " ", "a", "a b", " a", "b ", "a a", "b a", "a.b", "\u{0}"]
    var keys: [Text] = []
    for receiving in domains {
      for originating in domains {
        for id in ids { keys.append(Self.key(receiving, originating, id) ?? "") }
      }
    }
    #expect(Set(keys).count == domains.count * domains.count * ids.count)
  }

  @Test func anotherSecretMakesAnotherKey() {
    let other = Secret(Array("s3cr3tf0rd14lb4cK".utf8))
    #expect(Self.key("a", "b", "c") != Self.key("a", "b", "c", secret: other))
  }

  @Test func onlyTheWholeKeyMatches() throws {
    let key = try #require(DialbackKey(receiving: "a", originating: "b", stream: "c", secret: Self.secret))
    let text = key.text
    #expect(text.count == 64 && key.matches(text))
    let others = ["", text + text, text + " ", " " + text, text + "\n", Text(text.string.uppercased()), Text(text.string.dropLast())]
    for other in others { #expect(!key.matches(other)) }
    for place in 0..<64 {
      var bytes = Array(text.utf8)
      bytes[place] ^= 1
      #expect(!key.matches(Text(utf8: bytes)))
    }
  }
}
