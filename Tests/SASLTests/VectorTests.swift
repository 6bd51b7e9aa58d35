import Testing
import XML
import XMPP

@testable import SASL

/// The examples of the specifications.
struct VectorTests {
  /// RFC 2202 and RFC 4231: short keys, and keys longer than a block of the hash.
  @Test(arguments: [
    (ScramHash.sha1, Array("Jefe".utf8), "what do ya want for nothing?", "7/zfauXrL6LSdBbV8YTfnCWafHk="),
    (.sha256, Array("Jefe".utf8), "what do ya want for nothing?", "W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEM="),
    (
      .sha1, [UInt8](repeating: 0xAA, count: 80), "Test Using Larger Than Block-Size Key - Hash Key First",
      "qkrl4VJy0A6VcFY3zoo7Ve1AIRI="
    ),
    (
      .sha256, [UInt8](repeating: 0xAA, count: 131), "Test Using Larger Than Block-Size Key - Hash Key First",
      "YOQxWR7gtn8Niiaqy/W3f44LxiE3KMUUBUYEDw7jf1Q="
    ),
  ])
  func hmac(hash: ScramHash, key: [UInt8], message: String, code: Text) {
    #expect(Base64.encode(Scram.hmac(hash, key: key, Array(message.utf8))) == code)
  }

  /// RFC 6070: PBKDF2 with HMAC-SHA-1 and one block.
  @Test(arguments: [
    (1, "0c60c80f961f0e71f3a9b524af6012062fe037a6"), (2, "ea6c014dc72d6f8ccd1ed92ace1d41f0d8de8957"),
    (4096, "4b007901b765489abead49d926f721d065a429c1"),
  ])
  func saltedPassword(rounds: Int, expected: String) {
    let salted = Scram.saltedPassword(.sha1, password: bytes("password"), salt: bytes("salt"), rounds: rounds)
    #expect(salted.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined() == expected)
  }

  struct Example: Sendable {
    var mechanism: SASLMechanism
    var clientNonce: Text
    var serverNonce: Text
    var initial: Text
    var challenge: Text
    var response: Text
    var outcome: Text
  }

  static let examples = [
    // RFC 5802, section 5.
    Example(
      mechanism: .scramSHA1, clientNonce: "fyko+d2lbbFgONRv9qkxdawL", serverNonce: "3rfcNHYJY1ZVvWVs7j",
      initial: "n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL",
      challenge: "r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096",
      response: "c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=",
      outcome: "v=rmF9pqV8S7suAoZWja4dJRkFsKQ="),
    // RFC 7677, section 3.
    Example(
      mechanism: .scramSHA256, clientNonce: "rOprNGfwEbeRWgbNEkqO", serverNonce: "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0",
      initial: "n,,n=user,r=rOprNGfwEbeRWgbNEkqO",
      challenge: "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
      response: "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
      outcome: "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="),
  ]

  @Test(arguments: examples) func server(example: Example) {
    var exchange = SASLServerExchange(example.mechanism)
    #expect(exchange.responseReceived(bytes(example.initial.string)).told == "find user as ''")
    let found = exchange.credentialsFound(pencil(example.mechanism.hash), isDecoy: false) { example.serverNonce }
    #expect(found.told == "challenge '\(example.challenge)'")
    #expect(exchange.responseReceived(bytes(example.response.string)).told == "succeed '\(example.outcome)'")
  }

  @Test(arguments: examples) func client(example: Example) {
    var exchange = SASLClientExchange(example.mechanism, name: "user", password: "pencil", nonce: example.clientNonce)
    #expect(Text(utf8: exchange.initialResponse) == example.initial)
    #expect(exchange.challengeReceived(bytes(example.challenge.string)).told == "respond '\(example.response)'")
    #expect(exchange.successReceived(bytes(example.outcome.string)) == .finish)
  }

  /// RFC 4616, section 4.
  @Test(arguments: [("", "tim", "tanstaaftanstaaf"), ("Ursel", "Kurt", "xipj3plmq")]) func plain(as who: Text, name: Text, password: Text) {
    let client = SASLClientExchange(.plain, authorization: who, name: name, password: password, nonce: "")
    #expect(Text(utf8: client.initialResponse) == "\(who)\0\(name)\0\(password)")
    var server = SASLServerExchange(.plain)
    #expect(server.responseReceived(client.initialResponse).told == "find \(name) as '\(who)'")
  }
}
