internal import XML

extension Area {
  static let binding = Area(name: "resource binding", marks: [BindingMark.self], limits: [.sessionsPerAccount], settings: [.conflictPolicy])
}

extension Limit {
  public static let sessionsPerAccount = count(
    "sessions_per_account", 32, settable: 1...,
    effect: "binding is refused with resource-constraint; the sessions that are there stay", trial: .low(60, 3, 2))
}

extension Setting {
  public static let conflictPolicy = choice("conflict_policy", standard: Configuration.ConflictPolicy.replaceOld)
}

extension Configuration {
  /// The policy when a resource is bound that is already there (RFC 6120, 7.7.2.2).
  public enum ConflictPolicy: String, Sendable, CaseIterable {
    /// The old session ends with the stream error `conflict`.
    case replaceOld = "replace-old"
    /// The new one gets the stanza error `conflict`.
    case refuseNew = "refuse-new"
    /// The new one gets a resource of the server's making.
    case rename
  }

  public var conflictPolicy: ConflictPolicy {
    get { choice(.conflictPolicy) ?? .replaceOld }
    set { self[text: .conflictPolicy] = Text(newValue.rawValue) }
  }
}

/// Marks: resource binding.
public enum BindingMark: UInt16, CoverageMark {
  case bindStanzaTooEarly, bindRequestTooEarly
  case bindResourceInvalid
  case bindResourceOfServer
  case bindResourcePrepared
  case bindConflictReplaced, bindConflictRefused, bindConflictRenamed
  case bindSessionsFull
  case bindStreamGone

  public static let offset = Mark.offset(of: BindingMark.self)

  public var clause: String {
    switch self {
    case .bindStanzaTooEarly, .bindRequestTooEarly: "RFC 6120, 7.1"
    case .bindResourceInvalid: "RFC 6120, 7.7.2.1"
    case .bindResourceOfServer: "RFC 6120, 7.6.1"
    case .bindResourcePrepared: "RFC 6120, 7.7.1"
    case .bindConflictReplaced, .bindConflictRefused, .bindConflictRenamed: "RFC 6120, 7.7.2.2"
    case .bindSessionsFull: "RFC 6120, 7.6.2.1; \(Limit.sessionsPerAccount)"
    case .bindStreamGone: "activation"
    }
  }
}
