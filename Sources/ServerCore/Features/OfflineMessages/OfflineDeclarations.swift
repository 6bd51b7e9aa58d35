extension Limit {
  public static let offlineMessages = count(
    "offline_messages", 1_000, effect: "the sender gets service-unavailable; stored messages stay", trial: .low(55, 3, 1))
  /// The same in bytes as stored.
  public static let offlineBytes = bytes(
    "offline_bytes", 4 << 20, effect: "the sender gets service-unavailable; stored messages stay", trial: .low(56, 1_000, 400))
}

extension Setting {
  /// Whether messages are stored for those who are not there.
  public static let offlineMessages = flag("offline_messages", standard: true)
}

/// Marks: stored messages.
public enum OfflineMark: UInt16, CoverageMark {
  case offlineStored, offlineOff, offlineNothingThere
  case offlineTakerGone, offlineNobodyLeft, offlineMoreStored
  case offlineLoadFailed, offlineLoadTooLate, offlineIntercepted
  case offlineNotWorthKeeping, offlineSignalDropped
  case offlineFull, offlineLineFull
  case offlineBytesFull, offlineLineBytesFull
  case offlineLinedUp, offlineLineReleased

  public static let offset = Mark.offset(of: OfflineMark.self)

  public var clause: String {
    switch self {
    case .offlineStored, .offlineOff, .offlineNothingThere, .offlineTakerGone, .offlineNobodyLeft, .offlineMoreStored, .offlineLoadFailed,
      .offlineLoadTooLate:
      "XEP-0160, 2"
    case .offlineIntercepted: "XEP-0191, 3.3"
    case .offlineNotWorthKeeping, .offlineSignalDropped: "XEP-0160, 3"
    case .offlineFull, .offlineLineFull: "\(Limit.offlineMessages)"
    case .offlineBytesFull, .offlineLineBytesFull: "\(Limit.offlineBytes)"
    case .offlineLinedUp, .offlineLineReleased: "RFC 6120, 10.1"
    }
  }
}
