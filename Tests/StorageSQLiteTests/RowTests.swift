import SASL
import ServerCore
import Storage
import StorageSQLite
import Testing
import XML
import XMPP

/// The server's own tables in a database: everything that was stored comes back.
@Suite struct RowTests {
  let folder = TemporaryFolder()
  let romeo = JID("romeo@example.org")!
  let juliet = JID("juliet@example.org")!
  let room = JID("balcony@conference.example.org")!

  private func open() throws -> SQLiteStorage { try SQLiteStorage(path: folder.database, .server) }

  @Test func anAccountAndAllThatBelongsToItComesBack() throws {
    let request = Element("presence", "jabber:client", ["type": "subscribe", "from": "a@b"], text: "l'amour & <so> on\u{212B}")
    let items = [
      RosterItem(
        jid: JID("a@b")!, name: "\u{212B}\n\"x\"", groups: ["B", "A", "\u{C5}", "\u{212B}"], subscription: .both, isPendingOut: true),
      RosterItem(jid: JID("c@d")!, subscription: .from, request: request, isInRoster: false),
    ]
    let blocked = [JID("z.example")!, JID("a@b/c")!]
    try open().commit(
      account(romeo, isDisabled: true), items.reversed().map { .put($0, of: romeo) },
      blocked.map { .put(BlockedAddress(jid: $0), of: romeo) })
    let rows = try #require(try open().rows(.account(romeo)))
    #expect(try rows.root(AccountRow.self) == AccountRow(isDisabled: true))
    #expect(try rows.rows(ScramCredentials.self) == record(romeo).credentials)
    #expect(try rows.rows(RosterItem.self) == items)
    #expect(try rows.rows(BlockedAddress.self).map(\.jid) == blocked.reversed())
    #expect(rows.summary(OfflineMessage.self) == OwnerRows.Summary(table: "offline", rowCount: 0, bytes: 0, lastKey: nil))
    #expect(try open().answer(.account(juliet)) == .owner(nil))
  }

  @Test func rowsReplaceAndGo() throws {
    let storage = try open()
    let contact = JID("a@b")!
    try storage.commit(account(romeo), [.put(RosterItem(jid: contact, groups: ["A", "B"]), of: romeo)])
    try storage.commit(
      account(romeo, salt: 9),
      [.put(RosterItem(jid: contact, groups: ["C"]), of: romeo), .put(BlockedAddress(jid: contact), of: romeo)])
    let changed = try #require(storage.rows(.account(romeo)))
    #expect(try changed.rows(ScramCredentials.self) == record(romeo, salt: 9).credentials)
    #expect(try changed.rows(RosterItem.self) == [RosterItem(jid: contact, groups: ["C"])])
    try storage.commit([
      .delete(RosterItem.self, key: .jid(contact), of: romeo), .deleteRange(BlockedAddress.self, .all, of: romeo),
    ])
    var expected = MemoryDatabase(.server)
    expected.apply(account(romeo, salt: 9))
    #expect(try storage.answer(.account(romeo)) == expected.answer(.account(romeo)))
  }

  private func message(_ text: Text) -> Element {
    var message = Element("message", "jabber:client", ["from": "a@b/c"])
    message.append("body", "jabber:client", text: text)
    message.append("delay", "urn:xmpp:delay", ["stamp": "2026-01-01T00:00:00Z"])
    return message
  }

  @Test func storedMessagesKeepTheirOrderAndTheirNumbers() throws {
    let storage = try open()
    let all = (1...3).map { OfflineMessage(sequence: $0, stanza: message(Text("\($0)"))) }
    try storage.commit(account(romeo))
    try storage.commit(all.map { (CommitID(UInt64($0.sequence)), [.put($0, of: romeo)]) })
    let summary = try #require(storage.rows(.account(romeo))).summary(OfflineMessage.self)
    let bytes = all.reduce(0) { $0 + $1.stanza.stored.count }
    #expect(summary == OwnerRows.Summary(table: "offline", rowCount: 3, bytes: bytes, lastKey: [.integer(3)]))
    try storage.commit([.deleteRange(OfflineMessage.self, .through(.integer(2)), of: romeo)])
    #expect(try storage.page(RowQuery(OfflineMessage.self, of: romeo), OfflineMessage.self).map(\.row) == [all[2]])
    #expect(try storage.page(RowQuery(OfflineMessage.self, of: juliet), OfflineMessage.self).isEmpty)
  }

  @Test func aMessageLargerThanAnyLimitOfAStreamIsReadBack() throws {
    let storage = try open()
    let big = OfflineMessage(sequence: 1, stanza: Element("message", "jabber:client", text: Text(String(repeating: "&", count: 400_000))))
    try storage.commit(account(romeo), [.put(big, of: romeo)])
    #expect(try storage.page(RowQuery(OfflineMessage.self, of: romeo), OfflineMessage.self).map(\.row) == [big])
  }

  @Test func aRoomAndItsAffiliationsComeBack() throws {
    let form = Element(
      "x", "jabber:x:data", ["type": "submit"],
      children: [
        Element("field", "jabber:x:data", ["var": "muc#roomconfig_roomname"], children: [Element("value", "jabber:x:data", text: "B")])
      ])
    let subject = Element("message", "jabber:client", ["type": "groupchat"], children: [Element("subject", "jabber:client", text: "dawn")])
    let row = RoomRow(name: "B", isPublic: true, configuration: form, subject: subject)
    let list = [
      AffiliationRow(jid: juliet, affiliation: "owner", nick: "J"), AffiliationRow(jid: romeo, affiliation: "outcast", reason: "noise"),
    ]
    let storage = try open()
    try storage.commit([.put(row, of: room)], list.reversed().map { .put($0, of: room) })
    let rows = try #require(storage.rows(.room(room)))
    #expect(try rows.root(RoomRow.self) == row && rows.rows(AffiliationRow.self) == list)
    #expect(try storage.page(RoomRow.listed(at: "conference.example.org"), RoomRow.self).map(\.owner) == [room])
    #expect(try storage.page(RoomRow.listed(at: "other.example.org"), RoomRow.self).isEmpty)

    let hidden = RoomRow(name: "B", isPublic: false, configuration: form, subject: nil)
    try storage.commit([.put(hidden, of: room), .delete(AffiliationRow.self, key: .jid(romeo), of: room)])
    let changed = try #require(storage.rows(.room(room)))
    #expect(try changed.root(RoomRow.self) == hidden && changed.rows(AffiliationRow.self) == [list[0]])
    #expect(try storage.page(RoomRow.listed(at: "conference.example.org"), RoomRow.self).isEmpty)
    try storage.commit([.deleteOwner(.room(room)), .put(hidden, of: room)])
    #expect(try #require(storage.rows(.room(room))).rows(AffiliationRow.self).isEmpty)
  }

  @Test func anAccountMadeAnewHasNothingOfTheOldOne() throws {
    let storage = try open()
    try storage.commit(
      account(romeo), [.put(RosterItem(jid: juliet, groups: ["A"]), of: romeo), .put(BlockedAddress(jid: juliet), of: romeo)],
      [.put(OfflineMessage(sequence: 7, stanza: message("7")), of: romeo)])
    try storage.commit([.deleteOwner(.account(romeo)), .put(RosterItem(jid: juliet), of: romeo)])
    #expect(try storage.answer(.account(romeo)) == .owner(nil))
    try storage.commit(account(romeo, salt: 5))
    var expected = MemoryDatabase(.server)
    expected.apply(account(romeo, salt: 5))
    #expect(try storage.answer(.account(romeo)) == expected.answer(.account(romeo)))
  }

  /// With an account go the rooms that it leaves without anybody; others stay, also without an owner.
  @Test func roomsGoWithTheLastOfThoseWhoBelongToThem() throws {
    let storage = try open()
    try storage.commit(account(romeo), account(juliet))
    let rooms = ["a", "b", "c", "d"].map { JID("\($0)@conference.example.org")! }
    for room in rooms {
      try storage.commit([
        .put(RoomRow(name: "", isPublic: true, configuration: DataForm(.submit).element, subject: nil), of: room),
        .put(AffiliationRow(jid: romeo, affiliation: room == rooms[3] ? "outcast" : "owner"), of: room),
      ])
    }
    try storage.commit([
      .put(AffiliationRow(jid: juliet, affiliation: "outcast"), of: rooms[1]),
      .put(AffiliationRow(jid: juliet, affiliation: "member"), of: rooms[2]),
      .put(AffiliationRow(jid: juliet, affiliation: "owner"), of: rooms[3]), .deleteOwner(.account(romeo)),
    ])
    #expect(try storage.page(RoomRow.listed(at: "conference.example.org"), RoomRow.self).map(\.owner) == [rooms[2], rooms[3]])
  }
}
