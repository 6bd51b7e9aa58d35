import SASL
import Testing
import XML
import XMPP

@testable import ServerCore

/// Everything that the server does for a client until it is bound, in order: what it says, when it reads on, and whom it trusts (RFC 6120, 4 to 7).
struct LoginTranscriptTests {
  private static let features = "write features starttls(required)"
  private static let secured = "write features mechanisms(SCRAM-SHA-256 SCRAM-SHA-1 PLAIN)"
  private static let bind = "<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>r</resource></bind></iq>"

  private func auth(_ mechanism: String, _ text: String? = nil) -> String {
    let content = text.map { Base64.encode(Array($0.utf8)).string } ?? ""
    return "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='\(mechanism)'>\(content)</auth>"
  }
  private func response(_ text: String) -> String {
    "<response xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>\(Base64.encode(Array(text.utf8)))</response>"
  }
  private func failure(_ condition: String) -> String { "write <failure><\(condition)/></failure>" }
  private func streamError(_ condition: String, _ text: String? = nil) -> [String] {
    ["write <error><\(condition)/>\(text.map { "<text xml:lang='en'>\($0)</text>" } ?? "")</error>", "close stream", "close"]
  }

  /// A stream over TLS on which nobody has logged in.
  private func secured(_ change: (inout Configuration) -> Void = { _ in }) -> Transcript {
    var script = Transcript(change)
    _ = script.open() + script.header() + script.send("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>") + script.encrypt()
    _ = script.header()
    return script
  }
  /// A stream on which romeo has logged in and nothing is bound.
  private func authenticated(_ change: (inout Configuration) -> Void = { _ in }) -> Transcript {
    var script = secured(change)
    _ = script.send(auth("PLAIN", "\0romeo\0secret")) + script.answer() + script.answer() + script.header()
    return script
  }

  // MARK: STARTTLS

  @Test func fromTheFirstHeaderToASession() {
    var script = Transcript()
    #expect(script.open() == [])
    #expect(
      script.header(["to": "localhost", "from": "romeo@localhost/x", "version": "1.0"]) == [
        "open stream from localhost to romeo@localhost", Self.features,
      ])
    #expect(
      script.send("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>") == [
        "discard input", "restart as a stranger's", "write <proceed/>", "start TLS for localhost",
      ])
    #expect(script.encrypt() == ["restart as a stranger's", "discard input"])
    #expect(script.header() == ["open stream from localhost to -", Self.secured])
    #expect(script.send(auth("PLAIN", "\0romeo\0secret")) == ["pause", "ask for romeo@localhost"])
    #expect(script.answer() == ["pause", "ask for 1 keys"])
    #expect(script.answer() == ["resume", "restart as an account's", "write <success/>"])
    #expect(script.header() == ["open stream from localhost to -", "write features bind session(optional)"])
    #expect(script.send(Self.bind) == ["pause", "resume", "write <iq type='result' id='b'><bind><jid>romeo@localhost/r</jid></bind></iq>"])
  }

  @Test func tlsIsRefusedOverTLS() {
    var script = secured()
    #expect(script.send("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>") == ["write <failure/>", "close stream", "close"])
  }

  @Test func tlsIsRefusedWhereThereIsNone() {
    var script = Transcript { ($0.offersTLS, $0.requiresTLS) = (false, false) }
    _ = script.open()
    #expect(script.header() == ["open stream from localhost to -", "write features mechanisms(SCRAM-SHA-256 SCRAM-SHA-1)"])
    #expect(script.send("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>") == ["write <failure/>", "close stream", "close"])
  }

  /// 5.4.2.3: nothing may be said until the handshake is over.
  @Test func nothingIsSaidBetweenTheWordToProceedAndTheHandshake() {
    var script = Transcript()
    _ = script.open() + script.header() + script.send("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>")
    #expect(script.send("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'/>") == ["pause", "close"])
    #expect(script.encrypt() == [])
  }

  /// 5.4.3.3: the domain that was said in the clear counts no longer.
  @Test func theDomainIsSaidAnewOverTLS() {
    var script = Transcript()
    _ = script.open() + script.header() + script.send("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>") + script.encrypt()
    #expect(script.header(["to": "other.example", "version": "1.0"]) == ["open stream from other.example to -", Self.secured])
  }

  // MARK: Headers

  @Test(arguments: [
    ("1.0", true), ("1.1", true), ("2.0", true), ("10.0", true), ("0.9", false), ("", false), ("one", false), ("0.1.0", false),
    (".9", false),
    ("01.0", true),
  ])
  func versions(_ version: String, _ isSupported: Bool) {
    var script = Transcript()
    _ = script.open()
    let opening = "open stream from localhost to -"
    #expect(
      script.header(["to": "localhost", "version": Text(version)])
        == (isSupported ? [opening, Self.features] : ["pause", opening] + streamError("unsupported-version")))
  }

  /// The same for a domain that the server does not serve: it answers as its first domain.
  @Test func unknownDomain() {
    var script = Transcript()
    _ = script.open()
    #expect(
      script.header(["to": "nowhere.example", "version": "1.0"])
        == ["pause", "open stream from localhost to -"] + streamError("host-unknown"))
  }

  /// 4.7.2: the domain of a stream stays, once somebody has logged in for it.
  @Test(arguments: [
    ("localhost", true), ("LOCALHOST", true), (nil, true), ("other.example", false), ("nowhere.example", false), ("@@", false),
  ])
  func theDomainStaysAfterLogin(_ domain: String?, _ isAccepted: Bool) {
    var script = secured()
    _ = script.send(auth("PLAIN", "\0romeo\0secret")) + script.answer() + script.answer()
    var attributes: KeyValuePairs<Text, Text> = ["version": "1.0"]
    if let domain { attributes = ["version": "1.0", "to": Text(domain)] }
    let answer = script.header(attributes)
    let refused =
      ["pause", "open stream from localhost to -"] + streamError("host-unknown", "the domain of a stream can't change")
    #expect(answer == (isAccepted ? ["open stream from localhost to -", "write features bind session(optional)"] : refused))
  }

  @Test func aSecondHeaderIsNoStanza() {
    var script = Transcript()
    _ = script.open() + script.header()
    #expect(script.header() == ["pause"] + streamError("bad-format"))
  }

  /// 4.9.1.1: an error of the peer ends the stream without another; after the end it changes nothing.
  @Test func anErrorOfThePeerEndsTheStream() {
    var script = secured()
    let error = "<error xmlns='http://etherx.jabber.org/streams'><reset xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></error>"
    #expect(script.send(error) == ["close stream", "close"])
    #expect(script.send(error) == [])
    #expect(script.endStream() == ["close"])
  }

  // MARK: SASL

  @Test func anExchangeWithoutInitialResponse() {
    var script = secured()
    #expect(script.send(auth("PLAIN")) == ["write <challenge/>"])
    #expect(script.send(response("\0romeo\0secret")) == ["pause", "ask for romeo@localhost"])
    #expect(script.answer() == ["pause", "ask for 1 keys"])
    #expect(script.answer() == ["resume", "restart as an account's", "write <success/>"])
  }

  /// 6.4.2: "=" is a response of no bytes, which PLAIN can't have.
  @Test func emptyResponses() {
    let equals = "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>=</auth>"
    var script = secured()
    #expect(script.send(equals) == [failure("malformed-request")])
    #expect(script.send(auth("PLAIN")) == ["write <challenge/>"])
    #expect(script.send("<response xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>=</response>") == [failure("malformed-request")])
    #expect(
      script.send("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>@</auth>")
        == [failure("incorrect-encoding")])
  }

  /// 6.4.4: after the end of an exchange another may begin, and what belongs to none is refused.
  @Test func anAbortedExchange() {
    let abort = "<abort xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>"
    var script = secured { $0.limits[.authenticationAttempts] = 10 }
    #expect(script.send(auth("SCRAM-SHA-256")) == ["write <challenge/>"])
    #expect(script.send(abort) == [failure("aborted")])
    #expect(script.send(abort) == [failure("malformed-request")])
    #expect(script.send(response("n,,n=romeo,r=x")) == [failure("malformed-request")])
    #expect(script.send(auth("SCRAM-SHA-256")) == ["write <challenge/>"])
    #expect(script.send(auth("PLAIN")) == [failure("malformed-request")])
    #expect(script.send(auth("SCRAM-SHA-256", "n,,n=romeo,r=x")) == ["pause", "ask for romeo@localhost"])
    #expect(script.answer() == ["resume", "write challenge with text"])
  }

  @Test func storageThatFailsIsATemporaryFailure() {
    var script = secured()
    #expect(script.send(auth("SCRAM-SHA-256", "n,,n=romeo,r=x")) == ["pause", "ask for romeo@localhost"])
    #expect(script.failAnswer() == ["resume", failure("temporary-auth-failure")])
    #expect(script.send(auth("PLAIN", "\0romeo\0secret")) == ["pause", "ask for romeo@localhost"])
    #expect(script.failAnswer() == ["resume", failure("temporary-auth-failure")])
  }

  @Test func theLastAttemptEndsTheStream() {
    var script = secured { $0.limits[.authenticationAttempts] = 2 }
    #expect(script.send(auth("PLAIN", "\0romeo\0wrong")) == ["pause", "ask for romeo@localhost"])
    #expect(script.answer() == ["pause", "ask for 1 keys"])
    #expect(script.answer() == ["resume", failure("not-authorized")])
    #expect(
      script.send(auth("X")) == ["pause", failure("invalid-mechanism")] + streamError("policy-violation", "too many failed authentications")
    )
  }

  /// A stanza in the midst of an exchange is as early as one before it (4.9.3.12), and registration is no part of it.
  @Test(arguments: [
    ("<presence/>", "not-authorized"), ("<iq type='get' id='1'><query xmlns='jabber:iq:register'/></iq>", "not-authorized"),
    ("<x/>", "unsupported-stanza-type"), ("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>", "unsupported-stanza-type"),
  ])
  func nothingElseInAnExchange(_ stanza: String, _ condition: String) {
    var script = secured { $0[flag: .openRegistration] = true }
    #expect(script.send(auth("PLAIN")) == ["write <challenge/>"])
    #expect(script.send(stanza) == ["pause"] + streamError(condition))
  }

  // MARK: Binding

  @Test(arguments: [
    (
      "<iq type='get' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>", "not-allowed", "cancel",
      "<text>bind a resource first</text>"
    ),
    (
      "<iq type='set' id='b'><session xmlns='urn:ietf:params:xml:ns:xmpp-session'/></iq>", "not-allowed", "cancel",
      "<text>bind a resource first</text>"
    ),
    (
      "<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>\(String(repeating: "x", count: 1024))</resource></bind></iq>",
      "bad-request", "modify", ""
    ),
  ])
  func badBindings(_ request: String, _ condition: String, _ kind: String, _ text: String) {
    var script = authenticated()
    let error = "<error type='\(kind)'><\(condition)/>\(text)</error>"
    #expect(script.send(request) == ["write <iq type='error' id='b'>\(error)</iq>"])
    #expect(script.send(Self.bind).last == "write <iq type='result' id='b'><bind><jid>romeo@localhost/r</jid></bind></iq>")
  }

  @Test func theServerChoosesAResource() {
    var script = authenticated()
    #expect(
      script.send("<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>")
        == ["pause", "resume", "write <iq type='result' id='b'><bind><jid>romeo@localhost/*</jid></bind></iq>"])
  }
}
