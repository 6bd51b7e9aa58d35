public import XML

/// A request of whoever runs the server, about one account.
public struct OperatorRequest: Sendable, Equatable {
  public enum Change: Sendable, Equatable {
    case add(password: Text)
    case changePassword(to: Text)
    case delete
    case disable
    case enable
  }

  public var change: Change
  /// The account's bare address.
  public var account: Text

  public init(_ change: Change, _ account: Text) {
    self.change = change
    self.account = account
  }
}

/// The disk under the server's storage, as a script may have it.
public enum DiskState: Sendable, Equatable {
  /// No commit succeeds.
  case full
  /// Commits and questions take so many times as long.
  case slow(times: Int)
  /// Nothing is answered any more, until the server's process ends.
  case hung
  /// As at the beginning. A disk that hangs, and for which the server waits, stays as it is.
  case well

  /// A script may make a disk so many times as slow.
  public static let times = 2...1000
}

// MARK: - As a script has them

extension OperatorRequest {
  /// The line of a script, without its end.
  public func line(isRefused: Bool) -> String {
    let words: (done: String, refused: String, rest: String) =
      switch change {
      case .add(let password): ("adds", "add", "\(account) with the password: \(password)")
      case .changePassword(let password): ("changes", "change", "the password of \(account) to: \(password)")
      case .delete: ("deletes", "delete", "\(account)")
      case .disable: ("disables", "disable", "\(account)")
      case .enable: ("enables", "enable", "\(account)")
      }
    return "The operator \(isRefused ? "fails to \(words.refused)" : words.done) \(words.rest)"
  }
}

extension DiskState {
  /// The line of a script, without its end.
  public var line: String {
    switch self {
    case .full: "The disk is full"
    case .slow(let times): "The disk takes \(times) times as long"
    case .hung: "The disk hangs"
    case .well: "The disk works again"
    }
  }
}

// MARK: - Events that only some drivers can bring about

extension Script {
  /// The first action that only the simulator can do, with its line; `nil` if other drivers can play the script, too.
  public var simulatedAction: (line: Int, what: String)? {
    for action in actions {
      switch action.event {
      case .serverCrashes: return (action.line, "a crash of the server")
      case .nextCommitFails: return (action.line, "a commit that fails")
      case .disk: return (action.line, "a disk that changes")
      case .character(_, .losesConnection): return (action.line, "a connection that breaks")
      case .character, .serverRestarts, .operates, .timePasses: continue
      }
    }
    return nil
  }
}
