public import ServerCore

/// Places in the server that no run can come to, each with the reason: campaigns don't miss them.
public enum UnreachableMarks {
  public static let reasons: [(mark: Mark, reason: String)] = [
    (
      BlockingMark.blockedByDomainResource.mark,
      "only another server sends stanzas from a resource of a domain, and there is no federation yet"
    ),
    (
      OfflineMark.offlineMoreStored.mark,
      "while a question for stored messages is under way, what comes lines up behind it and is not stored"
    ),
  ]

  /// What of these a campaign should have reached.
  public static func missed(_ marks: Marks) -> [Mark] { marks.unreached.filter { mark in !reasons.contains { $0.mark == mark } } }
}
