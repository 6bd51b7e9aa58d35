/// A fault that is injected at one position of a script's run, before the event of that position.
public enum TortureFault: Hashable, Sendable {
  /// The server's process dies; of the commits that are pending the first so many are durable.
  case crash(keeping: Int)
  /// The process dies after so many of the actions that the event causes; no pending commit is durable.
  case crashAfter(actions: Int)
  /// The pending commits fail instead of becoming durable.
  case commitFails
  /// They become durable only after everything else that is under way has happened.
  case commitLate
  /// Storage, or the derivation of keys, answers only after everything else that is under way has happened.
  case answerLate
  case answerTwice
  /// Storage can't answer.
  case answerFails
  /// No answer ever comes.
  case answerLost
  /// The connection of this character breaks. Bytes that the server has not read yet are lost.
  case reset(String)
  /// Nothing passes on the character's connection until everything else that is under way has happened.
  case stall(String)
  /// The character's client does not read until its next line in the script, other than one by which it sends.
  case unread(String)

  /// The promise that must hold with the fault.
  enum Promise {
    /// Everybody receives what the script expects.
    case everything
    /// Users who are not affected receive what they would if those who are had left.
    case toOthers
    /// Acknowledged changes are durable, and everybody can log in again.
    case durability
  }

  var promise: Promise {
    switch self {
    case .commitLate, .answerLate, .answerTwice, .stall, .unread: .everything
    case .commitFails, .answerFails, .answerLost, .reset: .toOthers
    case .crash, .crashAfter: .durability
    }
  }

  /// Storage or the process fails: users may have to log in again, so every run with such a fault ends with a login of everybody.
  var endsWithLogins: Bool {
    switch self {
    case .crash, .crashAfter, .commitFails, .commitLate, .answerLate, .answerTwice, .answerFails, .answerLost: true
    case .reset, .stall, .unread: false
    }
  }

  /// The words for it in the history, by which oracles know what may be lost.
  var inHistory: String { self == .commitFails ? "a commit fails" : description }
}

// MARK: - Names on a command line

extension TortureFault: CustomStringConvertible {
  /// Its name on a command line.
  public var description: String {
    switch self {
    case .crash(let count): "crash-keeping-\(count)"
    case .crashAfter(let count): "crash-after-\(count)"
    case .reset(let name): "reset:\(name)"
    case .stall(let name): "stall:\(name)"
    case .unread(let name): "unread:\(name)"
    default: TortureFault.plain.first { $0.fault == self }?.name ?? ""
    }
  }

  private static let plain: [(name: String, fault: TortureFault)] = [
    ("commit-fails", .commitFails), ("commit-late", .commitLate), ("answer-late", .answerLate), ("answer-twice", .answerTwice),
    ("answer-fails", .answerFails), ("answer-lost", .answerLost),
  ]

  public init?(_ name: String) {
    func suffix(_ prefix: String) -> String? { name.hasPrefix(prefix) ? String(name.dropFirst(prefix.count)) : nil }
    if let plain = TortureFault.plain.first(where: { $0.name == name }) {
      self = plain.fault
    } else if let count = suffix("crash-keeping-").flatMap({ Int($0) }), count >= 0 {
      self = .crash(keeping: count)
    } else if let count = suffix("crash-after-").flatMap({ Int($0) }), count > 0 {
      self = .crashAfter(actions: count)
    } else if let character = suffix("reset:") {
      self = .reset(character)
    } else if let character = suffix("stall:") {
      self = .stall(character)
    } else if let character = suffix("unread:") {
      self = .unread(character)
    } else {
      return nil
    }
  }
}
