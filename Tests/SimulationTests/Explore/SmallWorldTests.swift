import Simulation
import Testing
import XML
import XMPP

/// Every order in which things can happen in a small world keeps every rule, and there are exactly as many states as are known: one more or
/// less says that the server does something else than before, at some moment that nobody thought of.
struct SmallWorldTests {
  /// Those that take less than a few seconds; CI goes through all.
  @Test(arguments: ["subscriptions", "change-of-mind", "room", "nicks"])
  func everyOrderIsGood(_ name: String) throws {
    let world = try #require(SmallWorld.all.first { $0.name == name })
    let exploration = Exploration(of: world)
    #expect(exploration.failure == nil)
    #expect(!exploration.isCutShort)
    #expect(exploration.states == world.states)
  }

  /// A rule that is broken in one order only is found, and told in as few steps as lead there.
  @Test func oneOrderOfManyIsFound() throws {
    let comesFirst: @Sendable (Element) -> Bool = { $0["from"] == "bob@localhost/d" }
    let first: Simulation.ModelCheck.Move = .wait("bob's message before alice has heard", comesFirst)
    let answer: Simulation.ModelCheck.ClientScript.Reaction = { stanza in
      stanza["from"] == "alice@localhost/d" ? Element("presence", NS.client, ["type": "unavailable"]) : nil
    }
    let parts = [
      Simulation.ModelCheck.ClientScript("alice", moves: [.send(message("alice"))]),
      Simulation.ModelCheck.ClientScript("bob", moves: [.send(message("bob"))]),
      Simulation.ModelCheck.ClientScript(
        "carol", opening: [.connect, .send(Element("presence", NS.client))], moves: [first], reaction: answer),
    ]
    let failure = try #require(Exploration(of: SmallWorld("race", "Carol goes when she hears alice", parts)).failure)
    #expect(failure.what.oracle == "liveness")
    // Alice's message, its ways there and on, the ways of the answer and its echo; then bob's, which nobody hears.
    #expect(failure.path.count == 7)
  }

  private func message(_ name: Text) -> Element {
    Element("message", NS.client, ["to": "carol@localhost", "type": "chat", "id": "L" + name])
  }
}
