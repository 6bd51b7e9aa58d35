import Testing
import XML
import XMPP

@testable import ServerCore

struct ActivationTests {
  /// With no room for another stanza, who leaves while a room is being loaded must not be in it afterwards (found by simulation).
  @Test(arguments: [1, 2])
  func aDepartureIsNeverLost(limit: Int) {
    var harness = EngineHarness { $0.limits[.queuedWhileLoading] = limit }
    harness.addAccount("ada")
    harness.addAccount("ben")
    let ada = harness.session("ada", resource: "a")
    let ben = harness.session("ben", resource: "b")
    harness.loadsAtOnce = false
    let join = "<x xmlns='http://jabber.org/protocol/muc'/></presence>"
    harness.send("<presence to='tea@conference.localhost/ada'>\(join)", on: ada)
    harness.send("<presence to='tea@conference.localhost/ben'>\(join)", on: ben)
    harness.send("<presence type='unavailable' to='tea@conference.localhost/ada'/>", on: ada)
    harness.answerLoads()
    harness.answerLoads()
    let occupants = harness.engine.server.occupants(of: JID("tea@conference.localhost")!).map(\.jid.local)
    #expect(occupants == (limit == 1 ? [] : ["ben"]))
    let heard = harness.read(ada)
    #expect(!heard.contains("internal-server-error"))
    #expect(harness.engine.server.shards[0].parkedCount == 0)
  }
}
