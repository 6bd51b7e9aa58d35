import Testing
import XML
import XMPP

@testable import ServerCore

/// The forms that a stream's header may have, and its meaning for the stanzas that follow (RFC 6120, 4.7 and 4.8).
struct StreamHeaderTests {
  private static let streams = "http://etherx.jabber.org/streams"

  // MARK: Languages (4.7.4, 8.1.5)

  private static func header(_ language: String?) -> String {
    EngineHarness.header.dropLast() + (language.map { " xml:lang='\($0)'>" } ?? ">")
  }

  /// A session whose streams said these languages, one after the other.
  private func session(_ harness: inout EngineHarness, _ languages: [String?], overTLS: Bool) -> ConnectionID {
    var rest = languages[...]
    let connection = harness.open()
    harness.send(Self.header(rest.removeFirst()), on: connection)
    if overTLS {
      harness.send("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>", on: connection)
      harness.input(.encrypted(connection, TLSFacts()))
      harness.send(Self.header(rest.removeFirst()), on: connection)
    }
    _ = harness.scram("romeo", "secret", on: connection)
    harness.send(Self.header(rest.removeFirst()), on: connection)
    harness.send("<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>", on: connection)
    _ = harness.read(connection)
    return connection
  }

  private func languageOfMessage(_ languages: [String?], overTLS: Bool = false, own: String = "") -> String? {
    var harness = EngineHarness()
    harness.addAccount("romeo")
    harness.addAccount("juliet")
    let juliet = harness.session("juliet", resource: "j")
    let romeo = session(&harness, languages, overTLS: overTLS)
    harness.send("<message to='juliet@localhost/j'\(own)><body>Guten Tag</body></message>", on: romeo)
    return harness.read(juliet).firstMatch(of: /<message[^>]* xml:lang='([^']*)'/).map { String($0.1) }
  }

  @Test func theLastHeaderSaysTheLanguage() {
    #expect(languageOfMessage(["de", "de"]) == "de")
    #expect(languageOfMessage([nil, "de"]) == "de")
    #expect(languageOfMessage(["fr", "de"]) == "de")
    #expect(languageOfMessage(["fr", nil]) == nil)
    #expect(languageOfMessage(["fr", "de", nil], overTLS: true) == nil)
    #expect(languageOfMessage(["fr", nil, "de"], overTLS: true) == "de")
    #expect(languageOfMessage(["fr", "de"], own: " xml:lang='it'") == "it")
  }

  @Test(arguments: ["no such language", "x", "12", "", String(repeating: "x", count: 100)])
  func aLanguageThatIsNoneIsNotPassedOn(_ language: String) {
    #expect(languageOfMessage(["de", language]) == nil)
    #expect(languageOfMessage(["de", "de"], own: " xml:lang='\(language)'") == "de")
    #expect(languageOfMessage([nil, nil], own: " xml:lang='\(language)'") == nil)
  }

  @Test(arguments: ["de", "en-GB", "no such language", nil])
  func theAnswerSaysTheServersOwnLanguage(_ language: String?) {
    var harness = EngineHarness()
    let connection = harness.open()
    harness.send(Self.header(language), on: connection)
    #expect(harness.read(connection).contains(" xml:lang='en'>"))
  }

  /// A payload that is sent back with an error is in the language that it came in, and the error's text is not.
  @Test func anErrorSaysItsLanguageWhereAnotherHolds() {
    var sent = Element("iq", NS.client, ["type": "set", "id": "1"])
    sent.append("query", "urn:x")
    let error = StanzaError(.conflict, text: "taken")
    #expect("\(sent.errorReply(error, payload: true))".contains("<text xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'>taken</text>"))
    sent.lang = "de"
    let reply = sent.errorReply(error, payload: true)
    #expect(reply.lang == "de")
    #expect("\(reply)".contains("<text xmlns='urn:ietf:params:xml:ns:xmpp-stanzas' xml:lang='en'>taken</text>"))
    #expect(sent.errorReply(error).lang == nil)
    #expect(!"\(sent.errorReply(error))".contains("xml:lang"))
  }

  /// An error that is taken apart and put together again, as by a room, is still in its own language.
  @Test(arguments: [
    (
      "<iq type='error' xml:lang='de'><error type='cancel'><conflict xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>TEXT</error></iq>", "",
      "de"
    ),
    (
      "<iq type='error'><error type='cancel'><conflict xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>TEXT</error></iq>", " xml:lang='it'",
      "it"
    ),
    ("<iq type='error'><error type='cancel'><conflict xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>TEXT</error></iq>", "", nil),
    (
      "<iq type='error' xml:lang='en'><error type='cancel'><conflict xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>TEXT</error></iq>", "",
      nil
    ),
  ])
  func anErrorKeepsItsLanguage(_ xml: String, _ attribute: String, _ language: String?) throws {
    let text = "<text xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'\(attribute)>vergeben</text>"
    let stanza = try Element(
      parsing: Array(xml.replacing("TEXT", with: text).utf8), defaultNamespace: NS.client, using: ParserPool())
    let error = try #require(StanzaError(stanza))
    #expect(error.element.child("text", NS.stanzaErrors)?.lang?.string == language)
  }

  // MARK: Layouts of namespaces (4.8.2, 4.8.3)

  @Test(arguments: [
    ("<stream:stream xmlns='jabber:client' xmlns:stream='\(streams)'", ""),
    ("<s:stream xmlns='jabber:client' xmlns:s='\(streams)'", ""),
    ("<stream xmlns='\(streams)'", " xmlns='jabber:client'"),
    ("<stream xmlns='\(streams)' xmlns:c='jabber:client'", "c:"),
    ("<stream:stream xmlns:stream='\(streams)'", " xmlns='jabber:client'"),
    ("<stream:stream xmlns:stream='\(streams)' xmlns:stanza='jabber:client'", "stanza:"),
  ])
  func everyLayoutOfTheSameNamespacesIsTheSame(_ start: String, _ content: String) {
    var harness = EngineHarness()
    harness.addAccount("romeo")
    let header = "\(start) to='localhost' version='1.0'>"
    func stanza(_ text: String) -> String {
      guard content.hasSuffix(":") else { return text.replacing("<iq", with: "<iq\(content)") }
      return text.replacing("<iq", with: "<\(content)iq").replacing("</iq", with: "</\(content)iq")
    }
    let connection = harness.open()
    harness.send(header, on: connection)
    #expect(harness.scram("romeo", "secret", on: connection).contains("<success"))
    harness.send(header, on: connection)
    harness.send(stanza("<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>"), on: connection)
    #expect(harness.read(connection).contains("<jid>romeo@localhost/"))
    harness.send(stanza("<iq type='get' id='p' to='localhost'><ping xmlns='urn:xmpp:ping'/></iq>"), on: connection)
    #expect(harness.read(connection).contains("type='result' id='p'"))
  }

  /// If the content namespace is not the default one, an element that does not name it is no stanza.
  @Test func aStanzaOfNoNamespaceIsNone() {
    var harness = EngineHarness()
    let connection = harness.open()
    harness.send("<stream xmlns='\(Self.streams)' to='localhost' version='1.0'><message/>", on: connection)
    #expect(harness.read(connection).contains("<unsupported-stanza-type "))
  }

  @Test(arguments: [
    ("<a:message xmlns='jabber:client'/>", "not-well-formed"), ("<message><a:b/></message>", "not-well-formed"),
    ("<message a:b='c'/>", "not-well-formed"),
  ])
  func anUndeclaredPrefixIsNotWellFormed(_ stanza: String, _ condition: String) {
    var harness = EngineHarness()
    let connection = harness.openStream()
    harness.send(stanza, on: connection)
    #expect(harness.read(connection).contains("<stream:error><\(condition) "))
  }

  @Test func aDeclarationIsTheVeryFirst() {
    var harness = EngineHarness()
    let (spaced, twice, inside) = (harness.open(), harness.open(), harness.openStream())
    harness.send("\n" + EngineHarness.header, on: spaced)
    #expect(harness.read(spaced).contains("<stream:error><not-well-formed "))
    harness.send("<?xml version='1.0'?>" + EngineHarness.header, on: twice)
    #expect(harness.read(twice).contains("<stream:error><restricted-xml "))
    harness.send("<?xml version='1.0'?>", on: inside)
    #expect(harness.read(inside).contains("<stream:error><restricted-xml "))
    // Without one, white space may come first.
    let bare = harness.open()
    harness.send("\n" + EngineHarness.header.dropFirst(21), on: bare)
    #expect(harness.read(bare).contains("<stream:features"))
  }

  // MARK: TLS (5.4.3.1, 5.4.3.3)

  /// The header before TLS is forgotten, but for the choice of the certificate.
  @Test func theHeaderBeforeTLSIsForgotten() {
    var harness = EngineHarness { $0.domains = ["localhost", "second.example"] }
    let connection = harness.open()
    harness.send(EngineHarness.header.replacing("to='localhost'", with: "to='second.example'"), on: connection)
    harness.send("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>", on: connection)
    #expect(harness.certificateDomains[connection] == "second.example")
    harness.input(.encrypted(connection, TLSFacts()))
    _ = harness.read(connection)
    harness.send(EngineHarness.header, on: connection)
    let answer = harness.read(connection)
    #expect(answer.contains(" from='localhost'") && answer.contains("<stream:features"))
  }

  // MARK: Bytes before a login

  @Test func spacesKeepNoStreamOpen() {
    var harness = EngineHarness { $0.limits[.bytesPerSecond] = 0 }
    let (fresh, greeted) = (harness.open(), harness.openStream())
    for _ in 0..<20 {
      for connection in [fresh, greeted] { harness.send(String(repeating: " ", count: 4096), on: connection) }
    }
    for connection in [fresh, greeted] {
      #expect(harness.read(connection).contains("<policy-violation "))
      #expect(harness.closed.contains(connection))
    }
  }

  /// A client that has logged in may send white space for ever (4.6.1).
  @Test func aSessionMaySendSpaces() {
    var harness = EngineHarness { $0.limits[.bytesPerSecond] = 0 }
    harness.addAccount("romeo")
    let connection = harness.session("romeo", resource: "r")
    for _ in 0..<40 { harness.send(String(repeating: "\n", count: 4096), on: connection) }
    #expect(harness.closed.isEmpty)
  }

  // MARK: The peer's errors (4.9.1.1)

  @Test(arguments: ["greeted", "encrypted", "half logged in", "logged in", "bound"])
  func anErrorOfThePeerIsNotAnswered(_ state: String) {
    var harness = EngineHarness()
    harness.addAccount("romeo")
    harness.addAccount("juliet")
    let juliet = harness.session("juliet", resource: "j")
    var connection = harness.openStream()
    switch state {
    case "encrypted":
      harness.send("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>", on: connection)
      harness.input(.encrypted(connection, TLSFacts()))
      harness.send(EngineHarness.header, on: connection)
    case "half logged in":
      harness.send("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='SCRAM-SHA-1'>biwsbj1yb21lbyxyPWFiYw==</auth>", on: connection)
    case "logged in":
      _ = harness.scram("romeo", "secret", on: connection)
      harness.send(EngineHarness.header, on: connection)
    case "bound":
      connection = harness.session("romeo", resource: "r")
      harness.send("<presence/><presence to='juliet@localhost/j'/>", on: connection)
      _ = harness.read(juliet)
    default: break
    }
    _ = harness.read(connection)
    harness.send("<stream:error><brand-new xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error></stream:stream>", on: connection)
    #expect(harness.read(connection) == "</stream:stream>")
    #expect(harness.closed == [connection])
    if state == "bound" { #expect(harness.read(juliet).contains("type='unavailable'")) }
  }
}
