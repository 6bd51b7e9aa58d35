internal import DequeModule
internal import OrderedCollections
public import Storage
public import XML
public import XMPP

// The state of a server that can be seen beside its effects, for code that checks the server. Nothing here changes anything, and the server
// itself uses nothing of it.

extension Server {
  /// A bound resource.
  public struct SessionView: Sendable, Hashable {
    public var connection: ConnectionID
    /// Full.
    public var jid: JID
    /// `nil` while it is unavailable.
    public var priority: Int?
    /// The addresses that got directed presence and have not been told that it ended (RFC 6121, 4.6), first the one that got it first.
    public var directed: [JID]
  }

  /// One client in a room.
  public struct OccupantView: Sendable, Hashable {
    public var nick: Text
    /// The client's full JID.
    public var jid: JID
    /// As the XEP writes it (XEP-0045, 5.1).
    public var role: Text
    /// The same (XEP-0045, 5.2).
    public var affiliation: Text
  }

  /// Streams that are open, in order.
  public var openConnections: [ConnectionID] { shards.flatMap { $0.streams.sortedKeys() }.sorted() }

  /// Nothing is queued or waits to be loaded: all that the server was told it has worked off.
  public var isSettled: Bool { shards.allSatisfy { $0.parkedCount == 0 && $0.listings.isEmpty } }

  /// Questions that have no answer yet, of those for which there is a limit.
  public var openQuestions: Int { shards.reduce(0) { $0 + $1.inquiries.limitedCount } }

  /// No transaction is held back for a commit: all that was to be said has been.
  public var isFlushed: Bool { shards.allSatisfy { $0.commits.depth == 0 } }

  /// How often each mark was reached.
  public var marks: Marks {
    var all = shards[0].marks
    for shard in shards.dropFirst() { all.merge(shard.marks) }
    return all
  }

  /// The shard of an account or room.
  func shard(of address: JID) -> Shard { shards[Shard.index(of: address, of: shards.count)] }
  func stream(of connection: ConnectionID) -> ClientStream? { shards[home(of: connection)].streams[connection] }
  func account(_ jid: JID) -> Account? { shard(of: jid).accounts[jid]?.entity }
  func room(_ jid: JID) -> Room? { shard(of: jid).rooms[jid]?.entity }
}

extension Engine {
  /// The parser of a connection's stream, as it stands.
  public func parser(of connection: ConnectionID) -> StreamParser? { connections[connection]?.parser }
}

// MARK: - Accounts

extension Server {
  /// Those that are in memory, in order.
  public var accountsInMemory: [JID] {
    shards.flatMap { shard in shard.accounts.sortedKeys().filter { shard.accounts[$0]?.entity != nil } }.sorted()
  }

  /// The roster of an account that is in memory; subscriptions stand there, too.
  public func roster(of account: JID) -> [RosterItem] { self.account(account)?.roster.values.elements ?? [] }

  /// Whether an account that is in memory waits for rows that a feature has asked for.
  public func isBusy(_ account: JID) -> Bool { self.account(account)?.states.isBusy ?? false }

  /// The sessions of an account, in the order in which they were bound.
  public func sessions(of account: JID) -> [SessionView] {
    (self.account(account)?.sessions.values.elements ?? []).map { session in
      SessionView(
        connection: session.connection, jid: session.jid, priority: session.presence == nil ? nil : session.priority,
        directed: session.directed.elements)
    }
  }
}

// MARK: - Rooms

extension Server {
  /// The rooms that are in memory, in order.
  public var roomsInMemory: [JID] {
    shards.flatMap { shard in shard.rooms.sortedKeys().filter { shard.rooms[$0]?.entity != nil } }.sorted()
  }

  /// The occupants of a room, in the order of coming, with the sessions behind each nick.
  public func occupants(of room: JID) -> [OccupantView] {
    guard let entity = self.room(room) else { return [] }
    return entity.occupants.values.flatMap { occupant in
      let affiliation = entity.affiliation(of: occupant.user).text
      return occupant.sessions.keys.map {
        OccupantView(nick: occupant.nick, jid: $0, role: occupant.role.text, affiliation: affiliation)
      }
    }
  }

  /// The lasting list of a room that is in memory: affiliations and reserved nicks, in the order of their JIDs.
  public func affiliations(of room: JID) -> [AffiliationRow] {
    (self.room(room)?.affiliations.sorted ?? []).map { $0.entry.row(of: $0.jid) }
  }

  /// When the message came that is in the middle of those that a room in memory keeps for newcomers, in nanoseconds since 1970.
  public func middleHistoryTime(of room: JID) -> Int64? {
    guard let entries = self.room(room)?.history.entries, !entries.isEmpty else { return nil }
    return entries[entries.count / 2].stamp
  }

  /// Whether a room that is in memory waits to be configured (XEP-0045, 10.1).
  public func isLocked(room: JID) -> Bool { self.room(room)?.isLocked ?? false }
}

// MARK: - What waits for storage

extension Server {
  /// Something that is to be done with an account or room when storage has answered.
  public enum ParkedView: Sendable {
    case stanza(Element, from: JID, to: JID)
    /// The keys of a new account or of a new password are to be kept, or an account is to go.
    case creation, removal
    case other
  }

  private func tasks(for query: Query) -> [ParkedTask] {
    guard case .owner(let owner) = query else { return [] }
    return owner.kind == .account
      ? shard(of: owner.jid).accounts[owner.jid]?.parked ?? [] : shard(of: owner.jid).rooms[owner.jid]?.parked ?? []
  }

  /// How much waits for an account or room.
  public func parkedCount(for query: Query) -> Int { tasks(for: query).count }

  /// All that waits for an account or room, in the order of coming.
  public func parked(for query: Query) -> [ParkedView] {
    tasks(for: query).map { waiting in
      switch waiting.task {
      case .stanza(let stanza): .stanza(stanza.element, from: stanza.from, to: stanza.to)
      case .create, .changePassword: .creation
      case .remove: .removal
      default: .other
      }
    }
  }
}

// MARK: - Between shards

extension ShardMessage {
  /// A stanza for one addressee, or the end of an account.
  public enum View: Sendable {
    case stanza(Element, from: JID, to: JID)
    case accountRemoved(JID, shard: Int)
  }

  /// Streams, lists of rooms and news of losses are not shown.
  public var views: [View] {
    switch content {
    case .stanza(let element, let from, let to): to.map { .stanza(element, from: from, to: $0) }
    case .accountRemoved(let jid): [.accountRemoved(jid, shard: shard)]
    case .remote(let stanza): [.stanza(stanza.element, from: stanza.from, to: stanza.to)]
    case .stream, .roomList, .lost: []
    }
  }
}

extension Server {
  /// Messages from one shard to another that wait for a commit, in the order in which they will leave their shards.
  public var waitingMessages: [ShardMessage] { shards.flatMap { $0.commits.waitingMessages } }

  /// The shard, of so many, that an account or room belongs to.
  public static func shard(of address: JID, of count: Int) -> Int { Shard.index(of: address, of: count) }
}

// MARK: - The whole

extension Engine {
  /// All that decides how it goes on, once it was flushed: the same bytes for the same state, however that was reached. Left out are
  /// coverage marks, timers, open inquiries, counters, numbers of commits that were durable then, and the configuration.
  public var stateBytes: [UInt8] {
    let snapshot = Snapshot(of: self) { _, _ in 0 }
    let leftOut = ["marks", "timers", "inquiries", "serial", "stanzas", "errands", "since", "commit", "configuration", "limits"]
    return (try? PackedEncoder.encode(snapshot, nil, without: leftOut)) ?? []
  }
}
