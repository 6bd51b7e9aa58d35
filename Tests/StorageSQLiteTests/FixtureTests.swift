import Foundation
import SASL
import ServerCore
import Storage
import Testing
import XML
import XMPP

@testable import StorageSQLite

/// Databases of earlier versions open without loss. Each version of the layout that was released has a file in `Fixtures`.
@Suite struct FixtureTests {
  let folder = TemporaryFolder()
  let romeo = JID("romeo@example.org")!
  let juliet = JID("juliet@example.org")!
  let nurse = JID("nurse@example.org")!
  let balcony = JID("balcony@conference.example.org")!

  private func open(_ fixture: String) throws -> SQLiteStorage {
    let file = try #require(Bundle.module.url(forResource: fixture, withExtension: "sqlite", subdirectory: "Fixtures"))
    try FileManager.default.copyItem(atPath: file.path, toPath: folder.database)
    _ = try SQLiteStorage(path: folder.database, .server)
    // The second opening reads the migrated file.
    return try SQLiteStorage(path: folder.database, .server)
  }

  private func message(_ number: Int) -> Element {
    var message = Element(
      "message", "jabber:client",
      ["from": "juliet@example.org/balcony", "to": "romeo@example.org", "type": "chat", "id": Text("m\(number)")])
    message.append("body", "jabber:client", text: Text("message \(number) & <more> \u{212B}"))
    message.append("delay", "urn:xmpp:delay", ["from": "example.org", "stamp": Text("2026-11-29T00:00:0\(number)Z")])
    return message
  }

  @Test(arguments: ["schema-1", "schema-2"])
  func accounts(of fixture: String) throws {
    let storage = try open(fixture)
    let rows = try #require(storage.rows(.account(romeo)))
    #expect(try rows.root(AccountRow.self) == AccountRow(isDisabled: false))
    let credentials = ScramHash.allCases.map { hash in
      let salt = Array("salt of \(hash.rawValue)".utf8)
      let salted = Scram.saltedPassword(hash, password: Array("pencil".utf8), salt: salt, rounds: 4096)
      return Scram.credentials(hash, saltedPassword: salted, salt: salt, rounds: 4096)
    }
    #expect(try rows.rows(ScramCredentials.self) == credentials)
    let request = Element(
      "presence", "jabber:client", ["type": "subscribe", "from": "nurse@example.org"], text: "l'amour & <so> on\u{212B}")
    #expect(
      try rows.rows(RosterItem.self) == [
        RosterItem(jid: juliet, name: "\u{212B} \"Juliet\"\n", groups: ["Verona", "Balcony", "\u{C5}"], subscription: .both),
        RosterItem(jid: JID("mercutio@example.org")!, subscription: .to),
        RosterItem(jid: nurse, subscription: .from, request: request, isInRoster: false),
        RosterItem(jid: JID("tybalt@example.org")!, isPendingOut: true),
      ])
    #expect(try rows.rows(BlockedAddress.self).map(\.jid.text) == ["a@b/c", "paris@example.org", "z.example"])
    let offline = try storage.page(RowQuery(OfflineMessage.self, of: romeo), OfflineMessage.self).map(\.row)
    #expect(offline == [OfflineMessage(sequence: 2, stanza: message(2)), OfflineMessage(sequence: 3, stanza: message(3))])
    #expect(rows.summary(OfflineMessage.self).lastKey == [.integer(3)])

    let other = try #require(storage.rows(.account(juliet)))
    #expect(try other.rows(RosterItem.self) == [RosterItem(jid: romeo, name: "Romeo", groups: ["Enemies"], subscription: .both)])
    let all = try storage.page(RowQuery(AccountRow.self, .everywhere), AccountRow.self)
    #expect(all.map(\.owner) == [juliet, nurse, romeo] && all.map(\.row.isDisabled) == [false, true, false])
    #expect(try storage.page(RowQuery(AccountRow.self, .domain("example.org")), AccountRow.self).count == 3)
  }

  @Test(arguments: ["schema-1", "schema-2"])
  func rooms(of fixture: String) throws {
    let storage = try open(fixture)
    let rows = try #require(storage.rows(.room(balcony)))
    let row = try rows.root(RoomRow.self)
    #expect(row.name == "Balcony" && row.isPublic)
    #expect(DataForm(row.configuration)?.value("muc#roomconfig_roomname") == "Balcony")
    #expect(row.subject?.child("subject", "jabber:client")?.text == "dawn")
    #expect(
      try rows.rows(AffiliationRow.self) == [
        AffiliationRow(jid: JID("evil.example")!, affiliation: "outcast", reason: "noise"),
        AffiliationRow(jid: juliet, affiliation: "owner", nick: "J"),
        AffiliationRow(jid: romeo, affiliation: "member", nick: "R", reason: "love"),
      ])
    #expect(try storage.page(RoomRow.listed(at: "conference.example.org"), RoomRow.self).map(\.owner) == [balcony])
    #expect(try #require(storage.rows(.room(JID("tomb@conference.example.org")!))).rows(AffiliationRow.self).map(\.jid) == [nurse])
  }

  /// Tables that came with the second layout.
  @Test func tablesThatTheFirstLayoutDidNotHave() throws {
    let storage = try open("schema-2")
    var bookmarks = Element("storage", "storage:bookmarks")
    bookmarks.append("conference", "storage:bookmarks", ["jid": "tea@rooms.example", "name": "T\u{212B}"])
    let tables: [TableName] = ["private_xml", "private_xml_size"]
    let pages = try tables.map { table in
      var query = RowQuery(AccountRow.self, of: romeo)
      query.table = table
      guard case .page(let page) = try storage.answer(.rows(query)) else { return [[ColumnValue]]() }
      return page.entries.map(\.values)
    }
    #expect(pages[0] == [[.text("storage:bookmarks"), .text("storage"), .xml(bookmarks)]])
    #expect(pages[1] == [[.text("storage:bookmarks"), .text("storage"), .integer(Int64(bookmarks.stored.count))]])
    guard case .owner(let rows?) = try storage.answer(.account(JID("tybalt@example.org")!)) else {
      Issue.record("the row of a deleted account is lost")
      return
    }
    #expect(rows.tables == [TableRows(table: "tombstone", rows: [[.integer(1_795_910_400_000_000_000)]])])
  }

  /// A migrated database has the same tables as a new one.
  @Test(arguments: ["schema-1", "schema-2"])
  func aMigratedDatabaseIsLikeANewOne(fixture: String) throws {
    let migrated = try open(fixture)
    let fresh = try SQLiteStorage(path: folder.path + "/fresh.sqlite", .server)
    #expect(try migrated.schema() == fresh.schema())
    #expect(try migrated.pragma("user_version") == "\(Schema.version)")
    #expect(try migrated.pragma("foreign_key_check") == nil && migrated.pragma("integrity_check") == "ok")
  }
}
