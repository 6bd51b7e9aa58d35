internal import OrderedCollections
internal import ServerCore
internal import XML
internal import XMPP

/// What a disk holds, as tables in memory.
public struct Database: Sendable, Equatable {
  struct AccountRow: Sendable, Equatable {
    var record: AccountRecord
    var roster: OrderedDictionary<JID, RosterItem> = [:]
    var blocklist: [JID] = []
    var offline: OrderedDictionary<Int64, Element> = [:]
    var lastOffline: Int64 = 0
  }
  struct RoomRow: Sendable, Equatable {
    var record: RoomRecord
    var affiliations: OrderedDictionary<JID, AffiliationRecord> = [:]
  }
  var accounts: OrderedDictionary<JID, AccountRow> = [:]
  var rooms: OrderedDictionary<JID, RoomRow> = [:]

  public init() {}

  mutating func apply(_ record: Record) {
    switch record {
    case .account(let account):
      accounts[account.jid, default: AccountRow(record: account)].record = account
    case .deleteAccount(let jid):
      accounts[jid] = nil
      for room in rooms.keys where rooms[room]!.affiliations.removeValue(forKey: jid) != nil {
        let isLeft = rooms[room]!.affiliations.values.contains { ["owner", "admin", "member"].contains($0.affiliation) }
        if !isLeft { rooms[room] = nil }
      }
    case .rosterItem(let owner, let item): accounts[owner]?.roster[item.jid] = item
    case .deleteRosterItem(let owner, let contact): accounts[owner]?.roster[contact] = nil
    case .blocklist(let owner, let list): accounts[owner]?.blocklist = list
    case .offline(let owner, let sequence, let element):
      accounts[owner]?.offline[sequence] = element
      accounts[owner]?.lastOffline = sequence
    case .deleteOffline(let owner, let through): accounts[owner]?.offline.removeAll { $0.key <= through }
    case .room(let room):
      rooms[room.jid, default: RoomRow(record: room)].record = room
    case .deleteRoom(let jid): rooms[jid] = nil
    case .affiliation(let room, let jid, let affiliation): rooms[room]?.affiliations[jid] = affiliation
    }
  }

  func load(_ key: LoadKey) -> Loaded {
    switch key {
    case .account(let jid):
      .account(
        accounts[jid].map {
          AccountSnapshot(
            record: $0.record, roster: Array($0.roster.values), blocklist: $0.blocklist, offlineCount: $0.offline.count,
            offlineBytes: $0.offline.values.reduce(0) { $0 + $1.stored.count },
            lastOffline: $0.lastOffline)
        })
    case .offline(let jid):
      .offline(accounts[jid]?.offline.map { OfflineMessage(sequence: $0.key, stanza: $0.value) } ?? [])
    case .room(let jid):
      .room(
        rooms[jid].map { row in
          RoomSnapshot(
            record: row.record,
            affiliations: row.affiliations.sorted { $0.key < $1.key }.map { RoomSnapshot.Entry(jid: $0.key, record: $0.value) })
        })
    case .rooms(let domain):
      .rooms(
        rooms.values.filter { $0.record.isPublic && $0.record.jid.domain == domain }.map {
          RoomListing(jid: $0.record.jid, name: $0.record.name)
        })
    case .accounts:
      .accounts(accounts.values.map { AccountListing(jid: $0.record.jid, isDisabled: $0.record.isDisabled) })
    }
  }
}

/// A disk with what is durable and what is only on its way: a crash keeps the first and any beginning of the second.
struct Disk: Sendable {
  private(set) var durable = Database()
  /// Emitted and not yet durable, in order.
  private(set) var pending: [(number: UInt64, records: [Record])] = []
  private var latest = Database()

  init(_ database: Database = Database()) {
    durable = database
    latest = database
  }

  mutating func write(_ number: UInt64, _ records: [Record]) {
    pending.append((number, records))
    for record in records { latest.apply(record) }
  }

  /// All that waits becomes durable in one transaction. Returns the last number.
  mutating func sync() -> UInt64? {
    guard let last = pending.last?.number else { return nil }
    durable = latest
    pending = []
    return last
  }

  /// The transaction fails: nothing of what waits is ever durable. Returns the first number.
  mutating func fail() -> UInt64? {
    guard let first = pending.first?.number else { return nil }
    latest = durable
    pending = []
    return first
  }

  /// A load sees every commit before it, durable or not.
  func load(_ key: LoadKey) -> Loaded { latest.load(key) }

  /// Power is lost: of what was pending, `kept` whole transactions had reached the disk.
  /// A disk that `tears` keeps half of the one after them, too: no disk may.
  mutating func crash(keeping kept: Int, tears: Bool = false) {
    for transaction in pending.prefix(kept) {
      for record in transaction.records { durable.apply(record) }
    }
    if tears, kept < pending.count {
      let records = pending[kept].records
      for record in records.prefix(records.count / 2) { durable.apply(record) }
    }
    latest = durable
    pending = []
  }
}
