import Storage
import Testing
import XML
import XMPP

@testable import ServerCore

/// XEP-0049, by request and whole answer.
struct PrivateXMLTests {
  private var harness = EngineHarness()
  private let romeo: ConnectionID

  init() {
    harness.addAccount("romeo")
    romeo = harness.session("romeo", resource: "r")
  }

  private mutating func ask(_ type: String, _ payload: String, on connection: ConnectionID? = nil) -> String {
    harness.send("<iq type='\(type)' id='p'><query xmlns='jabber:iq:private'>\(payload)</query></iq>", on: connection ?? romeo)
    return harness.read(connection ?? romeo)
  }

  private func result(_ payload: String) -> String {
    "<iq type='result' id='p' from='romeo@localhost' to='romeo@localhost/r'><query xmlns='jabber:iq:private'>\(payload)</query></iq>"
  }
  private let done = "<iq type='result' id='p' from='romeo@localhost' to='romeo@localhost/r'/>"

  private func condition(_ answer: String) -> Substring? {
    answer.firstMatch(of: #/<error type='[a-z]+'><([a-z-]+) /#)?.1
  }

  private var rows: [PrivateElement] {
    harness.commits.flatMap(\.changes).compactMap { $0.row(PrivateElement.self) }
  }

  @Test mutating func whatIsStoredIsRead() {
    #expect(ask("get", "<a xmlns='urn:x'/>") == result("<a xmlns='urn:x'/>"))
    #expect(ask("set", "<a xmlns='urn:x'><b/>1</a>") == done)
    #expect(ask("get", "<a xmlns='urn:x'/>") == result("<a xmlns='urn:x'><b/>1</a>"))
    #expect(ask("get", "<a xmlns='urn:y'/>") == result("<a xmlns='urn:y'/>"))
    #expect(ask("set", "<a xmlns='urn:x' c='2'/>") == done)
    #expect(ask("get", "<a xmlns='urn:x'>ignored</a>") == result("<a xmlns='urn:x' c='2'/>"))
  }

  @Test mutating func itIsThereAfterTheAccountLeftMemory() {
    _ = ask("set", "<a xmlns='urn:x'>1</a><b xmlns='urn:x'>2</b>")
    harness.input(.closed(romeo))
    harness.advance(seconds: 61)
    #expect(harness.engine.server.accountsInMemory.isEmpty)
    let again = harness.session("romeo", resource: "r")
    #expect(ask("get", "<b xmlns='urn:x'/>", on: again) == result("<b xmlns='urn:x'>2</b>"))
  }

  @Test mutating func anEmptyElementRemoves() {
    _ = ask("set", "<a xmlns='urn:x'>1</a>")
    #expect(ask("set", "<a xmlns='urn:x'/>") == done)
    #expect(ask("get", "<a xmlns='urn:x'/>") == result("<a xmlns='urn:x'/>"))
    #expect(harness.gauges("private elements").isEmpty)
    // To remove what is not there changes nothing.
    let before = harness.commits.count
    #expect(ask("set", "<a xmlns='urn:x'/>") == done)
    #expect(harness.commits.count == before)
  }

  @Test(arguments: [
    ("get", "", "not-acceptable"), ("set", "", "not-acceptable"), ("set", "<a xmlns='jabber:iq:private'/>", "not-acceptable"),
    ("set", "<a xmlns='urn:x'>1</a><a xmlns='urn:x'>2</a>", "not-acceptable"),
    ("get", "<a xmlns='urn:x'/><b xmlns='urn:x'/>", "bad-request"),
  ])
  mutating func badRequests(_ type: String, _ payload: String, _ expected: String) {
    #expect(condition(ask(type, payload)).map(String.init) == expected)
    #expect(rows.isEmpty)
  }

  @Test mutating func nobodyElseReadsOrWrites() {
    harness.addAccount("juliet")
    _ = ask("set", "<a xmlns='urn:x'>1</a>")
    let juliet = harness.session("juliet", resource: "j")
    for (type, to) in [("get", "romeo"), ("set", "romeo"), ("get", "nobody")] {
      harness.send(
        "<iq type='\(type)' id='p' to='\(to)@localhost'><query xmlns='jabber:iq:private'><a xmlns='urn:x'>2</a></query></iq>", on: juliet)
      #expect(condition(harness.read(juliet)) == "service-unavailable")
    }
    #expect(rows.count == 1)
  }

  /// Requests that come together are done in their order.
  @Test mutating func whatIsAskedBeforeAChangeIsAnsweredWithWhatWasBefore() {
    _ = ask("set", "<a xmlns='urn:x'>1</a>")
    harness.loadsAtOnce = false
    #expect(ask("get", "<a xmlns='urn:x'/>") == "")
    #expect(ask("set", "<a xmlns='urn:x'>2</a>") == done)
    harness.answerLoads()
    #expect(harness.read(romeo) == result("<a xmlns='urn:x'>1</a>"))
    #expect(ask("get", "<a xmlns='urn:x'/>") == "")
    harness.answerLoads()
    #expect(harness.read(romeo) == result("<a xmlns='urn:x'>2</a>"))
  }

  @Test mutating func whatStorageCanNotReadIsRefused() {
    _ = ask("set", "<a xmlns='urn:x'>1</a>")
    harness.loadsAtOnce = false
    _ = ask("get", "<a xmlns='urn:x'/>")
    let query = harness.waitingLoads.last!
    harness.input(.answered(harness.open(query)!, .failed("unreadable")))
    #expect(condition(harness.read(romeo)) == "internal-server-error")
  }
}
