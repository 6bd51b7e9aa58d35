internal import Dispatch
internal import Foundation
internal import Simulation

/// Many runs, one seed each. Seeds share nothing, so threads change nothing but the time that it takes.
struct Campaign {
  let first: UInt64
  let options: RunOptions
  /// How many seeds; `nil`: until the budget is spent.
  var count: Int?
  /// Seconds of real time.
  var budget: Double?
  var keepsHistory = false
  /// In how many more ways each run goes on from where it reached something new.
  var branches = 0
  /// Later runs have worlds that are mixed of earlier ones. (Pairs must be measured.)
  var isSteered = false
  /// The first failure is the last seed.
  var stopsAtFailure = false
  var jobs = 1

  init(first: UInt64, options: RunOptions) {
    self.first = first
    self.options = options
  }

  func run() -> CampaignResults {
    let began = DispatchTime.now().uptimeNanoseconds
    let elapsed: @Sendable () -> Double = { Double(DispatchTime.now().uptimeNanoseconds - began) / 1e9 }
    let results = Collector(keepsPairs: isSteered)
    let progress = Progress(total: count, budget: budget)
    let isOver: @Sendable () -> Bool = {
      budget.map { elapsed() >= $0 } ?? false || (stopsAtFailure && results.tally.failures > 0)
    }
    var steering = Steering()
    let last = count ?? .max
    var start = 0
    // Without steering all runs are of one generation.
    while start < last, !isOver() {
      let end = isSteered ? min(start + Steering.generation, last) : last
      let (next, worlds) = (Counter(from: start), steering)
      DispatchQueue.concurrentPerform(iterations: min(jobs, end - start)) { _ in
        while case let index = next.take(), index < end, !isOver() {
          let seed = first + UInt64(index)
          for run in runs(seed, in: worlds.world(for: seed)) { results.add(run) }
          progress.show(results.tally, elapsed: elapsed())
        }
      }
      for run in results.takeGeneration() { steering.note(run.report, world: run.world) }
      start = end
    }
    progress.end()
    return CampaignResults(runs: results.runs.sorted { $0.place < $1.place }, seconds: elapsed(), pairs: results.pairs)
  }

  /// A seed's run, and its branches.
  private func runs(_ seed: UInt64, in world: WorldSeeds?) -> [CampaignResults.Run] {
    var run = Run(Choices(seed: seed, world: world, records: branches > 0), options)
    run.keepsHistory = keepsHistory
    let (report, branches) = branches > 0 ? run.run(branches: branches) : (run.run(), [])
    return [CampaignResults.Run(report: report, history: run.history, world: world)]
      + branches.map { CampaignResults.Run(report: $0.report, history: [], world: world, branch: $0) }
  }
}

/// Numbers for threads that take one after the other.
final class Counter: @unchecked Sendable {
  private let lock = NSLock()
  private var value: Int
  init(from value: Int = 0) { self.value = value }
  func take() -> Int {
    lock.withLock {
      defer { value += 1 }
      return value
    }
  }
}

private final class Collector: @unchecked Sendable {
  private let lock = NSLock()
  private var stored: [CampaignResults.Run] = []
  private var sums = Progress.Tally()
  private var all = MarkPairs()
  private let keepsPairs: Bool
  private var generation: [CampaignResults.Run] = []
  init(keepsPairs: Bool) { self.keepsPairs = keepsPairs }

  func add(_ run: CampaignResults.Run) {
    lock.withLock {
      if keepsPairs { generation.append(run) }
      // A run's own table is a hundred times as large as what else is kept of it.
      var run = run
      if let pairs = run.report.pairs { all.merge(pairs) }
      run.report.pairs = nil
      stored.append(run)
      sums.runs += 1
      sums.virtualTime += run.report.time
      if run.report.failure != nil { sums.failures += 1 }
    }
  }
  /// The runs since the last call, with their pairs, in the order of their seeds.
  func takeGeneration() -> [CampaignResults.Run] {
    lock.withLock {
      defer { generation = [] }
      return generation.sorted { $0.place < $1.place }
    }
  }
  var pairs: MarkPairs { lock.withLock { all } }
  var runs: [CampaignResults.Run] { lock.withLock { stored } }
  var tally: Progress.Tally { lock.withLock { sums } }
}

/// One line at the foot of a terminal that says how far a campaign has come. Nothing where there is no terminal.
final class Progress: @unchecked Sendable {
  struct Tally {
    var runs = 0
    var failures = 0
    var virtualTime: Int64 = 0
  }
  private let total: Int?
  private let budget: Double?
  private let isTerminal = isatty(2) == 1
  private let lock = NSLock()
  private var shownAt = 0.0

  init(total: Int?, budget: Double?) {
    self.total = total
    self.budget = budget
  }

  func show(_ tally: Tally, elapsed: Double) {
    lock.withLock {
      guard isTerminal, elapsed - shownAt > 0.1 else { return }
      shownAt = elapsed
      let share = min(1, budget.map { elapsed / $0 } ?? (Double(tally.runs) / Double(max(1, total ?? 1))))
      let done = Int(share * 24)
      let bar = String(repeating: "█", count: done) + String(repeating: "░", count: 24 - done)
      let rate = String(format: "%.0f", Double(tally.runs) / max(elapsed, 1e-9))
      let line = "\(bar) \(tally.runs) seeds, \(rate)/s, \(tally.virtualTime / 1_000_000_000) s virtual, \(tally.failures) failed"
      FileHandle.standardError.write(Data("\r\u{1B}[K\(line)".utf8))
    }
  }

  func end() { if isTerminal { FileHandle.standardError.write(Data("\r\u{1B}[K".utf8)) } }
}
