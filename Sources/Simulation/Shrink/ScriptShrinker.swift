internal import Scenario

/// Makes a script of a failed run: of what its clients did, in the world that it needs, the least that still breaks the rule; then the
/// expectation that the rule stands for.
///
/// Candidates are performed in a script's world with the same rules watching. The script that is found is checked as anybody would run it: the
/// script must fail with the bug at its last expectation, and pass without, if the bug is a planted one.
struct ScriptShrinker {
  private let failed: Run
  private let failure: RunReport.Failure
  private let options: RunOptions
  private var attempts = 0
  /// Performances in a row that brought nothing.
  private var failures = 0
  private var verdict = ScriptTest.Verdict.notReproduced

  private static let budget = 2000
  private static let patience = 250

  /// - Parameter run: one that is over, and has kept its history.
  init(_ run: Run, _ failure: RunReport.Failure, _ options: RunOptions) {
    (failed, self.failure, self.options) = (run, failure, options)
  }

  mutating func run() -> ScriptTest {
    let draft = ScriptDraft(failed)
    var hasty = draft
    hasty.isHasty = true
    for candidate in draft.hasCrash ? [draft, hasty] : [draft] {
      if let test = test(of: candidate) { return test }
    }
    let remark = remark(draft)
    let script = ScriptWriter(failed.history, failure: failure, seed: failed.world.choices.seed, remark: remark).script
    return ScriptTest(script: script, verdict: verdict, remark: remark, actions: draft.steps.count, attempts: attempts)
  }

  private func remark(_ draft: ScriptDraft) -> String {
    switch verdict {
    case .test: ""
    case .notReproduced where draft.unsaid.isEmpty:
      "This script is no test: when its clients do the same one after the other, the rule '\(failure.oracle)' is not broken."
    case .notReproduced:
      "This script is no test: the rule '\(failure.oracle)' is not broken without \(draft.unsaid.prefix(3).joined(separator: "; "))."
    case .unseen: "This script is no test: no client sees that the rule '\(failure.oracle)' is broken."
    case .failsWithoutBug: "This script is no test: no ending was found that tells the planted bug from a server without it."
    }
  }

  /// `nil` if this draft makes no test.
  private mutating func test(of draft: ScriptDraft) -> ScriptTest? {
    guard let play = play(draft) else { return nil }
    let small = shrink(draft) { shrinker, draft in shrinker.play(draft) != nil }
    if let found = self.play(small).flatMap({ written($0) }) { return found }
    // The least that the rule needs is too little for a test: look for the least that is one.
    guard written(play) != nil else { return nil }
    failures = 0
    let test = shrink(draft) { shrinker, draft in shrinker.play(draft).map { shrinker.written($0) != nil } ?? false }
    return self.play(test).flatMap { written($0) }
  }

  // MARK: Performances

  /// A performance in which the rule is broken; `nil` if it is not.
  private mutating func play(_ draft: ScriptDraft) -> DraftPlay? {
    attempts += 1
    guard let play = DraftPlay(draft, options), let found = play.failure else { return nil }
    return ScriptShrinker.kind(found.oracle) == ScriptShrinker.kind(failure.oracle) ? play : nil
  }

  /// Rules that say in different words that a client is not served.
  private static func kind(_ rule: String) -> String { ["stream", "liveness", OutputStreams.name].contains(rule) ? "liveness" : rule }

  /// The script with the first ending that makes it a test.
  private mutating func written(_ play: DraftPlay) -> ScriptTest? {
    guard let found = play.failure else { return nil }
    let title = ["\(found.oracle): \(found.message)", "Found in the simulator with seed \(failed.world.choices.seed)."]
    let remark = "This line is reached without the bug, and not with it."
    if verdict == .notReproduced { verdict = .unseen }
    for ending in play.endings {
      let (text, end) = play.script(title, ending, remark: remark)
      guard let script = try? Script(parsing: text, name: "shrunk"), ScriptTest.fails(script, from: end, options.mutation) else { continue }
      guard options.mutation == nil || ScriptTest.passes(script) else {
        verdict = .failsWithoutBug
        continue
      }
      let actions = script.actions.count { if case .character(_, .receives) = $0.event { false } else { true } }
      return ScriptTest(script: text, verdict: .test, remark: remark, actions: actions, attempts: attempts)
    }
    return nil
  }

  // MARK: Shrinking

  private mutating func shrink(_ draft: ScriptDraft, _ isEnough: (inout ScriptShrinker, ScriptDraft) -> Bool) -> ScriptDraft {
    var best = draft
    var before = (0, 0, 0)
    func size(_ draft: ScriptDraft) -> (Int, Int, Int) { (draft.steps.count, draft.tags.count, draft.cast.count) }
    repeat {
      before = size(best)
      thinOut(&best, \.steps, isEnough)
      thinOut(&best, \.tags, isEnough)
      for index in best.idle.reversed() { attempt(best.without(idle: index), &best, isEnough) }
    } while size(best) < before && !isOver
    return best
  }

  private var isOver: Bool { attempts >= ScriptShrinker.budget || failures >= ScriptShrinker.patience }

  @discardableResult
  private mutating func attempt(
    _ candidate: ScriptDraft, _ best: inout ScriptDraft, _ isEnough: (inout ScriptShrinker, ScriptDraft) -> Bool
  ) -> Bool {
    guard !isOver else { return false }
    failures += 1
    guard isEnough(&self, candidate) else { return false }
    failures = 0
    best = candidate
    return true
  }

  /// Leaves out elements of a list, in ever smaller groups.
  private mutating func thinOut<Element>(
    _ best: inout ScriptDraft, _ list: WritableKeyPath<ScriptDraft, [Element]>, _ isEnough: (inout ScriptShrinker, ScriptDraft) -> Bool
  ) {
    var group = max(1, best[keyPath: list].count / 2)
    while group >= 1, !isOver {
      // From the end: what comes last needs what comes before.
      var end = best[keyPath: list].count
      while end > 0 {
        let start = max(0, end - group)
        var candidate = best
        candidate[keyPath: list].removeSubrange(start..<end)
        attempt(candidate, &best, isEnough)
        end = start
      }
      group /= 2
    }
  }
}
