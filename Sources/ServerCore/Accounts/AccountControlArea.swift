extension Area {
  static let accountControl = Area(name: "account control", marks: [AccountControlMark.self])
}

/// Marks: what whoever runs the server does to accounts.
public enum AccountControlMark: UInt16, CoverageMark {
  case controlBadPassword, controlListed
  case accountTaken, accountTakenMeanwhile, accountMissing
  case accountPasswordChanged, accountDisabled, accountEnabled, accountDeleted
  case accountPasswordRequesterGone, accountRequesterGone
  case accountRemovalEndsRank
  case accountDerivationsFull

  public static let offset = Mark.offset(of: AccountControlMark.self)

  public var clause: String {
    switch self {
    case .controlBadPassword, .controlListed, .accountTaken, .accountTakenMeanwhile, .accountMissing, .accountPasswordChanged,
      .accountDisabled, .accountEnabled, .accountDeleted, .accountPasswordRequesterGone, .accountRequesterGone:
      "account control"
    case .accountRemovalEndsRank: "XEP-0045, 5.2.2"
    case .accountDerivationsFull: "\(Limit.concurrentKeyDerivations)"
    }
  }
}
