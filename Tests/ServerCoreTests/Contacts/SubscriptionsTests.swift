import OrderedCollections
import Testing
import XML
import XMPP

@testable import ServerCore

/// How much of a roster others can fill.
struct SubscriptionsTests {
  static let strangers = ["tybalt", "paris", "nurse"]

  private func verona(_ change: (inout Configuration) -> Void) -> (EngineHarness, juliet: ConnectionID, strangers: [ConnectionID]) {
    var harness = EngineHarness(change)
    for name in ["juliet"] + Self.strangers { harness.addAccount(name) }
    let connections = Self.strangers.map { harness.session($0, resource: "r") }
    let juliet = harness.session("juliet", resource: "j")
    return (harness, juliet, connections)
  }

  private func add(_ name: String, _ harness: inout EngineHarness, _ connection: ConnectionID) -> String {
    _ = harness.read(connection)
    harness.send("<iq type='set' id='s'><query xmlns='jabber:iq:roster'><item jid='\(name)@localhost'/></query></iq>", on: connection)
    return harness.read(connection)
  }

  private func roster(_ harness: EngineHarness) -> [RosterItem] {
    harness.engine.server.shards[0].accounts[JID("juliet@localhost")!]?.entity?.roster.values.elements ?? []
  }

  /// RFC 6121, 2.3.2 and 2.4.2: a push follows each set, also one that changes nothing.
  @Test func everySetIsPushed() {
    var (harness, juliet, _) = verona { _ in }
    harness.send("<iq type='get' id='g'><query xmlns='jabber:iq:roster'/></iq>", on: juliet)
    for _ in 0..<2 { #expect(add("romeo", &harness, juliet).contains("<item jid='romeo@localhost' subscription='none'/>")) }
  }

  /// Requests of strangers take no place from the user's own contacts.
  @Test func strangersDoNotFillTheRoster() {
    var (harness, juliet, strangers) = verona { $0.limits[.rosterItems] = 2 }
    for stranger in strangers { harness.send("<presence to='juliet@localhost' type='subscribe'/>", on: stranger) }
    #expect(add("romeo", &harness, juliet).contains("type='result'"))
    #expect(add("rosaline", &harness, juliet).contains("type='result'"))
    #expect(add("mercutio", &harness, juliet).contains("<resource-constraint "))
  }

  /// The next stranger who asks is not kept, but a contact may ask.
  @Test func strangersWhoAskAreBounded() {
    var (harness, juliet, strangers) = verona {
      $0.limits[.pendingRequests] = 1
      $0.limits[.rosterItems] = 1
    }
    #expect(add("nurse", &harness, juliet).contains("type='result'"))
    for stranger in strangers { harness.send("<presence to='juliet@localhost' type='subscribe'/>", on: stranger) }
    #expect(roster(harness).filter { $0.request != nil }.map(\.jid.local) == ["nurse", "tybalt"])
    #expect(harness.engine.overLimit == nil)
    #expect(harness.gauges("requests to subscribe") == [Gauge(name: "requests to subscribe", value: 1, limit: 1)])
    #expect(harness.gauges("roster items").first == Gauge(name: "roster items", value: 1, limit: 1))
  }

  /// RFC 6121, 2.5.2: who only asked has no subscription, and does not learn from the refusal who is there.
  @Test func removingWhoAskedShowsNoPresence() {
    var (harness, juliet, strangers) = verona { _ in }
    harness.send("<presence/>", on: juliet)
    #expect(add("tybalt", &harness, juliet).contains("type='result'"))
    harness.send("<iq type='get' id='g'><query xmlns='jabber:iq:roster'/></iq>", on: strangers[0])
    harness.send("<presence to='juliet@localhost' type='subscribe'/>", on: strangers[0])
    harness.send("<presence/>", on: strangers[0])
    _ = harness.read(strangers[0])
    let item = "<item jid='tybalt@localhost' subscription='remove'/>"
    harness.send("<iq type='set' id='r'><query xmlns='jabber:iq:roster'>\(item)</query></iq>", on: juliet)
    let heard = harness.read(strangers[0])
    #expect(heard.contains("type='unsubscribed'"))
    #expect(!heard.contains("juliet@localhost/j"))
  }

  private func befriend(_ harness: inout EngineHarness, _ juliet: ConnectionID, _ tybalt: ConnectionID) {
    harness.send("<presence to='juliet@localhost' type='subscribe'/>", on: tybalt)
    harness.send("<presence/>", on: juliet)
    harness.send("<presence to='tybalt@localhost' type='subscribed'/>", on: juliet)
    harness.send("<presence/>", on: tybalt)
  }

  /// RFC 6121, 4.6.1: that a subscription is cancelled takes precedence over what was directed before, or while it lasted.
  @Test(arguments: [true, false])
  func whoseSubscriptionWasCancelledHearsNoMore(isFriend: Bool) {
    var (harness, juliet, strangers) = verona { _ in }
    if isFriend { befriend(&harness, juliet, strangers[0]) }
    harness.send("<presence to='tybalt@localhost/r'><status>for you</status></presence>", on: juliet)
    if !isFriend { befriend(&harness, juliet, strangers[0]) }
    harness.send("<presence to='tybalt@localhost' type='unsubscribed'/>", on: juliet)
    #expect(harness.read(strangers[0]).contains("<presence type='unavailable' from='juliet@localhost/j'"))
    harness.send("<presence type='unavailable'/>", on: juliet)
    #expect(!harness.read(strangers[0]).contains("juliet@localhost/j"))
  }

  /// RFC 6121, 4.6.6: who got directed presence may ask whether it still holds, and hears just that.
  @Test func whoGotDirectedPresenceMayProbe() {
    var (harness, juliet, strangers) = verona { _ in }
    harness.send("<presence><status>for friends</status></presence>", on: juliet)
    harness.send("<presence to='tybalt@localhost/r'/>", on: juliet)
    for stranger in strangers {
      _ = harness.read(stranger)
      harness.send("<presence to='juliet@localhost/j' type='probe'/>", on: stranger)
    }
    let heard = strangers.map { harness.read($0) }
    #expect(heard[0].contains("juliet@localhost/j"))
    #expect(!heard.contains { $0.contains("for friends") })
    #expect(!heard[1].contains("juliet@localhost/j"))
    harness.send("<presence to='tybalt@localhost/r' type='unavailable'/>", on: juliet)
    _ = harness.read(strangers[0])
    harness.send("<presence to='juliet@localhost/j' type='probe'/>", on: strangers[0])
    #expect(!harness.read(strangers[0]).contains("juliet@localhost/j"))
  }

  /// RFC 6121, 4.3.2: the answer to a probe is none to a request, which still waits for one.
  @Test func aProbeDoesNotTakeBackARequest() {
    var (harness, juliet, strangers) = verona { _ in }
    harness.send("<presence to='juliet@localhost' type='subscribe'/>", on: strangers[0])
    harness.send("<presence to='juliet@localhost' type='probe'/>", on: strangers[0])
    #expect(!harness.read(strangers[0]).contains("unsubscribed"))
    harness.send("<presence to='tybalt@localhost' type='subscribed'/>", on: juliet)
    let tybalt = harness.engine.server.shards[0].accounts[JID("tybalt@localhost")!]?.entity?.roster[JID("juliet@localhost")!]
    #expect(tybalt?.subscription == .to)
  }

  /// A user who approves a request gets a contact, for which there must be a place.
  @Test func anApprovedRequestCountsAsAContact() {
    var (harness, juliet, strangers) = verona { $0.limits[.rosterItems] = 1 }
    for stranger in strangers { harness.send("<presence to='juliet@localhost' type='subscribe'/>", on: stranger) }
    harness.send("<presence/>", on: juliet)
    _ = harness.read(juliet)
    for name in Self.strangers { harness.send("<presence to='\(name)@localhost' type='subscribed'/>", on: juliet) }
    #expect(harness.read(juliet).matches(of: /<resource-constraint/).count == 2)
    #expect(roster(harness).filter(\.isSubscribedFrom).map(\.jid.local) == ["tybalt"])
    #expect(harness.engine.overLimit == nil)
    // A request that is adopted by hand is no different.
    #expect(add("paris", &harness, juliet).contains("<resource-constraint "))
  }
}
