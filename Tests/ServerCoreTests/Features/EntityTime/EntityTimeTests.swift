import Testing
import XMPP

@testable import ServerCore

/// XEP-0202, by request and whole answer.
struct EntityTimeTests {
  private var harness = EngineHarness()
  private let romeo: ConnectionID

  init() {
    harness.addAccount("romeo")
    romeo = harness.session("romeo", resource: "r")
  }

  /// 3: the time of the wall clock in UTC, and the offset of the zone.
  @Test(arguments: [(0, "1970-01-01T00:00:00Z"), (1_166_551_115, "2006-12-19T17:58:35Z"), (951_782_400, "2000-02-29T00:00:00Z")])
  mutating func theServerSaysItsTime(_ seconds: Int64, _ time: String) {
    harness.wallOffset = seconds * 1_000_000_000 - harness.now
    #expect(
      harness.ask("<iq type='get' id='1' to='localhost'><time xmlns='urn:xmpp:time'/></iq>", on: romeo)
        == "<iq type='result' id='1' from='localhost' to='romeo@localhost/r'><time xmlns='urn:xmpp:time'>"
        + "<tzo>+00:00</tzo><utc>\(time)</utc></time></iq>")
  }

  @Test(arguments: [("set", "localhost", "not-allowed"), ("get", "romeo@localhost", "service-unavailable")])
  mutating func otherRequestsAreRefused(_ type: String, _ address: String, _ condition: String) {
    #expect(
      harness.ask("<iq type='\(type)' id='1' to='\(address)'><time xmlns='urn:xmpp:time'/></iq>", on: romeo)
        == "<iq type='error' id='1' from='\(address)' to='romeo@localhost/r'>\(EngineHarness.error("cancel", condition))</iq>")
  }
}
