/// Makes the runs by which a failure is explained. They share nothing, so they may be made at once.
struct Probe: Sendable {
  let choices: Choices
  var options: RunOptions
  let trace: RunTrace
  let signature: String

  /// Of the continuations with these numbers from the moment after an event, how many fail in the same way.
  func failing(after event: UInt64, _ numbers: ClosedRange<UInt64>) -> Int {
    var copied = Run(choices, options)
    copied.goOn(to: event)
    return numbers.count { number in
      var run = copied
      run.diverge(after: event, number)
      return isSame(run.goOnToEnd())
    }
  }

  /// Whether the run fails in the same way with one draw changed.
  func fails(with draw: Choices.Draw, as value: Int) -> Bool {
    var changed = trace.choices
    changed.replace(draw.stream, draw.index, with: value)
    var run = Run(Choices(seed: trace.seed, source: .trace(changed)), options)
    return isSame(run.run())
  }

  private func isSame(_ report: RunReport) -> Bool { report.failure?.signature == signature }
}
