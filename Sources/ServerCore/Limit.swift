internal import XML

/// One number of a configuration, with its name and its bounds. `Limit.all` is the one list of them: from it a configuration file has its keys,
/// and by it a configuration is checked that somebody else wrote down, in a recording. A test holds it to the properties that there are.
public struct Limit: Sendable {
  public enum Field: Sendable {
    case count(any WritableKeyPath<Configuration, Int> & Sendable)
    /// Nanoseconds. In a file it is in seconds.
    case time(any WritableKeyPath<Configuration, Int64> & Sendable)
  }

  /// The property, from `Configuration` on.
  public let property: String
  /// In a configuration file, below `limits`; names end in their unit, except counts. `nil`: not to be set there.
  public let key: String?
  public let field: Field
  /// What may be set in a file; of times, seconds.
  public let settable: ClosedRange<Int>
  /// What a server can work with: far beyond what anybody needs, and far from where sums overflow. Of times, nanoseconds.
  let possible: ClosedRange<Int64>

  private init(_ property: String, _ key: String?, _ field: Field, _ settable: ClosedRange<Int>, _ possible: ClosedRange<Int64>) {
    (self.property, self.key, self.field, self.settable, self.possible) = (property, key, field, settable, possible)
  }

  /// Bytes, or a number of things.
  private static let mostOfAnything = 1 << 40

  private static func count(
    _ property: String, _ key: String?, _ path: any WritableKeyPath<Configuration, Int> & Sendable, _ settable: PartialRangeFrom<Int> = 0...
  ) -> Limit {
    count(property, key, path, settable.lowerBound...mostOfAnything)
  }
  private static func count(
    _ property: String, _ key: String?, _ path: any WritableKeyPath<Configuration, Int> & Sendable, _ settable: ClosedRange<Int>,
    possible: ClosedRange<Int64> = 0...Int64(mostOfAnything)
  ) -> Limit {
    Limit(property, key, .count(path), settable, possible)
  }
  /// Between a second and a year.
  private static func time(_ property: String, _ key: String, _ path: any WritableKeyPath<Configuration, Int64> & Sendable) -> Limit {
    Limit(property, key, .time(path), 1...31_536_000, 0...Int64.seconds(1 << 30))
  }

  /// Whether a server can work with what the configuration says.
  func isPossible(in configuration: Configuration) -> Bool {
    switch field {
    case .count(let path): possible.contains(Int64(configuration[keyPath: path]))
    case .time(let path): possible.contains(configuration[keyPath: path])
    }
  }

  /// Rounds of PBKDF2 are a number like the others, and stand at the top of a file (RFC 7677, section 4: at least 4096).
  public static let rounds = count("scramRounds", "scram_rounds", \.scramRounds, 4096...10_000_000, possible: 0...1 << 32)

  /// Multiplied by a second's nanoseconds.
  private static let rates: ClosedRange<Int> = 0...1 << 32

  public static let all: [Limit] = [rounds] + unauthenticatedStream + authenticatedStream + links + accounts + rooms

  private static let unauthenticatedStream: [Limit] = [
    count(
      "limits.unauthenticatedStream.stanzaBytes", "unauthenticated_stanza_bytes", \.limits.unauthenticatedStream.stanzaBytes,
      1000...(1 << 24)),
    count("limits.unauthenticatedStream.depth", nil, \.limits.unauthenticatedStream.depth),
    count("limits.unauthenticatedStream.attributes", nil, \.limits.unauthenticatedStream.attributes),
    count("limits.unauthenticatedStream.elements", nil, \.limits.unauthenticatedStream.elements),
    count("limits.unauthenticatedStream.nameBytes", nil, \.limits.unauthenticatedStream.nameBytes),
    count(
      "limits.unauthenticatedStream.streamBytes", "unauthenticated_stream_bytes", \.limits.unauthenticatedStream.streamBytes,
      16_384...(1 << 30)),
  ]

  private static let authenticatedStream: [Limit] = [
    count("limits.authenticatedStream.stanzaBytes", "stanza_bytes", \.limits.authenticatedStream.stanzaBytes, 10_000...(1 << 24)),
    count("limits.authenticatedStream.depth", "stanza_depth", \.limits.authenticatedStream.depth, 8...200),
    count("limits.authenticatedStream.attributes", nil, \.limits.authenticatedStream.attributes),
    count("limits.authenticatedStream.elements", "stanza_elements", \.limits.authenticatedStream.elements, 64...1_000_000),
    count("limits.authenticatedStream.nameBytes", nil, \.limits.authenticatedStream.nameBytes),
    count("limits.authenticatedStream.streamBytes", nil, \.limits.authenticatedStream.streamBytes),
  ]

  private static let links: [Limit] = [
    count("limits.outboxBytes", "outbox_bytes", \.limits.outboxBytes, 4096...),
    count("limits.allOutboxesBytes", "all_outboxes_bytes", \.limits.allOutboxesBytes, 4096...),
    count("limits.unprocessedBytes", "unprocessed_bytes", \.limits.unprocessedBytes, 4096...),
    count("limits.bytesPerSecond", "bytes_per_second", \.limits.bytesPerSecond, rates, possible: 0...1 << 32),
    count("limits.burstBytes", "burst_bytes", \.limits.burstBytes, rates, possible: 0...1 << 32),
    count("limits.connectionsPerAddress", "connections_per_address", \.limits.connectionsPerAddress, 1...),
    time("limits.negotiationIdle", "negotiation_idle_seconds", \.limits.negotiationIdle),
    time("limits.negotiationTotal", "negotiation_total_seconds", \.limits.negotiationTotal),
    time("limits.closeWait", "close_wait_seconds", \.limits.closeWait),
    // RFC 6120, 6.4.5: between 2 and 5.
    count("limits.authenticationAttempts", "authentication_attempts", \.limits.authenticationAttempts, 2...5),
    count("limits.derivations", "derivations", \.limits.derivations, 1...),
    count("limits.inquiries", "inquiries", \.limits.inquiries, 1...),
    time("limits.inquiryTime", "inquiry_time", \.limits.inquiryTime),
  ]

  private static let accounts: [Limit] = [
    count("limits.sessionsPerAccount", "sessions_per_account", \.limits.sessionsPerAccount, 1...),
    count("limits.rosterItems", "roster_items", \.limits.rosterItems),
    count("limits.pendingRequests", "pending_requests", \.limits.pendingRequests),
    count("limits.requestBytes", "request_bytes", \.limits.requestBytes, 256...(1 << 24)),
    count("limits.groupsPerItem", "groups_per_item", \.limits.groupsPerItem),
    count("limits.blockedAddresses", "blocked_addresses", \.limits.blockedAddresses),
    count("limits.offlineMessages", "offline_messages", \.limits.offlineMessages),
    count("limits.offlineBytes", "offline_bytes", \.limits.offlineBytes),
    count("limits.directedPresences", "directed_presences", \.limits.directedPresences),
    count("limits.parkedStanzas", "parked_stanzas", \.limits.parkedStanzas, 1...),
    count("limits.heldSteps", "held_steps", \.limits.heldSteps, 1...),
    count("limits.accountRecordBytes", "account_record_bytes", \.limits.accountRecordBytes, 1...),
    count("limits.allRecordBytes", "all_record_bytes", \.limits.allRecordBytes, 1...),
    time("limits.idleTime", "idle_seconds", \.limits.idleTime),
  ]

  private static let rooms: [Limit] = [
    count("limits.rooms.affiliations", "room_affiliations", \.limits.rooms.affiliations, 1...),
    count("limits.rooms.sessions", "room_sessions", \.limits.rooms.sessions, 1...),
    count("limits.rooms.spareSessions", "room_spare_sessions", \.limits.rooms.spareSessions),
    count("limits.rooms.historyMessages", "room_history_messages", \.limits.rooms.historyMessages),
    count("limits.rooms.historyBytes", "room_history_bytes", \.limits.rooms.historyBytes),
    count("limits.rooms.relays", "room_relays", \.limits.rooms.relays, 1...),
    count("limits.rooms.invitations", "room_invitations", \.limits.rooms.invitations, 1...),
    count("limits.rooms.openInvitations", "room_open_invitations", \.limits.rooms.openInvitations),
    time("limits.rooms.lockTime", "room_lock_seconds", \.limits.rooms.lockTime),
  ]
}
