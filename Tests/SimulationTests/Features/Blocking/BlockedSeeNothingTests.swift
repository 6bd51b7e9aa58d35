import Testing
import XML
import XMPP

@testable import Simulation

/// The addresses that a block shuts out of presence, told from what goes in and out.
struct BlockedSeeNothingTests {
  private static let (romeo, juliet) = (SessionID(actor: 0, incarnation: 1), SessionID(actor: 1, incarnation: 1))
  private static let presence = Element("presence", NS.client, children: [Element("status", NS.client, text: "P1")])

  private static func iq(_ type: Text, _ payload: [Element] = []) -> Element {
    Element("iq", NS.client, ["type": type, "id": "b"], children: payload)
  }
  private static func change(_ name: Text) -> Element {
    iq("set", [Element(name, BlockingUse.namespace, children: [Element("item", BlockingUse.namespace, ["jid": "juliet@localhost"])])])
  }

  private static let block = Observation.sent(romeo, change("block"))
  private static let unblock = Observation.sent(romeo, change("unblock"))
  private static let done = Observation.received(romeo, iq("result"))
  private static let refused = Observation.received(romeo, iq("error"))
  private static let sent = Observation.sent(romeo, presence)
  private static var shown: Observation {
    var copy = presence
    copy["from"] = "romeo@localhost/r"
    return .received(juliet, copy)
  }

  private func play(_ observations: [Observation]) -> String? {
    var oracle = BlockedSeeNothing()
    _ = oracle.observe(.began(Self.romeo, JID("romeo@localhost/r")!), at: 0)
    _ = oracle.observe(.began(Self.juliet, JID("juliet@localhost/j")!), at: 0)
    return observations.lazy.compactMap { oracle.observe($0, at: 0) }.first
  }

  @Test(arguments: [
    [sent, shown], [block, sent, shown], [block, refused, sent, shown],
    // It was sent before the block, and came late.
    [block, sent, done, shown], [block, done, unblock, sent, shown],
  ])
  func allows(_ observations: [Observation]) { #expect(play(observations) == nil) }

  @Test func forbids() { #expect(play([Self.block, Self.done, Self.sent, Self.shown])?.contains("is blocked") ?? false) }
}
