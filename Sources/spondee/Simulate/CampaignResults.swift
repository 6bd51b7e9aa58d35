internal import Foundation
internal import ServerCore
internal import Simulation

/// The results of a campaign, for people and for programs.
struct CampaignResults {
  struct Run {
    var report: RunReport
    var history: [Simulation.Run.Moment]
    /// Left the run of its seed in the midst.
    /// Of a steered run: its world is not the seed's own.
    var world: WorldSeeds?
    var branch: Branch?

    /// By seed, then the seed's own run, then its branches.
    var place: (UInt64, UInt64, Int) { (report.seed, branch?.from ?? 0, branch?.number ?? 0) }
    /// The choices that repeat the run.
    var choices: Choices {
      guard let trace = branch?.trace else { return Choices(seed: report.seed, world: world, records: true) }
      return Choices(seed: trace.seed, source: .trace(trace.choices), records: true)
    }
    /// Of a steered run, from a repetition; `nil` for one that its seed makes.
    func trace(_ options: RunOptions) -> RunTrace? {
      guard world != nil else { return nil }
      var again = Simulation.Run(choices, options)
      _ = again.run()
      return again.trace
    }
    var name: String {
      let seed = world == nil ? "seed \(report.seed)" : "seed \(report.seed) in a mixed world"
      return branch.map { "\(seed), branch \($0.number) from event \($0.from)" } ?? seed
    }
  }
  /// By seed.
  var runs: [Run]
  var seconds: Double
  /// Of all runs, if that was measured.
  var pairs = MarkPairs()

  var failures: [Run] { runs.filter { $0.report.failure != nil } }
  private var rate: Double { Double(runs.count) / max(seconds, 1e-9) }
  private var events: UInt64 { runs.reduce(0) { $0 + $1.report.happenings } }
  private var virtualSeconds: Int64 { runs.reduce(0) { $0 + $1.report.time } / 1_000_000_000 }
  private var digest: Digest {
    var digest = Digest()
    for run in runs { digest.add(run.report.digest.description.utf8) }
    return digest
  }

  /// With so many seeds a mark that is not reached says something; a few reach what they happen to.
  private static let enoughForMarks = 200

  var summary: String {
    let rate = String(format: "%.1f", rate)
    let eventRate = String(format: "%.0f", Double(events) / max(seconds, 1e-9))
    return """
      \(seeds) (\(rate) a second), \(events) events (\(eventRate) a second), \(virtualSeconds) s of virtual time, digest \(digest)
      \(runs.count < CampaignResults.enoughForMarks ? "" : missedMarks + "\n")\(runs.count - failures.count) passed, \(failures.count) failed; \(rate) seeds and \(eventRate) events a second; \(reachedMarks)
      """
  }

  private var seeds: String {
    let branches = runs.count { $0.branch != nil }
    return branches == 0 ? "\(runs.count) seed\(runs.count == 1 ? "" : "s")" : "\(runs.count - branches) seeds and \(branches) branches"
  }

  private var reachable: Int { Mark.all.count - UnreachableMarks.reasons.count }
  private var reachedMarks: String { "\(reachable - UnreachableMarks.missed(marks).count) of \(reachable) marks reached" }

  /// Some by name.
  private var missedMarks: String {
    let missed = UnreachableMarks.missed(marks)
    guard !missed.isEmpty else { return "every mark that can be reached was; --coverage lists them" }
    let names = missed.prefix(40).map(\.name).joined(separator: ", ") + (missed.count > 40 ? ", …" : "")
    return "\(missed.count) marks were not reached (--coverage lists all): \(names)"
  }

  /// How often each mark was reached, in the order of the catalogue.
  var marks: Marks {
    var all = Marks()
    for run in runs { all.merge(run.report.marks) }
    return all
  }

  /// The number of different marks, as it grew with the seeds: at most some hundred points.
  private var coverage: [(seeds: Int, marks: Int)] {
    var all = Marks()
    var points: [(seeds: Int, marks: Int)] = []
    for (index, run) in runs.enumerated() {
      all.merge(run.report.marks)
      let reached = Mark.all.count - all.unreached.count
      if reached != points.last?.marks { points.append((index + 1, reached)) }
    }
    return points
  }

  var marksTable: String {
    let marks = marks
    var lines = Mark.all.map { mark in
      let count = "\(marks.count(of: mark))"
      return String(repeating: " ", count: max(0, 9 - count.count)) + count + "  \(mark.description)"
    }
    for limit in Limit.all {
      guard let effect = limit.effect else { continue }
      let count = limit.marks.reduce(0) { $0 + marks.count(of: $1) }
      lines.append("\(limit), reached \(count) times: \(effect)")
    }
    lines += UnreachableMarks.reasons.map { "can't be reached: \($0.mark.name), since \($0.reason)" }
    lines.append("\(Mark.all.count - marks.unreached.count) of \(Mark.all.count) marks were reached")
    return lines.joined(separator: "\n")
  }

  var pageSummary: ReportPage.Summary {
    var summary = ReportPage.Summary()
    (summary.seeds, summary.failed) = (runs.count, failures.count)
    (summary.milliseconds, summary.events) = (Int64(seconds * 1000), Int64(clamping: events))
    (summary.virtualSeconds, summary.digest) = (virtualSeconds, "\(digest)")
    let marks = marks
    summary.marks = Mark.all.map { ($0.name, $0.clause, marks.count(of: $0)) }
    summary.coverage = coverage
    for failure in failures {
      let signature = failure.report.failure!.signature
      if let index = summary.signatures.firstIndex(where: { $0.signature == signature }) {
        summary.signatures[index].count += 1
      } else {
        summary.signatures.append((signature, 1, failure.report.seed))
      }
    }
    return summary
  }

  var json: String {
    let object: [String: Any] = [
      "seeds": runs.count, "passed": runs.count - failures.count, "failed": failures.count, "seconds": seconds, "events": events,
      "virtualSeconds": virtualSeconds, "digest": "\(digest)",
      "failures": failures.map {
        [
          "seed": $0.report.seed, "oracle": $0.report.failure!.oracle, "message": $0.report.failure!.message,
          "virtualMilliseconds": $0.report.failure!.time / 1_000_000,
        ] as [String: Any]
      },
    ]
    let data = try? JSONSerialization.data(withJSONObject: object, options: [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes])
    return data.map { String(decoding: $0, as: UTF8.self) + "\n" } ?? ""
  }

  /// A case for each seed, as continuous integration systems read it.
  var junit: String {
    func escape(_ text: String) -> String {
      text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;").replacing("\"", with: "&quot;")
    }
    var lines = ["<?xml version=\"1.0\" encoding=\"UTF-8\"?>"]
    lines.append("<testsuite name=\"simulation\" tests=\"\(runs.count)\" failures=\"\(failures.count)\" time=\"\(seconds)\">")
    for run in runs {
      let start = "  <testcase classname=\"simulation\" name=\"\(run.name)\""
      if let failure = run.report.failure {
        lines.append("\(start)><failure type=\"\(escape(failure.oracle))\" message=\"\(escape(failure.message))\"/></testcase>")
      } else {
        lines.append("\(start)/>")
      }
    }
    return (lines + ["</testsuite>", ""]).joined(separator: "\n")
  }
}
