import Testing
import XML
import XMPP

@testable import ServerCore

/// Presence that a blocked contact must not see, and the end that it must (XEP-0191, 3.3).
struct BlockedSeeNothingTests {
  private static func change(_ name: String, _ item: String) -> String {
    "<iq type='set' id='b'><\(name) xmlns='urn:xmpp:blocking'><item jid='\(item)'/></\(name)></iq>"
  }

  /// Subscriptions end, and nothing tells the blocked contact which sessions are there.
  @Test(arguments: [
    "<query xmlns='jabber:iq:roster'><item jid='juliet@localhost' subscription='remove'/></query>",
    "<query xmlns='jabber:iq:register'><remove/></query>",
  ])
  func theEndOfSubscriptionsShowsNoSessions(_ payload: String) {
    var harness = EngineHarness()
    for name in ["romeo", "juliet"] { harness.addAccount(name) }
    harness.befriend("romeo", .both, "juliet")
    let juliet = harness.available("juliet", resource: "j")
    let romeo = harness.available("romeo", resource: "r")
    harness.skip(romeo, juliet)
    harness.send(Self.change("block", "juliet@localhost"), on: romeo)
    #expect(harness.heard(juliet) == "<presence type='unavailable' from='romeo@localhost/r' to='juliet@localhost'/>")
    harness.send("<iq type='set' id='1'>\(payload)</iq>", on: romeo)
    #expect(harness.heard(juliet) == "")
    #expect(harness.rows(RosterItem.self, of: JID("juliet@localhost")!).map(\.subscription) == [RosterItem.Subscription.none])
  }

  /// Presence that was directed to a bare address ends for the one resource that is blocked.
  @Test func aBlockedResourceSeesTheEndOfDirectedPresence() {
    var harness = EngineHarness()
    for name in ["romeo", "nurse"] { harness.addAccount(name) }
    let nurse = harness.available("nurse", resource: "n")
    let romeo = harness.session("romeo", resource: "r")
    harness.send("<presence to='nurse@localhost'/>", on: romeo)
    harness.skip(nurse)
    harness.send(Self.change("block", "nurse@localhost/n"), on: romeo)
    #expect(harness.heard(nurse) == "<presence type='unavailable' from='romeo@localhost/r' to='nurse@localhost/n'/>")
  }
}
