// Rooms: who is there.

extension Mark {
  var roomClause: String? {
    switch self {
    case .roomCreated, .roomStatus201: "XEP-0045, 10.1.1"
    case .roomLockExpired: "XEP-0045, 10.1.1; limit rooms.lockTime"
    case .roomAbsentAsked: "XEP-0045, 7.2.11"
    case .roomLockedAsked, .roomJoinLocked: "XEP-0045, 7.2.10"
    case .roomGoneWithLast: "XEP-0045, 4.2"
    case .roomAbandoned, .roomLeftByError, .roomStatus333: "XEP-0045, 11.1"
    case .serviceListed, .serviceListShared, .serviceListHidesRoom: "XEP-0045, 6.3"
    case .serviceInfo: "XEP-0045, 6.2"
    case .roomInfo: "XEP-0045, 6.4"
    case .roomItems, .roomItemsHidden: "XEP-0045, 6.5"
    case .roomReservedNickAsked: "XEP-0045, 7.12"
    case .roomPing: "XEP-0199, 4.2"
    case .roomRequestUnknown: "XEP-0045, 17.4"
    case .roomJoinWithoutNick, .roomJoinAgain: "XEP-0045, 7.2.1"
    case .roomJoinWithoutX: "XEP-0045, 7.2.18"
    case .roomJoinBanned: "XEP-0045, 7.2.7"
    case .roomJoinNotMember: "XEP-0045, 7.2.6"
    case .roomJoinPasswordWrong, .roomJoinPasswordRight: "XEP-0045, 7.2.5"
    case .roomJoinFull: "XEP-0045, 7.2.9; limit rooms.sessions"
    case .roomJoinSpare: "XEP-0045, 7.2.9; limit rooms.spareSessions"
    case .roomJoinNickTaken, .roomJoinNickReserved, .roomJoinAnotherClient: "XEP-0045, 7.2.8"
    case .roomJoinVisitor: "XEP-0045, 5.1.2"
    case .roomShowsAbsent, .roomHidesPresence: "XEP-0045, 16.5.3"
    case .roomShowsJIDs: "XEP-0045, 8"
    case .roomPresenceUpdated: "XEP-0045, 7.7"
    case .roomPresenceTooHeavy: "XEP-0045, 18.1"
    case .roomNickChanged, .roomNickConflict, .roomNickChangedTogether, .roomStatus303: "XEP-0045, 7.6"
    case .roomLeftByOneClient, .roomLeftByShownClient: "XEP-0045, 7.14"
    case .roomLeftLocked: "XEP-0045, 10.1.3"
    case .roomStatus100: "XEP-0045, 7.2.3"
    case .roomStatus110: "XEP-0045, 7.2.2"
    case .roomStatus102, .roomStatus103: "XEP-0045, 16.6.2"
    case .roomStatus104, .roomStatus172, .roomStatus173: "XEP-0045, 10.2.1"
    case .roomStatus301: "XEP-0045, 9.1"
    case .roomStatus307: "XEP-0045, 8.2"
    case .roomStatus321: "XEP-0045, 9.4"
    case .roomStatus322: "XEP-0045, 10.2"
    case .roomStatus332: "XEP-0045, 11.2"
    default: nil
    }
  }
}
