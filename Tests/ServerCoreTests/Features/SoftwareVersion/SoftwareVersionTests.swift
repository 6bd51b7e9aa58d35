import Testing
import XML
import XMPP

@testable import ServerCore

/// XEP-0092, by request and whole answer.
struct SoftwareVersionTests {
  private var harness = EngineHarness { $0.softwareVersion = "1.2 <3>" }
  private let romeo: ConnectionID

  init() {
    harness.addAccount("romeo")
    romeo = harness.session("romeo", resource: "r")
  }

  /// 2: name and version; which operating system it is remains a secret (5).
  @Test mutating func theServerSaysItsVersion() {
    #expect(
      harness.ask("<iq type='get' id='1' to='localhost'><query xmlns='jabber:iq:version'/></iq>", on: romeo)
        == "<iq type='result' id='1' from='localhost' to='romeo@localhost/r'><query xmlns='jabber:iq:version'>"
        + "<name>Spondee</name><version>1.2 &lt;3&gt;</version></query></iq>")
  }

  @Test(arguments: [("set", "localhost", "not-allowed"), ("get", "romeo@localhost", "service-unavailable")])
  mutating func otherRequestsAreRefused(_ type: String, _ address: String, _ condition: String) {
    #expect(
      harness.ask("<iq type='\(type)' id='1' to='\(address)'><query xmlns='jabber:iq:version'/></iq>", on: romeo)
        == "<iq type='error' id='1' from='\(address)' to='romeo@localhost/r'>\(EngineHarness.error("cancel", condition))</iq>")
  }
}
