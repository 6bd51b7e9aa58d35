import Storage
import Testing
import XML
import XMPP

@testable import ServerCore

/// XEP-0191, sections 3.2 to 3.5, by request, whole answers and rows. Of Romeo's three sessions two have asked for the blocklist.
struct BlockingRequestTests {
  private var harness: EngineHarness
  private let (romeo, second, silent): (ConnectionID, ConnectionID, ConnectionID)
  private static let account = JID("romeo@localhost")!

  init() { self.init { _ in } }

  private init(_ change: (inout Configuration) -> Void) {
    harness = EngineHarness(change)
    harness.addAccount("romeo")
    harness.addAccount("juliet")
    romeo = harness.session("romeo", resource: "r")
    second = harness.session("romeo", resource: "s")
    silent = harness.session("romeo", resource: "silent")
    for session in [romeo, second] { harness.send(Self.list, on: session) }
    harness.skip(romeo, second)
  }

  private static let list = "<iq type='get' id='1'><blocklist xmlns='urn:xmpp:blocking'/></iq>"
  private static let done = "<iq type='result' id='1' from='romeo@localhost' to='romeo@localhost/r'/>"

  /// An element with an item for each address.
  private static func element(_ name: String, _ addresses: [String]) -> String {
    let items = addresses.map { "<item jid='\($0)'/>" }.joined()
    return items.isEmpty ? "<\(name) xmlns='urn:xmpp:blocking'/>" : "<\(name) xmlns='urn:xmpp:blocking'>\(items)</\(name)>"
  }
  private static func request(_ name: String, _ addresses: [String]) -> String {
    "<iq type='set' id='1'>\(element(name, addresses))</iq>"
  }
  private static func failed(_ kind: String, _ condition: String) -> String {
    "<iq type='error' id='1' from='romeo@localhost' to='romeo@localhost/r'>\(EngineHarness.error(kind, condition))</iq>"
  }

  private var rows: [String] { harness.rows(BlockedAddress.self, of: Self.account).map(\.jid.text.string).sorted() }

  /// Sends a block or an unblock, and expects that it is done: the result, and a push to whoever asked for the list.
  private mutating func change(
    _ name: String, _ addresses: [String], pushes pushed: [String]? = nil, _ place: SourceLocation = #_sourceLocation
  ) {
    let push = Self.element(name, pushed ?? addresses)
    #expect(
      Self.stanzas(harness.ask(Self.request(name, addresses), on: romeo))
        == Self.stanzas(Self.done + "<iq type='set' id='*' to='romeo@localhost/r'>\(push)</iq>"), sourceLocation: place)
    #expect(harness.heard(second) == "<iq type='set' id='*' to='romeo@localhost/s'>\(push)</iq>", sourceLocation: place)
    #expect(harness.heard(silent) == "", sourceLocation: place)
  }

  /// Result and push have no order between them (3.3).
  private static func stanzas(_ text: String) -> [String] {
    text.replacing("<iq ", with: "\n<iq ").split(separator: "\n").map(String.init).sorted()
  }

  private mutating func expectList(_ addresses: [String], _ place: SourceLocation = #_sourceLocation) {
    #expect(
      harness.ask(Self.list, on: romeo)
        == "<iq type='result' id='1' from='romeo@localhost' to='romeo@localhost/r'>\(Self.element("blocklist", addresses))</iq>",
      sourceLocation: place)
  }

  /// 3.2: an empty list is an empty element. It stays after a restart.
  @Test mutating func theListIsKept() {
    expectList([])
    change("block", ["juliet@localhost", "elsewhere.example"])
    change("block", ["nurse@elsewhere.example/r"])
    expectList(["juliet@localhost", "elsewhere.example", "nurse@elsewhere.example/r"])
    #expect(rows == ["elsewhere.example", "juliet@localhost", "nurse@elsewhere.example/r"])
    harness.restart()
    let again = harness.session("romeo", resource: "r")
    let answer = harness.ask(Self.list, on: again)
    for address in rows { #expect(answer.contains("<item jid='\(address)'/>")) }
  }

  /// 3.3: whoever asks for the list is told of changes from then on, and no one else.
  @Test mutating func whoeverAsksIsToldOfChanges() {
    _ = harness.ask(Self.request("block", ["a@localhost"]), on: silent)
    #expect(harness.heard(silent) == "")
    _ = harness.ask(Self.list, on: silent)
    harness.send(Self.request("block", ["b@localhost"]), on: romeo)
    let push = "<iq type='set' id='*' to='romeo@localhost/silent'>\(Self.element("block", ["b@localhost"]))</iq>"
    #expect(harness.heard(silent) == push)
  }

  /// 3.3: a block of what is blocked already is pushed, and there is nothing to store. One item twice is one.
  @Test mutating func whatIsBlockedIsBlockedOnce() {
    change("block", ["a@localhost", "A@localhost"], pushes: ["a@localhost"])
    let before = harness.commits.count
    change("block", ["a@localhost"])
    #expect(harness.commits.count == before)
    change("block", ["a@localhost", "b@localhost"])
    expectList(["a@localhost", "b@localhost"])
    #expect(rows == ["a@localhost", "b@localhost"])
  }

  /// 3.4: only what is named is unblocked; what is not blocked stays so.
  @Test mutating func addressesAreUnblocked() {
    change("block", ["a@localhost", "a@localhost/r", "b@localhost"])
    change("unblock", ["a@localhost", "never@localhost"])
    expectList(["a@localhost/r", "b@localhost"])
    #expect(rows == ["a@localhost/r", "b@localhost"])
    let before = harness.commits.count
    change("unblock", ["a@localhost"])
    #expect(harness.commits.count == before)
    change("unblock", ["a@localhost/r", "b@localhost"])
    expectList([])
    #expect(rows == [])
  }

  /// 3.5: an unblock without items is for all.
  @Test mutating func everybodyIsUnblocked() {
    change("block", ["a@localhost", "b@localhost"])
    change("unblock", [])
    expectList([])
    #expect(rows == [])
    let before = harness.commits.count
    change("unblock", [])
    #expect(harness.commits.count == before)
  }

  @Test mutating func nothingIsSaidBeforeItIsStored() {
    harness.commitsAtOnce = false
    #expect(harness.ask(Self.request("block", ["a@localhost"]), on: romeo) == "")
    #expect(harness.heard(second) == "")
    harness.commit()
    #expect(harness.heard(romeo).contains(Self.done))
    #expect(harness.heard(second) == "<iq type='set' id='*' to='romeo@localhost/s'>\(Self.element("block", ["a@localhost"]))</iq>")
  }

  /// 3.3, and RFC 6120, 8.3.3.8.
  @Test(arguments: [
    ("set", "<block xmlns='urn:xmpp:blocking'/>", "modify", "bad-request"),
    ("set", "<block xmlns='urn:xmpp:blocking'><item xmlns='urn:x' jid='a@localhost'/></block>", "modify", "bad-request"),
    ("set", "<block xmlns='urn:xmpp:blocking'><item/></block>", "modify", "jid-malformed"),
    ("set", "<block xmlns='urn:xmpp:blocking'><item jid='a@localhost'/><item jid='@@'/></block>", "modify", "jid-malformed"),
    ("set", "<unblock xmlns='urn:xmpp:blocking'><item jid='juliet@localhost'/><item jid='@@'/></unblock>", "modify", "jid-malformed"),
    ("get", "<block xmlns='urn:xmpp:blocking'><item jid='a@localhost'/></block>", "modify", "bad-request"),
    ("get", "<unblock xmlns='urn:xmpp:blocking'/>", "modify", "bad-request"),
    ("set", "<blocklist xmlns='urn:xmpp:blocking'/>", "modify", "bad-request"),
    ("set", "<other xmlns='urn:xmpp:blocking'/>", "cancel", "service-unavailable"),
  ])
  mutating func aRequestIsRefused(_ type: String, _ payload: String, _ kind: String, _ condition: String) {
    change("block", ["juliet@localhost"])
    let before = harness.commits.count
    #expect(harness.ask("<iq type='\(type)' id='1'>\(payload)</iq>", on: romeo) == Self.failed(kind, condition))
    #expect(harness.heard(second) == "")
    #expect(rows == ["juliet@localhost"] && harness.commits.count == before)
    expectList(["juliet@localhost"])
  }

  /// Just at the limit, beyond it, what is blocked already, and a removal that makes room.
  @Test func addressesAreLimited() {
    var test = BlockingRequestTests { $0.limits[.blockedAddresses] = 2 }
    let full = Self.failed("wait", "resource-constraint")
    #expect(test.harness.ask(Self.request("block", ["a@x", "b@x", "c@x"]), on: test.romeo) == full)
    test.expectList([])
    test.change("block", ["a@x", "b@x"])
    #expect(test.harness.ask(Self.request("block", ["a@x", "c@x"]), on: test.romeo) == full)
    #expect(test.harness.heard(test.second) == "")
    test.change("block", ["b@x"])
    test.change("unblock", ["b@x"])
    test.change("block", ["a@x", "c@x"])
    #expect(test.rows == ["a@x", "c@x"])
    #expect(test.harness.gauges("blocked addresses") == [Gauge(name: "blocked addresses", value: 2, limit: 2)])
  }

  /// RFC 6121, 8.5: another's list is nobody's, whether the account is there or not.
  @Test(arguments: ["romeo@localhost", "nobody@localhost"])
  mutating func nobodyElseReadsOrWrites(_ address: String) {
    change("block", ["nurse@localhost"])
    let juliet = harness.session("juliet", resource: "j")
    for request in [Self.list, Self.request("block", ["tybalt@localhost"]), Self.request("unblock", [])] {
      #expect(
        harness.ask(request.replacing("<iq ", with: "<iq to='\(address)' "), on: juliet)
          == "<iq type='error' id='1' from='\(address)' to='juliet@localhost/j'>"
          + "\(EngineHarness.error("cancel", "service-unavailable"))</iq>")
    }
    #expect(harness.heard(romeo) == "")
    #expect(rows == ["nurse@localhost"])
  }
}
