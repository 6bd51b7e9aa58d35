import OrderedCollections
import Scenario
import Simulation
import Testing
import XML
import XMPP

/// Two rules that everyday life breaks, to see what is made of it.
private struct NobodyEntersTea: Oracle {
  static let name = "tea"
  static let clause = "a rule made for this test"
  mutating func observe(_ observation: Observation, at time: Int64) -> String? {
    guard case .received(_, let element) = observation, element["from"]?.hasPrefix("tea@conference.localhost/") ?? false,
      element.type == nil,
      element.is("presence", "jabber:client")
    else { return nil }
    return "somebody is in the tea room"
  }
  func atRest(_ state: RestState) -> String? { nil }
}

private struct NothingBreaks: Oracle {
  static let name = "calm"
  static let clause = "a rule made for this test"
  mutating func observe(_ observation: Observation, at time: Int64) -> String? {
    if case .fault("crash") = observation { "the server crashed" } else { nil }
  }
  func atRest(_ state: RestState) -> String? { nil }
}

struct ShrinkerTests {
  @Test func findsTheOneDeedThatMatters() throws {
    let options = RunOptions(oracles: [NobodyEntersTea.self])
    // Not in every run somebody goes there.
    var result: Shrinker.Found?
    for seed: UInt64 in 0..<20 where result == nil {
      var shrinker = Shrinker(Choices(seed: seed), options)
      result = shrinker.run()
    }
    let found = try #require(result)
    #expect(found.failure.oracle == "tea")
    #expect(found.faults.isEmpty)
    #expect(found.actions == 1)
    #expect(found.trace.choices.streams.keys.count { $0.purpose == .action } == 1)

    // The trace fails as it is said to.
    var again = Run(
      Choices(seed: found.trace.seed, source: .trace(found.trace.choices)),
      RunOptions(duration: found.trace.duration, oracles: [NobodyEntersTea.self]))
    let failure = again.run().failure
    #expect(failure?.signature == found.failure.signature)

    // The script is one, and fails where the rule was broken: against a server that lets somebody in.
    let script = try Script(parsing: found.script, name: "shrunk")
    var driver = SimulatedDriver(script: script, seed: 1)
    let outcome = ScenarioRunner(exact: false).run(script, with: &driver)
    guard case .failed(_, let expected, _) = outcome else {
      Issue.record("the script passed:\n\(found.script)")
      return
    }
    #expect(expected.contains("nothing"))
  }

  @Test func leavesOnlyTheFaultThatMatters() throws {
    // The first seed that has a crash at all.
    for seed: UInt64 in 0..<100 {
      var shrinker = Shrinker(Choices(seed: seed), RunOptions(duration: 3_000_000_000, oracles: [NothingBreaks.self]))
      // A process that is told to end, or gives up its disk, is gone in the end, too, and that is then what matters.
      guard let found = shrinker.run(), !found.faults.contains("the server is told to end"), !found.faults.contains("the disk hangs") else {
        continue
      }
      #expect(found.faults.filter { $0 != "restart" } == ["crash"])
      #expect(found.actions == 0)
      return
    }
    Issue.record("no seed has a crash")
  }

  @Test func whatDoesNotFailIsNotShrunk() {
    var shrinker = Shrinker(Choices(seed: 4), RunOptions(duration: 1_000_000_000, oracles: []))
    let found = shrinker.run()
    #expect(found == nil)
  }
}
