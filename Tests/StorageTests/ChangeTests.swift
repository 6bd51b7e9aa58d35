import Testing
import XML
import XMPP

@testable import Storage

let romeo = Owner.account(JID("romeo@example.org")!)
let juliet = Owner.account(JID("juliet@example.org")!)
let balcony = Owner.room(JID("balcony@rooms.example.org")!)
let host = Owner(.host, JID("example.org")!)

/// The effects of changes, seen in complete answers.
@Suite struct ChangeTests {
  private static let hostile: [Text] = [
    "", "'", "\"", "\\", "\u{1}", "\u{7F}", "[\"a\",null]", "{}", "\u{D7FF}\u{E000}", "\u{FFFD}\u{FFFE}\u{FFFF}\u{10000}\u{10FFFF}",
    "\u{212B}", "\u{C5}", "A\u{30A}", "'); DROP TABLE account; --", "%_?1:a@b$c",
  ]

  private func full(_ jid: JID, _ number: Int64 = 0, _ word: Text = "", _ list: [Text] = [], maybe: Text? = nil) -> [ColumnValue] {
    let stanza = Element("message", "jabber:client", ["a": "<&\"'"], text: Text(word.string.filter { $0 == "'" || $0.isLetter }))
    return [
      .jid(jid), .integer(number), .text(word), .text(maybe), .texts(list), .jid(jid), .bytes([]), .xml(stanza),
      .xml(maybe.map { _ in stanza }),
    ]
  }

  @Test(arguments: Backend.allCases) func everyValueComesBack(_ backend: Backend) throws {
    let store = try Store(backend)
    // In the order of their bytes: a full stop comes before a slash, and a slash before a digit.
    let jids = ["a.b", "a/b", "a0", "u@a.b", "u@a.b/'", "u@a.b/\u{212B}"].map { JID($0)! }
    var rows = jids.enumerated().map { full($1, $0 == 0 ? .min : .max, "", $0 == 1 ? [""] : []) }
    rows += Self.hostile.enumerated().map { full(JID("v\(10 + $0)@x")!, Int64($0), $1, Self.hostile, maybe: $1) }
    let big = Element("message", "jabber:client", text: Text(String(repeating: "&", count: 300_000)))
    rows.append([
      .jid(JID("w@x")!), .integer(0), .text(""), .null, .texts(["", ""]), .jid(JID("x")!), .bytes([0, 255]), .xml(big), .xml(big),
    ])
    try store.commit([.put(AccountRoot(.min, note: "'"), of: romeo.jid)] + rows.reversed().map { .put("full", romeo, $0) })
    #expect(try store.loaded("full", romeo) == rows)
    #expect(try store.loaded("account", romeo) == [[.integer(.min), .text("'")]])
  }

  @Test(arguments: Backend.allCases) func textsThatLookAlikeAreDifferentKeys(_ backend: Backend) throws {
    let store = try Store(backend)
    try store.commit(Self.hostile.enumerated().map { .put("mark", romeo, [.text($1), .integer(Int64($0))]) })
    let sorted = Self.hostile.enumerated().sorted { $0.element.string.utf8.lexicographicallyPrecedes($1.element.string.utf8) }
    #expect(try store.loaded("mark", romeo) == sorted.map { [.text($0.element), .integer(Int64($0.offset))] })
    for (index, text) in Self.hostile.enumerated() {
      var query = RowQuery("mark", .owner(romeo))
      query.range = KeyRange(from: [.text(text)], through: [.text(text)])
      #expect(try store.page(query).entries.map(\.values) == [[.text(text), .integer(Int64(index))]])
    }
  }

  private func pairs(_ store: Store) throws -> [String] {
    try (store.loaded("pair", romeo) ?? []).map {
      guard case .integer(let major) = $0[0], case .text(let minor) = $0[1], case .integer(let value) = $0[2] else { return "?" }
      return "\(major)\(minor)\(value)"
    }
  }
  private static let grid: [Change] = (1...3).flatMap { major in
    (["c", "a", "b"] as [Text]).map { .put("pair", romeo, [.integer(major), .text($0), .integer(0)]) }
  }

  @Test(arguments: Backend.allCases) func rowsReplaceAndGo(_ backend: Backend) throws {
    let store = try Store(backend)
    try store.commit([.put(AccountRoot(1), of: romeo.jid)] + Self.grid)
    #expect(try pairs(store) == ["1a0", "1b0", "1c0", "2a0", "2b0", "2c0", "3a0", "3b0", "3c0"])
    try store.commit([
      .put("pair", romeo, [.integer(2), .text("b"), .integer(7)]), .delete("pair", romeo, key: [.integer(1), .text("b")]),
      .delete("pair", romeo, key: [.integer(3)]), .delete("pair", romeo, key: [.integer(9)]),
      .put(AccountRoot(2, note: "n"), of: romeo.jid),
    ])
    #expect(try pairs(store) == ["1a0", "1c0", "2a0", "2b7", "2c0"])
    #expect(try store.loaded("account", romeo) == [[.integer(2), .text("n")]])
    try store.commit([.delete("pair", romeo, key: [])])
    #expect(try pairs(store) == [])
  }

  @Test(arguments: Backend.allCases) func rangesIncludeBothEndsAndAllKeysThatBeginSo(_ backend: Backend) throws {
    let store = try Store(backend)
    let cases: [(KeyRange, [String])] = [
      (.all, []),
      (KeyRange(from: [.integer(2)]), ["1a0", "1b0", "1c0"]),
      (KeyRange(through: [.integer(2)]), ["3a0", "3b0", "3c0"]),
      (KeyRange(from: [.integer(2)], through: [.integer(2)]), ["1a0", "1b0", "1c0", "3a0", "3b0", "3c0"]),
      (KeyRange(from: [.integer(1), .text("b")], through: [.integer(3), .text("a")]), ["1a0", "3b0", "3c0"]),
      (KeyRange(from: [.integer(1), .text("bb")], through: [.integer(2)]), ["1a0", "1b0", "3a0", "3b0", "3c0"]),
      (KeyRange(from: [.integer(3)], through: [.integer(1)]), ["1a0", "1b0", "1c0", "2a0", "2b0", "2c0", "3a0", "3b0", "3c0"]),
      (KeyRange(from: [], through: [.integer(1)]), ["2a0", "2b0", "2c0", "3a0", "3b0", "3c0"]),
    ]
    let all = Set(["1a0", "1b0", "1c0", "2a0", "2b0", "2c0", "3a0", "3b0", "3c0"])
    for (range, left) in cases {
      try store.commit([.deleteOwner(romeo), .put(AccountRoot(1), of: romeo.jid)] + Self.grid)
      var query = RowQuery("pair", .owner(romeo))
      query.range = range
      #expect(try store.page(query).entries.count == all.count - left.count)
      try store.commit([.deleteRange("pair", romeo, range)])
      #expect(try pairs(store) == left, "\(range)")
    }
  }

  @Test(arguments: Backend.allCases) func rowsOfOwnersThatAreNotThereAreNotStored(_ backend: Backend) throws {
    let store = try Store(backend)
    try store.commit(Self.grid + [.put("visit", balcony, [.jid(romeo.jid), .integer(1), .integer(1)])])
    #expect(try store.owner(romeo) == nil && store.owner(balcony) == nil)
    try store.commit([.put(AccountRoot(1), of: romeo.jid), .deleteOwner(romeo)] + Self.grid)
    #expect(try store.owner(romeo) == nil)
    #expect(try store.page(RowQuery("pair", .everywhere)).entries.isEmpty)
  }

  @Test(arguments: Backend.allCases) func someRowsOutliveTheirOwner(_ backend: Backend) throws {
    let store = try Store(backend)
    let mark: [ColumnValue] = [.text("m"), .integer(1)]
    try store.commit([.put("mark", romeo, mark)])
    let alone = OwnerRows(romeo, tables: [TableRows(table: "mark", rows: [mark]), TableRows(table: "grudge", rows: [])])
    #expect(try store.owner(romeo) == alone)
    #expect(!alone.isThere(in: .contract) && TableCatalog.contract.problem(of: .owner(alone)) == nil)
    #expect(try store.page(RowQuery("mark", .domain("example.org"))).entries == [Page.Entry(owner: romeo.jid, values: mark)])
    #expect(try store.page(RowQuery("mark", .domain("romeo@example.org"))).entries.isEmpty)
    try store.commit([.put(AccountRoot(1), of: romeo.jid)] + Self.grid)
    let whole = try #require(try store.owner(romeo))
    #expect(whole.tables.map(\.table) == ["account", "full", "pair", "mark", "grudge", "bookmark"] && whole.isThere(in: .contract))
    try store.commit([.deleteOwner(romeo)])
    #expect(try store.owner(romeo) == alone)
    try store.commit([.delete("mark", romeo, key: [.text("m")])])
    #expect(try store.owner(romeo) == nil)
  }

  @Test(arguments: Backend.allCases) func anEmptyHostIsThere(_ backend: Backend) throws {
    let store = try Store(backend)
    let empty = OwnerRows(
      host, tables: [TableRows(table: "site", rows: []), TableRows(table: "guest", rows: [])],
      summaries: [OwnerRows.Summary(table: "log", rowCount: 0, bytes: 0, lastKey: nil)])
    #expect(try store.owner(host) == empty)
    try store.commit([.put("site", host, [.text("a"), .integer(1)])])
    #expect(try store.loaded("site", host) == [[.text("a"), .integer(1)]])
    try store.commit([.deleteOwner(host)])
    #expect(try store.owner(host) == empty)
  }

  @Test(arguments: Backend.allCases) func aDeletedOwnerIsNamedNowhere(_ backend: Backend) throws {
    let store = try Store(backend)
    let rooms = (0..<4).map { Owner.room(JID("r\($0)@rooms.example.org")!) }
    func member(_ room: Owner, _ owner: Owner, _ rank: Text) -> Change { .put("member", room, [.jid(owner.jid), .text(rank)]) }
    try store.commit([.put(AccountRoot(1), of: romeo.jid), .put(AccountRoot(2), of: juliet.jid)])
    try store.commit(rooms.map { .put("room", $0, [.integer(1)]) })
    try store.commit([
      member(rooms[0], romeo, "owner"), member(rooms[1], romeo, "owner"), member(rooms[1], juliet, "outcast"),
      member(rooms[2], romeo, "outcast"), member(rooms[2], juliet, "member"), member(rooms[3], juliet, "outcast"),
    ])
    for room in rooms[2...] {
      try store.commit(
        [romeo, juliet].flatMap { owner in
          (1...2).map { .put("visit", room, [.jid(owner.jid), .integer($0), .integer(0)]) }
        })
    }
    for owner in [romeo, juliet] {
      try store.commit([
        .put("guest", host, [.jid(owner.jid), .integer(1)]), .put("grudge", juliet, [.jid(owner.jid), .integer(1)]),
      ])
    }
    try store.commit([.deleteOwner(romeo)])
    #expect(try store.page(RowQuery("room", .everywhere)).entries.map(\.owner) == [rooms[2].jid, rooms[3].jid])
    #expect(try store.loaded("member", rooms[2]) == [[.jid(juliet.jid), .text("member")]])
    #expect(try store.loaded("member", rooms[3]) == [[.jid(juliet.jid), .text("outcast")]])
    #expect(try store.page(RowQuery("visit", .everywhere)).entries.count == 4)
    #expect(try store.loaded("guest", host) == [[.jid(juliet.jid), .integer(1)]])
    #expect(try store.loaded("grudge", juliet) == [[.jid(juliet.jid), .integer(1)]])
    #expect(try store.owner(romeo) == nil && store.loaded("account", juliet)?.count == 1)
  }

  /// A room that goes with its last member is forgotten as one that is deleted.
  @Test(arguments: Backend.allCases) func anOwnerThatGoesWithAnotherIsNamedNowhere(_ backend: Backend) throws {
    let store = try Store(backend)
    try store.commit([
      .put(AccountRoot(1), of: romeo.jid), .put(AccountRoot(2), of: juliet.jid), .put("room", balcony, [.integer(1)]),
      .put("member", balcony, [.jid(romeo.jid), .text("owner")]), .put("bookmark", juliet, [.jid(balcony.jid), .integer(1)]),
      .put("bookmark", juliet, [.jid(romeo.jid), .integer(2)]), .deleteOwner(romeo),
    ])
    #expect(try store.owner(balcony) == nil)
    #expect(try store.loaded("bookmark", juliet) == [[.jid(romeo.jid), .integer(2)]])
  }

  /// The row of a root is its owner, however it is deleted.
  @Test(arguments: Backend.allCases) func anOwnerGoesWithItsRootRow(_ backend: Backend) throws {
    for change in [Change.delete("account", romeo, key: []), .deleteRange("account", romeo, .all)] {
      let store = try Store(backend)
      try store.commit([
        .put(AccountRoot(1), of: romeo.jid), .put("guest", host, [.jid(romeo.jid), .integer(1)]),
        .put("mark", romeo, [.text(""), .integer(1)]),
      ])
      try store.commit(Self.grid + [change])
      #expect(try store.owner(romeo).map { $0.isThere(in: .contract) } == false)
      #expect(try store.page(RowQuery("pair", .everywhere)).entries.isEmpty && store.loaded("guest", host) == [])
    }
  }

  @Test(arguments: Backend.allCases) func summariesCountWhatIsThere(_ backend: Backend) throws {
    let store = try Store(backend)
    let stanza = Element("message", "jabber:client", text: "\u{212B}&")
    let rows: [[ColumnValue]] = [
      [.integer(-5), .xml(stanza), .texts([]), .bytes([]), .null],
      [.integer(2), .xml(stanza), .texts(["", "\u{212B}\""]), .bytes([1]), .text("é")],
    ]
    try store.commit([.put(AccountRoot(1), of: romeo.jid)] + rows.reversed().map { .put("mail", romeo, $0) })
    let bytes = rows.flatMap { $0.dropFirst() }.reduce(0) { $0 + $1.weight }
    #expect(try store.owner(romeo)?.summaries == [.init(table: "mail", rowCount: 2, bytes: bytes, lastKey: [.integer(2)])])
    try store.commit([.deleteRange("mail", romeo, .all)])
    #expect(try store.owner(romeo)?.summaries == [.init(table: "mail", rowCount: 0, bytes: 0, lastKey: nil)])
  }
}
