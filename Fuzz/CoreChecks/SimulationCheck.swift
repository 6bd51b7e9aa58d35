internal import Simulation

/// What must hold of a server in a world whose every choice is taken from bytes.
public enum SimulationCheck {
  /// - Returns: which rule was broken, or nil.
  public static func fault(in input: [UInt8]) -> String? {
    var run = Run(Choices(seed: 0, source: .bytes(input)), RunOptions(duration: 2_000_000_000))
    return run.run().failure?.description
  }
}
