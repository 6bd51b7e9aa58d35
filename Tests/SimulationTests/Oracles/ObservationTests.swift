import SASL
import ServerCore
import Testing
import XML
import XMPP

@testable import Simulation

struct ObservationTests {
  private static let session = SessionID(actor: 3, incarnation: 2)
  private static let jid = JID("juliet@localhost/balcony")!
  private static let presence = Element("presence", NS.client)
  private static let password = Secret(Array("pw".utf8))

  /// Each case in a trace, on the report page, and whom it concerns.
  @Test(arguments: [
    (Observation.connected(session), "3.2 connected", "connected", nil),
    (.began(session, jid), "3.2 began as juliet@localhost/balcony", "began", "juliet@localhost/balcony"),
    (.ended(session), "3.2 ended", "ended", nil),
    (.sent(session, presence), "3.2 --> \(presence)", "sent", nil),
    (.wrote(session, Array("<a\n".utf8)), "3.2 --> 3 bytes: <a\\n", "wrote", "<a\\n"),
    (.received(session, presence), "3.2 <-- \(presence)", "received", nil),
    (.fault("crash"), "*** crash", "fault", "crash"),
    (.asked(7, .addAccount(jid.bare, password: password)), "operator 7 --> add juliet@localhost", "asked", "add juliet@localhost"),
    (.answered(7, .done), "operator 7 <-- done", "answered", "done"),
    (.answered(7, .refused("no")), "operator 7 <-- refused(\"no\")", "answered", "refused, no"),
  ])
  func inWords(observation: Observation, line: String, kind: String, text: String?) {
    #expect(observation.description == line)
    #expect(observation.facts.kind == kind)
    #expect(observation.facts.text == text)
    let concernsServer = ["fault", "asked", "answered"].contains(kind)
    #expect(observation.session == (concernsServer ? nil : Self.session))
    #expect((observation.facts.stanza == nil) == !["sent", "received"].contains(kind))
  }
}
