internal import ArgumentParser
internal import Dispatch
internal import Foundation
internal import Scenario
internal import Simulation

/// `simulate --torture`: every fault at every position of scripts.
struct TortureRuns {
  /// One of so many equal parts of all runs, the same on every machine.
  struct Slice {
    /// Counted from 0.
    var part = 0
    var parts = 1

    func contains(_ run: Int) -> Bool { run % parts == part }
  }

  var shards: Int
  var slice = Slice()
  /// Only faults whose names begin so.
  var faults = ""
  /// Seconds of real time; `nil`: as long as it takes.
  var budget: Double?
  var jobs = 1
  /// The first failure is the last run of its script, and no other script begins.
  var stopsAtFailure = false
  var mutation: Mutation?

  /// Runs the scripts of these files, prints a line for each and all failures. Returns whether all is well.
  func run(_ scripts: [(file: String, script: Script)]) -> Bool {
    let began = DispatchTime.now().uptimeNanoseconds
    let elapsed: @Sendable () -> Double = { Double(DispatchTime.now().uptimeNanoseconds - began) / 1e9 }
    let next = Counter()
    let total = Total()
    DispatchQueue.concurrentPerform(iterations: min(jobs, scripts.count)) { _ in
      while case let index = next.take(), index < scripts.count, !isOver(elapsed()), !(stopsAtFailure && total.sum.failures > 0) {
        let (file, script) = scripts[index]
        let tally = torture(script, file, number: index) { isOver(elapsed()) }
        total.add(tally)
        print(line(ScriptFiles.name(file), tally))
        // A long run is watched through a file.
        fflush(nil)
      }
    }
    let all = total.sum
    print(line("\(total.count) of \(scripts.count) scripts", all))
    return all.failures == 0
  }

  private func isOver(_ seconds: Double) -> Bool { budget.map { seconds >= $0 } ?? false }

  /// Does one run, and prints all that its characters sent and received.
  func repeatOne(_ script: Script, _ file: String, _ tried: TortureCase, printsHistory: Bool) -> Bool {
    var torture = Torture(script, shards: shards, mutation: mutation)
    let (failure, history) = torture.trace(tried)
    if printsHistory { for moment in history { print(moment) } }
    if let problem = torture.problem { print("FAIL \(ScriptFiles.name(file)) without a fault: \(problem)") }
    if let failure { report(failure, tried, file) }
    let isGood = failure == nil && torture.problem == nil
    print(isGood ? "1 passed, 0 failed" : "0 passed, 1 failed")
    return isGood
  }

  struct Tally {
    var positions = 0
    var runs = 0
    var failures = 0
  }

  private func torture(_ script: Script, _ file: String, number: Int, isOver: () -> Bool) -> Tally {
    var torture = Torture(script, shards: shards, mutation: mutation)
    var tally = Tally(positions: torture.positions.count)
    if let problem = torture.problem {
      tally.failures += 1
      print("FAIL \(ScriptFiles.name(file)) without a fault: \(problem)")
    }
    // Each script begins at another place of the slice: otherwise a slice would hold the first position of all.
    let cases = torture.cases.filter { $0.fault.description.hasPrefix(faults) }
    for (place, tried) in cases.enumerated() where slice.contains(place + number) {
      if isOver() || stopsAtFailure && tally.failures > 0 { break }
      tally.runs += 1
      guard let failure = torture.judge(tried) else { continue }
      tally.failures += 1
      report(failure, tried, file)
    }
    return tally
  }

  private func report(_ failure: Torture.Failure, _ tried: TortureCase, _ file: String) {
    let name = tried.fault.description
    let quoted = name.contains { !($0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-" || $0 == ":")) } ? "'\(name)'" : name
    print(
      """
      FAIL \(ScriptFiles.name(file)) line \(failure.line), position \(tried.position) (\(failure.event)), \(name):
      \(failure.expectation)
           spondee simulate --torture \(file) --at \(tried.position) --fault \(quoted)\(shards == 1 ? "" : " --shards \(shards)")
      """)
  }

  private func line(_ name: String, _ tally: Tally) -> String {
    "\(name): \(tally.positions) positions, \(tally.runs) runs, \(tally.failures) failed"
  }
}

private final class Total: @unchecked Sendable {
  private let lock = NSLock()
  private var tally = TortureRuns.Tally()
  private var scripts = 0
  func add(_ other: TortureRuns.Tally) {
    lock.withLock {
      scripts += 1
      tally.positions += other.positions
      tally.runs += other.runs
      tally.failures += other.failures
    }
  }
  var sum: TortureRuns.Tally { lock.withLock { tally } }
  var count: Int { lock.withLock { scripts } }
}

extension TortureRuns.Slice: ExpressibleByArgument {
  init?(argument: String) {
    let numbers = argument.split(separator: "/", omittingEmptySubsequences: false).map { Int($0) }
    guard numbers.count == 2, let part = numbers[0], let parts = numbers[1], parts > 0, 1...parts ~= part else { return nil }
    (self.part, self.parts) = (part - 1, parts)
  }
}
