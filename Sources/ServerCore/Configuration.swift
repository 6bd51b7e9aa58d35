public import XML
internal import XMPP

/// What a server is told at start. Values here are checked by whoever reads them from a file.
public struct Configuration: Sendable, Codable {
  /// The domains that have accounts. At least one.
  public var domains: [Text]
  /// Rooms live at this label below each domain.
  public var conferenceLabel: Text = "conference"
  /// Whether a certificate is there, so that STARTTLS can be offered.
  public var offersTLS = true
  /// Refuse authentication on links without TLS.
  public var requiresTLS = true
  public var conflictPolicy = ConflictPolicy.replaceOld
  public var blockedMessages = BlockedMessages.bounce
  public var features = Features()
  public var limits = Limits()
  /// PBKDF2 rounds for new credentials (RFC 7677, section 4: at least 4096).
  public var scramRounds = 10_000
  /// Where the salts shown for unknown names come from; stays the same, or names could be told apart after a restart.
  @PrivateKey public var secret: [UInt8] = []
  /// Which rounds names without an account are shown; `nil`: those of new credentials.
  public var roundsHistory: RoundsHistory?
  public var softwareVersion: Text = "0.1"

  public init(domains: [Text]) { self.domains = domains }

  /// What happens when a resource is bound that is already there (RFC 6120, 7.7.2.2).
  public enum ConflictPolicy: String, Sendable, CaseIterable, Codable {
    /// The old session ends with the stream error `conflict`.
    case replaceOld = "replace-old"
    /// The new one gets the stanza error `conflict`.
    case refuseNew = "refuse-new"
    /// The new one gets a resource of the server's making.
    case rename
  }

  /// What a sender hears when a message is blocked (XEP-0191, 3.3 leaves it open).
  public enum BlockedMessages: String, Sendable, CaseIterable, Codable { case bounce, drop }

  public struct Features: Sendable, Codable {
    /// In-band registration by strangers (XEP-0077). Changing one's password and removing one's account work regardless.
    public var openRegistration = false
    public var rooms = true
    public var offlineMessages = true
    public init() {}
  }

  /// Bounds on everything that a peer could make grow. Bytes and counts; times in nanoseconds.
  public struct Limits: Sendable, Codable {
    public var unauthenticatedStream = StreamLimits.unauthenticated
    public var authenticatedStream = StreamLimits.authenticated
    /// Bytes from the core's emission to the kernel's acceptance, of one link. Beyond it the link ends.
    public var outboxBytes = 32 << 20
    /// The same of all links together; beyond it the link with the most ends.
    public var allOutboxesBytes = 512 << 20
    /// Bytes received on a link and not yet worked off, beyond which it is no longer read from.
    public var unprocessedBytes = 64 << 10
    /// What a connection may say, on average; 0: as much as it can. Of what is written because of it, a sixteenth counts, too.
    public var bytesPerSecond = 128 << 10
    /// How much of it at once, before the average counts.
    public var burstBytes = 1 << 20
    /// Connections from one IPv4 address, or one IPv6 network of 64 bits.
    public var connectionsPerAddress = 1_000
    /// Without progress before a session is bound.
    public var negotiationIdle = Int64.seconds(60)
    /// In all before a session is bound.
    public var negotiationTotal = Int64.seconds(300)
    /// How long a closing link waits for the other side's end of stream.
    public var closeWait = Int64.seconds(5)
    /// Failed authentications on one link (RFC 6120, 6.4.5: between 2 and 5).
    public var authenticationAttempts = 5
    /// Passwords whose keys are being derived at the same time, all links together.
    public var derivations = 100
    /// Questions to storage and the like that have no answer yet.
    public var inquiries = 10_000
    /// How long an answer may take.
    public var inquiryTime = Int64.seconds(60)
    public var sessionsPerAccount = 32
    /// Contacts that a user has chosen.
    public var rosterItems = 10_000
    /// Requests to subscribe that wait for an answer, from those who are not among the contacts.
    public var pendingRequests = 1_000
    /// Bytes of one such request, which is kept as it came, in bytes as stored.
    public var requestBytes = 8 << 10
    public var groupsPerItem = 64
    public var blockedAddresses = 10_000
    public var offlineMessages = 1_000
    /// The same in bytes as stored.
    public var offlineBytes = 4 << 20
    /// Addresses that one session has sent directed presence to.
    public var directedPresences = 1_000
    /// Stanzas that wait for one account or room to be loaded, and who waits for one list.
    public var parkedStanzas = 10_000
    /// Steps and stanzas that wait for storage, all together; beyond it, sessions that cause more are not read from until half is done.
    public var heldSteps = 1_000
    /// Bytes on their way to storage because of one account; beyond it, its sessions are not read from until half is done.
    public var accountRecordBytes = 1 << 20
    /// The same of all accounts; beyond it, sessions that cause more are not read from until half is done.
    public var allRecordBytes = 64 << 20
    /// How long an account or room nobody uses stays in memory.
    public var idleTime = Int64.seconds(60)
    public var rooms = Rooms()
    public init() {}

    /// What visitors can make one room keep. Names, subjects and the like have bounds of their own (`Room.Limits`).
    public struct Rooms: Sendable, Codable {
      /// At least one: a room has an owner.
      public var affiliations = 10_000
      /// Clients in the room. Admins and owners may go `spareSessions` beyond it (XEP-0045, 7.2.9). At least one: who makes a room is in it.
      public var sessions = 5_000
      public var spareSessions = 100
      /// The most that an owner can have shown to who joins.
      public var historyMessages = 100
      public var historyBytes = 256 << 10
      /// Requests between occupants that have no answer yet.
      public var relays = 256
      /// In one message.
      public var invitations = 20
      /// Invitations that have not been declined or followed.
      public var openInvitations = 256
      /// How long the creator has to configure a new room (XEP-0045, 10.1.1 step 5); nanoseconds.
      public var lockTime = Int64.seconds(300)
      public init() {}
    }
  }
}

extension Configuration {
  /// Why no server can be made of it; `nil` if one can. For what comes from a file that nobody has checked.
  var problem: String? {
    if domains.isEmpty || domains.contains(where: { JID($0)?.text != $0 }) { return "a configuration names no domain" }
    if !(roundsHistory?.isPossible ?? true) { return "a configuration has rounds that can't be" }
    guard let limit = Limit.all.first(where: { !$0.isPossible(in: self) }) else { return nil }
    return "a configuration has a limit that can't be: \(limit.property)"
  }
}

/// The configuration in force, with what is worked out from it. It is handed to every step, so it is one reference; nothing in it changes.
final class Setting: Sendable, Codable {
  let configuration: Configuration
  /// The domains that rooms live at.
  let roomDomains: [Text]

  init(_ configuration: Configuration) {
    self.configuration = configuration
    roomDomains = configuration.features.rooms ? configuration.domains.map { configuration.conferenceLabel + "." + $0 } : []
  }

  convenience init(from decoder: any Decoder) throws { self.init(try Configuration(from: decoder)) }
  func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(configuration)
  }
}
