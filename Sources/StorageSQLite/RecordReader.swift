internal import Foundation
internal import GRDB
internal import ServerCore
internal import XML
internal import XMPP

/// Turns rows back into what the core knows.
struct RecordReader {
  let db: Database
  let pool: ParserPool

  func load(_ key: LoadKey) throws -> Loaded {
    switch key {
    case .account(let jid): .account(try account(jid))
    case .room(let jid): .room(try room(jid))
    case .offline(let jid): .offline(try offline(jid))
    case .rooms(let domain):
      .rooms(
        try rows("SELECT jid, name FROM room WHERE domain = ? AND public ORDER BY jid", [domain.string]) {
          RoomListing(jid: try jid($0[0]), name: Text($0[1] as String))
        })
    case .accounts:
      .accounts(
        try rows("SELECT jid, disabled FROM account ORDER BY jid", []) { AccountListing(jid: try jid($0[0]), isDisabled: $0[1]) })
    }
  }

  /// What belongs to the account is read while its row is: so all is one transaction, for which SQLite locks its file once.
  private func account(_ jid: JID) throws -> AccountSnapshot? {
    try rows(
      """
      SELECT id, disabled, last_offline,
        (SELECT count(*) FROM offline WHERE account = account.id),
        (SELECT coalesce(sum(length(stanza)), 0) FROM offline WHERE account = account.id)
      FROM account WHERE jid = ?
      """, [jid.sql]
    ) { row in
      let id: Int64 = row[0]
      return AccountSnapshot(
        record: AccountRecord(jid: jid, credentials: try credentials(id), isDisabled: row[1]),
        roster: try roster(id),
        blocklist: try rows("SELECT jid FROM blocked WHERE account = ? ORDER BY position", [id]) { try self.jid($0[0]) },
        offlineCount: row[3], offlineBytes: row[4], lastOffline: row[2])
    }.first
  }

  private func credentials(_ id: Int64) throws -> [ScramCredentials] {
    try rows("SELECT hash, salt, rounds, stored_key, server_key FROM credential WHERE account = ? ORDER BY position", [id]) { row in
      guard let hash = ScramHash(rawValue: row[0]) else {
        throw StorageError("the hash \(row[0] as String) of a credential is not known")
      }
      return ScramCredentials(
        hash: hash, salt: [UInt8](row[1] as Data), rounds: row[2], storedKey: [UInt8](row[3] as Data), serverKey: [UInt8](row[4] as Data))
    }
  }

  private func roster(_ id: Int64) throws -> [RosterItem] {
    let found = try rows(
      "SELECT jid, name, subscription, asking, request, listed FROM contact WHERE account = ? ORDER BY jid", [id]
    ) { row in
      guard let subscription = RosterItem.Subscription(rawValue: row[2]) else { throw StorageError("a subscription can't be read") }
      let item = RosterItem(
        jid: try jid(row[0]), name: (row[1] as String?).map { Text($0) }, subscription: subscription, isAsking: row[3],
        request: try element(row[4]), isListed: row[5])
      return (key: Text(row[0] as String), item: item)
    }
    guard !found.isEmpty else { return [] }
    var groups: [Text: [Text]] = [:]
    _ = try rows("SELECT jid, name FROM contact_group WHERE account = ? ORDER BY jid, position", [id]) {
      groups[Text($0[0] as String), default: []].append(Text($0[1] as String))
    }
    return found.map { key, item in
      var item = item
      item.groups = groups[key] ?? []
      return item
    }
  }

  private func offline(_ jid: JID) throws -> [OfflineMessage] {
    try rows(
      "SELECT sequence, stanza FROM offline WHERE account = (SELECT id FROM account WHERE jid = ?) ORDER BY sequence", [jid.sql]
    ) { OfflineMessage(sequence: $0[0], stanza: try element($0[1] as Data)) }
  }

  private func room(_ jid: JID) throws -> RoomSnapshot? {
    let found = try rows("SELECT id, name, public, configuration, subject FROM room WHERE jid = ?", [jid.sql]) { row in
      (
        id: row[0] as Int64,
        record: RoomRecord(
          jid: jid, name: Text(row[1] as String), isPublic: row[2], configuration: try element(row[3] as Data),
          subject: try element(row[4]))
      )
    }
    guard let room = found.first else { return nil }
    let affiliations = try rows("SELECT jid, affiliation, nick, reason FROM affiliation WHERE room = ? ORDER BY jid", [room.id]) { row in
      RoomSnapshot.Entry(
        jid: try self.jid(row[0]),
        record: AffiliationRecord(
          affiliation: Text(row[1] as String), nick: (row[2] as String?).map { Text($0) }, reason: (row[3] as String?).map { Text($0) }))
    }
    return RoomSnapshot(record: room.record, affiliations: affiliations)
  }

  // MARK: Columns

  private func rows<T>(_ sql: String, _ arguments: StatementArguments, _ read: (Row) throws -> T) throws -> [T] {
    var found: [T] = []
    let cursor = try Row.fetchCursor(db.cachedStatement(sql: sql), arguments: arguments)
    while let row = try cursor.next() { found.append(try read(row)) }
    return found
  }

  private func jid(_ column: String) throws -> JID {
    guard let jid = JID(Text(column)) else { throw StorageError("the address \(column) in the database is not valid") }
    return jid
  }

  private func element(_ column: Data) throws -> Element {
    try Element(parsing: [UInt8](column), defaultNamespace: Element.storedNamespace, using: pool)
  }
  private func element(_ column: Data?) throws -> Element? { try column.map { try element($0) } }
}
