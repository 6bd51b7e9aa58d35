import SASL
import Testing
import XML

@testable import Simulation

/// Messages of SASL as the judge of logins reads them.
struct SASLGrammarTests {
  /// The examples of RFC 5802, section 5, and of RFC 7677, section 3.
  @Test(arguments: [
    (
      ScramHash.sha1, "n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL", "r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096",
      "c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=", "v=rmF9pqV8S7suAoZWja4dJRkFsKQ="
    ),
    (
      .sha256, "n,,n=user,r=rOprNGfwEbeRWgbNEkqO",
      "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
      "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
      "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="
    ),
  ])
  func theExamplesOfTheRFCs(_ hash: ScramHash, _ first: String, _ challenge: String, _ final: String, _ server: String) throws {
    let proof = SASLGrammar.Proof(
      hash, try #require(SASLGrammar.First(Array(first.utf8))), try #require(SASLGrammar.Challenge(Array(challenge.utf8))),
      try #require(SASLGrammar.Final(Array(final.utf8))))
    #expect(proof.isRight(for: Array("pencil".utf8)))
    #expect(!proof.isRight(for: Array("pencil2".utf8)))
    #expect(proof.final(for: Array("pencil".utf8)) == Array(server.utf8))
  }

  @Test(arguments: [
    ("n,,n=a,r=b", "", "a"), ("y,,n=a,r=b", "", "a"), ("n,a=c@d,n=a,r=b", "c@d", "a"), ("n,,n=a=2Cb=3Dc,r=b", "", "a,b=c"),
    ("n,,n=a,r=b,x=y", "", "a"),
  ])
  func firstMessages(_ message: String, _ authorization: Text, _ name: Text) throws {
    let first = try #require(SASLGrammar.First(Array(message.utf8)))
    #expect(first.authorization == authorization)
    #expect(first.name == name)
    #expect(first.nonce == Array("b".utf8))
    #expect(first.header + first.bare == Array(message.utf8))
  }

  @Test(arguments: [
    "", "n,,", "n,,n=a", "n,,r=b,n=a", "n,,n=,r=b", "n,,n=a,r=", "n,,n=a=2c,r=b", "n,,n=a=,r=b", "n,,m=x,n=a,r=b",
    "N,,n=a,r=b", "nn,,n=a,r=b",
    "p=tls-server-end-point,,n=a,r=b", "n,b=c,n=a,r=b", "n,n=a,r=b", "n,,n=a,r=b c", "n,,n=a\0,r=b",
  ])
  func malformedFirstMessages(_ message: String) { #expect(SASLGrammar.First(Array(message.utf8)) == nil) }

  @Test(arguments: [
    "", "c=biws,r=b", "r=b,c=biws,p=AA==", "c=biws,r=b,p=A", "c=b,r=b,p=AA==", "c=biws,r=b,p=AA==,x=y", "m=x,c=biws,r=b,p=AA==",
  ])
  func malformedFinalMessages(_ message: String) { #expect(SASLGrammar.Final(Array(message.utf8)) == nil) }

  @Test(
    arguments: [
      ("", []), ("AA==", [0]), ("AAE=", [0, 1]), ("AAEC", [0, 1, 2]), ("//79", [255, 254, 253]),
    ] as [(Text, [UInt8])])
  func base64(_ text: Text, _ bytes: [UInt8]) { #expect(SASLGrammar.decode(text) == bytes) }

  @Test(arguments: ["A", "AA", "AAA", "AA=", "A===", "AA==AA==", "AA\n==", "AA-=", "====", "=", " AA=="] as [Text])
  func malformedBase64(_ text: Text) { #expect(SASLGrammar.decode(text) == nil) }

  @Test(arguments: ["\0a\0b", "c\0a\0b"])
  func plain(_ message: String) { #expect(SASLGrammar.Plain(Array(message.utf8))?.password == "b") }

  @Test(arguments: ["", "a\0b", "\0a\0", "\0\0b", "\0a\0b\0", "\0a\0b\0c"])
  func malformedPlain(_ message: String) { #expect(SASLGrammar.Plain(Array(message.utf8)) == nil) }
}
