import Storage
import Testing
import XML
import XMPP

@testable import ServerCore

/// XEP-0049, by request and whole answer.
struct PrivateXMLTests {
  private var harness: EngineHarness
  private let romeo: ConnectionID

  init() { self.init { _ in } }

  private init(_ change: (inout Configuration) -> Void) {
    harness = EngineHarness(change)
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

  private static let full =
    "<iq type='error' id='p' from='romeo@localhost' to='romeo@localhost/r'><error type='wait'>"
    + "<resource-constraint xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>"

  /// A session of an engine with these limits.
  private static func limited(elements: Int = 100, bytes: Int = 1 << 20) -> PrivateXMLTests {
    PrivateXMLTests { configuration in
      configuration.limits[.privateElements] = elements
      configuration.limits[.privateBytes] = bytes
    }
  }

  /// The limit in elements: just at it, beyond it in one request and in two, a replacement, and a removal that makes room.
  @Test func elementsAreLimited() {
    var test = Self.limited(elements: 2)
    #expect(test.ask("set", "<a xmlns='urn:x'>1</a><b xmlns='urn:x'>1</b><c xmlns='urn:x'>1</c>") == Self.full)
    #expect(test.rows.isEmpty)
    #expect(test.ask("set", "<a xmlns='urn:x'>1</a><b xmlns='urn:x'>1</b>") == test.done)
    #expect(test.ask("set", "<c xmlns='urn:x'>1</c>") == Self.full)
    #expect(test.ask("get", "<c xmlns='urn:x'/>") == test.result("<c xmlns='urn:x'/>"))
    #expect(test.ask("set", "<b xmlns='urn:x'>2</b>") == test.done)
    #expect(test.ask("set", "<a xmlns='urn:x'/><c xmlns='urn:x'>1</c>") == test.done)
    #expect(test.ask("get", "<c xmlns='urn:x'/>") == test.result("<c xmlns='urn:x'>1</c>"))
    #expect(test.harness.gauges("private elements") == [Gauge(name: "private elements", value: 2, limit: 2)])
    #expect(test.harness.engine.marks.count(of: PrivateXMLMark.privateElementsFull) == 2)
  }

  /// The limit in bytes, of all elements together as they are stored: just at it, one beyond it, and a removal that makes room.
  @Test func bytesAreLimited() {
    let size = Element("a", "urn:x", text: "1").stored.count
    var test = Self.limited(bytes: 2 * size)
    #expect(test.ask("set", "<a xmlns='urn:x'>1</a><b xmlns='urn:x'>1</b>") == test.done)
    #expect(test.ask("set", "<b xmlns='urn:x'>12</b>") == Self.full)
    #expect(test.ask("get", "<b xmlns='urn:x'/>") == test.result("<b xmlns='urn:x'>1</b>"))
    #expect(test.ask("set", "<a xmlns='urn:x'/><b xmlns='urn:x'>12</b>") == test.done)
    #expect(
      test.harness.gauges("bytes of private elements")
        == [Gauge(name: "bytes of private elements", value: size + 1, limit: 2 * size)])
    #expect(test.harness.engine.marks.count(of: PrivateXMLMark.privateBytesFull) == 1)
  }

  /// A user who stored more before an operator lowered the limits may store less of it.
  @Test func whoIsBeyondALimitMayTidyUp() throws {
    func sizes(_ names: Text...) throws -> PrivateXMLSizes {
      let rows = names.map { PrivateElementSize(key: PrivateXMLKey(Element($0, "urn:x")), bytes: 10).values }
      let owner = Owner.account(JID("romeo@localhost")!)
      return try PrivateXMLSizes(OwnerRows(owner, tables: [TableRows(table: PrivateElementSize.table.name, rows: rows)]))
    }
    let (more, less) = (try sizes("a", "b", "c"), try sizes("a", "b"))
    var limits = Configuration.Limits()
    limits[.privateElements] = 1
    limits[.privateBytes] = 5
    #expect(less.excess(over: more, limits) == nil)
    #expect(more.excess(over: less, limits) == .privateElementsFull)
    limits[.privateElements] = 3
    #expect(more.excess(over: less, limits) == .privateBytesFull)
    limits[.privateBytes] = 30
    #expect(more.excess(over: less, limits) == nil)
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
