internal import Scenario

/// A script of a failure, and whether it is a test: it fails with the bug, at its last expectation, and passes without.
public struct ScriptTest: Sendable {
  public enum Verdict: Sendable, Equatable {
    /// It fails as it should. If the bug is a planted one, it passes without the bug.
    case test
    /// In a script's world, without the faults that the language has no words for, the rule is not broken.
    case notReproduced
    /// The rule is broken, and no client was found that sees it: it is about the server's memory or its disk, or the time that something
    /// takes.
    case unseen
    /// The bug is a planted one, and no ending was found with which the script fails with it and passes without it.
    case failsWithoutBug
  }

  public var script: String
  public var verdict: Verdict
  /// For people, in a sentence.
  public var remark: String
  /// Actions of the script by which something is done.
  public var actions: Int
  /// Performances that it took to find it.
  public var attempts: Int

  /// For people: how large a test it is, or why it is none.
  public var summary: String {
    verdict == .test ? "The script is a test of \(actions) actions, found in \(attempts) performances." : remark
  }

  /// Whether a script fails, at this line or behind it. Leftover stanzas count.
  static func fails(_ script: Script, from line: Int, _ mutation: Mutation?) -> Bool {
    guard case .failed(let place, _, _) = outcome(script, mutation, seed: 0) else { return false }
    return place >= line
  }

  /// Whether a script passes without a planted bug, whatever overtakes what.
  static func passes(_ script: Script) -> Bool { (0..<4).allSatisfy { outcome(script, nil, seed: $0) == .passed } }

  private static func outcome(_ script: Script, _ mutation: Mutation?, seed: UInt64) -> Outcome {
    var driver = SimulatedDriver(script: script, seed: seed, mutation: mutation)
    return ScenarioRunner(exact: true).run(script, with: &driver)
  }
}
