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
