public import Simulation

/// The rule that work is in proportion to what was said, in a crowded world whose every choice is taken from bytes.
public enum CostCheck {
  /// The cost that an input may have. Guessed, and not yet compared with many runs: with `SPONDEE_COSTS` the fuzzer prints what each run needs.
  public static let bound = CostMeter.Bound(base: 20_000, perByte: 60, perItem: 600, perChangedByte: 1)

  /// The crowd of the world: enough that work for each connection, or for each entry of a list, goes beyond the bound.
  public static let crowd = Crowd(connections: 1_000, entries: 300)

  /// - Parameter steps: of instrumented code so far.
  /// - Returns: the rule that was broken, if one was, and the input that came closest to the bound.
  public static func judge(_ input: [UInt8], steps: @escaping @Sendable () -> UInt64) -> (fault: String?, worst: CostMeter.Cost?) {
    var options = RunOptions(duration: 2_000_000_000)
    options.crowd = crowd
    options.cost = CostMeter(bound, steps: steps)
    var run = Run(Choices(seed: 0, source: .bytes(input)), options)
    let report = run.run()
    return (report.failure?.description, run.cost?.worst)
  }
}
