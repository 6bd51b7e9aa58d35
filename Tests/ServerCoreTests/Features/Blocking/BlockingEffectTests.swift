import Storage
import Testing
import XML
import XMPP

@testable import ServerCore

/// The ways of stanzas and of presence behind a block (XEP-0191, 3.3, 3.4 and 6), by all that everybody hears.
///
/// Romeo and Juliet hear each other, and the nurse is a stranger. Juliet has two resources.
struct BlockingEffectTests {
  private var harness: EngineHarness
  private let (romeo, juliet, phone, nurse): (ConnectionID, ConnectionID, ConnectionID, ConnectionID)

  init() { self.init { _ in } }

  private init(subscription: RosterItem.Subscription = .both, _ change: (inout Configuration) -> Void = { _ in }) {
    harness = EngineHarness(change)
    for name in ["romeo", "juliet", "nurse"] { harness.addAccount(name) }
    harness.befriend("romeo", subscription, "juliet")
    romeo = harness.available("romeo", resource: "r")
    juliet = harness.available("juliet", resource: "j")
    phone = harness.available("juliet", resource: "k")
    nurse = harness.available("nurse", resource: "n")
    harness.skip(romeo, juliet, phone, nurse)
  }

  private mutating func change(_ name: String, _ addresses: [String], _ place: SourceLocation = #_sourceLocation) {
    let items = addresses.map { "<item jid='\($0)'/>" }.joined()
    #expect(
      harness.ask("<iq type='set' id='b'><\(name) xmlns='urn:xmpp:blocking'>\(items)</\(name)></iq>", on: romeo)
        == "<iq type='result' id='b' from='romeo@localhost' to='romeo@localhost/r'/>", sourceLocation: place)
  }

  /// Stanzas that the others got, by name: nobody who got nothing.
  private mutating func others() -> [String: String] {
    let all = [("juliet", juliet), ("phone", phone), ("nurse", nurse)]
    return Dictionary(uniqueKeysWithValues: all.map { ($0.0, harness.heard($0.1)) }).filter { !$0.value.isEmpty }
  }

  private static func presence(_ type: String = "", to: String, from: String = "romeo@localhost/r", _ content: String = "") -> String {
    let start = "<presence\(type.isEmpty ? "" : " type='\(type)'") from='\(from)' to='\(to)'"
    return content.isEmpty ? "\(start)/>" : "\(start)>\(content)</presence>"
  }

  private static func bounced(_ stanza: String, from: String, to: String, _ error: String) -> String {
    "<\(stanza) type='error' id='1' from='\(from)' to='\(to)'>\(error)</\(stanza)>"
  }
  private static let nobody = EngineHarness.error("cancel", "service-unavailable")
  private static let ping = "<ping xmlns='urn:xmpp:ping'/>"

  // MARK: 3.3, what is sent to the user

  /// Messages and requests are answered as if nobody were there, for the account as well as for a resource.
  @Test(arguments: ["juliet@localhost", "juliet@localhost/j"], ["romeo@localhost", "romeo@localhost/r", "romeo@localhost/none"])
  mutating func messagesAndRequestsAreBounced(_ item: String, _ address: String) {
    change("block", [item])
    _ = others()
    for (stanza, name) in [
      ("<message id='1' type='chat' to='\(address)'><body>hi</body></message>", "message"),
      ("<message id='1' to='\(address)'><body>hi</body></message>", "message"),
      ("<message id='1' type='headline' to='\(address)'><body>hi</body></message>", "message"),
      ("<iq id='1' type='get' to='\(address)'>\(Self.ping)</iq>", "iq"),
      ("<iq id='1' type='set' to='\(address)'>\(Self.ping)</iq>", "iq"),
    ] {
      #expect(harness.ask(stanza, on: juliet) == Self.bounced(name, from: address, to: "juliet@localhost/j", Self.nobody))
    }
    for stanza in [
      "<message id='1' type='error' to='\(address)'>\(Self.nobody)</message>", "<iq id='1' type='result' to='\(address)'/>",
      "<iq id='1' type='error' to='\(address)'>\(Self.nobody)</iq>",
      "<message id='1' type='groupchat' to='\(address)'><body>hi</body></message>",
    ] {
      #expect(harness.ask(stanza, on: juliet) == "")
    }
    #expect(harness.heard(romeo) == "")
    #expect(harness.stored(for: "romeo") == [])
  }

  /// Presence of whichever kind: "MUST NOT respond and MUST NOT return an error".
  @Test(arguments: ["", "unavailable", "subscribe", "subscribed", "unsubscribe", "unsubscribed", "probe", "error"])
  mutating func presenceVanishes(_ type: String) {
    change("block", ["juliet@localhost", "nurse@localhost"])
    _ = others()
    let before = harness.rows(RosterItem.self, of: JID("romeo@localhost")!)
    let type = type.isEmpty ? "" : " type='\(type)'"
    for session in [juliet, nurse] { #expect(harness.ask("<presence id='1'\(type) to='romeo@localhost'/>", on: session) == "") }
    #expect(harness.ask("<presence id='1'\(type) to='romeo@localhost/r'/>", on: juliet) == "")
    #expect(harness.heard(romeo) == "")
    #expect(harness.rows(RosterItem.self, of: JID("romeo@localhost")!) == before)
  }

  /// With `drop`, the sender of a message hears nothing; the sender of a request does (3.3: "MUST return an error").
  @Test func messagesAreDropped() {
    var test = BlockingEffectTests { $0.blockedMessages = .drop }
    test.change("block", ["juliet@localhost"])
    _ = test.others()
    for type in ["chat", "normal", "headline"] {
      let message = "<message id='1' type='\(type)' to='romeo@localhost'><body>hi</body></message>"
      #expect(test.harness.ask(message, on: test.juliet) == "")
    }
    #expect(
      test.harness.ask("<iq id='1' type='get' to='romeo@localhost/r'>\(Self.ping)</iq>", on: test.juliet)
        == Self.bounced("iq", from: "romeo@localhost/r", to: "juliet@localhost/j", Self.nobody))
    #expect(test.harness.heard(test.romeo) == "")
    #expect(test.harness.stored(for: "romeo") == [])
  }

  /// The kinds of items (6), and the mark of the one that was decisive.
  @Test(arguments: [
    ("juliet@localhost", BlockingMark.blockedByAccount, true, true, false),
    ("juliet@localhost/j", .blockedByResource, true, false, false),
    ("localhost", .blockedByDomain, true, true, true),
  ])
  mutating func whomAnItemMeans(_ item: String, _ mark: BlockingMark, _ isFirst: Bool, _ isSecond: Bool, _ isThird: Bool) {
    change("block", [item])
    _ = others()
    for (session, address, isBlocked) in [
      (juliet, "juliet@localhost/j", isFirst), (phone, "juliet@localhost/k", isSecond), (nurse, "nurse@localhost/n", isThird),
    ] {
      let before = harness.engine.marks.count(of: mark)
      let answer = harness.ask("<message id='1' to='romeo@localhost/r'><body>hi</body></message>", on: session)
      #expect(answer == (isBlocked ? Self.bounced("message", from: "romeo@localhost/r", to: address, Self.nobody) : ""))
      let delivered = "<message id='1' from='\(address)' to='romeo@localhost/r'><body>hi</body></message>"
      #expect(harness.heard(romeo) == (isBlocked ? "" : delivered))
      #expect(harness.engine.marks.count(of: mark) == before + (isBlocked ? 1 : 0))
    }
  }

  /// 3.4 and 3.5: after that, everything arrives.
  @Test(arguments: [["juliet@localhost"], []])
  mutating func stanzasArriveAgain(_ unblocked: [String]) {
    change("block", ["juliet@localhost"])
    change("unblock", unblocked)
    #expect(harness.ask("<message id='1' to='romeo@localhost'><body>hi</body></message>", on: juliet).contains("type='error'") == false)
    #expect(harness.heard(romeo) == "<message id='1' from='juliet@localhost/j' to='romeo@localhost'><body>hi</body></message>")
  }

  // MARK: 3.3, what the user sends

  private static let ownBlock =
    "<error type='cancel'><not-acceptable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>"
    + "<text xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'>You have blocked this JID</text>"
    + "<blocked xmlns='urn:xmpp:blocking:errors'/></error>"

  /// "MUST NOT route the stanza to the JID but instead MUST return a not-acceptable error".
  @Test(arguments: [
    ("juliet@localhost", "juliet@localhost"), ("juliet@localhost", "juliet@localhost/j"), ("localhost", "nurse@localhost/n"),
  ])
  mutating func theUserDoesNotWriteToWhomItBlocks(_ item: String, _ address: String) {
    change("block", [item])
    _ = others()
    for (stanza, name) in [
      ("<message id='1' type='chat' to='\(address)'><body>hi</body></message>", "message"),
      ("<iq id='1' type='get' to='\(address)'>\(Self.ping)</iq>", "iq"), ("<presence id='1' to='\(address)'/>", "presence"),
      ("<presence id='1' type='subscribe' to='\(address)'/>", "presence"),
    ] {
      #expect(harness.ask(stanza, on: romeo) == Self.bounced(name, from: address, to: "romeo@localhost/r", Self.ownBlock))
    }
    #expect(others() == [:])
    #expect(harness.ask("<message id='1' type='error' to='\(address)'>\(Self.nobody)</message>", on: romeo) == "")
    #expect(harness.ask("<iq id='1' type='result' to='\(address)'/>", on: romeo) == "")
    #expect(others() == [:])
  }

  /// 5: "MUST NOT block communications from one of a user's resources to another"; nor does the server itself go away.
  @Test(arguments: ["romeo@localhost", "romeo@localhost/s", "localhost"])
  mutating func nobodyBlocksHimself(_ item: String) {
    let second = harness.available("romeo", resource: "s")
    harness.skip(romeo)
    change("block", [item])
    harness.skip(second)
    #expect(harness.ask("<message to='romeo@localhost/s'><body>hi</body></message>", on: romeo) == "")
    #expect(harness.heard(second) == "<message from='romeo@localhost/r' to='romeo@localhost/s'><body>hi</body></message>")
    for address in ["romeo@localhost", "localhost"] {
      #expect(
        harness.ask("<iq id='1' type='get' to='\(address)'>\(Self.ping)</iq>", on: romeo)
          == "<iq type='result' id='1' from='\(address)' to='romeo@localhost/r'/>")
    }
  }

  // MARK: 3.3 and 3.4, presence

  /// A contact that may hear the user sees it go with the block and come with its end, and hears nothing between (3.3, 3.4).
  @Test(arguments: [
    ("juliet@localhost", "juliet@localhost", ["juliet", "phone"]), ("localhost", "juliet@localhost", ["juliet", "phone"]),
    ("juliet@localhost/j", "juliet@localhost/j", ["juliet"]),
  ])
  mutating func presenceFollowsABlock(_ item: String, _ to: String, _ hearers: [String]) {
    change("block", [item])
    let gone = Self.presence("unavailable", to: to)
    #expect(others() == Dictionary(uniqueKeysWithValues: hearers.map { ($0, gone) }))
    // It was said once.
    change("block", [item])
    #expect(others() == [:])
    if item.contains("/") == false {
      harness.send("<presence><show>away</show></presence>", on: romeo)
      #expect(others() == [:])
      harness.skip(romeo)
    }
    change("unblock", [item])
    let content = item.contains("/") ? EngineHarness.delay : "<show>away</show>\(EngineHarness.delay)"
    let back = Self.presence(to: to, content)
    #expect(others() == Dictionary(uniqueKeysWithValues: hearers.map { ($0, back) }))
    change("unblock", [item])
    #expect(others() == [:])
  }

  /// "but only if the JID is allowed to receive presence notifications from the user": whom the user merely hears is told nothing.
  @Test(arguments: [RosterItem.Subscription.none, .to])
  func whoeverHearsNothingIsToldNothing(_ subscription: RosterItem.Subscription) {
    var test = BlockingEffectTests(subscription: subscription)
    for item in ["juliet@localhost", "nurse@localhost", "localhost"] {
      test.change("block", [item])
      test.change("unblock", [item])
    }
    #expect(test.others() == [:])
  }

  /// Nobody sees a user go, or come, who is not there.
  @Test mutating func whoIsNotAvailableIsNotSeen() {
    harness.send("<presence type='unavailable'/>", on: romeo)
    harness.skip(romeo, juliet, phone)
    change("block", ["juliet@localhost"])
    change("unblock", ["juliet@localhost"])
    #expect(others() == [:])
  }

  /// An address that two items block is blocked until the last of them is gone.
  @Test(arguments: ["juliet@localhost", "localhost"])
  mutating func oneOfTwoItemsIsEnough(_ item: String) {
    change("block", ["juliet@localhost", "localhost"])
    _ = others()
    change("unblock", [item])
    #expect(others() == [:])
    change("unblock", [])
    let back = Self.presence(to: "juliet@localhost", EngineHarness.delay)
    #expect(others() == ["juliet": back, "phone": back])
  }

  /// An address that was sent directed presence sees it end (RFC 6121, 4.6.3), and does not see the user come back.
  @Test mutating func directedPresenceEnds() {
    harness.send("<presence to='nurse@localhost/n'/>", on: romeo)
    #expect(others() == ["nurse": Self.presence(to: "nurse@localhost/n")])
    change("block", ["nurse@localhost"])
    #expect(others() == ["nurse": Self.presence("unavailable", to: "nurse@localhost/n")])
    change("unblock", ["nurse@localhost"])
    harness.send("<presence type='unavailable'/>", on: romeo)
    #expect(others()["nurse"] == nil)
  }

  /// Behind a block the user appears to be offline: neither its end nor its beginning is told, and it asks for nobody's presence.
  @Test mutating func behindABlockNothingIsHeard() {
    change("block", ["juliet@localhost"])
    _ = others()
    #expect(harness.ask("<presence type='unavailable'/>", on: romeo) == Self.presence("unavailable", to: "romeo@localhost/r"))
    #expect(harness.ask("<presence/>", on: romeo) == Self.presence(to: "romeo@localhost/r"))
    harness.input(.closed(romeo))
    #expect(others() == [:])
    // Juliet is told as little of Romeo when she comes.
    harness.input(.closed(juliet))
    harness.skip(phone)
    let again = harness.session("juliet", resource: "j")
    #expect(
      harness.ask("<presence/>", on: again)
        == Self.presence(to: "juliet@localhost/j", from: "juliet@localhost/j")
        + Self.presence(to: "juliet@localhost/j", from: "juliet@localhost/k"))
  }

  /// RFC 6121, 3.1.3: a request of one who is blocked since is not offered until the block ends.
  @Test mutating func aRequestWaitsBehindABlock() {
    harness.send("<presence type='subscribe' to='romeo@localhost'/>", on: nurse)
    #expect(harness.heard(romeo) == Self.presence("subscribe", to: "romeo@localhost", from: "nurse@localhost"))
    change("block", ["nurse@localhost"])
    let again = harness.session("romeo", resource: "again")
    #expect(!harness.ask("<presence/>", on: again).contains("nurse"))
    harness.skip(romeo)
    change("unblock", ["nurse@localhost"])
    let third = harness.session("romeo", resource: "third")
    let heard = harness.ask("<presence/>", on: third)
    #expect(heard.contains("<presence type='subscribe' from='nurse@localhost' to='romeo@localhost'/>"))
  }
}
