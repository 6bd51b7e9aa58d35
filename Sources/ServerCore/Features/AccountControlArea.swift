extension Area {
  static let accountControl = Area(name: "account control", marks: [AccountControlMark.self])
}

/// Marks: what whoever runs the server does to accounts.
public enum AccountControlMark: UInt16, CoverageMark {
  case controlBadPassword, controlListed
  case accountTaken, accountTakenMeanwhile, accountMissing
  case accountPasswordChanged, accountDisabled, accountEnabled, accountDeleted
  case accountDerivationsFull

  public static let offset = Mark.offset(of: AccountControlMark.self)

  public var clause: String {
    switch self {
    case .controlBadPassword, .controlListed, .accountTaken, .accountTakenMeanwhile, .accountMissing, .accountPasswordChanged,
      .accountDisabled, .accountEnabled, .accountDeleted:
      "account control"
    case .accountDerivationsFull: "\(Limit.concurrentKeyDerivations)"
    }
  }
}
