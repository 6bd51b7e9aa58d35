import Testing
import XMPP

@testable import ServerCore

/// XEP-0199, by request and whole answer.
struct XMPPPingTests {
  private var harness = EngineHarness()
  private let (romeo, juliet): (ConnectionID, ConnectionID)

  init() {
    harness.addAccount("romeo")
    harness.addAccount("juliet")
    romeo = harness.session("romeo", resource: "r")
    juliet = harness.session("juliet", resource: "j")
  }

  private static func ping(_ attributes: String) -> String { "<iq type='get' id='1'\(attributes)><ping xmlns='urn:xmpp:ping'/></iq>" }

  /// 4.2: a client pings its server, by whichever of its names.
  @Test(arguments: [("", "romeo@localhost"), (" to='romeo@localhost'", "romeo@localhost"), (" to='localhost'", "localhost")])
  mutating func theServerAnswers(_ address: String, _ sender: String) {
    let answer = harness.ask(Self.ping(address), on: romeo)
    #expect(answer == "<iq type='result' id='1' from='\(sender)' to='romeo@localhost/r'/>")
  }

  /// RFC 6121, 8.5: for others' accounts the server answers nothing, whether they are there or not.
  @Test(arguments: [
    "juliet@localhost", "juliet@localhost/none", "nobody@localhost", "nobody@localhost/j", "localhost/r",
  ])
  mutating func nobodyElseIsThere(_ address: String) {
    #expect(
      harness.ask(Self.ping(" to='\(address)'"), on: romeo)
        == "<iq type='error' id='1' from='\(address)' to='romeo@localhost/r'>"
        + "\(EngineHarness.error("cancel", "service-unavailable"))</iq>")
    #expect(harness.heard(juliet) == "")
  }

  /// 4.4: between clients the server passes on both ping and answer.
  @Test mutating func aClientPingsAnother() {
    #expect(harness.ask(Self.ping(" to='juliet@localhost/j'"), on: romeo) == "")
    #expect(harness.heard(juliet) == Self.ping(" from='romeo@localhost/r' to='juliet@localhost/j'"))
    #expect(harness.ask("<iq type='result' id='1' to='romeo@localhost/r'/>", on: juliet) == "")
    #expect(harness.heard(romeo) == "<iq type='result' id='1' from='juliet@localhost/j' to='romeo@localhost/r'/>")
  }
}
