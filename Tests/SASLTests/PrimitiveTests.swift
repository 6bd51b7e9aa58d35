import Testing
import XML
import XMPP

@testable import SASL

struct PrimitiveTests {
  @Test(arguments: [("user", "user"), ("a,b", "a=2Cb"), ("a=b", "a=3Db"), ("=2C", "=3D2C"), ("", "")])
  func escaping(name: Text, escaped: Text) {
    #expect(Scram.escape(name) == escaped)
    #expect(Scram.unescape(escaped.string.utf8[...]) == name)
  }

  @Test(arguments: ["=", "a=", "=2", "=2c", "=3d", "=41", "==2C"]) func noEscaping(text: String) {
    #expect(Scram.unescape(text.utf8[...]) == nil)
  }

  @Test(
    arguments: [
      ("", [("", "")]), ("a", [("", "a")]), ("a=", [("a", "")]), ("a=b", [("a", "b")]), ("a=b=c,d", [("a", "b=c"), ("", "d")]),
      (",", [("", ""), ("", "")]), ("=x,y=,", [("", "x"), ("y", ""), ("", "")]),
    ] as [(Text, [(Text, Text)])])
  func fields(message: Text, expected: [(Text, Text)]) {
    let fields = Scram.fields(message)
    #expect(fields.map(\.key) == expected.map(\.0) && fields.map(\.value) == expected.map(\.1))
  }

  @Test(
    arguments: [([], [], true), ([1, 2], [1, 2], true), ([1, 2], [1, 3], false), ([1, 2], [0, 2], false), ([1], [1, 2], false)]
      as [([UInt8], [UInt8], Bool)])
  func secretsAreCompared(one: [UInt8], other: [UInt8], isEqual: Bool) { #expect(Secret(one).matches(other) == isEqual) }

  /// RFC 4013, section 3, and the bounds of new passwords.
  @Test(arguments: [
    ("I\u{AD}X", "IX"), ("user", "user"), ("\u{AA}", "a"), ("\u{7}", nil), ("\u{627}1", nil), ("", nil), ("\u{AD}", nil),
    (String(repeating: "x", count: 1023), String(repeating: "x", count: 1023)), (String(repeating: "x", count: 1024), nil),
  ])
  func newPasswords(given: String, prepared: String?) {
    #expect(Secret(bytes(given)).prepared?.withBytes { $0 } == prepared.map { bytes($0) })
  }

  /// A newer version must show a name the same salt, or whoever asked before would learn which names have accounts.
  @Test func saltsOfNamesArePinned() {
    #expect(Base64.encode(Scram.decoy(.sha256, name: "nobody", secret: [7], rounds: 5).salt) == "5J9UiruErxmgCthSrNXMcg==")
    #expect(Base64.encode(Scram.decoy(.sha1, name: "nobody", secret: [7], rounds: 5).salt) == "laTH4Q/xx+GK9G+da1ZxoA==")
  }

  @Test(arguments: ScramHash.allCases) func decoys(hash: ScramHash) {
    let decoy = Scram.decoy(hash, name: "nobody", secret: [7], rounds: 5)
    let size = Scram.digest(hash, []).count
    #expect(decoy == Scram.decoy(hash, name: "nobody", secret: [7], rounds: 5))
    #expect(decoy.hash == hash && decoy.rounds == 5 && decoy.salt.count == 16)
    #expect(decoy.storedKey.count == size && decoy.serverKey.count == size)
    for other in [
      Scram.decoy(hash, name: "noone", secret: [7], rounds: 5), Scram.decoy(hash, name: "nobody", secret: [8], rounds: 5),
      Scram.decoy(hash == .sha1 ? .sha256 : .sha1, name: "nobody", secret: [7], rounds: 5),
    ] { #expect(decoy.salt != other.salt) }
  }
}
