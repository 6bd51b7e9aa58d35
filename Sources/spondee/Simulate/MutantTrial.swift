internal import Dispatch
internal import Foundation
internal import Simulation

/// Plants each bug in turn and lets seeds look for it.
struct MutantTrial {
  var duration: Int64
  /// Real seconds for each.
  var patience = 60.0
  var jobs = 2
  /// Also shrink each failure, and see whether its script is a test.
  var shrinks = false

  struct Verdict: Sendable {
    var mutation: Mutation
    var seeds: Int
    var seconds: Double
    var failure: RunReport.Failure?
    /// The failure of the same seed without the oracle that found it; `nil` if the seed has no other.
    var control: RunReport.Failure?
    var test: ScriptTest?
  }

  /// - Parameter tell: is told each verdict as it comes, in any order.
  func run(_ tell: @escaping @Sendable (Verdict) -> Void) -> [Verdict] {
    let kinds = Mutation.findable
    let verdicts = Verdicts(count: kinds.count)
    DispatchQueue.concurrentPerform(iterations: min(jobs, kinds.count)) { _ in
      while let index = verdicts.take() {
        let verdict = judge(kinds[index])
        verdicts.set(index, verdict)
        tell(verdict)
      }
    }
    return verdicts.all
  }

  private func judge(_ mutation: Mutation) -> Verdict {
    let began = DispatchTime.now().uptimeNanoseconds
    let elapsed = { Double(DispatchTime.now().uptimeNanoseconds - began) / 1e9 }
    // Without a mutant nothing may be found; a search of at most 20 s is enough to see that.
    let limit = mutation == .none ? min(patience, 20) : patience
    var seed: UInt64 = 0
    while elapsed() < limit {
      if let failure = report(seed, mutation, without: []).failure {
        let control = report(seed, mutation, without: [failure.oracle]).failure
        let seconds = elapsed()
        let test = shrinks ? shrink(seed, mutation) : nil
        return Verdict(mutation: mutation, seeds: Int(seed) + 1, seconds: seconds, failure: failure, control: control, test: test)
      }
      seed += 1
    }
    return Verdict(mutation: mutation, seeds: Int(seed), seconds: elapsed())
  }

  private func report(_ seed: UInt64, _ mutation: Mutation, without: [String]) -> RunReport {
    var run = Run(Choices(seed: seed), options(mutation, without: without))
    return run.run()
  }

  private func options(_ mutation: Mutation, without: [String] = []) -> RunOptions {
    var options = RunOptions(duration: duration, without: without)
    options.mutation = mutation
    return options
  }

  private func shrink(_ seed: UInt64, _ mutation: Mutation) -> ScriptTest? {
    var shrinker = Shrinker(Choices(seed: seed), options(mutation))
    return shrinker.run()?.test
  }

  static func line(_ verdict: Verdict) -> String {
    func column(_ text: String, _ width: Int) -> String { text.padding(toLength: max(width, text.count), withPad: " ", startingAt: 0) }
    let found = verdict.failure.map { "\($0.oracle)" } ?? (verdict.mutation == .none ? "-" : "NOT FOUND")
    let control = verdict.failure == nil ? "" : verdict.control.map { "else by \($0.oracle)" } ?? "else unseen"
    return [
      column(verdict.mutation.rawValue, 20), column(found, 12), column("\(verdict.seeds) seeds", 11),
      column(String(format: "%.1f s", verdict.seconds), 8), column(control, 18), verdict.mutation.summary,
    ].joined(separator: " ") + (verdict.test.map { "\n     \($0.summary)" } ?? "")
  }
}

private final class Verdicts: @unchecked Sendable {
  private let lock = NSLock()
  private var next = 0
  private var stored: [MutantTrial.Verdict?]
  init(count: Int) { stored = Array(repeating: nil, count: count) }
  func take() -> Int? {
    lock.withLock {
      guard next < stored.count else { return nil }
      defer { next += 1 }
      return next
    }
  }
  func set(_ index: Int, _ verdict: MutantTrial.Verdict) { lock.withLock { stored[index] = verdict } }
  var all: [MutantTrial.Verdict] { lock.withLock { stored.compactMap { $0 } } }
}
