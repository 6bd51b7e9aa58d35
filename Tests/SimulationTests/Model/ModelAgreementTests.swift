import ServerCore
import Testing
import XML
import XMPP

@testable import Simulation

/// The model agrees with the server, and would not if either were otherwise.
struct ModelAgreementTests {
  static let alice = JID("alice@localhost/x")!
  static let bob = JID("bob@localhost/y")!
  private static let room = JID("tea@conference.localhost")!

  /// Alice and Bob are there; Alice owns a room that both are in.
  private static func stage(believed: Configuration.Limits? = nil, _ change: (inout Configuration.Limits) -> Void = { _ in })
    -> ModelFixture
  {
    var stage = ModelFixture(seed: 1, accounts: [alice.bare, bob.bare], believed: believed) { change(&$0.configuration.limits) }
    for device in [alice, bob] {
      stage.connect(device)
      stage.settle()
      stage.send(Element("presence", NS.client), as: device)
    }
    for (device, nick) in [(alice, "A"), (bob, "B")] {
      stage.send(Element("presence", NS.client, ["to": "\(room)/\(nick)"], children: [Element("x", NS.muc)]), as: device)
      stage.settle()
      let query = Element("query", NS.mucOwner, children: [DataForm(.submit).element])
      stage.send(Element("iq", NS.client, ["type": "set", "id": "c", "to": room.text], children: [query]), as: alice)
      stage.settle()
    }
    return stage
  }

  /// Things that Alice can do, each of which changes one kind of state.
  static let actions: [Element] = [
    Element("presence", NS.client, ["to": bob.bare.text, "type": "subscribe"]),
    Element("presence", NS.client, children: [Element("priority", NS.client, text: "5")]),
    Element("presence", NS.client, ["to": bob.text]),
    request(nil, Element("query", NS.roster, children: [Element("item", NS.roster, ["jid": bob.bare.text, "name": "Bob"])])),
    Element("presence", NS.client, ["to": "\(room)/C"]),
    Element("presence", NS.client, ["to": "\(room)/A", "type": "unavailable"]),
    request(room.text, Element("query", NS.mucAdmin, children: [Element("item", NS.mucAdmin, ["nick": "B", "role": "none"])])),
    request(room.text, Element("query", NS.mucAdmin, children: [Element("item", NS.mucAdmin, ["nick": "B", "role": "visitor"])])),
    request(
      room.text, Element("query", NS.mucAdmin, children: [Element("item", NS.mucAdmin, ["jid": bob.bare.text, "affiliation": "member"])])),
    request(room.text, Element("query", NS.mucOwner, children: [Element("destroy", NS.mucOwner)])),
  ]

  static func request(_ to: Text?, _ payload: Element) -> Element {
    Element("iq", NS.client, ["type": "set", "id": "q", "to": to], children: [payload])
  }

  /// A model that was not told of it must say that the server is otherwise.
  @Test(arguments: actions.indices)
  func everyChangeIsSeen(index: Int) { Self.expectSeen(Self.actions[index]) }

  static func expectSeen(_ action: Element) {
    var stage = stage()
    let before = stage.world.model!
    #expect(before.disagreement(with: stage.world.engine.server) == nil)
    stage.send(action, as: alice)
    stage.settle()
    #expect(stage.problem == nil)
    #expect(before.disagreement(with: stage.world.engine.server) != nil, "\(action)")
  }

  /// Limits, and what Alice can do that meets them.
  static let refusals: [(limit: Limit, value: Int, action: Element)] = [
    (.rosterItems, 0, Element("presence", NS.client, ["to": bob.bare.text, "type": "subscribe"])),
    (.rosterItems, 0, request(nil, Element("query", NS.roster, children: [Element("item", NS.roster, ["jid": "carol@localhost"])]))),
    (.pendingRequests, 0, Element("presence", NS.client, ["to": bob.bare.text, "type": "subscribe"])),
    (
      .groupsPerItem, 0,
      request(
        nil,
        Element(
          "query", NS.roster,
          children: [Element("item", NS.roster, ["jid": bob.bare.text], children: [Element("group", NS.roster, text: "g")])]))
    ),
    (.directedPresences, 1, Element("presence", NS.client, ["to": bob.text])),
    (
      .roomAffiliations, 1,
      request(
        room.text,
        Element("query", NS.mucAdmin, children: [Element("item", NS.mucAdmin, ["jid": "carol@localhost", "affiliation": "member"])]))
    ),
    (.roomSessions, 1, Element("presence", NS.client)),
  ]

  /// The model keeps to the same limits, and one that knew nothing of them would say that the server is otherwise.
  @Test(arguments: refusals.indices)
  func everyLimitIsSeen(index: Int) {
    let (limit, value, action) = Self.refusals[index]
    Self.expectRefused(limit, value, action)
  }

  static func expectRefused(_ limit: Limit, _ value: Int, _ action: Element) {
    for believed in [nil, Configuration.Limits()] {
      var stage = stage(believed: believed) { $0[limit] = value }
      stage.send(action, as: alice)
      stage.settle()
      #expect((stage.problem == nil) == (believed == nil), "\(stage.problem ?? "nothing was found")")
    }
  }

  /// A room is being loaded, and only one stanza may wait for it: the second, another nick, is turned away.
  @Test func whatIsTurnedAwayIsSeen() {
    for believed in [nil, Configuration.Limits()] {
      var stage = ModelFixture(seed: 1, accounts: [Self.alice.bare], believed: believed) {
        $0.loadTime = .milliseconds(100) ... .milliseconds(100)
        $0.configuration.limits[.queuedWhileLoading] = 1
      }
      stage.connect(Self.alice)
      stage.settle()
      for nick in ["A", "B"] {
        stage.send(Element("presence", NS.client, ["to": "\(Self.room)/\(nick)"], children: [Element("x", NS.muc)]), as: Self.alice)
      }
      stage.settle()
      #expect(stage.world.engine.server.occupants(of: Self.room).map(\.nick) == ["A"])
      #expect((stage.problem == nil) == (believed == nil), "\(stage.problem ?? "nothing was found")")
    }
  }

  /// A session that ends is a change, too.
  @Test func theEndOfASessionIsSeen() {
    var stage = Self.stage()
    let before = stage.world.model!
    stage.leave(Self.bob, politely: false)
    stage.settle()
    #expect(stage.problem == nil)
    #expect(before.disagreement(with: stage.world.engine.server) != nil)
  }
}
