internal import Foundation
internal import GRDB
internal import ServerCore
internal import XML
internal import XMPP

/// Turns records into rows, inside a transaction.
///
/// What belongs to an account or room that is not there is not stored: its owner's end took it along.
struct RecordWriter {
  let db: Database

  func write(_ records: [ServerCore.Record]) throws {
    for record in records { try write(record) }
  }

  private func write(_ record: ServerCore.Record) throws {
    switch record {
    case .account(let account): try write(account)
    case .deleteAccount(let jid):
      try run("DELETE FROM account WHERE jid = ?", [jid.sql])
      try forgetAffiliations(of: jid)
    case .rosterItem(let owner, let item): try write(item, of: owner)
    case .deleteRosterItem(let owner, let contact):
      try run("DELETE FROM contact WHERE account = (SELECT id FROM account WHERE jid = ?) AND jid = ?", [owner.sql, contact.sql])
    case .blocklist(let owner, let list): try write(blocklist: list, of: owner)
    case .offline(let owner, let sequence, let stanza): try write(stanza, sequence, of: owner)
    case .deleteOffline(let owner, let through):
      try run("DELETE FROM offline WHERE account = (SELECT id FROM account WHERE jid = ?) AND sequence <= ?", [owner.sql, through])
    case .room(let room): try write(room)
    case .deleteRoom(let jid): try run("DELETE FROM room WHERE jid = ?", [jid.sql])
    case .affiliation(let room, let jid, let affiliation): try write(affiliation, of: jid, in: room)
    }
  }

  // MARK: Accounts

  private func write(_ account: AccountRecord) throws {
    try run(
      "INSERT INTO account (jid, disabled) VALUES (?, ?) ON CONFLICT (jid) DO UPDATE SET disabled = excluded.disabled",
      [account.jid.sql, account.isDisabled])
    guard let id = try id(ofAccount: account.jid) else { return }
    try run("DELETE FROM credential WHERE account = ?", [id])
    for (position, item) in account.credentials.enumerated() {
      try run(
        "INSERT INTO credential (account, hash, salt, rounds, stored_key, server_key, position) VALUES (?, ?, ?, ?, ?, ?, ?)",
        [id, item.hash.rawValue, Data(item.salt), item.rounds, Data(item.storedKey), Data(item.serverKey), position])
    }
  }

  /// Rooms that are left without any owner, admin or member go, too.
  private func forgetAffiliations(of account: JID) throws {
    let rooms = try Int64.fetchAll(
      db.cachedStatement(sql: "DELETE FROM affiliation WHERE jid = ? RETURNING room"), arguments: [account.sql])
    for room in rooms {
      try run(
        """
        DELETE FROM room WHERE id = ? AND NOT EXISTS (
          SELECT 1 FROM affiliation WHERE room = room.id AND affiliation IN ('owner', 'admin', 'member'))
        """, [room])
    }
  }

  private func write(_ item: RosterItem, of owner: JID) throws {
    guard let id = try id(ofAccount: owner) else { return }
    try run("DELETE FROM contact WHERE account = ? AND jid = ?", [id, item.jid.sql])
    try run(
      "INSERT INTO contact (account, jid, name, subscription, asking, request, listed) VALUES (?, ?, ?, ?, ?, ?, ?)",
      [id, item.jid.sql, item.name?.string, item.subscription.rawValue, item.isAsking, item.request?.sql, item.isListed])
    for (position, group) in item.groups.enumerated() {
      try run("INSERT INTO contact_group (account, jid, position, name) VALUES (?, ?, ?, ?)", [id, item.jid.sql, position, group.string])
    }
  }

  private func write(blocklist: [JID], of owner: JID) throws {
    guard let id = try id(ofAccount: owner) else { return }
    try run("DELETE FROM blocked WHERE account = ?", [id])
    for (position, jid) in blocklist.enumerated() {
      try run("INSERT INTO blocked (account, position, jid) VALUES (?, ?, ?)", [id, position, jid.sql])
    }
  }

  private func write(_ stanza: Element, _ sequence: Int64, of owner: JID) throws {
    guard let id = try id(ofAccount: owner) else { return }
    try run("INSERT INTO offline (account, sequence, stanza) VALUES (?, ?, ?)", [id, sequence, stanza.sql])
    try run("UPDATE account SET last_offline = max(last_offline, ?) WHERE id = ?", [sequence, id])
  }

  // MARK: Rooms

  private func write(_ room: RoomRecord) throws {
    try run(
      """
      INSERT INTO room (jid, domain, name, public, configuration, subject) VALUES (?, ?, ?, ?, ?, ?)
      ON CONFLICT (jid) DO UPDATE SET
        name = excluded.name, public = excluded.public, configuration = excluded.configuration, subject = excluded.subject
      """,
      [room.jid.sql, room.jid.domain.string, room.name.string, room.isPublic, room.configuration.sql, room.subject?.sql])
  }

  private func write(_ affiliation: AffiliationRecord?, of jid: JID, in room: JID) throws {
    guard let id = try id("SELECT id FROM room WHERE jid = ?", room) else { return }
    guard let affiliation else { return try run("DELETE FROM affiliation WHERE room = ? AND jid = ?", [id, jid.sql]) }
    try run(
      "INSERT OR REPLACE INTO affiliation (room, jid, affiliation, nick, reason) VALUES (?, ?, ?, ?, ?)",
      [id, jid.sql, affiliation.affiliation.string, affiliation.nick?.string, affiliation.reason?.string])
  }

  // MARK: Statements

  private func run(_ sql: String, _ arguments: StatementArguments) throws {
    try db.cachedStatement(sql: sql).execute(arguments: arguments)
  }
  private func id(ofAccount jid: JID) throws -> Int64? { try id("SELECT id FROM account WHERE jid = ?", jid) }
  private func id(_ sql: String, _ jid: JID) throws -> Int64? {
    try Int64.fetchOne(db.cachedStatement(sql: sql), arguments: [jid.sql])
  }
}

extension JID {
  /// As it stands in a column.
  var sql: String { text.string }
}

extension Element {
  /// The default namespace in which elements stand in the database.
  static let storedNamespace: Text = "jabber:client"
  /// As it stands in a column.
  var sql: Data { Data(stored) }
}
