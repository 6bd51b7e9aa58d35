/// Marks: entering a room, being there, and leaving.
public enum RoomPresenceMark: UInt16, CoverageMark {
  case roomJoinWithoutNick, roomJoinAgain
  case roomJoinAgainWithoutNick
  case roomJoinNickUnseen
  case roomJoinAgainRenamed, roomJoinAgainBesideOwn
  case roomJoinWithoutX
  case roomJoinLocked
  case roomJoinBanned
  case roomJoinNotMember
  case roomJoinPasswordWrong, roomJoinPasswordRight
  case roomJoinFull
  case roomJoinSpare
  case roomJoinNickTaken, roomJoinNickReserved, roomJoinAnotherClient
  case roomJoinVisitor
  case roomShowsAbsent, roomHidesPresence
  case roomShowsJIDs
  case roomPresenceUpdated
  case roomPresenceTooHeavy
  case roomNickChanged, roomNickConflict, roomNickChangedTogether
  case roomNickUnseen
  case roomLeftByOneClient, roomLeftByShownClient
  case roomLeftByError
  case roomLeftLocked

  public static let offset = Mark.offset(of: RoomPresenceMark.self)

  public var clause: String {
    switch self {
    case .roomJoinWithoutNick, .roomJoinAgain, .roomJoinAgainWithoutNick: "XEP-0045, 7.2.1"
    case .roomJoinNickUnseen, .roomNickUnseen: "XEP-0045, 17.1"
    case .roomJoinAgainRenamed, .roomJoinAgainBesideOwn: "XEP-0045, 17.3"
    case .roomJoinWithoutX: "XEP-0045, 7.2.18"
    case .roomJoinLocked: "XEP-0045, 7.2.10"
    case .roomJoinBanned: "XEP-0045, 7.2.7"
    case .roomJoinNotMember: "XEP-0045, 7.2.6"
    case .roomJoinPasswordWrong, .roomJoinPasswordRight: "XEP-0045, 7.2.5"
    case .roomJoinFull: "XEP-0045, 7.2.9; \(Limit.roomSessions)"
    case .roomJoinSpare: "XEP-0045, 7.2.9; \(Limit.roomAdminSessions)"
    case .roomJoinNickTaken, .roomJoinNickReserved, .roomJoinAnotherClient: "XEP-0045, 7.2.8"
    case .roomJoinVisitor: "XEP-0045, 5.1.2"
    case .roomShowsAbsent, .roomHidesPresence: "XEP-0045, 16.5.3"
    case .roomShowsJIDs: "XEP-0045, 8"
    case .roomPresenceUpdated: "XEP-0045, 7.7"
    case .roomPresenceTooHeavy: "XEP-0045, 18.1"
    case .roomNickChanged, .roomNickConflict, .roomNickChangedTogether: "XEP-0045, 7.6"
    case .roomLeftByOneClient, .roomLeftByShownClient: "XEP-0045, 7.14"
    case .roomLeftByError: "XEP-0045, 11.1"
    case .roomLeftLocked: "XEP-0045, 10.1.3"
    }
  }
}
