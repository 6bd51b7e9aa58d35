import OrderedCollections
import Storage
import Testing
import XML
import XMPP

@testable import ServerCore

/// The index says the same as the roster, and presence goes by the index.
struct ContactIndexTests {
  private static let romeo = JID("romeo@localhost")!

  /// The fault in the index of an account that is in memory.
  private func problem(_ harness: EngineHarness) throws -> String? {
    let account = try #require(harness.engine.server.account(Self.romeo))
    let items = account.roster.values
    let expected = [
      items.filter(\.isSubscribedFrom), items.filter(\.isSubscribedTo), items.filter(\.isPendingOut), items.filter { $0.request != nil },
    ]
    let index = account.contacts
    let found = [index.subscribedFrom, index.subscribedTo, index.pendingOut, index.requesting]
    for (expected, found) in zip(expected, found) where Set(expected.map(\.jid)) != Set(found) { return "\(found), not \(expected)" }
    return nil
  }

  @Test func theIndexFollowsTheRoster() throws {
    var harness = EngineHarness()
    for user in ["romeo", "juliet", "nurse", "tybalt"] { harness.addAccount(user) }
    let romeo = harness.available("romeo", resource: "r")
    let juliet = harness.available("juliet", resource: "j")
    let nurse = harness.available("nurse", resource: "n")
    let steps: [(String, ConnectionID)] = [
      ("<presence to='juliet@localhost' type='subscribe'/>", romeo), ("<presence to='nurse@localhost' type='subscribe'/>", romeo),
      ("<presence to='romeo@localhost' type='subscribed'/>", juliet), ("<presence to='romeo@localhost' type='subscribe'/>", nurse),
      ("<presence to='romeo@localhost' type='subscribe'/>", juliet), ("<presence to='juliet@localhost' type='subscribed'/>", romeo),
      ("<presence to='nurse@localhost' type='unsubscribed'/>", romeo), ("<presence to='juliet@localhost' type='unsubscribe'/>", romeo),
      ("<iq type='set' id='r'><query xmlns='jabber:iq:roster'><item jid='juliet@localhost' subscription='remove'/></query></iq>", romeo),
    ]
    var sizes: [[Int]] = []
    for (stanza, connection) in steps {
      harness.send(stanza, on: connection)
      #expect(try problem(harness) == nil, "\(stanza)")
      let index = try #require(harness.engine.server.account(Self.romeo)).contacts
      sizes.append([index.subscribedFrom.count, index.subscribedTo.count, index.pendingOut.count, index.requesting.count])
    }
    #expect(
      sizes == [
        [0, 0, 1, 0], [0, 0, 2, 0], [0, 1, 1, 0], [0, 1, 1, 1], [0, 1, 1, 2], [1, 1, 1, 1], [1, 1, 1, 0], [1, 0, 1, 0], [0, 0, 1, 0],
      ])
  }

  @Test func theIndexIsLoadedWithTheRoster() throws {
    var harness = EngineHarness()
    for user in ["romeo", "juliet", "nurse"] { harness.addAccount(user) }
    harness.befriend("romeo", .both, "juliet")
    harness.befriend("romeo", .from, "nurse")
    _ = harness.available("romeo", resource: "r")
    #expect(try problem(harness) == nil)
    let index = try #require(harness.engine.server.account(Self.romeo)).contacts
    #expect(index.subscribedFrom.count == 2 && index.subscribedTo.elements == [JID("juliet@localhost")!])
  }
}
