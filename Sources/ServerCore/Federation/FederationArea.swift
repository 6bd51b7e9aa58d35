extension Area {
  static let federation = Area(
    name: "federation", marks: [RemoteMark.self, ResolutionMark.self],
    limits: [
      .remotePairs, .remoteQueueStanzas, .remoteQueueBytes, .allRemoteQueuesBytes, .remoteQueueTime, .remoteWindowBytes, .remoteIdle,
      .remoteQuestions, .resolutionTime,
    ], settings: [.federation, .allowedDomains, .deniedDomains])
}

extension Setting {
  /// Stanzas go to the servers of other domains, and come from them.
  public static let federation = flag("federation", standard: false)
  /// The only domains that this server talks to, with all below them; all, if none is named.
  public static let allowedDomains = domains("allowed_domains")
  /// Domains that this server does not talk to, nor to any below them.
  public static let deniedDomains = domains("denied_domains")
}

extension Limit {
  private static let comesBack = "the stanza comes back with the error resource-constraint"

  /// Pairs of a domain of ours and another that something waits for, that have a stream, or where none came about lately; of each shard.
  public static let remotePairs = count("remote_pairs", 10_000, settable: 1..., effect: comesBack)
  /// Stanzas of one pair.
  public static let remoteQueueStanzas = count("remote_queue_stanzas", 20_000, settable: 1..., effect: comesBack)
  /// Bytes of one pair.
  public static let remoteQueueBytes = bytes("remote_queue_bytes", 8 << 20, settable: 1..., effect: comesBack)
  /// Bytes of all pairs of a shard.
  public static let allRemoteQueuesBytes = bytes("all_remote_queues_bytes", 128 << 20, settable: 1..., effect: comesBack)
  /// How long a stanza waits for a stream, or for room on one.
  public static let remoteQueueTime = time(
    "remote_queue_seconds", seconds: 20, effect: "the stanza comes back with the error remote-server-timeout or remote-server-not-found")
  /// Bytes that a stream takes before the system has all that it took earlier: further stanzas wait as such, and may come back.
  public static let remoteWindowBytes = bytes("remote_window_bytes", 64 << 10, settable: 1..., effect: "further stanzas wait")
  /// How long a stream to another server stays without a stanza.
  public static let remoteIdle = time("remote_idle_seconds", seconds: 600, effect: "the stream is closed; the next stanza opens another")
  /// Questions to DNS and attempts to connect that are under way at once, of each shard.
  public static let remoteQuestions = count(
    "remote_questions", 1_000, settable: 1..., effect: "the question counts as failed, and another attempt is made later")
  /// How long DNS may take for an answer.
  public static let resolutionTime = time("resolution_seconds", seconds: 5, effect: "the search goes on without the answer")
}

/// Marks: stanzas for other servers.
public enum RemoteMark: UInt16, CoverageMark {
  case remoteOpened, remoteIdled, remoteReopened
  case remoteBackedOff, remoteRetried, remoteUnreachable
  case remoteExpired, remoteLost, remoteWindowFull
  case remoteQueueFull, remoteDepartureDropped, remotePairsFull
  case remoteAnswerLost
  case remoteDenied

  public static let offset = Mark.offset(of: RemoteMark.self)

  public var clause: String {
    switch self {
    case .remoteOpened, .remoteReopened, .remoteBackedOff, .remoteRetried, .remoteUnreachable, .remoteLost: "RFC 6120, 10.4.3"
    case .remoteIdled: "\(Limit.remoteIdle)"
    case .remoteExpired: "\(Limit.remoteQueueTime)"
    case .remoteQueueFull, .remoteDepartureDropped:
      "\(Limit.remoteQueueStanzas); \(Limit.remoteQueueBytes); \(Limit.allRemoteQueuesBytes)"
    case .remoteWindowFull: "\(Limit.remoteWindowBytes)"
    case .remotePairsFull: "\(Limit.remotePairs)"
    case .remoteDenied: "RFC 6120, 8.3.3.10"
    case .remoteAnswerLost: "output commit"
    }
  }
}

/// Marks: the search for other servers.
public enum ResolutionMark: UInt16, CoverageMark {
  case resolutionComplete, resolutionNotProvided, resolutionNotFound, resolutionUnanswered
  case resolutionSlow, remoteQuestionsFull
  case attemptOverlapping, attemptLost, attemptLate

  public static let offset = Mark.offset(of: ResolutionMark.self)

  public var clause: String {
    switch self {
    case .resolutionComplete, .resolutionNotProvided, .resolutionNotFound, .resolutionUnanswered: "RFC 6120, 3.2"
    case .resolutionSlow: "\(Limit.resolutionTime)"
    case .remoteQuestionsFull: "\(Limit.remoteQuestions)"
    case .attemptOverlapping, .attemptLost, .attemptLate: "RFC 8305, 5"
    }
  }
}
