/// The time for which a remote domain is left alone after failures: twice as long after each, with half of it left to chance, so that
/// servers that lost each other in one moment do not come back in one moment.
struct BackOff: Sendable, Hashable, Codable {
  /// The longest wait, in nanoseconds.
  static let maximum = Int64.seconds(300)

  /// Since the last success.
  private(set) var failures = 0
  /// Until then no attempt is made, on the monotonic clock; `nil` without a failure.
  private(set) var until: Int64?

  /// The n-th failure waits for half of 1 s × 2^(n-1), at most 300 s, and for up to as much again.
  mutating func failed(at now: Int64, _ random: inout RandomSource) {
    let half = min(Int64.seconds(1) << min(failures, 20), BackOff.maximum) / 2
    failures += 1
    until = now + half + Int64(random.number(through: UInt64(half)))
  }

  /// A stream opened.
  mutating func reset() { self = BackOff() }

  /// Whether an attempt may be made.
  func isOver(at now: Int64) -> Bool { until.map { now >= $0 } ?? true }
}
