// An explanation as lines of text, for a terminal.

extension Causality {
  /// A sentence, a small plot, and the choices by their part in the failure.
  public var text: String { ([sentence] + others + plot + choicesText).joined(separator: "\n") }

  /// Where the failure became likely.
  public var sentence: String {
    guard let jump else { return "no event makes the failure more likely: it comes in each continuation from the beginning" }
    guard hasClearCause else { return "no single event is the cause: the share rises little by little, most \(describe(jump))" }
    return "cause: \(describe(jump))"
  }

  private var others: [String] { jumps.dropFirst().map { "also: \(describe($0))" } }

  private func describe(_ jump: Jump) -> String {
    let place = "at \(Causality.milliseconds(jump.after.time)) ms, event \(jump.after.event) of \(moments.last?.event ?? 0)"
    let rise = "from \(Causality.percent(jump.before.share)) to \(Causality.percent(jump.after.share))"
    return "\(place), \(rise) of \(jump.after.share.of) continuations fail: \(jump.words)"
  }

  static func percent(_ share: Share) -> String { "\(Int((share.value * 100).rounded())) %" }

  /// Microseconds only where there are any.
  static func milliseconds(_ time: Int64) -> String {
    let (whole, rest) = (time / 1_000_000, time / 1000 % 1000)
    guard rest > 0 else { return "\(whole)" }
    let digits = "\(rest)"
    return "\(whole)." + String(repeating: "0", count: 3 - digits.count) + digits
  }

  // MARK: The plot

  private static let columns = 64
  private static let rows = 4
  private static let blocks: [Character] = [" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"]

  /// Columns are equal numbers of events; below them stand the times of the beginning, the jump, and the failure.
  private var plot: [String] {
    guard let end = moments.last, end.event > 0 else { return [] }
    // Of the column with the jump's event, the state after it.
    let heights = (0..<Causality.columns).map { column -> Int in
      let event = (UInt64(column) + 1) * end.event / UInt64(Causality.columns)
      let share = moments.last { $0.event <= event }?.share ?? end.share
      return Int((share.value * Double(Causality.rows * 8)).rounded())
    }
    let lines = (0..<Causality.rows).map { row -> String in
      let below = (Causality.rows - 1 - row) * 8
      let bars = heights.map { Causality.blocks[min(max($0 - below, 0), 8)] }
      let label = row == 0 ? "100 %" : row == Causality.rows - 1 ? "  0 %" : "     "
      return "  \(label) |" + String(bars)
    }
    return lines + [axis(end)]
  }

  private func axis(_ end: Moment) -> String {
    var marks = Array(repeating: Character(" "), count: Causality.columns)
    for jump in jumps {
      let column = Int((jump.after.event * UInt64(Causality.columns) + end.event - 1) / end.event) - 1
      marks[min(max(column, 0), Causality.columns - 1)] = "^"
    }
    let used = marks.lastIndex(of: "^").map { marks[...$0] } ?? []
    return "         " + String(used) + "\n         0 ms" + " to \(Causality.milliseconds(end.time)) ms of virtual time, by events"
  }

  // MARK: Choices

  private static let mostLines = 20

  private var choicesText: [String] {
    guard !verdicts.isEmpty else {
      return choices == 0 ? [] : ["choices: \(choices) are not the harmless ones, too many to try; --shrink leaves fewer"]
    }
    let counts = Verdict.Kind.allCases.map { kind in "\(verdicts.count { $0.kind == kind }) \(kind.rawValue)" }
    let lines = Verdict.Kind.allCases.dropLast().flatMap { kind in describe(kind) }
    let more = lines.count > Causality.mostLines ? ["  and \(lines.count - Causality.mostLines) more"] : []
    return ["choices: " + counts.joined(separator: ", ")] + lines.prefix(Causality.mostLines) + more
  }

  private func describe(_ kind: Verdict.Kind) -> [String] {
    let ordered = verdicts.filter { $0.kind == kind }.enumerated().sorted {
      ($0.element.share.value, $0.offset) < ($1.element.share.value, $1.offset)
    }
    return ordered.map(\.element).map { verdict in
      let share = kind == .helpful ? " (\(verdict.share.failing) of \(verdict.share.of) others fail)" : ""
      let time = verdict.draw.event == 0 ? "" : "at \(Causality.milliseconds(verdict.time)) ms, "
      return "  \(kind.rawValue)\(share): \(time)\(verdict.words): \(verdict.draw.value) of 0 to \(verdict.draw.bound - 1)"
    }
  }
}
