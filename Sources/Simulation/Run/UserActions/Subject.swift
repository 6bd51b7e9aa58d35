extension UserAction {
  /// The subject of actions: runs leave out whole subjects, so that the rest is done more often.
  struct Subject: Sendable, Hashable {
    let name: String
    /// The subjects that it goes together with, beside everything.
    var themes: [Theme] = []
    /// A user outside a room can't do much of it.
    var isForOccupants = false

    static let messages = Subject(name: "messages", themes: [.messages])

    /// In the order in which runs choose those that they leave out.
    static let all: [Subject] = [messages] + SimulatedFeature.all.flatMap(\.subjects)

    func belongs(to theme: Theme) -> Bool { theme == .everything || themes.contains(theme) }
  }

  /// Subjects that go together: some runs are about one of these alone, and so go further into it.
  enum Theme: Sendable, CaseIterable { case everything, rooms, contacts, messages }
}
