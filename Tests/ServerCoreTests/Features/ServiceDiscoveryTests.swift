import Testing
import XMPP

@testable import ServerCore

/// XEP-0030, by request and whole answer. Romeo and Juliet hear each other, the nurse hears Romeo, Romeo hears Tybalt; Paris is a stranger.
struct ServiceDiscoveryTests {
  private var harness = EngineHarness()
  private let romeo: ConnectionID

  init() {
    for name in ["romeo", "juliet", "nurse", "tybalt", "paris"] { harness.addAccount(name) }
    harness.befriend("romeo", .both, "juliet")
    harness.befriend("romeo", .from, "nurse")
    harness.befriend("romeo", .to, "tybalt")
    romeo = harness.session("romeo", resource: "r")
  }

  private static func query(
    _ kind: String, to address: String, node: String? = nil, type: String = "get", _ content: String = ""
  ) -> String {
    let start = "<query xmlns='http://jabber.org/protocol/disco#\(kind)'\(node.map { " node='\($0)'" } ?? "")"
    let query = content.isEmpty ? "\(start)/>" : "\(start)>\(content)</query>"
    return "<iq type='\(type)' id='1'\(address)>\(query)</iq>"
  }

  private static func result(
    _ kind: String, from: String, to: String = "romeo@localhost/r", node: String? = nil, _ content: String
  ) -> String {
    query(kind, to: " from='\(from)' to='\(to)'", node: node, type: "result", content)
  }

  private static func refused(from: String, to: String = "romeo@localhost/r", _ condition: String) -> String {
    "<iq type='error' id='1' from='\(from)' to='\(to)'>\(EngineHarness.error("cancel", condition))</iq>"
  }

  private static func features(_ names: [String]) -> String { names.map { "<feature var='\($0)'/>" }.joined() }

  private static let hostInfo =
    "<identity category='server' type='im' name='Spondee'/>"
    + features([
      "http://jabber.org/protocol/disco#info", "http://jabber.org/protocol/disco#items", "urn:xmpp:blocking", "urn:xmpp:ping",
      "jabber:iq:version", "urn:xmpp:time", "jabber:iq:register", "msgoffline", "jabber:iq:private",
    ])
  private static let accountInfo =
    "<identity category='account' type='registered'/>"
    + features(["http://jabber.org/protocol/disco#info", "http://jabber.org/protocol/disco#items", "urn:xmpp:ping"])

  // MARK: The server

  /// 3.1 and 4.1; an empty node is none, and is mirrored (3.2).
  @Test(arguments: [nil, ""])
  mutating func theServerTellsWhatItIs(_ node: String?) {
    #expect(
      harness.ask(Self.query("info", to: " to='localhost'", node: node), on: romeo)
        == Self.result("info", from: "localhost", node: node, Self.hostInfo))
    #expect(
      harness.ask(Self.query("items", to: " to='localhost'", node: node), on: romeo)
        == Self.result("items", from: "localhost", node: node, "<item jid='conference.localhost' name='Rooms'/>"))
  }

  /// 7: nodes that there are not; and requests that are none.
  @Test(arguments: ["info", "items"], ["localhost", "romeo@localhost"])
  mutating func otherRequestsAreRefused(_ kind: String, _ address: String) {
    #expect(
      harness.ask(Self.query(kind, to: " to='\(address)'", node: "x"), on: romeo) == Self.refused(from: address, "item-not-found"))
    #expect(
      harness.ask(Self.query(kind, to: " to='\(address)'", type: "set"), on: romeo) == Self.refused(from: address, "not-allowed"))
  }

  /// Offline messages that are switched off are not told of.
  @Test func whatIsOffIsNotListed() {
    var harness = EngineHarness { $0[flag: Setting.all.first { $0.name == "offline_messages" }!] = false }
    harness.addAccount("romeo")
    let romeo = harness.session("romeo", resource: "r")
    #expect(
      harness.ask(Self.query("info", to: " to='localhost'"), on: romeo)
        == Self.result("info", from: "localhost", Self.hostInfo.replacing("<feature var='msgoffline'/>", with: "")))
  }

  // MARK: Accounts

  /// RFC 6121, 8.5.2.1.3: for the account the server answers, whether or not anybody is there.
  @Test(arguments: ["", " to='romeo@localhost'"])
  mutating func anAccountTellsItsOwnerWhatItIs(_ address: String) {
    #expect(
      harness.ask(Self.query("info", to: address), on: romeo) == Self.result("info", from: "romeo@localhost", Self.accountInfo))
    #expect(harness.ask(Self.query("items", to: address), on: romeo) == Self.result("items", from: "romeo@localhost", ""))
  }

  /// 4.1: the items of an account are its available resources.
  @Test mutating func anAccountTellsWhoIsThere() {
    let second = harness.available("romeo", resource: "s")
    for (change, resources) in [("", ["s"]), ("<presence/>", ["r", "s"])] {
      if !change.isEmpty { harness.send(change, on: romeo) }
      harness.skip(romeo, second)
      let items = resources.map { "<item jid='romeo@localhost/\($0)'/>" }.joined()
      #expect(harness.ask(Self.query("items", to: ""), on: romeo) == Self.result("items", from: "romeo@localhost", items))
    }
  }

  /// 8: whoever hears of the account's presence may ask.
  @Test(arguments: ["juliet", "nurse"])
  mutating func whoeverHearsTheAccountMayAsk(_ name: String) {
    harness.send("<presence/>", on: romeo)
    let asker = harness.session(name, resource: "x")
    harness.skip(romeo)
    let to = "\(name)@localhost/x"
    for (kind, content) in [("info", Self.accountInfo), ("items", "<item jid='romeo@localhost/r'/>")] {
      #expect(
        harness.ask(Self.query(kind, to: " to='romeo@localhost'"), on: asker)
          == Self.result(kind, from: "romeo@localhost", to: to, content))
      #expect(
        harness.ask(Self.query(kind, to: " to='romeo@localhost'", node: "x"), on: asker)
          == Self.refused(from: "romeo@localhost", to: to, "item-not-found"))
    }
    #expect(harness.heard(romeo) == "")
  }

  /// 8: others hear the same as of an account that is not there: no items, and nothing else.
  @Test(arguments: ["tybalt", "paris"], ["romeo", "nobody"])
  mutating func strangersHearNothing(_ name: String, _ asked: String) {
    harness.send("<presence/>", on: romeo)
    let asker = harness.session(name, resource: "x")
    harness.skip(romeo)
    let (to, from) = ("\(name)@localhost/x", "\(asked)@localhost")
    for node in [nil, "", "x"] {
      #expect(
        harness.ask(Self.query("info", to: " to='\(from)'", node: node), on: asker)
          == Self.refused(from: from, to: to, "service-unavailable"))
      #expect(
        harness.ask(Self.query("items", to: " to='\(from)'", node: node), on: asker)
          == Self.result("items", from: from, to: to, node: node, ""))
    }
    for kind in ["info", "items"] {
      #expect(
        harness.ask(Self.query(kind, to: " to='\(from)'", type: "set"), on: asker)
          == Self.refused(from: from, to: to, "service-unavailable"))
    }
    #expect(harness.heard(romeo) == "")
  }

  /// RFC 6121, 8.5.3.1: a request to a resource is the client's to answer.
  @Test mutating func aResourceAnswersForItself() {
    let paris = harness.session("paris", resource: "p")
    #expect(harness.ask(Self.query("info", to: " to='romeo@localhost/r'"), on: paris) == "")
    #expect(harness.heard(romeo) == Self.query("info", to: " from='paris@localhost/p' to='romeo@localhost/r'"))
  }
}
