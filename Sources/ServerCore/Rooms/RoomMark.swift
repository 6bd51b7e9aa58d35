/// Marks: how rooms come and go.
public enum RoomMark: UInt16, CoverageMark {
  case roomCreated
  case roomAbsentAsked
  case roomAbsentWithoutNick
  case roomLockExpired
  case roomLockedAsked
  case roomGoneWithLast
  case roomAbandoned
  case roomLoadedWithoutOwner
  case roomPassedToAdmins, roomPassedToMembers, roomWithoutHeir

  public static let offset = Mark.offset(of: RoomMark.self)

  public var clause: String {
    switch self {
    case .roomCreated: "XEP-0045, 10.1.1"
    case .roomAbsentAsked: "XEP-0045, 7.2.11"
    case .roomAbsentWithoutNick: "XEP-0045, 7.2.1"
    case .roomLockExpired: "XEP-0045, 10.1.1; \(Limit.roomLockTime)"
    case .roomLockedAsked: "XEP-0045, 7.2.10"
    case .roomGoneWithLast: "XEP-0045, 4.2"
    case .roomAbandoned: "XEP-0045, 11.1"
    case .roomLoadedWithoutOwner, .roomPassedToAdmins, .roomPassedToMembers, .roomWithoutHeir: "XEP-0045, 10.4"
    }
  }
}
