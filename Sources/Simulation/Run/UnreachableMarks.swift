public import ServerCore

/// Places in the server that no run can come to, each with the reason: campaigns don't miss them.
public enum UnreachableMarks {
  public static let reasons: [(mark: Mark, reason: String)] = SimulatedFeature.all.flatMap(\.unreachableMarks)

  /// The marks that a campaign should have reached and has not.
  public static func missed(_ marks: Marks) -> [Mark] { marks.unreached.filter { mark in !reasons.contains { $0.mark == mark } } }
}
