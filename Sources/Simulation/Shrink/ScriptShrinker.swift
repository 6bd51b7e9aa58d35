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
    guard written(play) != nil else { return testAgainstBug(draft) }
    failures = 0
    let test = shrink(draft) { shrinker, draft in shrinker.play(draft).map { shrinker.written($0) != nil } ?? false }
    return self.play(test).flatMap { written($0) }
  }

  /// Of a planted bug: the least that breaks the rule with the bug and not without. Clients of the draft may go on in a way in which they can't
  /// without the bug; a performance leaves out what nobody can do, and a script can't.
  private mutating func testAgainstBug(_ draft: ScriptDraft) -> ScriptTest? {
    guard options.mutation != nil, isGoodWithoutBug(draft) else { return nil }
    failures = 0
    let least = shrink(draft) { shrinker, draft in shrinker.play(draft) != nil && shrinker.isGoodWithoutBug(draft) }
    return play(least).flatMap { written($0) }
  }

  private func isGoodWithoutBug(_ draft: ScriptDraft) -> Bool {
    var clean = options
    clean.mutation = nil
    clean.without.append("model")
    return DraftPlay(draft, clean).map { $0.failure == nil } ?? false
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

  private typealias Judge = (inout ScriptShrinker, ScriptDraft) -> Bool

  private mutating func shrink(_ draft: ScriptDraft, _ isEnough: Judge) -> ScriptDraft {
    var best = draft
    var before: [Int]
    repeat {
      before = best.size
      thinOut(&best, { $0.steps.count }, { $0.steps.removeSubrange($1) }, isEnough)
      thinOut(&best, { $0.tags.count }, { $0.tags.removeSubrange($1) }, isEnough)
      for index in best.idle.reversed() { attempt(best.without(idle: index), &best, isEnough) }
      for index in best.steps.indices { shorten(&best, index, isEnough) }
    } while best.size.lexicographicallyPrecedes(before) && !isOver
    return best
  }

  private var isOver: Bool { attempts >= ScriptShrinker.budget || failures >= ScriptShrinker.patience }

  @discardableResult
  private mutating func attempt(_ candidate: ScriptDraft, _ best: inout ScriptDraft, _ isEnough: Judge) -> Bool {
    guard !isOver else { return false }
    failures += 1
    guard isEnough(&self, candidate) else { return false }
    failures = 0
    best = candidate
    return true
  }

  /// Leaves out elements of a list, in ever smaller groups.
  private mutating func thinOut(
    _ best: inout ScriptDraft, _ count: (ScriptDraft) -> Int, _ remove: (inout ScriptDraft, Range<Int>) -> Void, _ isEnough: Judge
  ) {
    var group = max(1, count(best) / 2)
    while group >= 1, !isOver {
      // From the end: what comes last needs what comes before.
      var end = count(best)
      while end > 0 {
        let start = max(0, end - group)
        var candidate = best
        remove(&candidate, start..<end)
        attempt(candidate, &best, isEnough)
        end = start
      }
      group /= 2
    }
  }

  /// Leaves out tags, and pieces of text, of the bytes that a client writes.
  private mutating func shorten(_ best: inout ScriptDraft, _ index: Int, _ isEnough: Judge) {
    guard case .writes(let who, let bytes) = best.steps[index] else { return }
    // The pieces that are left decide what is written.
    var pieces = ScriptShrinker.pieces(bytes)
    var group = max(1, pieces.count / 2)
    while group >= 1, !isOver {
      var end = pieces.count
      while end > 0 {
        let start = max(0, end - group)
        var left = pieces
        left.removeSubrange(start..<end)
        var candidate = best
        candidate.steps[index] = .writes(who, Array(left.joined()))
        if !left.isEmpty, attempt(candidate, &best, isEnough) { pieces = left }
        end = start
      }
      group /= 2
    }
  }

  /// Bytes cut before each tag, and text that is long into parts.
  private static func pieces(_ bytes: [UInt8]) -> [[UInt8]] {
    let most = max(8, bytes.count / 100)
    var pieces: [[UInt8]] = []
    for byte in bytes {
      if pieces.isEmpty || byte == UInt8(ascii: "<") || pieces[pieces.count - 1].count >= most { pieces.append([]) }
      pieces[pieces.count - 1].append(byte)
    }
    return pieces
  }
}
