extension Area {
  static let federation = Area(
    name: "federation", marks: [RemoteMark.self, ResolutionMark.self, RemoteStreamMark.self],
    limits: [
      .remotePairs, .remoteQueueStanzas, .remoteQueueBytes, .allRemoteQueuesBytes, .remoteQueueTime, .remoteWindowBytes, .remoteIdle,
      .remoteQuestions, .resolutionTime, .remoteStanzaBytes, .remoteNegotiationTime,
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
  /// Of a stream from another server.
  public static let remoteStanzaBytes = number(
    "remote_stanza_bytes", .bytes, 512 << 10, 10_000...(1 << 24), effect: "stream error policy-violation, and the end of the stream")
  /// From a connection with another server to the first stanza that may pass.
  public static let remoteNegotiationTime = time(
    "remote_negotiation_seconds", seconds: 20, effect: "stream error connection-timeout, and another address of the server is tried")
  /// Questions to DNS, attempts to connect and questions about certificates that are under way at once, of each shard.
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

/// Marks: streams from and to other servers.
public enum RemoteStreamMark: UInt16, CoverageMark {
  case remoteChecked, remoteCertificateTrusted, remoteCertificateRejected, remoteVerdictMissing, remoteVerificationsFull
  case remoteUnproven, remoteAccepted, remoteRefused
  case remoteWithoutTLS, remoteBelieved, remoteNotBelieved
  case remoteFromWrong, remoteDomainChanged
  case remoteStanzaTooEarly, remoteElementTooEarly
  case remoteStanza, remoteAddressMissing, remoteFromForeign, remoteToForeign
  case remoteNegotiationTooLong, remoteStanzaTooBig
  case remoteCertificateOver

  public static let offset = Mark.offset(of: RemoteStreamMark.self)

  public var clause: String {
    switch self {
    case .remoteChecked, .remoteCertificateTrusted, .remoteCertificateRejected, .remoteVerdictMissing: "RFC 6120, 13.7.2"
    case .remoteVerificationsFull: "\(Limit.remoteQuestions)"
    case .remoteUnproven, .remoteAccepted, .remoteNotBelieved, .remoteBelieved: "XEP-0178, 3"
    case .remoteRefused: "RFC 6120, 6.5"
    case .remoteWithoutTLS: "RFC 6120, 5.3.1"
    case .remoteFromWrong: "RFC 6120, 4.9.3.9"
    case .remoteDomainChanged: "RFC 6120, 4.7.2"
    case .remoteStanzaTooEarly: "RFC 6120, 4.9.3.12"
    case .remoteElementTooEarly: "RFC 6120, 4.9.3.24"
    case .remoteStanza: "RFC 6120, 10.4"
    case .remoteAddressMissing: "RFC 6120, 8.1.1.2"
    case .remoteFromForeign: "RFC 6120, 8.1.2.2"
    case .remoteToForeign: "RFC 6120, 4.9.3.6"
    case .remoteNegotiationTooLong: "\(Limit.remoteNegotiationTime)"
    case .remoteCertificateOver: "RFC 6120, 13.7.2.3"
    case .remoteStanzaTooBig: "\(Limit.remoteStanzaBytes)"
    }
  }
}
