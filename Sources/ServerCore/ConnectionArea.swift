extension Area {
  static let connections = Area(
    name: "connections", marks: [ConnectionMark.self],
    limits: [.outboxBytes, .allOutboxesBytes, .unprocessedBytes, .bytesPerSecond, .burstBytes])
}

extension Limit {
  /// Bytes from the core's emission to the kernel's acceptance, of one connection. Beyond it the connection ends.
  public static let outboxBytes = bytes(
    "outbox_bytes", 32 << 20, settable: 4096...,
    effect: "a peer that does not read loses its connection at once; what was for it is treated as for one who is gone",
    trial: .low(50, 60_000, 15_000))
  /// The same of all connections together; beyond it the connection with the most ends.
  public static let allOutboxesBytes = bytes(
    "all_outboxes_bytes", 512 << 20, settable: 4096...,
    effect: "the connection with the most unread bytes ends at once, and only as many as must", trial: .low(51, 40_000, 10_000))
  /// Bytes received on a connection and not yet worked off, beyond which it is no longer read from.
  public static let unprocessedBytes = bytes(
    "unprocessed_bytes", 64 << 10, settable: 4096...,
    effect: "the connection is not read from until what it sent was worked off; nothing is lost", trial: .low(52, 1000, 1))
  /// Bytes that a connection may say, on average; 0: as many as it can. Of what is written because of it, a sixteenth counts, too.
  public static let bytesPerSecond = number(
    "bytes_per_second", .bytes, 128 << 10, rates, possible: possibleRates,
    effect: "the connection is not read from until it has kept to its rate again; nothing is lost, and nobody else waits",
    trial: .low(77, 20_000, 3_000))
  /// Bytes that it may say at once, before the average counts.
  public static let burstBytes = number(
    "burst_bytes", .bytes, 1 << 20, rates, possible: possibleRates, effect: "from here on, the rate counts", trial: .low(78, 4_000, 1))

  /// Multiplied by a second's nanoseconds.
  private static let rates: ClosedRange<Int> = 0...1 << 32
  private static let possibleRates: ClosedRange<Int64> = 0...1 << 32
}

/// Marks: connections: what a peer has not taken, and what it says faster than it may.
public enum ConnectionMark: UInt16, CoverageMark {
  case connectionOutboxOverrun
  case connectionAllOutboxesOverrun
  case connectionReadPaused, connectionReadResumed
  case connectionHeldBack
  case connectionResumedWithInput

  public static let offset = Mark.offset(of: ConnectionMark.self)

  public var clause: String {
    switch self {
    case .connectionOutboxOverrun: "\(Limit.outboxBytes)"
    case .connectionAllOutboxesOverrun: "\(Limit.allOutboxesBytes)"
    case .connectionReadPaused, .connectionReadResumed: "\(Limit.unprocessedBytes)"
    case .connectionHeldBack: "RFC 6120, 13.12; \(Limit.bytesPerSecond); \(Limit.burstBytes)"
    case .connectionResumedWithInput: "RFC 6120, 10.1"
    }
  }
}
