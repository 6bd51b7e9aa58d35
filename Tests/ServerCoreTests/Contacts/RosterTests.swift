import Storage
import Testing
import XML
import XMPP

@testable import ServerCore

/// RFC 6121, section 2, by request, whole answers and rows. Of Romeo's three sessions two have asked for the roster.
struct RosterTests {
  private var harness: EngineHarness
  private let (romeo, second, silent, juliet): (ConnectionID, ConnectionID, ConnectionID, ConnectionID)
  private static let account = JID("romeo@localhost")!

  init() { self.init(contact: nil) }

  /// - Parameter contact: how Romeo is subscribed to Juliet, who has asked for her roster; `nil` if they are not contacts.
  private init(contact: RosterItem.Subscription?, _ change: (inout Configuration) -> Void = { _ in }) {
    harness = EngineHarness(change)
    harness.addAccount("romeo")
    harness.addAccount("juliet")
    if let contact { harness.befriend("romeo", contact, "juliet") }
    romeo = harness.session("romeo", resource: "r")
    second = harness.session("romeo", resource: "s")
    silent = harness.session("romeo", resource: "silent")
    juliet = harness.session("juliet", resource: "j")
    for session in [romeo, second, juliet] { _ = harness.ask(Self.query("get", ""), on: session) }
  }

  private static func query(_ type: String, _ content: String, _ address: String = "") -> String {
    let query = content.isEmpty ? "<query xmlns='jabber:iq:roster'/>" : "<query xmlns='jabber:iq:roster'>\(content)</query>"
    return "<iq type='\(type)' id='1'\(address)>\(query)</iq>"
  }

  private static let done = "<iq type='result' id='1' from='romeo@localhost' to='romeo@localhost/r'/>"
  private static func result(_ content: String) -> String { query("result", content, " from='romeo@localhost' to='romeo@localhost/r'") }
  private static func push(_ item: String, to address: String = "romeo@localhost/r") -> String {
    "<iq type='set' id='*' to='\(address)'><query xmlns='jabber:iq:roster'>\(item)</query></iq>"
  }
  private static func failed(_ kind: String, _ condition: String) -> String {
    "<iq type='error' id='1' from='romeo@localhost' to='romeo@localhost/r'>\(EngineHarness.error(kind, condition))</iq>"
  }

  private var rows: [RosterItem] { harness.rows(RosterItem.self, of: Self.account) }

  /// Sends a roster set, and expects that it is done: a push to whoever asked for the roster, and the result.
  private mutating func set(_ item: String, pushes pushed: String, _ place: SourceLocation = #_sourceLocation) {
    #expect(harness.ask(Self.query("set", item), on: romeo) == Self.push(pushed) + Self.done, sourceLocation: place)
    #expect(harness.heard(second) == Self.push(pushed, to: "romeo@localhost/s"), sourceLocation: place)
    #expect(harness.heard(silent) == "", sourceLocation: place)
  }

  /// Sends a roster set, and expects that nothing comes of it.
  private mutating func refuse(_ content: String, _ kind: String, _ condition: String, _ place: SourceLocation = #_sourceLocation) {
    let before = (rows, harness.commits.count)
    #expect(harness.ask(Self.query("set", content), on: romeo) == Self.failed(kind, condition), sourceLocation: place)
    #expect(harness.heard(second) + harness.heard(juliet) == "", sourceLocation: place)
    #expect(rows == before.0 && harness.commits.count == before.1, sourceLocation: place)
  }

  // MARK: 2.2, retrieving

  /// 2.1.4: an empty roster is an empty query.
  @Test mutating func anEmptyRoster() { #expect(harness.ask(Self.query("get", ""), on: romeo) == Self.result("")) }

  /// 2.1.2: all that an item can say. A stranger's request is no part of it (appendix A.1).
  @Test func theRosterIsListed() {
    var harness = EngineHarness()
    harness.addAccount("romeo")
    let request = Element("presence", NS.client, ["type": "subscribe"])
    harness.list(RosterItem(jid: JID("a@localhost")!, name: "A & B", groups: ["x", "y"], subscription: .both), in: "romeo")
    harness.list(RosterItem(jid: JID("b@localhost")!, subscription: .from, isPendingOut: true), in: "romeo")
    harness.list(RosterItem(jid: JID("c@localhost")!, request: request, isInRoster: false), in: "romeo")
    harness.list(RosterItem(jid: JID("d@localhost")!, subscription: .to, request: request), in: "romeo")
    harness.list(RosterItem(jid: JID("e@localhost")!, groups: ["x"]), in: "romeo")
    let romeo = harness.session("romeo", resource: "r")
    let items =
      "<item jid='a@localhost' name='A &amp; B' subscription='both'><group>x</group><group>y</group></item>"
      + "<item jid='b@localhost' subscription='from' ask='subscribe'/><item jid='d@localhost' subscription='to'/>"
      + "<item jid='e@localhost' subscription='none'><group>x</group></item>"
    #expect(harness.ask(Self.query("get", ""), on: romeo) == Self.result(items))
    #expect(harness.ask(Self.query("get", "", " to='romeo@localhost'"), on: romeo) == Self.result(items))
  }

  /// 2.1.6: whoever has not asked gets no pushes, and whoever asks gets them from then on.
  @Test mutating func whoeverAsksIsToldOfChanges() {
    _ = harness.ask(Self.query("set", "<item jid='juliet@localhost'/>"), on: silent)
    #expect(harness.heard(romeo) == Self.push("<item jid='juliet@localhost' subscription='none'/>"))
    _ = harness.ask(Self.query("get", ""), on: silent)
    harness.send(Self.query("set", "<item jid='juliet@localhost' name='J'/>"), on: romeo)
    let pushed = Self.push("<item jid='juliet@localhost' name='J' subscription='none'/>", to: "romeo@localhost/silent")
    #expect(harness.heard(silent) == pushed)
  }

  // MARK: 2.3 and 2.4, adding and changing

  /// 2.3.2: a new item has no subscription, whatever its sender says (2.1.2.1, 2.1.2.5). It stays after a restart.
  @Test mutating func anItemIsAdded() {
    set(
      "<item jid='juliet@localhost' name='J' subscription='both' ask='subscribe'><group>x</group><group>y</group></item>",
      pushes: "<item jid='juliet@localhost' name='J' subscription='none'><group>x</group><group>y</group></item>")
    #expect(rows == [RosterItem(jid: JID("juliet@localhost")!, name: "J", groups: ["x", "y"])])
    #expect(harness.heard(juliet) == "")
    harness.restart()
    let again = harness.session("romeo", resource: "r")
    #expect(
      harness.ask(Self.query("get", ""), on: again)
        == Self.result("<item jid='juliet@localhost' name='J' subscription='none'><group>x</group><group>y</group></item>"))
  }

  /// 2.4.1: name and groups are what the last request says; the subscription is not changed by it.
  @Test(arguments: [RosterItem.Subscription.none, .to, .from, .both])
  func anItemIsChanged(_ subscription: RosterItem.Subscription) {
    var test = RosterTests(contact: subscription)
    let (jid, end) = (JID("juliet@localhost")!, "subscription='\(subscription.rawValue)'")
    test.set(
      "<item jid='juliet@localhost' name='J' subscription='none'><group>x</group></item>",
      pushes: "<item jid='juliet@localhost' name='J' \(end)><group>x</group></item>")
    #expect(test.rows == [RosterItem(jid: jid, name: "J", groups: ["x"], subscription: subscription)])
    test.set("<item jid='JULIET@localhost'/>", pushes: "<item jid='juliet@localhost' \(end)/>")
    #expect(test.rows == [RosterItem(jid: jid, subscription: subscription)])
    #expect(test.harness.heard(test.juliet) == "")
    // Nothing changes: that is pushed (2.4.2), but there is nothing to store.
    let before = test.harness.commits.count
    test.set("<item jid='juliet@localhost'/>", pushes: "<item jid='juliet@localhost' \(end)/>")
    #expect(test.harness.commits.count == before)
  }

  /// 2.1.6: answer and pushes leave when the change is on the disk.
  @Test mutating func nothingIsSaidBeforeItIsStored() {
    harness.commitsAtOnce = false
    #expect(harness.ask(Self.query("set", "<item jid='juliet@localhost'/>"), on: romeo) == "")
    #expect(harness.heard(second) == "")
    harness.commit()
    #expect(harness.heard(romeo) == Self.push("<item jid='juliet@localhost' subscription='none'/>") + Self.done)
    #expect(harness.heard(second) == Self.push("<item jid='juliet@localhost' subscription='none'/>", to: "romeo@localhost/s"))
  }

  /// 2.3.2: whoever asked to subscribe keeps waiting for the answer when the user makes a contact of it.
  @Test mutating func aStrangerWhoAskedBecomesAContact() {
    harness.send("<presence type='subscribe' to='romeo@localhost'/>", on: juliet)
    harness.skip(juliet)
    // That somebody asks is not pushed.
    #expect(harness.heard(romeo) + harness.heard(second) == "")
    set("<item jid='juliet@localhost'/>", pushes: "<item jid='juliet@localhost' subscription='none'/>")
    let request = Element("presence", NS.client, ["type": "subscribe"])
    #expect(rows == [RosterItem(jid: JID("juliet@localhost")!, request: request)])
  }

  /// 2.5.3 and appendix A.1: whoever only asked is not in the roster, so there is nothing to remove, and the request stays.
  @Test mutating func aRequestIsNotRemoved() {
    harness.send("<presence type='subscribe' to='romeo@localhost'/>", on: juliet)
    harness.skip(juliet)
    refuse(Self.remove, "cancel", "item-not-found")
    #expect(rows.count == 1)
  }

  // MARK: 2.3.3, refusals

  @Test(arguments: [
    ("", "modify", "bad-request"), ("<item/>", "modify", "bad-request"), ("<item name='J'/>", "modify", "bad-request"),
    ("<item jid='@@'/>", "modify", "bad-request"),
    ("<item jid='juliet@localhost'/><item jid='nurse@localhost'/>", "modify", "bad-request"),
    ("<item jid='juliet@localhost'/><item jid='juliet@localhost'/>", "modify", "bad-request"),
    ("<item jid='juliet@localhost'><group>x</group><group>y</group><group>x</group></item>", "modify", "bad-request"),
    ("<item jid='juliet@localhost'><group/></item>", "modify", "not-acceptable"),
    ("<item jid='juliet@localhost'><group>x</group><group></group></item>", "modify", "not-acceptable"),
    ("<item jid='romeo@localhost'/>", "cancel", "not-allowed"), ("<item jid='romeo@localhost/r'/>", "cancel", "not-allowed"),
    // 2.5.3.
    ("<item jid='juliet@localhost' subscription='remove'/>", "cancel", "item-not-found"),
  ])
  mutating func aSetIsRefused(_ content: String, _ kind: String, _ condition: String) { refuse(content, kind, condition) }

  /// The longest name and the longest group, and one character more.
  @Test mutating func namesAreLimited() {
    let (longest, longer) = (String(repeating: "x", count: 1023), String(repeating: "x", count: 1024))
    refuse("<item jid='juliet@localhost' name='\(longer)'/>", "modify", "not-acceptable")
    refuse("<item jid='juliet@localhost'><group>\(longer)</group></item>", "modify", "not-acceptable")
    set(
      "<item jid='juliet@localhost' name='\(longest)'><group>\(longest)</group></item>",
      pushes: "<item jid='juliet@localhost' name='\(longest)' subscription='none'><group>\(longest)</group></item>")
  }

  /// Just at the limits, beyond them, a change at the limit, and a removal that makes room.
  @Test func itemsAndGroupsAreLimited() {
    var test = RosterTests(contact: nil) {
      $0.limits[.rosterItems] = 1
      $0.limits[.groupsPerItem] = 2
    }
    let groups = "<group>x</group><group>y</group>"
    test.refuse("<item jid='a@localhost'>\(groups)<group>z</group></item>", "modify", "not-acceptable")
    test.set("<item jid='a@localhost'>\(groups)</item>", pushes: "<item jid='a@localhost' subscription='none'>\(groups)</item>")
    test.refuse("<item jid='b@localhost'/>", "wait", "resource-constraint")
    test.set("<item jid='a@localhost'/>", pushes: "<item jid='a@localhost' subscription='none'/>")
    test.set("<item jid='a@localhost' subscription='remove'/>", pushes: "<item jid='a@localhost' subscription='remove'/>")
    test.set("<item jid='b@localhost'/>", pushes: "<item jid='b@localhost' subscription='none'/>")
  }

  /// 2.3.3 for a set; RFC 6121, 8.5.1 for what else can't be answered, as if nobody were there.
  @Test(arguments: [RosterItem.Subscription.none, .both])
  func nobodyElseReadsOrWrites(_ subscription: RosterItem.Subscription) {
    var test = RosterTests(contact: subscription)
    let before = test.rows
    for (type, item, error) in [
      ("get", "", EngineHarness.error("cancel", "service-unavailable")),
      ("set", "<item jid='juliet@localhost' name='mine'/>", EngineHarness.error("auth", "forbidden")),
      ("set", "<item jid='juliet@localhost' subscription='remove'/>", EngineHarness.error("auth", "forbidden")),
    ] {
      #expect(
        test.harness.ask(Self.query(type, item, " to='romeo@localhost'"), on: test.juliet)
          == "<iq type='error' id='1' from='romeo@localhost' to='juliet@localhost/j'>\(error)</iq>")
    }
    #expect(test.harness.heard(test.romeo) == "")
    #expect(test.rows == before)
  }

  // MARK: 2.5, removing

  private static let remove = "<item jid='juliet@localhost' subscription='remove'/>"

  /// 2.5.2: the subscriptions are cancelled both ways, and the contact hears of it as of a cancelled subscription (3.2.2, 3.3.2).
  @Test(arguments: [
    (RosterItem.Subscription.none, "", []),
    (.to, "unsubscribe", ["none"]),
    (.from, "unsubscribed", ["none"]),
    (.both, "unsubscribe unsubscribed", ["to", "none"]),
  ])
  func anItemIsRemoved(_ subscription: RosterItem.Subscription, _ types: String, _ states: [String]) {
    var test = RosterTests(contact: subscription)
    test.harness.send("<presence/>", on: test.romeo)
    test.harness.send("<presence/>", on: test.juliet)
    test.harness.skip(test.romeo, test.second, test.juliet)
    var heard = ""
    for (type, state) in zip(types.split(separator: " "), states) {
      if type == "unsubscribed" { heard += "<presence type='unavailable' from='romeo@localhost/r' to='juliet@localhost'/>" }
      heard += "<presence type='\(type)' from='romeo@localhost' to='juliet@localhost'/>"
      heard += Self.push("<item jid='romeo@localhost' subscription='\(state)'/>", to: "juliet@localhost/j")
    }
    // 3.3.3: whoever is unsubscribed from is seen to go.
    let gone = types.hasPrefix("unsubscribe ") || types == "unsubscribe"
    #expect(
      test.harness.ask(Self.query("set", Self.remove), on: test.romeo)
        == Self.push(Self.remove) + Self.done
        + (gone ? "<presence type='unavailable' from='juliet@localhost/j' to='romeo@localhost'/>" : ""))
    #expect(test.harness.heard(test.second) == Self.push(Self.remove, to: "romeo@localhost/s"))
    #expect(test.harness.heard(test.silent) == "")
    #expect(test.rows.isEmpty)
    let contact = test.harness.rows(RosterItem.self, of: JID("juliet@localhost")!)
    #expect(contact == [RosterItem(jid: Self.account)])
    #expect(test.harness.heard(test.juliet) == heard)
    #expect(test.harness.ask(Self.query("get", ""), on: test.romeo) == Self.result(""))
  }

  /// 2.5.2: a request that waits for an answer ends with the item, the user's own as well as the contact's.
  @Test(arguments: [true, false])
  func requestsEndWithTheItem(isOwn: Bool) {
    var test = RosterTests(contact: RosterItem.Subscription.none)
    for session in [test.romeo, test.juliet] { test.harness.send("<presence/>", on: session) }
    let (asker, asked) = isOwn ? (test.romeo, "juliet") : (test.juliet, "romeo")
    test.harness.send("<presence type='subscribe' to='\(asked)@localhost'/>", on: asker)
    test.harness.skip(test.romeo, test.second, test.juliet)
    #expect(test.harness.ask(Self.query("set", Self.remove), on: test.romeo) == Self.push(Self.remove) + Self.done)
    // Juliet hears that her own request is refused. Of Romeo's she was told as a request only.
    let push = Self.push("<item jid='romeo@localhost' subscription='none'/>", to: "juliet@localhost/j")
    let refused = "<presence type='unsubscribed' from='romeo@localhost' to='juliet@localhost'/>" + push
    let withdrawn = "<presence type='unsubscribe' from='romeo@localhost' to='juliet@localhost'/>"
    #expect(test.harness.heard(test.juliet) == (isOwn ? withdrawn : refused))
    #expect(test.rows.isEmpty)
    #expect(test.harness.rows(RosterItem.self, of: JID("juliet@localhost")!) == [RosterItem(jid: Self.account)])
  }
}
