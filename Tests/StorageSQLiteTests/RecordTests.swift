import ServerCore
import StorageSQLite
import Testing
import XML
import XMPP

@Suite struct RecordTests {
  let folder = TemporaryFolder()
  let romeo = JID("romeo@example.org")!
  let juliet = JID("juliet@example.org")!
  let room = JID("balcony@conference.example.org")!

  private func open() throws -> SQLiteStorage { try SQLiteStorage(path: folder.database) }

  @Test func anAccountAndAllThatBelongsToItComesBack() throws {
    let request = Element("presence", "jabber:client", ["type": "subscribe", "from": "a@b"], text: "l'amour & <so> on\u{212B}")
    let items = [
      RosterItem(jid: JID("a@b")!, name: "\u{212B}\n\"x\"", groups: ["B", "A", "\u{C5}", "\u{212B}"], subscription: .both, isAsking: true),
      RosterItem(jid: JID("c@d")!, subscription: .from, request: request, isListed: false),
    ]
    let blocked = [JID("z.example")!, JID("a@b/c")!]
    try open().commit(
      .account(account(romeo, isDisabled: true)), .rosterItem(owner: romeo, items[1]), .rosterItem(owner: romeo, items[0]),
      .blocklist(owner: romeo, blocked))
    let expected = AccountSnapshot(
      record: account(romeo, isDisabled: true), roster: items, blocklist: blocked, offlineCount: 0, lastOffline: 0)
    #expect(try open().load(.account(romeo)) == .account(expected))
    #expect(try open().load(.account(juliet)) == .account(nil))
  }

  @Test func recordsReplaceAndDelete() throws {
    let storage = try open()
    let contact = JID("a@b")!
    try storage.commit(.account(account(romeo)), .rosterItem(owner: romeo, RosterItem(jid: contact, groups: ["A", "B"])))
    try storage.commit(
      .account(account(romeo, salt: 9)), .rosterItem(owner: romeo, RosterItem(jid: contact, groups: ["C"])),
      .blocklist(owner: romeo, [contact]))
    guard case .account(let changed?) = storage.load(.account(romeo)) else { return #expect(Bool(false)) }
    #expect(changed.record == account(romeo, salt: 9))
    #expect(changed.roster == [RosterItem(jid: contact, groups: ["C"])])
    try storage.commit(.deleteRosterItem(owner: romeo, contact: contact), .blocklist(owner: romeo, []))
    let bare = AccountSnapshot(record: account(romeo, salt: 9), roster: [], blocklist: [], offlineCount: 0, lastOffline: 0)
    #expect(storage.load(.account(romeo)) == .account(bare))
  }

  @Test func offlineMessagesKeepTheirOrderAndTheirNumbers() throws {
    let storage = try open()
    func message(_ text: Text) -> Element {
      var message = Element("message", "jabber:client", ["from": "a@b/c"])
      message.append("body", "jabber:client", text: text)
      message.append("delay", "urn:xmpp:delay", ["stamp": "2026-01-01T00:00:00Z"])
      return message
    }
    try storage.commit(.account(account(romeo)))
    try storage.commit([
      (2, [.offline(owner: romeo, sequence: 1, message("1"))]), (3, [.offline(owner: romeo, sequence: 2, message("2"))]),
      (4, [.offline(owner: romeo, sequence: 3, message("3"))]),
    ])
    try storage.commit(.deleteOffline(owner: romeo, through: 2))
    #expect(storage.load(.offline(romeo)) == .offline([OfflineMessage(sequence: 3, stanza: message("3"))]))
    try storage.commit(.deleteOffline(owner: romeo, through: 3))
    guard case .account(let snapshot?) = storage.load(.account(romeo)) else { return #expect(Bool(false)) }
    #expect(snapshot.offlineCount == 0)
    #expect(snapshot.lastOffline == 3)
    #expect(storage.load(.offline(juliet)) == .offline([]))
  }

  @Test func aMessageLargerThanAnyLimitOfAStreamIsReadBack() throws {
    let storage = try open()
    let big = Element("message", "jabber:client", text: Text(String(repeating: "&", count: 400_000)))
    try storage.commit(.account(account(romeo)), .offline(owner: romeo, sequence: 1, big))
    #expect(storage.load(.offline(romeo)) == .offline([OfflineMessage(sequence: 1, stanza: big)]))
  }

  @Test func aRoomAndItsAffiliationsComeBack() throws {
    let form = Element(
      "x", "jabber:x:data", ["type": "submit"],
      children: [
        Element("field", "jabber:x:data", ["var": "muc#roomconfig_roomname"], children: [Element("value", "jabber:x:data", text: "B")])
      ])
    let subject = Element("message", "jabber:client", ["type": "groupchat"], children: [Element("subject", "jabber:client", text: "dawn")])
    let record = RoomRecord(jid: room, name: "B", isPublic: true, configuration: form, subject: subject)
    let entries = [
      RoomSnapshot.Entry(jid: juliet, record: AffiliationRecord(affiliation: "owner", nick: "J", reason: nil)),
      RoomSnapshot.Entry(jid: romeo, record: AffiliationRecord(affiliation: "outcast", nick: nil, reason: "noise")),
    ]
    let storage = try open()
    try storage.commit(
      .room(record), .affiliation(room: room, jid: romeo, entries[1].record), .affiliation(room: room, jid: juliet, entries[0].record))
    #expect(storage.load(.room(room)) == .room(RoomSnapshot(record: record, affiliations: entries)))
    #expect(storage.load(.rooms("conference.example.org")) == .rooms([RoomListing(jid: room, name: "B")]))
    #expect(storage.load(.rooms("other.example.org")) == .rooms([]))

    var hidden = record
    hidden.isPublic = false
    hidden.subject = nil
    try storage.commit(.room(hidden), .affiliation(room: room, jid: romeo, nil))
    #expect(storage.load(.room(room)) == .room(RoomSnapshot(record: hidden, affiliations: [entries[0]])))
    #expect(storage.load(.rooms("conference.example.org")) == .rooms([]))
    try storage.commit(.deleteRoom(room), .room(hidden))
    #expect(storage.load(.room(room)) == .room(RoomSnapshot(record: hidden, affiliations: [])))
  }

  @Test func anAccountMadeAnewHasNothingOfTheOldOne() throws {
    let storage = try open()
    try storage.commit(
      .account(account(romeo)), .rosterItem(owner: romeo, RosterItem(jid: juliet, groups: ["A"])), .blocklist(owner: romeo, [juliet]),
      .offline(owner: romeo, sequence: 7, Element("message", "jabber:client")))
    try storage.commit(.deleteAccount(romeo), .rosterItem(owner: romeo, RosterItem(jid: juliet)))
    #expect(storage.load(.account(romeo)) == .account(nil))
    try storage.commit(.account(account(romeo, salt: 5)))
    let fresh = AccountSnapshot(record: account(romeo, salt: 5), roster: [], blocklist: [], offlineCount: 0, lastOffline: 0)
    #expect(storage.load(.account(romeo)) == .account(fresh))
    #expect(storage.load(.accounts) == .accounts([AccountListing(jid: romeo, isDisabled: false)]))
  }

  /// With an account go the rooms that it leaves without anybody; others stay, also without an owner.
  @Test func roomsGoWithTheLastOfThoseWhoBelongToThem() throws {
    let storage = try open()
    try storage.commit(.account(account(romeo)), .account(account(juliet)))
    let rooms = ["a", "b", "c", "d"].map { JID("\($0)@conference.example.org")! }
    let configuration = DataForm(.submit).element
    for room in rooms {
      try storage.commit(
        .room(RoomRecord(jid: room, name: "", isPublic: true, configuration: configuration, subject: nil)),
        .affiliation(room: room, jid: romeo, AffiliationRecord(affiliation: room == rooms[3] ? "outcast" : "owner")))
    }
    try storage.commit(
      .affiliation(room: rooms[1], jid: juliet, AffiliationRecord(affiliation: "outcast")),
      .affiliation(room: rooms[2], jid: juliet, AffiliationRecord(affiliation: "member")),
      .affiliation(room: rooms[3], jid: juliet, AffiliationRecord(affiliation: "owner")), .deleteAccount(romeo))
    #expect(storage.load(.rooms("conference.example.org")) == .rooms([rooms[2], rooms[3]].map { RoomListing(jid: $0, name: "") }))
  }
}
