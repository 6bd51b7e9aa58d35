extension Area {
  static let activation = Area(name: "activation", marks: [ActivationMark.self])
}

/// Marks: activation: accounts and rooms that are loaded, and what is parked meanwhile.
public enum ActivationMark: UInt16, CoverageMark {
  case loadNoAccount, loadAccountFailed, loadRoom, loadRoomFailed, loadRoomOutdated
  case loadListFailed, loadOfflineFailed, loadOfflineTooLate, offlineAskedAgain
  case parkedBehindAccount, parkedBehindRoom
  case parkedAccountFull, parkedRoomFull, parkedAskersFull
  case abandonedStanza, abandonedBinding, abandonedRegistration, abandonedManagement, abandonedLine
  case idleAccountReleased, idleAccountPostponed, idleRoomReleased, idleRoomPostponed
  case idleAccountAwaitsOffline

  public static let offset = Mark.offset(of: ActivationMark.self)

  public var clause: String {
    switch self {
    case .loadNoAccount, .loadAccountFailed, .loadRoom, .loadRoomFailed, .loadRoomOutdated, .loadListFailed, .loadOfflineFailed,
      .loadOfflineTooLate, .offlineAskedAgain, .parkedBehindAccount, .parkedBehindRoom, .abandonedStanza, .abandonedBinding,
      .abandonedRegistration, .abandonedManagement, .abandonedLine, .idleAccountAwaitsOffline:
      "activation"
    case .parkedAccountFull, .parkedRoomFull, .parkedAskersFull: "limit parkedStanzas"
    case .idleAccountReleased, .idleAccountPostponed, .idleRoomReleased, .idleRoomPostponed: "limit idleTime"
    }
  }
}
