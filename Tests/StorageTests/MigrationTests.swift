import Testing
import XML
import XMPP

@testable import Storage
@testable import StorageSQLite

/// Tables of earlier versions open without loss.
@Suite struct MigrationTests {
  private static let key = [Column.text("word", .shown)]
  private static let first = [Column.integer("number")]
  private static let added: [(Column, ColumnValue)] = [
    (.integer("count"), .integer(.min)), (.text("note", .shown), .text("it's \u{212B}")), (.text("maybe", .shown, isOptional: true), .null),
    (.texts("list", .shown), .texts(["", "\"'"])), (.bytes("data", .shown), .bytes([0, 255])), (.jid("other"), .jid(romeo.jid)),
    (.xml("stanza"), .xml(Element("message", "jabber:client", text: "'&"))),
  ]
  private static let doubled = StoredTable.Migration.rewrite("UPDATE thing SET number = number * 2, note = note || word")
  /// SQLite can't change a table's constraints: such a table is made anew.
  private static let anew = StoredTable.Migration.rewrite(
    """
    CREATE TABLE other (id INTEGER PRIMARY KEY, jid TEXT NOT NULL UNIQUE, domain TEXT NOT NULL, number INTEGER NOT NULL, note TEXT) STRICT;
    INSERT INTO other SELECT id, jid, domain, number + 1, note FROM account;
    DROP TABLE account; ALTER TABLE other RENAME TO account; CREATE INDEX account_domain ON account (domain, jid);
    """)

  /// The catalogue in which the table `thing` has a version.
  private func catalog(_ version: Int, _ migrations: [StoredTable.Migration] = [], root: [StoredTable.Migration] = []) -> TableCatalog {
    let migrations = version == 1 ? [] : Self.added.map { .addColumn($0, $1) } + (version == 2 ? [] : [Self.doubled]) + migrations
    let columns = Self.first + (version == 1 ? [] : Self.added.map(\.0))
    return TableCatalog([
      .root("account", of: .account, columns: AccountRoot.table.columns, migrations: root),
      StoredTable("thing", owner: .account, key: Self.key, columns: columns, migrations: migrations),
    ])
  }
  private func open(_ folder: Folder, _ catalog: TableCatalog) throws -> SQLiteStorage { try SQLiteStorage(path: folder.database, catalog) }

  private func rows(_ storage: SQLiteStorage) throws -> [[ColumnValue]] {
    guard case .owner(let rows?) = try storage.answer(.owner(romeo)) else { return [] }
    return rows.tables.first { $0.table == "thing" }?.rows ?? []
  }

  /// A database of the first version.
  private func old() throws -> Folder {
    let folder = try Folder()
    try open(folder, catalog(1)).commit([
      (1, [.put(AccountRoot(1), of: romeo.jid)] + (["a", "b"] as [Text]).map { .put("thing", romeo, [.text($0), .integer(21)]) })
    ])
    return folder
  }

  @Test func aColumnIsAddedWithItsValue() throws {
    let folder = try old()
    let expected: [[ColumnValue]] = (["a", "b"] as [Text]).map { [.text($0), .integer(21)] + Self.added.map(\.1) }
    // The second time there is nothing to do.
    for _ in 0..<2 { #expect(try rows(open(folder, catalog(2))) == expected) }
    try open(folder, catalog(2)).commit([(2, [.put("thing", romeo, [.text("a"), .integer(3)] + Self.added.map(\.1))])])
    #expect(try rows(open(folder, catalog(2)))[0][1] == .integer(3))
  }

  @Test(arguments: [1, 2]) func aRewriteComesAfterWhatWasAddedBefore(_ from: Int) throws {
    let folder = try old()
    if from == 2 { _ = try open(folder, catalog(2)) }
    let expected: [[ColumnValue]] = (["a", "b"] as [Text]).map { word in
      [.text(word), .integer(42), .integer(.min), .text("it's \u{212B}" + word)] + Self.added.dropFirst(2).map(\.1)
    }
    for _ in 0..<2 { #expect(try rows(open(folder, catalog(3))) == expected) }
  }

  @Test func aNewDatabaseIsOfTheLastVersion() throws {
    let folder = try Folder()
    try open(folder, catalog(3)).commit([
      (1, [.put(AccountRoot(1), of: romeo.jid), .put("thing", romeo, [.text("a"), .integer(1)] + Self.added.map(\.1))])
    ])
    #expect(try rows(open(folder, catalog(3))) == [[.text("a"), .integer(1)] + Self.added.map(\.1)])
  }

  @Test func aRootThatIsMadeAnewKeepsItsOwnersRows() throws {
    let folder = try old()
    let storage = try open(folder, catalog(1, root: [Self.anew]))
    #expect(try rows(storage).count == 2)
    #expect(try storage.pragma("foreign_keys") == "1" && storage.pragma("foreign_key_check") == nil)
    guard case .page(let page) = try storage.answer(.rows(RowQuery("account", .domain("example.org")))) else { return #expect(Bool(false)) }
    #expect(page.entries == [Page.Entry(owner: romeo.jid, values: [.integer(2), .null])])
    try storage.commit([(2, [.deleteOwner(romeo)])])
    #expect(
      try everything(in: catalog(1), storage.answer).allSatisfy { if case .page(let page) = $0 { page.entries.isEmpty } else { false } })
  }

  @Test func aRewriteThatLosesAnOwnerIsRefused() throws {
    let folder = try old()
    let error = #expect(throws: StorageError.self) { try open(folder, catalog(1, root: [.rewrite("DELETE FROM account")])) }
    #expect(error?.description.contains("rows would be left without their owner") ?? false)
    #expect(try rows(open(folder, catalog(1))).count == 2)
  }

  @Test func aMigrationThatFailsChangesNothing() throws {
    let folder = try old()
    #expect(throws: StorageError.self) { try open(folder, catalog(3, [.rewrite("UPDATE nothing SET a = 1")])) }
    #expect(try rows(open(folder, catalog(1))) == [[.text("a"), .integer(21)], [.text("b"), .integer(21)]])
  }

  @Test func aNewerTableIsRefusedInOneLine() throws {
    let folder = try old()
    _ = try open(folder, catalog(3))
    let error = #expect(throws: StorageError.self) { try open(folder, catalog(2)) }
    #expect(error?.description.contains("newer Spondee (version 9 of the table thing, this one knows up to 8)") ?? false)
    #expect(!(error?.description.contains("\n") ?? true))
    #expect(try rows(open(folder, catalog(3))).count == 2)
  }

  @Test func aTableThatIsNotKnownIsLeftAlone() throws {
    let folder = try old()
    let alone = TableCatalog([.root("account", of: .account, columns: AccountRoot.table.columns)])
    let storage = try open(folder, alone)
    try storage.commit([(2, [.put(AccountRoot(5), of: romeo.jid), .put(AccountRoot(5), of: juliet.jid)])])
    #expect(try rows(open(folder, catalog(1))).count == 2)
    // An account that goes takes its rows in any table along.
    try open(folder, alone).commit([(3, [.deleteOwner(romeo)])])
    #expect(
      try everything(in: catalog(1), open(folder, catalog(1)).answer).last == .page(Page(table: "thing", entries: [], hasMore: false)))
  }
}
