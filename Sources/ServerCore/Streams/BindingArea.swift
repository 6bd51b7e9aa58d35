extension Area {
  static let binding = Area(name: "resource binding", marks: [BindingMark.self])
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
    case .bindSessionsFull: "RFC 6120, 7.6.2.1; limit sessionsPerAccount"
    case .bindStreamGone: "activation"
    }
  }
}
