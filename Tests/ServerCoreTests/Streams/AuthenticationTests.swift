import Testing
import XML
import XMPP

@testable import ServerCore

struct AuthenticationTests {
  @Test func rightPassword() {
    var harness = EngineHarness()
    harness.addAccount("romeo")
    let connection = harness.openStream()
    #expect(harness.scram("romeo", "secret", on: connection).contains("<success "))
  }

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
  func hmacVectors(hash: ScramHash, key: [UInt8], message: String, code: Text) {
    #expect(Base64.encode(Scram.hmac(hash, key: key, Array(message.utf8))) == code)
  }

  /// RFC 5802's own example (section 5), against our half of the exchange.
  @Test func rfc5802Vector() throws {
    let salt = Base64.decode("QSXCR+Q6sek8bf92")!
    let salted = Scram.saltedPassword(.sha1, password: Array("pencil".utf8), salt: salt, rounds: 4096)
    let credentials = Scram.credentials(.sha1, saltedPassword: salted, salt: salt, rounds: 4096)
    var exchange = try ScramExchange(hash: .sha1, clientFirst: "n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL")
    let challenge = exchange.challenge(credentials, serverNonce: "3rfcNHYJY1ZVvWVs7j")
    #expect(challenge == "r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096")
    let final = try exchange.verify(clientFinal: "c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=")
    #expect(final == "v=rmF9pqV8S7suAoZWja4dJRkFsKQ=")
  }

  /// RFC 7677's example (section 3).
  @Test func rfc7677Vector() throws {
    let salt = Base64.decode("W22ZaJ0SNY7soEsUEjb6gQ==")!
    let salted = Scram.saltedPassword(.sha256, password: Array("pencil".utf8), salt: salt, rounds: 4096)
    let credentials = Scram.credentials(.sha256, saltedPassword: salted, salt: salt, rounds: 4096)
    var exchange = try ScramExchange(hash: .sha256, clientFirst: "n,,n=user,r=rOprNGfwEbeRWgbNEkqO")
    _ = exchange.challenge(credentials, serverNonce: "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0")
    let final = try exchange.verify(
      clientFinal: "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=")
    #expect(final == "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=")
  }

  /// RFC 5802, 7: a nonce is printable, and no value holds a NUL. (The fuzzer of recordings found that one was taken.)
  @Test(arguments: ["n,,n=user,r=abc\0def", "n,,n=us\0er,r=abc", "n,,n=user,r=abc,x=\0", "n,,n=user,r=a b", "n,,n=user,r=ä"] as [Text])
  func whatNoFirstMessageHolds(message: Text) {
    #expect(throws: ScramExchange.Failure.malformedFirst) { try ScramExchange(hash: .sha256, clientFirst: message) }
  }

  /// Whoever does not know the password can't tell whether the name exists, is disabled, or the password is wrong.
  @Test func unknownDisabledAndWrongLookAlike() {
    var harness = EngineHarness()
    harness.addAccount("romeo")
    harness.addAccount("tybalt")
    harness.input(.control(0, .disableAccount(JID("tybalt@localhost")!)))
    var answers: [String] = []
    for name in ["romeo", "tybalt", "nobody"] {
      let connection = harness.openStream()
      answers.append(harness.scram(name, "wrong", on: connection))
    }
    #expect(answers.allSatisfy { $0 == "<failure xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><not-authorized/></failure>" })
  }

  @Test func saltOfAnUnknownNameStaysTheSame() {
    func salt(_ name: String) -> String {
      var harness = EngineHarness()
      let connection = harness.openStream()
      _ = harness.read(connection)
      harness.send(
        "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='SCRAM-SHA-256'>\(Base64.encode(Array("n,,n=\(name),r=x".utf8)))</auth>",
        on: connection)
      let challenge = harness.read(connection).firstMatch(of: /<challenge[^>]*>([^<]*)</).flatMap { Base64.decode(Text($0.1)) } ?? []
      return Scram.fields(Text(utf8: challenge))[1].value.string
    }
    #expect(salt("nobody") == salt("nobody"))
    #expect(salt("nobody") != salt("noone"))
    #expect(Base64.decode(Text(salt("nobody")))?.count == 16)
  }

  @Test func disabledIsSaidToWhoKnowsThePassword() {
    var harness = EngineHarness()
    harness.addAccount("tybalt")
    harness.input(.control(0, .disableAccount(JID("tybalt@localhost")!)))
    let connection = harness.openStream()
    #expect(harness.scram("tybalt", "secret", on: connection).contains("<account-disabled/>"))
  }

  @Test func triesAreCounted() {
    var harness = EngineHarness { $0.limits[.authenticationAttempts] = 3 }
    harness.addAccount("romeo")
    let connection = harness.openStream()
    #expect(!harness.scram("romeo", "a", on: connection).contains("stream:error"))
    #expect(!harness.scram("romeo", "b", on: connection).contains("stream:error"))
    #expect(harness.scram("romeo", "c", on: connection).contains("<policy-violation "))
    #expect(harness.closed.contains(connection))
  }

  @Test(arguments: [
    ("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='DIGEST-MD5'/>", "invalid-mechanism"),
    ("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='SCRAM-SHA-1'>@@@@</auth>", "incorrect-encoding"),
    ("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='SCRAM-SHA-1'>bm9uc2Vuc2U=</auth>", "malformed-request"),
    ("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>AGEAYg==</auth>", "encryption-required"),
    ("<response xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>", "malformed-request"),
    ("<abort xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>", "malformed-request"),
  ])
  func badRequests(_ request: String, _ condition: String) {
    var harness = EngineHarness()
    let connection = harness.openStream()
    _ = harness.read(connection)
    harness.send(request, on: connection)
    #expect(harness.read(connection).contains("<\(condition)/>"))
  }

  /// features.md, C: authenticated as one user, acting for another.
  @Test func nobodyActsForAnother() {
    var harness = EngineHarness()
    harness.addAccount("romeo")
    let connection = harness.openStream()
    _ = harness.read(connection)
    let first = Base64.encode(Array("n,a=juliet@localhost,n=romeo,r=x".utf8))
    harness.send("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='SCRAM-SHA-1'>\(first)</auth>", on: connection)
    #expect(harness.read(connection).contains("<invalid-authzid/>"))
  }

  @Test(arguments: [
    ("", "romeo", "secret", "success"), ("romeo@localhost", "romeo", "secret", "success"),
    ("juliet@localhost", "romeo", "secret", "invalid-authzid"),
    ("", "romeo", "wrong", "not-authorized"), ("", "nobody", "secret", "not-authorized"),
  ])
  func plainOverTLS(_ authzid: String, _ name: String, _ password: String, _ expected: String) {
    var harness = EngineHarness()
    harness.addAccount("romeo")
    let connection = harness.openStream()
    harness.send("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>", on: connection)
    harness.input(.encrypted(connection))
    harness.send(EngineHarness.header, on: connection)
    _ = harness.read(connection)
    let message = Array(authzid.utf8) + [0] + Array(name.utf8) + [0] + Array(password.utf8)
    harness.send("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>\(Base64.encode(message))</auth>", on: connection)
    #expect(harness.read(connection).contains("<\(expected)"))
  }

  /// features.md, D4: a stream that is authenticated and has no session yet.
  @Test(arguments: ["delete", "disable"])
  func anUnboundStreamEndsWithItsAccount(what: String) {
    var harness = EngineHarness()
    harness.addAccount("romeo")
    let jid = JID("romeo@localhost")!
    let authenticated = harness.openStream()
    _ = harness.scram("romeo", "secret", on: authenticated)
    let halfway = harness.openStream()
    harness.send(
      "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='SCRAM-SHA-1'>\(Base64.encode(Array("n,,n=romeo,r=x".utf8)))</auth>",
      on: halfway)
    let bound = harness.session("romeo", resource: "r")
    let other = harness.openStream()
    harness.input(.control(1, what == "delete" ? .deleteAccount(jid) : .disableAccount(jid)))
    #expect(harness.closed == [authenticated, halfway, bound])
    for connection in [authenticated, halfway, bound] { #expect(harness.read(connection).contains("<not-authorized ")) }
    #expect(!harness.read(other).contains("stream:error"))
  }

  @Test func aChangedPasswordEndsOtherSessions() {
    var harness = EngineHarness()
    harness.addAccount("romeo")
    let (mine, other) = (harness.session("romeo", resource: "a"), harness.session("romeo", resource: "b"))
    harness.send(
      "<iq type='set' id='p' to='localhost'><query xmlns='jabber:iq:register'><username>romeo</username><password>new</password></query></iq>",
      on: mine)
    #expect(harness.read(mine).contains("type='result'"))
    #expect(harness.closed == [other])
    let again = harness.openStream()
    #expect(harness.scram("romeo", "secret", on: again).contains("<not-authorized/>"))
    #expect(harness.scram("romeo", "new", on: again).contains("<success "))
  }

  @Test func base64IsStrict() {
    #expect(Base64.decode("Zm9v") == Array("foo".utf8))
    #expect(Base64.decode("Zm8=") == Array("fo".utf8))
    #expect(Base64.decode("Zg==") == Array("f".utf8))
    for bad: Text in ["Zm9", "Zm9v=", "Z===", "====", "Zm 9v", "Zm9v\n", "Zg==" + "Zg==", "Z=g="] {
      #expect(Base64.decode(bad) == nil, "\(bad)")
    }
    for count in 0..<20 {
      let bytes = (0..<count).map { UInt8($0 * 37 & 255) }
      #expect(Base64.decode(Base64.encode(bytes)) == bytes)
    }
  }
}
