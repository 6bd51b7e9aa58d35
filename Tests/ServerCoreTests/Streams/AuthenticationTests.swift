import SASL
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

  /// A client without the password can't tell whether the name exists, is disabled, or the password is wrong.
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
    harness.input(.encrypted(connection, TLSFacts()))
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
}
