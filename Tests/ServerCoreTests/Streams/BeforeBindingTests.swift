import Testing
import XML
import XMPP

@testable import ServerCore

/// Stanzas of one who has no session yet (RFC 6120, 7.1 and 8.2.3; XEP-0077, 3).
struct BeforeBindingTests {
  private static let ping = "<ping xmlns='urn:xmpp:ping'/>"

  private func loggedIn() -> (EngineHarness, ConnectionID) {
    var harness = EngineHarness()
    harness.addAccount("romeo")
    let connection = harness.openStream()
    _ = harness.scram("romeo", "secret", on: connection)
    harness.send(EngineHarness.header, on: connection)
    _ = harness.read(connection)
    return (harness, connection)
  }

  @Test(arguments: [
    "<message to='juliet@localhost'><body>early</body></message>", "<presence/>", "<presence to='juliet@localhost'/>",
    "<iq type='get' id='1' to='juliet@localhost'>\(ping)</iq>", "<iq type='get' id='1' to='romeo@localhost/r'>\(ping)</iq>",
    "<iq type='get' id='1' to='conference.localhost'>\(ping)</iq>", "<iq type='get' id='1' to='localhost/r'>\(ping)</iq>",
    "<iq type='get' id='1' to='@@'>\(ping)</iq>",
    "<iq type='set' id='1' to='elsewhere.example'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>",
    "<iq type='result' id='1'/>", "<iq type='error' id='1'/>",
  ])
  func whatIsForOthersEndsTheStream(_ stanza: String) {
    var (harness, connection) = loggedIn()
    harness.send(stanza, on: connection)
    #expect(harness.read(connection).contains("<stream:error><not-authorized "))
    #expect(harness.closed.contains(connection))
  }

  @Test(arguments: ["", " to='localhost'", " to='romeo@localhost'"])
  func aRequestToTheServerIsAnswered(_ address: String) {
    var (harness, connection) = loggedIn()
    harness.send("<iq type='get' id='1'\(address)>\(Self.ping)</iq>", on: connection)
    let answer = harness.read(connection)
    #expect(answer.contains("type='error' id='1'") && answer.contains("<not-allowed "))
    harness.send("<iq type='set' id='b'\(address)><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>", on: connection)
    #expect(harness.read(connection).contains("<jid>romeo@localhost/"))
  }

  @Test(arguments: [
    "<iq type='set'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>",
    "<iq type='set' id='1'/>", "<iq type='push' id='1'>\(ping)</iq>",
    "<iq type='set' id='1'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/>\(ping)</iq>",
  ])
  func theRulesOfRequestsHoldForBinding(_ stanza: String) {
    var (harness, connection) = loggedIn()
    harness.send(stanza, on: connection)
    let answer = harness.read(connection)
    #expect(answer.contains("type='error'") && answer.contains("<bad-request ") && !answer.contains("<jid>"))
    #expect(harness.closed.isEmpty)
  }

  // MARK: Registration by a stranger

  private func stranger() -> (EngineHarness, ConnectionID) {
    var harness = EngineHarness { $0[flag: .openRegistration] = true }
    let connection = harness.openStream()
    _ = harness.read(connection)
    return (harness, connection)
  }

  private static func request(_ attributes: String, _ content: String) -> String {
    "<iq \(attributes)><query xmlns='jabber:iq:register'>\(content)</query></iq>"
  }

  @Test(arguments: [
    request("type='get'", ""), request("type='push' id='1'", ""),
    "<iq type='get' id='1'><query xmlns='jabber:iq:register'/>\(ping)</iq>",
  ])
  func theRulesOfRequestsHoldForStrangers(_ stanza: String) {
    var (harness, connection) = stranger()
    harness.send(stanza, on: connection)
    let answer = harness.read(connection)
    #expect(answer.contains("type='error'") && answer.contains("<bad-request "))
    #expect(harness.closed.isEmpty)
  }

  @Test(arguments: [
    request("type='result' id='1'", ""), request("type='get' id='1' to='elsewhere.example'", ""), "<iq type='get' id='1'>\(ping)</iq>",
  ])
  func aStrangerMayAskForNothingElse(_ stanza: String) {
    var (harness, connection) = stranger()
    harness.send(stanza, on: connection)
    #expect(harness.read(connection).contains("<stream:error><not-authorized "))
  }

  /// XEP-0077, 3.2: who is not logged in has nothing to cancel.
  @Test func aStrangerCannotCancelARegistration() {
    var (harness, connection) = stranger()
    harness.send(Self.request("type='set' id='1'", "<remove/>"), on: connection)
    let answer = harness.read(connection)
    #expect(answer.contains("type='error' id='1'") && answer.contains("<unexpected-request "))
  }

  /// XEP-0077, 3.3: a password of which SASLprep leaves nothing is none.
  @Test(arguments: ["", "\u{AD}", "\u{2060}\u{200D}", "\u{FEFF}"])
  func aPasswordOfNothingIsRefused(_ password: String) {
    var (harness, connection) = stranger()
    harness.send(Self.request("type='set' id='1'", "<username>eve</username><password>\(password)</password>"), on: connection)
    #expect(harness.read(connection).contains("type='error' id='1'"))
    harness.addAccount("romeo")
    let romeo = harness.session("romeo", resource: "r")
    harness.send(Self.request("type='set' id='2'", "<username>romeo</username><password>\(password)</password>"), on: romeo)
    #expect(harness.read(romeo).contains("type='error' id='2'"))
    harness.send(Self.request("type='set' id='3'", "<remove/><remove/>"), on: romeo)
    let answer = harness.read(romeo)
    #expect(answer.contains("type='error' id='3'") && answer.contains("<bad-request "))
  }

  /// An account of one domain is none of another's.
  @Test func nobodyIsRegisteredElsewhere() {
    var harness = EngineHarness { $0.domains = ["localhost", "second.example"] }
    harness.addAccount("romeo")
    let romeo = harness.session("romeo", resource: "r")
    harness.send(Self.request("type='set' id='1' to='second.example'", "<remove/>"), on: romeo)
    let answer = harness.read(romeo)
    #expect(answer.contains("id='1'") && answer.contains("<registration-required "))
    harness.send(Self.request("type='set' id='2' to='second.example'", "<username>romeo</username><password>new</password>"), on: romeo)
    let other = harness.read(romeo)
    #expect(other.contains("id='2'") && other.contains("<not-allowed "))
    let again = harness.openStream()
    #expect(harness.scram("romeo", "secret", on: again).contains("<success"))
  }
}
