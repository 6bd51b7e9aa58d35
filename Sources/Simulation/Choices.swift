/// The one source of every decision in a simulated world.
///
/// Each draw is bounded and comes from a stream of its own, named by what it is for and whom it concerns: so a new draw in one place does
/// not shift those of another.
public struct Choices: Sendable {
  public let seed: UInt64
  private var counters: [UInt64: UInt64] = [:]

  public init(seed: UInt64) { self.seed = seed }

  /// A number below `bound`, for `purpose`, of the actor `who`.
  public mutating func draw(_ purpose: Purpose, _ who: UInt64 = 0, below bound: Int) -> Int {
    guard bound > 1 else { return 0 }
    let stream = Choices.mix(seed ^ Choices.mix(UInt64(purpose.rawValue) << 32 | who & 0xFFFF_FFFF))
    let count = counters[stream, default: 0]
    counters[stream] = count + 1
    return Int(Choices.mix(stream &+ count &* 0x9E37_79B9_7F4A_7C15) % UInt64(bound))
  }

  public mutating func chance(_ purpose: Purpose, _ who: UInt64 = 0, percent: Int) -> Bool { draw(purpose, who, below: 100) < percent }

  public enum Purpose: UInt32, Sendable {
    case split, latency, commitTime, loadTime, deriveTime, workload, target, reset, crash, tie, swarm
  }

  /// SplitMix64's finaliser.
  private static func mix(_ value: UInt64) -> UInt64 {
    var z = value &+ 0x9E37_79B9_7F4A_7C15
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
