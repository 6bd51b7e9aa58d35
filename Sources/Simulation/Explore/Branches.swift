internal import ServerCore

/// A run that left another one in its midst and went on in its own way.
public struct Branch: Sendable {
  public var report: RunReport
  /// After how many happenings it left, and which of those that did it is.
  public var from: UInt64
  public var number: Int
  /// The trace that repeats it from the start, if it failed and choices are recorded.
  public var trace: RunTrace?
}

extension Run {
  /// Runs to the end or to the first broken rule. Then goes back to the last moments at which the server did something that it had not done
  /// before, and goes on from each in `count` other ways: what is rare is near, and need not be waited for again.
  ///
  /// A branch takes no more than a copy of the run. Its outcome depends on the choices alone.
  public mutating func run(branches count: Int) -> (report: RunReport, branches: [Branch]) {
    begin()
    var moments: [Run] = []
    var reached = 0
    while goOn() {
      // Looking costs as much as an event.
      guard world.happenings & 15 == 0, case let now = world.marks.reachedCount, now > reached else { continue }
      reached = now
      if moments.count == Run.keptMoments { moments.removeFirst() }
      moments.append(self)
    }
    let report = finish()
    return (report, moments.flatMap { moment in (0..<count).map { Run.branch(of: moment, $0 + 1) } })
  }

  private static let keptMoments = 4

  private static func branch(of moment: Run, _ number: Int) -> Branch {
    var run = moment
    run.world.choices.diverge(UInt64(number))
    while run.goOn() {}
    let report = run.finish()
    return Branch(report: report, from: moment.world.happenings, number: number, trace: report.failure == nil ? nil : run.trace)
  }
}
