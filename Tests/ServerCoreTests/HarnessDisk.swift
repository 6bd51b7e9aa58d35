import ServerCore
import XML
import XMPP

/// A disk for tests of the engine: what is durable, and what commits that are still pending would make of it.
struct HarnessDisk {
  private var durable = Rows()
  private var latest = Rows()
  private var pending: [(number: UInt64, records: [Record])] = []

  mutating func write(_ number: UInt64, _ records: [Record]) {
    pending.append((number, records))
    for record in records { latest.apply(record) }
  }

  mutating func committed(through number: UInt64) {
    for commit in pending where commit.number <= number {
      for record in commit.records { durable.apply(record) }
    }
    pending.removeAll { $0.number <= number }
  }

  mutating func failed(from number: UInt64) {
    pending.removeAll { $0.number >= number }
    latest = durable
    for commit in pending {
      for record in commit.records { latest.apply(record) }
    }
  }

  func load(_ key: LoadKey) -> Loaded { latest.load(key) }
}

private struct Rows {
  var accounts: [JID: AccountSnapshot] = [:]
  var offline: [JID: [OfflineMessage]] = [:]
  var rooms: [JID: RoomSnapshot] = [:]

  mutating func apply(_ record: Record) {
    switch record {
    case .account(let record):
      let fresh = AccountSnapshot(record: record, roster: [], blocklist: [], offlineCount: 0, lastOffline: 0)
      accounts[record.jid, default: fresh].record = record
    case .deleteAccount(let jid):
      accounts[jid] = nil
      offline[jid] = nil
      for room in rooms.keys where rooms[room]!.affiliations.contains(where: { $0.jid == jid }) {
        rooms[room]!.affiliations.removeAll { $0.jid == jid }
        if rooms[room]!.affiliations.allSatisfy({ $0.record.affiliation == "outcast" }) { rooms[room] = nil }
      }
    case .rosterItem(let owner, let item):
      accounts[owner]?.roster.removeAll { $0.jid == item.jid }
      accounts[owner]?.roster.append(item)
    case .deleteRosterItem(let owner, let contact): accounts[owner]?.roster.removeAll { $0.jid == contact }
    case .blocklist(let owner, let list): accounts[owner]?.blocklist = list
    case .offline(let owner, let sequence, let stanza):
      offline[owner, default: []].append(OfflineMessage(sequence: sequence, stanza: stanza))
      accounts[owner]?.lastOffline = sequence
    case .deleteOffline(let owner, let last): offline[owner]?.removeAll { $0.sequence <= last }
    case .room(let record): rooms[record.jid, default: RoomSnapshot(record: record, affiliations: [])].record = record
    case .deleteRoom(let jid): rooms[jid] = nil
    case .affiliation(let room, let jid, let record):
      rooms[room]?.affiliations.removeAll { $0.jid == jid }
      if let record { rooms[room]?.affiliations.append(RoomSnapshot.Entry(jid: jid, record: record)) }
    }
  }

  func load(_ key: LoadKey) -> Loaded {
    switch key {
    case .account(let jid):
      var snapshot = accounts[jid]
      snapshot?.offlineCount = offline[jid]?.count ?? 0
      snapshot?.offlineBytes = offline[jid]?.reduce(0) { $0 + $1.stanza.stored.count } ?? 0
      return .account(snapshot)
    case .offline(let jid): return .offline(offline[jid] ?? [])
    case .room(let jid): return .room(rooms[jid])
    case .rooms(let domain):
      let records = rooms.values.map(\.record).filter { $0.isPublic && $0.jid.domain == domain }.sorted { $0.jid < $1.jid }
      return .rooms(records.map { RoomListing(jid: $0.jid, name: $0.name) })
    case .accounts:
      let records = accounts.values.map(\.record).sorted { $0.jid < $1.jid }
      return .accounts(records.map { AccountListing(jid: $0.jid, isDisabled: $0.isDisabled) })
    }
  }
}
