import ServerCore
import Testing
import XML
import XMPP

@testable import Simulation

/// The rulings are true of the server. After a change of the server they show here which of them to delete. (`unsubscribeIsNotConfirmed`
/// can't be seen where nothing is under way for long: `SubscriptionTableTests` looks at it.)
struct RulingsTests {
  private static let alice = JID("alice@localhost/x")!
  private static let second = JID("alice@localhost/z")!
  private static let bob = JID("bob@localhost/y")!

  private static func presence(_ type: Text?, to: JID? = nil) -> Element {
    Element("presence", NS.client, ["type": type, "to": to?.text])
  }

  /// Both are there.
  private static func stage() -> ModelFixture {
    var stage = ModelFixture(seed: 1, accounts: [alice.bare, bob.bare])
    for device in [alice, bob] { arrive(device, &stage) }
    return stage
  }

  private static func arrive(_ device: JID, _ stage: inout ModelFixture) {
    stage.connect(device)
    stage.settle()
    say(presence(nil), device, &stage)
  }

  private static func say(_ element: Element, _ device: JID, _ stage: inout ModelFixture) {
    stage.send(element, as: device)
    stage.settle()
  }

  /// Alice hears Bob.
  private static func befriend(_ stage: inout ModelFixture) {
    say(presence("subscribe", to: bob.bare), alice, &stage)
    say(presence("subscribed", to: alice.bare), bob, &stage)
  }

  /// The presence that a device got since the last call: who is concerned, and the type.
  private static func heard(_ device: JID, _ stage: inout ModelFixture) -> [String] {
    stage.takeReceived(by: device).filter { $0.stanzaKind == .presence }.map { "\($0["from"] ?? "") \($0.type ?? "available")" }
  }

  @Test func probesComeFromResources() {
    var stage = Self.stage()
    Self.befriend(&stage)
    _ = Self.heard(Self.alice, &stage)
    Self.arrive(Self.second, &stage)
    #expect(Self.heard(Self.alice, &stage).contains("bob@localhost/y available") != KnownDeviations.probesComeFromResources)
    #expect(Self.heard(Self.second, &stage).contains("bob@localhost/y available"))
    #expect(stage.problem == nil)
  }

  @Test func probesLeaveRequestsAlone() {
    var stage = Self.stage()
    Self.say(Self.presence("subscribe", to: Self.bob.bare), Self.alice, &stage)
    Self.say(Self.presence("probe", to: Self.bob.bare), Self.alice, &stage)
    #expect(Self.heard(Self.alice, &stage).contains("bob@localhost unsubscribed") != KnownDeviations.probesLeaveRequestsAlone)
    let isPendingOut = stage.world.engine.server.roster(of: Self.alice.bare).first?.isPendingOut
    #expect(isPendingOut == KnownDeviations.probesLeaveRequestsAlone)
    #expect(stage.problem == nil)
  }

  @Test func whoGoesStaysOnTheList() {
    var stage = Self.stage()
    Self.say(Self.presence(nil, to: Self.bob), Self.alice, &stage)
    Self.say(Self.presence("unavailable", to: Self.alice), Self.bob, &stage)
    let directed = stage.world.engine.server.sessions(of: Self.alice.bare).first?.directed
    #expect((directed == [Self.bob]) == KnownDeviations.whoGoesStaysOnTheList)
    #expect(stage.problem == nil)
  }

  @Test func everyRequestArrives() {
    var stage = Self.stage()
    for name in ["bob", "nobody"] {
      _ = Self.heard(Self.alice, &stage)
      for _ in 0..<2 { Self.say(Self.presence("subscribe", to: JID("\(name)@localhost")!), Self.alice, &stage) }
      let answers = Self.heard(Self.alice, &stage).filter { $0 == "\(name)@localhost unavailable" }
      #expect(answers.count == (name == "bob" || KnownDeviations.everyRequestArrives ? 2 : 0))
    }
    #expect(stage.problem == nil)
  }
}
