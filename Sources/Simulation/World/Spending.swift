internal import ServerCore

/// How much a client has said beyond the rate that it may have, by the book: the server's own account is kept in another way.
struct Spending: Sendable {
  /// Bytes times a second's nanoseconds.
  private var level = 0
  private var time: Int64 = 0

  /// - Returns: bytes that are still to be worked off.
  mutating func add(_ count: Int, at now: Int64, bytesPerSecond rate: Int) -> Int {
    // So long a pause makes up for anything.
    let passed = Int(min(now - time, .seconds(1000)))
    time = now
    level = max(0, level - passed * rate) + count * Int(Int64.seconds(1))
    return level / Int(Int64.seconds(1))
  }
}
