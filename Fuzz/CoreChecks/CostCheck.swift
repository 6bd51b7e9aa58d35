internal import ServerCore
public import Simulation

/// The rule that work is in proportion to what was said, in a crowded world whose every choice is taken from bytes.
public enum CostCheck {
  /// The cost that an input may have, fitted to what inputs do cost: CONTRIBUTING has the figures.
  public static let bound = CostMeter.Bound(base: 13_000, perByte: 12, perItem: 600, perChangedByte: 1)

  /// The crowd of the world: enough that work for each connection goes beyond the bound, and so does a list that is written as a whole. A look
  /// through a list of so many entries costs about ten edges an entry and does not, but stands out among the printed costs.
  public static let crowd = Crowd(connections: 1_000, entries: 1_000)

  /// The outcome for an input: the rule that was broken, if one was, and what came closest to the bound.
  public typealias Verdict = (fault: String?, worst: CostMeter.Cost?)

  /// - Parameters:
  ///   - steps: of instrumented code so far.
  ///   - printsAll: print every cost as a line: steps, bytes of changes, bytes, items, events, cause. A cost beyond the bound is then no
  ///     fault.
  public static func judge(_ input: [UInt8], steps: @escaping @Sendable () -> UInt64, printsAll: Bool = false) -> Verdict {
    var meter = CostMeter(bound, steps: steps)
    if printsAll { meter.observer = { printNumbers(of: $0) } }
    return judge(input, crowd, meter, without: printsAll ? Run.ownRules : Run.ownRules.filter { $0 != "cost" })
  }

  /// The same without instrumentation, for changes alone: also how many bytes the input changed that came closest to the bound.
  public static func judgeChanges(in input: [UInt8]) -> (fault: String?, changedBytes: Int) {
    let verdict = judge(input, .standard, CostMeter(.changes), without: Run.ownRules.filter { $0 != "cost" })
    return (verdict.fault, verdict.worst?.changedBytes ?? 0)
  }

  /// Other rules are for FuzzSimulation: without them this is faster.
  private static func judge(_ input: [UInt8], _ crowd: Crowd, _ meter: CostMeter, without: [String]) -> Verdict {
    var options = RunOptions(duration: 2_000_000_000, oracles: [])
    (options.without, options.crowd, options.cost) = (without, crowd, meter)
    var run = Run(Choices(seed: 0, source: .bytes(input)), options)
    let report = run.run()
    return (report.failure?.description, run.cost?.worst)
  }

  private static func printNumbers(of cost: CostMeter.Cost) {
    let steps = cost.work - cost.changedBytes * bound.perChangedByte
    let cause = String(decoding: cost.cause.utf8.map { $0 < 0x20 ? 0x20 : $0 }, as: UTF8.self)
    print("cost \(steps) \(cost.changedBytes) \(cost.volume.bytes) \(cost.volume.items) \(cost.events) \(cause)")
  }
}
