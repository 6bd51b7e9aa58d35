extension Area {
  static let activation = Area(name: "activation", marks: [ActivationMark.self], limits: [.queuedWhileLoading, .idleTime])
}

extension Limit {
  /// Stanzas that wait for one account or room to be loaded, and who waits for one list.
  public static let queuedWhileLoading = count(
    "queued_while_loading", 10_000, settable: 1...,
    effect: "what comes for an account or room that is being loaded is answered with an error; ends are never dropped",
    trial: .low(58, 3, 1),
    formerName: "parked_stanzas")
  /// How long an account or room nobody uses stays in memory.
  public static let idleTime = time(
    "idle_seconds", seconds: 60, effect: "an account or room that nobody uses leaves memory, and comes back with the next stanza for it")
}

/// Marks: activation: accounts and rooms that are loaded, and what is parked meanwhile.
public enum ActivationMark: UInt16, CoverageMark {
  case loadNoAccount, loadAccountFailed, loadRoom, loadRoomFailed, loadRoomOutdated
  case loadListFailed
  case parkedBehindAccount, parkedBehindRoom
  case parkedAccountFull, parkedRoomFull, parkedAskersFull
  case abandonedStanza, abandonedDeparture, abandonedBinding, abandonedManagement, abandonedLine
  case idleAccountReleased, idleAccountPostponed, idleRoomReleased, idleRoomPostponed
  case idleAccountBusy

  public static let offset = Mark.offset(of: ActivationMark.self)

  public var clause: String {
    switch self {
    case .loadNoAccount, .loadAccountFailed, .loadRoom, .loadRoomFailed, .loadRoomOutdated, .loadListFailed, .parkedBehindAccount,
      .parkedBehindRoom, .abandonedStanza, .abandonedDeparture, .abandonedBinding,
      .abandonedManagement, .abandonedLine, .idleAccountBusy:
      "activation"
    case .parkedAccountFull, .parkedRoomFull, .parkedAskersFull: "\(Limit.queuedWhileLoading)"
    case .idleAccountReleased, .idleAccountPostponed, .idleRoomReleased, .idleRoomPostponed: "\(Limit.idleTime)"
    }
  }
}
