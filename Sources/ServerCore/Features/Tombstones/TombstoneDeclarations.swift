extension Limit {
  /// How long the name of a deleted account stays reserved. 0, the default, reserves nothing and removes nothing that was reserved before; the
  /// largest value, 34 years, stands for ever.
  public static let tombstoneTime = time(
    "tombstone_seconds", seconds: 0, settable: 0...(1 << 30),
    effect: "the name of a deleted account is free again; until then it is refused with conflict, and who writes to it gets gone")
}

/// Marks: tombstones of deleted accounts.
public enum TombstoneMark: UInt16, CoverageMark {
  case tombstoneLeft, tombstoneRefused, tombstoneExpired
  case tombstoneAnswered, tombstoneProbed, tombstoneShownPresence

  public static let offset = Mark.offset(of: TombstoneMark.self)

  public var clause: String {
    switch self {
    case .tombstoneLeft, .tombstoneRefused: "XEP-0077, 3.1.1"
    case .tombstoneExpired: "\(Limit.tombstoneTime)"
    case .tombstoneAnswered: "RFC 6120, 8.3.3.5"
    case .tombstoneProbed: "RFC 6121, 4.3.2"
    case .tombstoneShownPresence: "RFC 6121, 3.3"
    }
  }
}
