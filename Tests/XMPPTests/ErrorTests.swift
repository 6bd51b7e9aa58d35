import Testing
import XML
import XMPP

@Suite struct ErrorTests {
  private let request = Element(
    "iq", NS.client, ["type": "get", "id": "1", "from": "a@b/c", "to": "b", "extra": "x"], children: [Element("ping", NS.ping)])

  @Test func errorReplySwapsTheAddressesAndKeepsTheId() throws {
    let reply = request.errorReply(StanzaError(.itemNotFound))
    #expect(
      reply.description == "<iq type='error' id='1' from='b' to='a@b/c'><error type='cancel'>"
        + "<item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>")
    #expect(StanzaError(reply) == StanzaError(.itemNotFound))
  }

  @Test func errorReplyCanBringThePayloadBack() {
    let reply = request.errorReply(StanzaError(.notAllowed), payload: true)
    #expect(reply.children.map(\.name) == ["ping", "error"])
  }

  @Test func replyToAStanzaWithoutAddressesHasNone() {
    let message = Element("message", NS.client, ["type": "chat"])
    #expect(message.errorReply(StanzaError(.conflict)).attributes.map(\.name) == ["type"])
  }

  @Test func resultReply() {
    #expect(request.resultReply().description == "<iq type='result' id='1' from='b' to='a@b/c'/>")
    #expect(request.resultReply(Element("x", "y")).firstChild == Element("x", "y"))
  }

  @Test func replyStaysInTheNamespaceOfTheStanza() {
    let reply = Element("iq", NS.server, ["id": "2"]).errorReply(StanzaError(.gone))
    #expect(reply.has(namespace: NS.server) && reply.firstChild?.has(namespace: NS.server) == true)
    #expect(StanzaError(reply)?.condition == .gone)
  }

  @Test(arguments: StanzaError.Condition.allCases)
  func stanzaErrorReadsBack(_ condition: StanzaError.Condition) {
    let error = StanzaError(
      condition, kind: .continue, text: "so & so", by: JID("room@b/c"), specific: [Element("blocked", "urn:xmpp:blocking:errors")])
    let reply = request.errorReply(error)
    #expect(StanzaError(reply) == error)
    #expect(reply.firstChild?.child("text", NS.stanzaErrors)?.text == "so & so")
  }

  @Test func associatedKinds() {
    #expect(StanzaError(.notAuthorized).kind == .auth)
    #expect(StanzaError(.jidMalformed).kind == .modify)
    #expect(StanzaError(.resourceConstraint).kind == .wait)
    #expect(StanzaError(.serviceUnavailable).kind == .cancel)
    #expect(StanzaError(.serviceUnavailable, kind: .wait).kind == .wait)
  }

  @Test func strangeErrorsAreReadAsFarAsTheyCanBe() {
    var stanza = Element("message", NS.client, ["type": "error"])
    #expect(StanzaError(stanza) == nil)
    stanza.append(Element("error", NS.client, ["type": "odd"], children: [Element("new-one", NS.stanzaErrors), Element("x", "y")]))
    #expect(StanzaError(stanza) == StanzaError(.undefinedCondition, specific: [Element("x", "y")]))
    stanza["type"] = "chat"
    #expect(StanzaError(stanza) == nil)
  }

  @Test(arguments: StreamError.Condition.allCases)
  func streamErrorReadsBack(_ condition: StreamError.Condition) {
    let error = StreamError(condition, text: "why", specific: [Element("x", "y")])
    #expect(StreamError(error.element) == error)
    #expect(error.element.is("error", NS.streams))
    #expect(StreamError(Element("error", NS.client)) == nil)
  }

  @Test func streamErrorAsXML() {
    var bytes: [UInt8] = []
    Writer(defaultNamespace: NS.client, declaresStreamPrefix: true).write(StreamError(.invalidXML).element, into: &bytes)
    #expect(
      String(decoding: bytes, as: UTF8.self)
        == "<stream:error><invalid-xml xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>")
  }

  @Test func stanzaKinds() {
    #expect(Element("message", NS.client).stanzaKind == .message)
    #expect(Element("presence", NS.client).stanzaKind == .presence)
    #expect(Element("iq", NS.client, ["type": "set", "id": "7"]).stanzaKind == .iq)
    #expect(Element("iq", NS.server).stanzaKind == nil)
    #expect(Element("IQ", NS.client).stanzaKind == nil)
    #expect(request.id == "1" && request.type == "get")
  }
}
