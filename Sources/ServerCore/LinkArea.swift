extension Area {
  static let links = Area(name: "links", marks: [LinkMark.self])
}

/// Marks: links: what a peer has not taken, and what it says faster than it may.
public enum LinkMark: UInt16, CoverageMark {
  case linkOutboxOverrun
  case linkAllOutboxesOverrun
  case linkReadPaused, linkReadResumed
  case linkHeldBack
  case linkResumedWithInput

  public static let offset = Mark.offset(of: LinkMark.self)

  public var clause: String {
    switch self {
    case .linkOutboxOverrun: "limit outboxBytes"
    case .linkAllOutboxesOverrun: "limit allOutboxesBytes"
    case .linkReadPaused, .linkReadResumed: "limit unprocessedBytes"
    case .linkHeldBack: "RFC 6120, 13.12; limit bytesPerSecond; limit burstBytes"
    case .linkResumedWithInput: "RFC 6120, 10.1"
    }
  }
}
