public import XML
public import XMPP

/// A durable change. All records of one step are committed together or not at all.
public enum Record: Sendable, Hashable, Codable {
  /// The account comes into being or its credentials or state change; what belongs to it stays.
  case account(AccountRecord)
  /// The account and all that belongs to it is gone, its affiliations with rooms included, and so are the rooms that it leaves without
  /// any owner, admin or member. (A room that loses its last owner alone passes on when it is loaded: `Room.keepOwner`.)
  case deleteAccount(JID)
  case rosterItem(owner: JID, RosterItem)
  case deleteRosterItem(owner: JID, contact: JID)
  /// The whole blocklist.
  case blocklist(owner: JID, [JID])
  /// A message that waits for its addressee. Sequence numbers grow within an account.
  case offline(owner: JID, sequence: Int64, Element)
  /// Offline messages up to and with this one were handed over.
  case deleteOffline(owner: JID, through: Int64)
  /// The room comes into being or its configuration or subject changes; its affiliations stay.
  case room(RoomRecord)
  /// The room and all that belongs to it is gone.
  case deleteRoom(JID)
  /// The affiliation of one bare JID (or domain) with a room. `nil` forgets it.
  case affiliation(room: JID, jid: JID, AffiliationRecord?)
}

public struct AccountRecord: Sendable, Hashable, Codable {
  /// Bare.
  public var jid: JID
  public var credentials: [ScramCredentials]
  public var isDisabled: Bool
  public init(jid: JID, credentials: [ScramCredentials], isDisabled: Bool = false) {
    self.jid = jid
    self.credentials = credentials
    self.isDisabled = isDisabled
  }
}

/// What a server keeps of a password (RFC 5802, section 3): enough to check a proof, not enough to make one.
public struct ScramCredentials: Sendable, Hashable, Codable {
  public var hash: ScramHash
  public var salt: [UInt8]
  public var rounds: Int
  public var storedKey: [UInt8]
  public var serverKey: [UInt8]
  public init(hash: ScramHash, salt: [UInt8], rounds: Int, storedKey: [UInt8], serverKey: [UInt8]) {
    self.hash = hash
    self.salt = salt
    self.rounds = rounds
    self.storedKey = storedKey
    self.serverKey = serverKey
  }
}

public enum ScramHash: String, Sendable, Hashable, CaseIterable, Codable {
  case sha1 = "SHA-1"
  case sha256 = "SHA-256"
}

/// What an account knows of a contact (RFC 6121, 2.1 and appendix A).
public struct RosterItem: Sendable, Hashable, Codable {
  public enum Subscription: String, Sendable, Hashable, CaseIterable, Codable { case none, to, from, both }

  /// Bare, or as the user gave it.
  public var jid: JID
  @PrivateName public var name: Text?
  @PrivateName public var groups: [Text]
  public var subscription: Subscription
  /// The user asked to subscribe and has no answer ("Pending Out").
  public var isAsking: Bool
  /// The contact's request that the user has not answered ("Pending In"), as it came (RFC 6121, 3.1.3).
  public var request: Element?
  /// Whether the user sees it: a mere request is not part of the roster.
  public var isListed: Bool

  public init(
    jid: JID, name: Text? = nil, groups: [Text] = [], subscription: Subscription = .none, isAsking: Bool = false, request: Element? = nil,
    isListed: Bool = true
  ) {
    self.jid = jid
    self.name = name
    self.groups = groups
    self.subscription = subscription
    self.isAsking = isAsking
    self.request = request
    self.isListed = isListed
  }
}

public struct RoomRecord: Sendable, Hashable, Codable {
  /// Bare.
  public var jid: JID
  /// For the list of rooms; the whole configuration stands in `configuration`.
  @PrivateName public var name: Text
  public var isPublic: Bool
  /// The configuration as a form of type `submit` (XEP-0045, 10).
  public var configuration: Element
  /// The subject's message as last broadcast, if there is one.
  public var subject: Element?
  public init(jid: JID, name: Text, isPublic: Bool, configuration: Element, subject: Element?) {
    self.jid = jid
    self.name = name
    self.isPublic = isPublic
    self.configuration = configuration
    self.subject = subject
  }
}

public struct AffiliationRecord: Sendable, Hashable, Codable {
  /// "owner", "admin", "member", "outcast"; "none" where only a nick is reserved.
  public var affiliation: Text
  /// The reserved nick (XEP-0045, 7.10).
  public var nick: Text?
  @PrivateProse public var reason: Text?
  public init(affiliation: Text, nick: Text? = nil, reason: Text? = nil) {
    self.affiliation = affiliation
    self.nick = nick
    self.reason = reason
  }
}

/// What the core asks of storage. An answer reflects every commit that was emitted before the question.
public enum LoadKey: Sendable, Hashable, Codable {
  case account(JID)
  case room(JID)
  case offline(JID)
  /// The public rooms of a service's domain.
  case rooms(Text)
  /// All accounts.
  case accounts
}

public enum Loaded: Sendable, Hashable, Codable {
  /// `nil`: there is no such account.
  case account(AccountSnapshot?)
  case room(RoomSnapshot?)
  /// In order.
  case offline([OfflineMessage])
  case rooms([RoomListing])
  case accounts([AccountListing])
  /// Storage could not answer.
  case failed(String)
}

public struct AccountSnapshot: Sendable, Hashable, Codable {
  public var record: AccountRecord
  public var roster: [RosterItem]
  public var blocklist: [JID]
  /// The number of offline messages and the last one's sequence number, 0 if there never was one.
  public var offlineCount: Int
  /// What they take together, in bytes as stored (`Element.stored`).
  public var offlineBytes: Int
  public var lastOffline: Int64
  public init(
    record: AccountRecord, roster: [RosterItem], blocklist: [JID], offlineCount: Int, offlineBytes: Int = 0, lastOffline: Int64
  ) {
    self.record = record
    self.roster = roster
    self.blocklist = blocklist
    self.offlineCount = offlineCount
    self.offlineBytes = offlineBytes
    self.lastOffline = lastOffline
  }
}

public struct RoomSnapshot: Sendable, Hashable, Codable {
  public var record: RoomRecord
  /// In the order of the JIDs.
  public var affiliations: [Entry]
  public struct Entry: Sendable, Hashable, Codable {
    public var jid: JID
    public var record: AffiliationRecord
    public init(jid: JID, record: AffiliationRecord) {
      self.jid = jid
      self.record = record
    }
  }
  public init(record: RoomRecord, affiliations: [Entry]) {
    self.record = record
    self.affiliations = affiliations
  }
}

extension Element {
  /// As storage keeps it: XML where `jabber:client` is the default namespace. Its bytes are the unit in which all that is stored for somebody else is
  /// counted, wherever it is counted.
  public var stored: [UInt8] { serialized(defaultNamespace: NS.client) }
}

extension Record {
  /// Bytes that it holds while it is on its way to the disk, about.
  var weight: Int {
    let content =
      switch self {
      case .account(let account): account.credentials.reduce(0) { $0 + $1.salt.count + $1.storedKey.count + $1.serverKey.count + 32 }
      case .rosterItem(_, let item):
        (item.name?.count ?? 0) + item.groups.reduce(0) { $0 + $1.count + 16 } + (item.request?.weight ?? 0)
      case .blocklist(_, let list): list.reduce(0) { $0 + $1.bareText.count + $1.resource.count + 48 }
      case .offline(_, _, let message): message.weight
      case .room(let room): room.configuration.weight + (room.subject?.weight ?? 0) + room.name.count
      case .affiliation(_, _, let affiliation): (affiliation?.nick?.count ?? 0) + (affiliation?.reason?.count ?? 0)
      case .deleteAccount, .deleteRosterItem, .deleteOffline, .deleteRoom: 0
      }
    return 200 + content
  }
}

public struct OfflineMessage: Sendable, Hashable, Codable {
  public var sequence: Int64
  public var stanza: Element
  public init(sequence: Int64, stanza: Element) {
    self.sequence = sequence
    self.stanza = stanza
  }
}

public struct RoomListing: Sendable, Hashable, Codable {
  public var jid: JID
  @PrivateName public var name: Text
  public init(jid: JID, name: Text) {
    self.jid = jid
    self.name = name
  }
}

public struct AccountListing: Sendable, Hashable, Codable {
  public var jid: JID
  public var isDisabled: Bool
  public init(jid: JID, isDisabled: Bool) {
    self.jid = jid
    self.isDisabled = isDisabled
  }
}
