import Testing
import XML
import XMPP

@testable import Storage

/// Pages: all rows once, in order, within their limits.
@Suite struct PageTests {
  /// In the order of their bytes.
  private let owners = ["a@x.example", "b@x.example", "c@w.example", "d@x.example"].map { Owner.account(JID($0)!) }

  /// In the archive three owners have the rows "a1" to "c3", and one has none.
  private func store(_ backend: Backend) throws -> Store {
    let store = try Store(backend)
    try store.commit(owners.reversed().map { .put(AccountRoot(Int64($0.jid.local.count)), of: $0.jid) })
    for owner in owners where owner != owners[1] {
      try store.commit(
        (1...3).flatMap { number in ["c", "a", "b"].map { put(owner, $0, number, $0 == "b" ? nil : "line") } })
    }
    return store
  }
  private func put(_ owner: Owner, _ thread: Text, _ number: Int64, _ line: Text?) -> Change {
    .put("archive", owner, [.text(thread), .integer(number), .text(line)])
  }
  private let archive = ["a1", "a2", "a3", "b1", "b2", "b3", "c1", "c2", "c3"]

  /// Owner, thread and number of each row in one word.
  private func words(_ entries: [Page.Entry]) -> [String] {
    entries.map { entry in
      guard case .text(let thread) = entry.values[0], case .integer(let number) = entry.values[1] else { return "?" }
      return "\(entry.owner.local)\(thread)\(number)"
    }
  }
  private func rows(of owners: String...) -> [String] { owners.flatMap { owner in archive.map { owner + $0 } } }

  @Test(arguments: Backend.allCases) func pagesHoldAllRowsOnceInOrder(_ backend: Backend) throws {
    let store = try store(backend)
    let cases: [(RowQuery.Scope, [String])] = [
      (.everywhere, rows(of: "a", "c", "d")), (.domain("x.example"), rows(of: "a", "d")), (.domain("w.example"), rows(of: "c")),
      (.domain("example"), []), (.domain("a@x.example"), []), (.owner(owners[3]), rows(of: "d")), (.owner(owners[1]), []),
      (.owner(Owner.room(owners[3].jid)), []), (.owner(.account(JID("nobody@x.example")!)), []),
    ]
    for (scope, expected) in cases {
      for isDescending in [false, true] {
        let expected = isDescending ? expected.reversed() : expected
        for limit in [nil, 1, 2, 5, 9, 100] {
          let walk = try store.walk(RowQuery("archive", scope, isDescending: isDescending, rows: limit))
          #expect(words(walk.entries) == expected, "\(scope) \(limit ?? 0) \(isDescending)")
          // A full page says whether there is more, and never leads to an empty one.
          #expect(walk.pages == limit.map { max(1, (expected.count + $0 - 1) / $0) } ?? 1)
        }
      }
    }
  }

  @Test(arguments: Backend.allCases) func ownersThemselvesComeInPages(_ backend: Backend) throws {
    let store = try store(backend)
    let all = owners.map(\.jid)
    for limit in [1, 2, 3, 4] {
      #expect(try store.walk(RowQuery("account", .everywhere, rows: limit)).entries.map(\.owner) == all)
      #expect(try store.walk(RowQuery("account", .everywhere, isDescending: true, rows: limit)).entries.map(\.owner) == all.reversed())
      #expect(try store.walk(RowQuery("account", .domain("x.example"), rows: limit)).entries.map(\.owner) == [all[0], all[1], all[3]])
    }
    try store.commit(["b", "a", "c"].map { .put("site", Owner(.host, JID("\($0).example")!), [.text("w"), .integer(1)]) })
    #expect(try store.walk(RowQuery("site", .everywhere, rows: 1)).entries.map(\.owner.text) == ["a.example", "b.example", "c.example"])
    #expect(try store.walk(RowQuery("site", .domain("b.example"))).entries.map(\.owner.text) == ["b.example"])
  }

  @Test(arguments: Backend.allCases) func bytesBoundAPageButNotItsFirstRow(_ backend: Backend) throws {
    let store = try store(backend)
    func mail(_ number: Int64, _ count: Int) -> [ColumnValue] {
      [.integer(number), .xml(Element("m", "jabber:client")), .texts([]), .bytes(.init(repeating: 7, count: count)), .null]
    }
    let rows = [mail(1, 100), mail(2, 100), mail(3, 5000), mail(4, 100)]
    try store.commit(rows.map { .put("mail", owners[0], $0) })
    let small = rows[0].reduce(0) { $0 + $1.weight }
    let cases: [(Int?, [Int])] = [
      (nil, [4]), (0, [1, 1, 1, 1]), (2 * small - 1, [1, 1, 1, 1]), (2 * small, [2, 1, 1]), (5000 + 4 * small, [4]),
    ]
    for (limit, counts) in cases {
      var query = RowQuery("mail", .owner(owners[0]))
      query.byteLimit = limit
      var found: [Int] = []
      repeat {
        let page = try store.page(query)
        found.append(page.entries.count)
        query.after = page.next(of: TableCatalog.contract["mail"]!)
      } while query.after != nil && found.count < 9
      #expect(found == counts, "\(limit ?? -1)")
    }
  }

  /// A cursor is a place, not a row: it holds when its row, or its owner, is gone, and rows that come behind it are seen.
  @Test(arguments: Backend.allCases) func rowsChangeBetweenPages(_ backend: Backend) throws {
    let store = try store(backend)
    let table = TableCatalog.contract["archive"]!
    var query = RowQuery("archive", .everywhere, rows: 5)
    let first = try store.page(query)
    #expect(words(first.entries) == ["aa1", "aa2", "aa3", "ab1", "ab2"] && first.hasMore)
    query.after = first.next(of: table)
    try store.commit([
      .delete("archive", owners[0], key: [.text("b")]), put(owners[0], "a", 9, nil), put(owners[0], "b", 4, nil),
      put(owners[1], "z", 1, nil),
    ])
    let second = try store.page(query)
    #expect(words(second.entries) == ["ab4", "ac1", "ac2", "ac3", "bz1"])
    query.after = second.next(of: table)
    try store.commit([.deleteOwner(owners[1]), .deleteOwner(owners[2])])
    #expect(words(try store.walk(query).entries) == rows(of: "d"))
    query.isDescending = true
    #expect(words(try store.walk(query).entries) == ["ac3", "ac2", "ac1", "ab4", "aa9", "aa3", "aa2", "aa1"])
  }

  /// A cursor of one owner in a question about another: all of it or nothing.
  @Test(arguments: Backend.allCases) func aCursorMayStandInAnotherOwner(_ backend: Backend) throws {
    let store = try store(backend)
    var query = RowQuery("archive", .owner(owners[2]))
    for (place, owner) in owners.enumerated() where place != 2 {
      for isDescending in [false, true] {
        query.isDescending = isDescending
        query.after = RowQuery.Cursor(owner: owner.jid, key: [.text("b"), .integer(2)])
        #expect(try store.page(query).entries.count == ((place < 2) != isDescending ? 9 : 0))
      }
    }
    query = RowQuery("archive", .domain("x.example"))
    query.after = RowQuery.Cursor(owner: owners[2].jid, key: [.text("b"), .integer(2)])
    #expect(words(try store.page(query).entries) == rows(of: "d"))
  }

  @Test(arguments: Backend.allCases) func rangesAndFiltersChoose(_ backend: Backend) throws {
    let store = try store(backend)
    func found(_ range: KeyRange, _ filters: [RowQuery.Filter] = [], _ scope: RowQuery.Scope, _ limit: Int) throws -> [String] {
      var query = RowQuery("archive", scope, rows: limit)
      (query.range, query.filters) = (range, filters)
      return words(try store.walk(query).entries)
    }
    let none = RowQuery.Filter(column: 2, value: .null)
    let two = RowQuery.Filter(column: 1, value: .integer(2))
    let middle = KeyRange(from: [.text("a"), .integer(3)], through: [.text("b")])
    for limit in [1, 2, 100] {
      #expect(try found(.all, [none], .owner(owners[0]), limit) == ["ab1", "ab2", "ab3"])
      #expect(try found(.all, [none, two], .everywhere, limit) == ["ab2", "cb2", "db2"])
      #expect(try found(.all, [.init(column: 2, value: .text("line")), two], .domain("w.example"), limit) == ["ca2", "cc2"])
      #expect(try found(.all, [.init(column: 0, value: .text("B"))], .everywhere, limit) == [])
      #expect(try found(middle, [], .domain("x.example"), limit) == ["aa3", "ab1", "ab2", "ab3", "da3", "db1", "db2", "db3"])
      #expect(try found(middle, [two], .everywhere, limit) == ["ab2", "cb2", "db2"])
    }
  }

  /// Tables have columns of the same name: those of the table that is asked for are meant.
  @Test(arguments: Backend.allCases) func columnsBelongToTheirTable(_ backend: Backend) throws {
    let store = try store(backend)
    let stanza = ColumnValue.xml(Element("m", "jabber:client"))
    let contacts = ["k", "l"].map { JID($0)! }
    try store.commit(
      contacts.enumerated().map { index, jid in
        .put(
          "full", owners[0],
          [.jid(jid), .integer(Int64(index)), .text("w"), .null, .texts(["t"]), .jid(jid), .bytes([UInt8(index)]), stanza, .null])
      })
    let row = TableCatalog.contract["full"]!.allColumns.enumerated()
    for (column, _) in row {
      let values = try store.page(RowQuery("full", .everywhere)).entries.map { $0.values[column] }
      var query = RowQuery("full", .everywhere)
      query.filters = [.init(column: column, value: values[0])]
      #expect(try store.page(query).entries.count == (values[0] == values[1] ? 2 : 1), "\(column)")
    }
    var query = RowQuery("full", .owner(owners[0]))
    query.range = KeyRange(from: [.jid(contacts[1])], through: [.jid(contacts[1])])
    #expect(try store.page(query).entries.map { $0.values[0] } == [.jid(contacts[1])])
  }
}
