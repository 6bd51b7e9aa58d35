internal import HeapModule

/// The rate at which a peer may send (RFC 6120, 13.12): a bucket that leaks at `bytesPerSecond` and has room for `burstBytes`. Its filling
/// is counted as time, so all that a connection has to remember is until when it has paid.
struct RateLimit: Sendable {
  private let rate: Int64
  /// How long it takes a full bucket to run dry; nanoseconds.
  private let slack: Int64

  /// `nil` where there is no limit.
  init?(_ limits: Configuration.Limits) {
    guard limits[.bytesPerSecond] > 0 else { return nil }
    rate = Int64(limits[.bytesPerSecond])
    slack = RateLimit.time(for: limits[.burstBytes], rate)
  }

  /// The cost of a peer's bytes: their number, and 1/16 of the bytes that are written at once because of them, so that posting to large
  /// rooms costs more. (By processor time it would be 1/3, but in a room of a hundred nobody shall have to think of the limit.)
  static func cost(of bytes: Int, causing written: Int) -> Int { bytes + written / 16 }

  /// - Parameter count: as long as `Configuration.problem` allows for a burst; longer ones don't cost more.
  private static func time(for count: Int, _ rate: Int64) -> Int64 { Int64(min(count, 1 << 32)) * .seconds(1) / rate }

  /// - Parameter paidUntil: what this returned last for the same connection; `nothingPaid` before that.
  /// - Returns: until when the connection has spoken, if it keeps to the rate. Later than now: too much.
  func paidUntil(after paidUntil: Int64, adding count: Int, at now: Int64) -> Int64 {
    min(max(paidUntil, now - slack) + RateLimit.time(for: count, rate), now + RateLimit.longest)
  }

  /// Longer ago than any time that there is.
  static let nothingPaid: Int64 = -(1 << 62)

  /// Nobody is held back for longer at once: whoever seemed to be dead would come back on another connection, which owes nothing.
  static let longest = Int64.seconds(10)
}

/// Connections that are not read from until a time.
struct ThrottledConnections: Sendable {
  private struct Hold: Comparable, Sendable {
    let time: Int64
    let connection: ConnectionID
    static func < (a: Hold, b: Hold) -> Bool { (a.time, a.connection) < (b.time, b.connection) }
  }
  private var heap = Heap<Hold>()

  /// On the monotonic clock.
  var next: Int64? { heap.min?.time }

  mutating func add(_ connection: ConnectionID, until time: Int64) { heap.insert(Hold(time: time, connection: connection)) }

  /// The next one whose time has come. It may be gone.
  mutating func popDue(at now: Int64) -> ConnectionID? {
    guard let first = heap.min, first.time <= now else { return nil }
    return heap.removeMin().connection
  }
}
