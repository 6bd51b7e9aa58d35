internal import Simulation

/// The rules that a server must keep in a world whose every choice is taken from bytes.
public enum SimulationCheck {
  /// - Returns: which rule was broken, or nil.
  public static func fault(in input: [UInt8]) -> String? { report(of: input).failure?.description }

  /// How far an input got: what happened in its world.
  public static func depth(of input: [UInt8]) -> Int { Int(clamping: report(of: input).happenings) }

  private static func report(of input: [UInt8]) -> RunReport {
    var run = Run(Choices(seed: 0, source: .bytes(input)), RunOptions(duration: 2_000_000_000))
    return run.run()
  }
}
