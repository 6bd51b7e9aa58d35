internal import ArgumentParser
internal import Dispatch
internal import Foundation
internal import Simulation

/// `spondee simulate`: users, faults and oracles in virtual time.
struct SimulateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "simulate", abstract: "Run the server in a simulated world, from seeds, and check what it may never do.",
    discussion: """
      Each seed makes a world of its own: a few users with their devices, latency, splits, and in most of them broken connections, \
      failed commits and crashes. The same seed gives the same run, to the byte; the digest shows it.
      """)

  @Option(help: "One seed.") var seed: UInt64?
  @Option(help: "A range of seeds, such as 0..<1000.") var seeds: SeedRange?
  @Option(help: "Virtual time of each run, such as 60s.") var duration = VirtualTime(seconds: 10)
  @Option(name: .customLong("without"), help: "Leave an oracle out: \(Run.oracles.map { $0.name }.joined(separator: ", ")).") var without:
    [String] = []
  @Flag(help: "Print what the clients sent and received.") var trace = false
  @Option(help: "Threads to use.") var jobs = 2

  func validate() throws {
    if seed != nil, seeds != nil { throw ValidationError("give --seed or --seeds, not both") }
    for name in without where !Run.oracles.contains(where: { $0.name == name }) { throw ValidationError("there is no oracle '\(name)'") }
    guard (1...64).contains(jobs) else { throw ValidationError("--jobs takes 1 to 64") }
  }

  func run() throws {
    let range = seeds?.range ?? (seed ?? 0)..<((seed ?? 0) + 1)
    let began = DispatchTime.now()
    let reports = simulate(range)
    let elapsed = Double(DispatchTime.now().uptimeNanoseconds - began.uptimeNanoseconds) / 1e9

    var digest = Digest()
    for report in reports {
      digest.add(report.digest.description.utf8)
      guard let failure = report.failure else { continue }
      print("FAIL seed \(report.seed): \(failure)")
      print("     spondee simulate --seed \(report.seed) --duration \(duration) --trace")
    }
    let failed = reports.filter { $0.failure != nil }.count
    let events = reports.reduce(0) { $0 + $1.happenings }
    let time = reports.reduce(0) { $0 + $1.time } / 1_000_000_000
    let rate = String(format: "%.1f", Double(reports.count) / max(elapsed, 1e-9))
    print("\(reports.count) seeds (\(rate) a second), \(events) events, \(time) s of virtual time, digest \(digest)")
    print("\(reports.count - failed) passed, \(failed) failed")
    if failed > 0 { throw ExitCode(1) }
  }

  /// Seeds share nothing, so threads change nothing but the time it takes.
  private func simulate(_ range: Range<UInt64>) -> [RunReport] {
    let results = Results(count: range.count)
    let (nanoseconds, without, trace) = (duration.nanoseconds, without, trace)
    let next = Counter()
    DispatchQueue.concurrentPerform(iterations: min(jobs, range.count)) { _ in
      while case let index = next.take(), index < range.count {
        var run = Run(seed: range.lowerBound + UInt64(index), duration: nanoseconds, without: without)
        run.keepsTrace = trace
        let report = run.run()
        results.set(index, report, trace: run.trace)
      }
    }
    for line in results.traces.joined() { print(line) }
    return results.reports
  }
}

private final class Counter: @unchecked Sendable {
  private let lock = NSLock()
  private var value = 0
  func take() -> Int {
    lock.withLock {
      defer { value += 1 }
      return value
    }
  }
}

private final class Results: @unchecked Sendable {
  private let lock = NSLock()
  private var stored: [RunReport?]
  private var lines: [[String]]
  init(count: Int) {
    stored = Array(repeating: nil, count: count)
    lines = Array(repeating: [], count: count)
  }
  func set(_ index: Int, _ report: RunReport, trace: [String]) {
    lock.withLock {
      stored[index] = report
      lines[index] = trace
    }
  }
  var reports: [RunReport] { lock.withLock { stored.compactMap { $0 } } }
  var traces: [[String]] { lock.withLock { lines } }
}

/// Virtual time as one writes it: `500ms`, `60s`, `5m`, `24h`.
struct VirtualTime: ExpressibleByArgument, CustomStringConvertible {
  let nanoseconds: Int64
  let description: String

  init(seconds: Int64) {
    nanoseconds = seconds * 1_000_000_000
    description = "\(seconds)s"
  }

  init?(argument: String) {
    let units: [(String, Int64)] = [("ms", 1_000_000), ("s", 1_000_000_000), ("m", 60_000_000_000), ("h", 3_600_000_000_000)]
    guard let (suffix, factor) = units.first(where: { argument.hasSuffix($0.0) }), let count = Int64(argument.dropLast(suffix.count)),
      count > 0,
      count <= 1_000_000
    else { return nil }
    nanoseconds = count * factor
    description = argument
  }
  var defaultValueDescription: String { description }
}
