/// A moment on two clocks, in nanoseconds. The core knows the time only as an argument.
public struct Instant: Sendable, Hashable {
  /// Since an arbitrary beginning; never goes back. For deadlines.
  public var monotonic: Int64
  /// Since 1970-01-01 in UTC; may jump either way. For stamps that people read.
  public var wall: Int64

  public init(monotonic: Int64, wall: Int64) {
    self.monotonic = monotonic
    self.wall = wall
  }
}

extension Int64 {
  /// So many seconds, in nanoseconds.
  public static func seconds(_ count: Int64) -> Int64 { count * 1_000_000_000 }
  public static func milliseconds(_ count: Int64) -> Int64 { count * 1_000_000 }
}
