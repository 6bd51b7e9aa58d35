import Testing
import XMPP

@testable import ServerCore

/// RFC 3921, section 3, by request and whole answer.
struct SessionEstablishmentTests {
  private var harness = EngineHarness()
  private static func request(_ address: String) -> String {
    "<iq type='set' id='1'\(address)><session xmlns='urn:ietf:params:xml:ns:xmpp-session'/></iq>"
  }

  init() {
    harness.addAccount("romeo")
    harness.addAccount("juliet")
  }

  /// It is offered beside binding, with the word that it need not be asked for.
  @Test mutating func itIsOfferedAfterTheLogin() {
    let connection = harness.openStream()
    _ = harness.scram("romeo", "secret", on: connection)
    let features = harness.ask(EngineHarness.header, on: connection)
    #expect(features.contains("<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/>"))
    #expect(features.contains("<session xmlns='urn:ietf:params:xml:ns:xmpp-session'><optional/></session>"))
  }

  @Test mutating func itIsNotOfferedBeforeTheLogin() {
    let connection = harness.openStream()
    #expect(!harness.read(connection).contains("xmpp-session"))
  }

  @Test(arguments: [("", "romeo@localhost"), (" to='romeo@localhost'", "romeo@localhost"), (" to='localhost'", "localhost")])
  mutating func aSessionIsThereAlready(_ address: String, _ sender: String) {
    let romeo = harness.session("romeo", resource: "r")
    let answer = "<iq type='result' id='1' from='\(sender)' to='romeo@localhost/r'/>"
    for _ in 0..<2 { #expect(harness.ask(Self.request(address), on: romeo) == answer) }
  }

  /// RFC 6121, 8.5: for another's account the server answers nothing.
  @Test(arguments: ["juliet@localhost", "nobody@localhost"])
  mutating func nobodyBeginsAnothersSession(_ address: String) {
    let romeo = harness.session("romeo", resource: "r")
    #expect(
      harness.ask(Self.request(" to='\(address)'"), on: romeo)
        == "<iq type='error' id='1' from='\(address)' to='romeo@localhost/r'>"
        + "\(EngineHarness.error("cancel", "service-unavailable"))</iq>")
  }
}
