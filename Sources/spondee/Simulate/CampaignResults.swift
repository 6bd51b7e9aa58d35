internal import Foundation
internal import Simulation

/// What a campaign found, for people and for programs.
struct CampaignResults {
  struct Run {
    var report: RunReport
    var history: [Simulation.Run.Moment]
  }
  /// By seed.
  var runs: [Run]
  var seconds: Double

  var failures: [Run] { runs.filter { $0.report.failure != nil } }
  private var rate: Double { Double(runs.count) / max(seconds, 1e-9) }
  private var events: UInt64 { runs.reduce(0) { $0 + $1.report.happenings } }
  private var virtualSeconds: Int64 { runs.reduce(0) { $0 + $1.report.time } / 1_000_000_000 }
  private var digest: Digest {
    var digest = Digest()
    for run in runs { digest.add(run.report.digest.description.utf8) }
    return digest
  }

  var summary: String {
    let rate = String(format: "%.1f", rate)
    return """
      \(runs.count) seeds (\(rate) a second), \(events) events, \(virtualSeconds) s of virtual time, digest \(digest)
      \(runs.count - failures.count) passed, \(failures.count) failed
      """
  }

  var pageSummary: ReportPage.Summary {
    var summary = ReportPage.Summary()
    (summary.seeds, summary.failed) = (runs.count, failures.count)
    (summary.milliseconds, summary.events) = (Int64(seconds * 1000), Int64(clamping: events))
    (summary.virtualSeconds, summary.digest) = (virtualSeconds, "\(digest)")
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
      let start = "  <testcase classname=\"simulation\" name=\"seed \(run.report.seed)\""
      if let failure = run.report.failure {
        lines.append("\(start)><failure type=\"\(escape(failure.oracle))\" message=\"\(escape(failure.message))\"/></testcase>")
      } else {
        lines.append("\(start)/>")
      }
    }
    return (lines + ["</testsuite>", ""]).joined(separator: "\n")
  }
}
