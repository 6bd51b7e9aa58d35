internal import Dispatch
internal import Foundation
internal import Simulation

extension SimulateCommand {
  /// Says when a failing run's failure became likely, and which choices it needed. `nil` if the run does not fail.
  func explain(_ choices: Choices, _ options: RunOptions) -> Causality? {
    guard var explainer = Explainer(choices, options) else { return nil }
    print("explaining \(explainer.events) events in at most \(explainer.mostRuns) runs")
    let began = DispatchTime.now().uptimeNanoseconds
    let causality = explainer.explain(SimulateCommand.workers(runs.jobs))
    let seconds = String(format: "%.1f", Double(DispatchTime.now().uptimeNanoseconds - began) / 1e9)
    print(causality.text)
    print("explained in \(causality.runs) runs, \(seconds) s")
    return causality
  }

  /// Threads that each take the next piece of work. Pieces share nothing, so threads change nothing but the time that it takes.
  private static func workers(_ jobs: Int) -> Explainer.Workers {
    { count, work in
      let (next, results) = (Counter(), Results(count))
      DispatchQueue.concurrentPerform(iterations: min(jobs, max(count, 1))) { _ in
        while case let index = next.take(), index < count { results.set(index, work(index)) }
      }
      return results.all
    }
  }
}

private final class Results: @unchecked Sendable {
  private let lock = NSLock()
  private var stored: [Int]
  init(_ count: Int) { stored = Array(repeating: 0, count: count) }
  func set(_ index: Int, _ value: Int) { lock.withLock { stored[index] = value } }
  var all: [Int] { lock.withLock { stored } }
}
