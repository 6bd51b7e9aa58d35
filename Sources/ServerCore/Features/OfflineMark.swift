/// Marks: stored messages.
public enum OfflineMark: UInt16, CoverageMark {
  case offlineStored, offlineOff, offlineNothingThere
  case offlineTakerGone, offlineNobodyLeft, offlineMoreStored
  case offlineNotWorthKeeping, offlineSignalDropped
  case offlineFull, offlineLineFull
  case offlineBytesFull, offlineLineBytesFull
  case offlineLinedUp, offlineLineReleased

  public static let offset = Mark.offset(of: OfflineMark.self)

  public var clause: String {
    switch self {
    case .offlineStored, .offlineOff, .offlineNothingThere, .offlineTakerGone, .offlineNobodyLeft, .offlineMoreStored: "XEP-0160, 2"
    case .offlineNotWorthKeeping, .offlineSignalDropped: "XEP-0160, 3"
    case .offlineFull, .offlineLineFull: "limit offlineMessages"
    case .offlineBytesFull, .offlineLineBytesFull: "limit offlineBytes"
    case .offlineLinedUp, .offlineLineReleased: "RFC 6120, 10.1"
    }
  }
}
