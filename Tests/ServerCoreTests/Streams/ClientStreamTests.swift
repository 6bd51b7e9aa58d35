import Testing
import XML
import XMPP

@testable import ServerCore

struct ClientStreamTests {
  // MARK: Headers (RFC 6120, 4.7 to 4.9)

  @Test func answersWithHeaderAndFeatures() {
    var harness = EngineHarness()
    let connection = harness.openStream()
    let answer = harness.read(connection)
    #expect(answer.hasPrefix("<?xml version='1.0'?><stream:stream "))
    #expect(answer.contains(" from='localhost'") && answer.contains(" version='1.0'") && answer.contains(" id='"))
    #expect(answer.contains("<mechanism>SCRAM-SHA-256</mechanism><mechanism>SCRAM-SHA-1</mechanism>"))
    #expect(!answer.contains("PLAIN"))
  }

  @Test(arguments: [
    (
      "<stream:stream to='nowhere.example' version='1.0' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>",
      "host-unknown"
    ),
    ("<stream:stream version='1.0' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>", "host-unknown"),
    ("<stream:stream to='localhost' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>", "unsupported-version"),
    (
      "<stream:stream to='localhost' version='1.0' xmlns='jabber:server' xmlns:stream='http://etherx.jabber.org/streams'>",
      "invalid-namespace"
    ),
    ("<stream:stream to='localhost' version='1.0' xmlns='jabber:client' xmlns:stream='urn:other'>", "invalid-namespace"),
    ("<stream:river to='localhost' version='1.0' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>", "bad-format"),
    ("<?xml version='1.0' encoding='ISO-8859-1'?>" + EngineHarness.header.dropFirst(21), "unsupported-encoding"),
    ("GET / HTTP/1.1\r\n", "not-well-formed"),
    ("<!DOCTYPE x>", "restricted-xml"),
  ])
  func badHeader(_ header: String, _ condition: String) {
    var harness = EngineHarness()
    let connection = harness.open()
    harness.send(header, on: connection)
    let answer = harness.read(connection)
    #expect(answer.contains("<stream:stream "))
    #expect(answer.contains("<stream:error><\(condition) xmlns='urn:ietf:params:xml:ns:xmpp-streams'/>"), "\(answer)")
    #expect(answer.hasSuffix("</stream:error></stream:stream>") || answer.contains("</text></stream:error></stream:stream>"))
    #expect(harness.closed.contains(connection))
    harness.send(EngineHarness.header, on: connection)
    #expect(harness.read(connection) == "")
  }

  @Test func stanzaBeforeAuthenticationEndsTheStream() {
    var harness = EngineHarness()
    let connection = harness.openStream()
    _ = harness.read(connection)
    harness.send("<message to='a@localhost'><body>hi</body></message><presence/>", on: connection)
    #expect(harness.read(connection).contains("<not-authorized "))
    #expect(harness.closed.contains(connection))
  }

  // MARK: STARTTLS (RFC 6120, 5)

  @Test func whatCameBeforeTLSIsDropped() {
    var harness = EngineHarness { $0.requiresTLS = true }
    let connection = harness.openStream()
    #expect(harness.read(connection).contains("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'><required/></starttls></stream:features>"))
    harness.send("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>" + EngineHarness.header, on: connection)
    #expect(harness.read(connection) == "<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>")
    #expect(harness.startsTLS.contains(connection))
    harness.input(.encrypted(connection, TLSFacts()))
    #expect(harness.read(connection) == "")
    harness.send(EngineHarness.header, on: connection)
    let features = harness.read(connection)
    #expect(features.contains("PLAIN") && !features.contains("starttls"))
  }

  @Test func noMechanismsBeforeTLSWhereItIsRequired() {
    var harness = EngineHarness { $0.requiresTLS = true }
    let connection = harness.openStream()
    #expect(!harness.read(connection).contains("mechanisms"))
    harness.send("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='SCRAM-SHA-1'>biws</auth>", on: connection)
    #expect(harness.read(connection).contains("<encryption-required/>"))
  }

  // MARK: Time (features.md, ST14)

  @Test func silenceBeforeBindingEndsTheStream() {
    var harness = EngineHarness()
    let (quiet, slow) = (harness.open(), harness.openStream())
    harness.advance(seconds: 59)
    #expect(harness.closed.isEmpty)
    harness.advance(seconds: 2)
    #expect(harness.closed == [quiet, slow])
    #expect(harness.read(quiet).contains("<connection-timeout "))
  }

  @Test func progressDoesNotBuyForever() {
    var harness = EngineHarness { $0.limits[.authenticationAttempts] = 1000 }
    let connection = harness.openStream()
    for _ in 0..<9 {
      harness.advance(seconds: 33)
      harness.send("<abort xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>", on: connection)
      #expect(!harness.closed.contains(connection))
    }
    harness.advance(seconds: 4)
    #expect(harness.closed.contains(connection))
  }

  @Test func boundSessionsMayBeSilent() {
    var harness = EngineHarness()
    harness.addAccount("romeo")
    let connection = harness.session("romeo", resource: "r")
    harness.advance(seconds: 100_000)
    #expect(harness.closed.isEmpty)
    harness.send("<iq type='get' id='1' to='localhost'><ping xmlns='urn:xmpp:ping'/></iq>", on: connection)
    #expect(harness.read(connection).contains("type='result'"))
  }

  // MARK: Binding (RFC 6120, 7)

  @Test func theOldSessionGivesWay() {
    var harness = EngineHarness()
    harness.addAccount("romeo")
    let old = harness.session("romeo", resource: "r")
    let new = harness.session("romeo", resource: "r")
    #expect(harness.read(old).contains("<conflict "))
    #expect(harness.closed == [old])
    harness.send("<iq type='get' id='1' to='localhost'><ping xmlns='urn:xmpp:ping'/></iq>", on: new)
    #expect(harness.read(new).contains("to='romeo@localhost/r'"))
  }

  /// The end of a session is not told to the new session that begins after it.
  @Test func theNewSessionDoesNotHearOfTheOldOnesEnd() {
    var harness = EngineHarness()
    harness.addAccount("romeo")
    let old = harness.session("romeo", resource: "r")
    harness.send("<presence to='romeo@localhost/r'/>", on: old)
    #expect(harness.read(old).contains("<presence "))
    let new = harness.openStream()
    _ = harness.scram("romeo", "secret", on: new)
    harness.send(EngineHarness.header, on: new)
    harness.send("<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>r</resource></bind></iq>", on: new)
    #expect(harness.read(old).contains("<conflict "))
    let heard = harness.read(new)
    #expect(heard.contains("id='b'") && !heard.contains("unavailable"))
  }

  @Test(arguments: [Configuration.ConflictPolicy.refuseNew, .rename])
  func theNewSessionGivesWay(policy: Configuration.ConflictPolicy) {
    var harness = EngineHarness { $0.conflictPolicy = policy }
    harness.addAccount("romeo")
    _ = harness.session("romeo", resource: "r")
    let new = harness.openStream()
    _ = harness.scram("romeo", "secret", on: new)
    harness.send(EngineHarness.header, on: new)
    _ = harness.read(new)
    harness.send("<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>r</resource></bind></iq>", on: new)
    let answer = harness.read(new)
    if policy == .refuseNew {
      #expect(answer.contains("type='error'") && answer.contains("<conflict "))
    } else {
      #expect(answer.contains("type='result'") && !answer.contains("<jid>romeo@localhost/r</jid>"))
    }
    #expect(harness.closed.isEmpty)
  }

  @Test func sessionsOfAnAccountAreCounted() {
    var harness = EngineHarness { $0.limits[.sessionsPerAccount] = 2 }
    harness.addAccount("romeo")
    _ = harness.session("romeo", resource: "a")
    _ = harness.session("romeo", resource: "b")
    let third = harness.openStream()
    _ = harness.scram("romeo", "secret", on: third)
    harness.send(EngineHarness.header, on: third)
    harness.send("<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>", on: third)
    #expect(harness.read(third).contains("<resource-constraint "))
  }

  @Test func aForgedSenderEndsTheStream() {
    var harness = EngineHarness()
    harness.addAccount("romeo")
    let connection = harness.session("romeo", resource: "r")
    harness.send("<message from='juliet@localhost' to='romeo@localhost'/>", on: connection)
    #expect(harness.read(connection).contains("<invalid-from "))
    #expect(harness.closed == [connection])
  }

  // MARK: The end

  @Test func theStreamEndsBothWays() {
    var harness = EngineHarness()
    harness.addAccount("romeo")
    let connection = harness.session("romeo", resource: "r")
    harness.send("</stream:stream>", on: connection)
    #expect(harness.read(connection) == "</stream:stream>")
    #expect(harness.closed == [connection])
  }

  /// RFC 6120, 5.4.3.2: between the word to proceed and TLS nothing can be said that anybody could read.
  @Test(arguments: [false, true])
  func whoIsAboutToEncryptIsLeftWithoutAWord(_ isShutdown: Bool) {
    var harness = EngineHarness()
    let connection = harness.openStream()
    harness.send("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>", on: connection)
    #expect(harness.read(connection).hasSuffix("<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"))
    if isShutdown { harness.input(.shutdown) } else { harness.advance(seconds: 61) }
    #expect(harness.read(connection) == "")
    #expect(harness.closed == [connection])
  }

  @Test func shutdownTellsEveryone() {
    var harness = EngineHarness()
    harness.addAccount("romeo")
    let (bound, fresh) = (harness.session("romeo", resource: "r"), harness.openStream())
    harness.input(.shutdown)
    #expect(harness.read(bound).contains("<system-shutdown "))
    #expect(harness.read(fresh).contains("<system-shutdown "))
    #expect(harness.closed == [bound, fresh])
  }
}
