import Scenario
import ServerCore
import Testing
import XML
import XMPP

@testable import Simulation

/// The script of a planted bug is a test of its own: it fails with the bug, at its last expectation, and passes without.
struct ShrunkScriptTests {
  /// A bug of writing and one of hearing, which a few seeds find. `.ci/run` tries more, and `spondee simulate --mutants --shrink` the whole
  /// catalogue.
  private static let bugs = ["senderBared", "handshakeUnheard"]

  private static func shrunk(_ name: String) throws -> Shrinker.Found {
    let mutation = try #require(Mutation(rawValue: name))
    var options = RunOptions(duration: 4_000_000_000)
    options.mutation = mutation
    for seed: UInt64 in 0..<40 {
      var run = Run(Choices(seed: seed), options)
      guard run.run().failure != nil else { continue }
      var shrinker = Shrinker(Choices(seed: seed), options)
      let found = shrinker.run()
      return try #require(found)
    }
    throw NotFound()
  }
  private struct NotFound: Error {}

  private func outcome(_ script: Script, _ mutation: Mutation?, seed: UInt64 = 0) -> Outcome {
    var driver = SimulatedDriver(script: script, seed: seed, mutation: mutation)
    return ScenarioRunner(exact: true).run(script, with: &driver)
  }

  @Test(arguments: bugs)
  func failsWithTheBugAndPassesWithout(name: String) throws {
    let found = try ShrunkScriptTests.shrunk(name)
    #expect(found.test.verdict == .test, "\(found.test.remark)\n\(found.script)")
    let script = try Script(parsing: found.script, name: name)
    #expect(SimulatedDriver.problem(of: script) == nil)
    let last = try #require(script.actions.last?.line)
    guard case .failed(let line, _, _) = outcome(script, Mutation(rawValue: name)) else {
      Issue.record("it passes with the bug:\n\(found.script)")
      return
    }
    #expect(line >= last - 6, "\(line) of \(last)\n\(found.script)")
    for seed: UInt64 in 0..<10 { #expect(outcome(script, nil, seed: seed) == .passed, "seed \(seed)\n\(found.script)") }
  }

  /// Users who do nothing that matters are not in the cast, and neither is what they do in the liveness phase.
  @Test func nobodyIsThereWhoDoesNotMatter() throws {
    let found = try ShrunkScriptTests.shrunk("senderBared")
    let script = try Script(parsing: found.script, name: "shrunk")
    #expect(script.cast.count <= 2, "\(found.script)")
    #expect(found.test.actions <= 6, "\(found.script)")
    #expect(!script.tags.contains { $0.name.hasPrefix("world ") || $0.name.hasPrefix("limit ") }, "\(found.script)")
  }

  /// Bugs that need an operator, a disk that hangs, or bytes that are no XML: the script of a run says so, whose draws nobody has lowered.
  @Test(arguments: [
    ("disabledForgotten", "The operator disables "), ("hungDiskEndured", "The disk hangs"), ("rubbishDeafens", " writes:"),
  ])
  func theWorldIsInTheScript(name: String, words: String) throws {
    var options = RunOptions(duration: 2_000_000_000)
    let mutation = try #require(Mutation(rawValue: name))
    options.mutation = mutation
    var remarks: [String] = []
    for seed: UInt64 in 0..<100 where remarks.count < 6 {
      var run = Run(Choices(seed: seed), options)
      run.keepsHistory = true
      guard let failure = run.run().failure else { continue }
      var shrinker = ScriptShrinker(run, failure, options)
      let test = shrinker.run()
      guard test.verdict == .test else {
        remarks.append(test.remark)
        continue
      }
      #expect(test.script.contains(words), "\(test.script)")
      let script = try Script(parsing: test.script, name: name)
      #expect(outcome(script, options.mutation) != .passed, "\(test.script)")
      for seed: UInt64 in 0..<5 { #expect(outcome(script, nil, seed: seed) == .passed, "seed \(seed)\n\(test.script)") }
      return
    }
    Issue.record("no script is a test: \(remarks)")
  }

  /// An empty line, or one that is not indented, ends a stanza in a script.
  @Test func aStanzaStandsOnOneLine() throws {
    let element = Element("a", "urn:x", ["b": "\n"], text: "\n\n\r\t x\n")
    #expect(!element.line.contains("\n"))
    #expect(try Element(parsing: Array(element.line.utf8), defaultNamespace: "") == element)
  }

  /// A rule that no client sees broken says so in its last line.
  @Test func whatNoClientSeesIsSaidToBeNoTest() throws {
    var run = Run(Choices(seed: 0), RunOptions(duration: 1_000_000_000))
    run.keepsHistory = true
    _ = run.run()
    let failure = RunReport.Failure(oracle: "leftovers", message: "somebody is still there", time: 0, isAtRest: true)
    var shrinker = ScriptShrinker(run, failure, RunOptions())
    let test = shrinker.run()
    #expect(test.verdict == .notReproduced)
    #expect(test.script.split(separator: "\n").last?.hasPrefix("# This script is no test: ") ?? false)
  }
}
