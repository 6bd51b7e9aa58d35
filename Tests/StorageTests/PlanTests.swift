import Testing
import XML
import XMPP

@testable import Storage
@testable import StorageSQLite

/// How SQLite finds rows: by an index, in order, without reading what is not asked for.
@Suite struct PlanTests {
  private let storage: SQLiteStorage
  private let folder: Folder

  init() throws {
    folder = try Folder()
    storage = try SQLiteStorage(path: folder.database, .contract)
  }

  /// Steps that read a whole table or sort what was found.
  private func slow(_ sql: String) throws -> [String] {
    let steps = try storage.plan(of: sql)
    #expect(!steps.isEmpty, "\(sql)")
    return steps.filter { step in
      (step.hasPrefix("SCAN") && step != "SCAN CONSTANT ROW" && !step.hasPrefix("SCAN item VIRTUAL TABLE")) || step.contains("B-TREE")
    }
  }

  /// Every bound that a range can have.
  private static func ranges(_ table: StoredTable) -> [KeyRange] {
    let bounds: [[ColumnValue]?] = [nil] + (0..<table.key.count).map { Array(repeating: .integer(0), count: $0 + 1) }
    return bounds.flatMap { lower in bounds.map { KeyRange(from: lower, through: $0) } }
  }

  static let names = TableCatalog.contract.tables.map(\.name.description)
  private static func table(_ name: String) -> StoredTable { TableCatalog.contract.tables.first { $0.name.description == name }! }

  @Test(arguments: names) func changesFindTheirRows(_ name: String) throws {
    let table = Self.table(name)
    let sql = TableSQL(table)
    for range in Self.ranges(table) {
      let statement = ([sql.delete] + sql.condition(range).conditions).joined(separator: " AND ")
      #expect(try slow(statement) == [], "\(statement)")
      // More than the owner: the key's columns are searched for, too.
      guard let lower = range.lower, !lower.isEmpty else { continue }
      #expect(try storage.plan(of: statement).contains { $0.contains("\(table.key[0].name)") }, "\(statement)")
    }
    if table.reference != nil { #expect(try slow(sql.forget) == []) }
    if let (column, values) = table.reference?.keepsOwner { #expect(try slow(sql.selectUnkept(column, values.count)) == []) }
  }

  @Test(arguments: names.filter { !table($0).isRoot }) func ownersFindTheirRows(_ name: String) throws {
    let sql = TableSQL(Self.table(name))
    for statement in [sql.selectOwned, sql.summary, sql.lastKey] { #expect(try slow(statement) == [], "\(statement)") }
  }

  /// Rows that go with their owner's root row are found by the owner's row id.
  @Test func deletionOfAnOwnerSearchesEachTable() throws {
    for table in TableCatalog.contract.tables where !table.isRoot && !table.namesOwner {
      let kind = table.owner.rawValue
      #expect(try slow("DELETE FROM \(table.name) WHERE \(kind) = ?") == [], "\(table.name)")
    }
  }

  @Test(arguments: names) func pagesBeginAtTheirPlaceAndNeedNoSorting(_ name: String) throws {
    let table = Self.table(name)
    let sql = TableSQL(table)
    let scopes: [RowQuery.Scope] = [.owner(Owner(table.owner, romeo.jid)), .domain("example.org"), .everywhere]
    for scope in scopes {
      for isDescending in [false, true] {
        for range in Self.ranges(table) {
          for cursor in [nil, RowQuery.Cursor(owner: romeo.jid, key: table.key.map { _ in .integer(0) })] {
            var query = RowQuery(table.name, scope, isDescending: isDescending)
            (query.range, query.after) = (range, cursor)
            for (statement, _) in sql.selects(query) where !sql.searchesReference(query) {
              let steps = try slow(statement)
              // Everywhere is everywhere: but in the order of an index, from which a page takes what it needs.
              // The domain of an owner that need not exist stands in no index.
              let mayScan = scope == .everywhere || (table.isLasting && table.owner != .host && scope == .domain("example.org"))
              #expect(steps.allSatisfy { mayScan && $0.hasPrefix("SCAN") && !$0.contains("B-TREE") }, "\(statement): \(steps)")
            }
          }
        }
      }
    }
  }

  /// A question for the rows that name an address gets few rows of many owners: those are searched for, and sorted.
  @Test(arguments: ["member", "visit"]) func aFilterOnAReferenceSearches(_ name: String) throws {
    var query = RowQuery(Self.table(name).name, .everywhere)
    query.filters = [.init(column: 0, value: .jid(romeo.jid))]
    for (statement, _) in TableSQL(Self.table(name)).selects(query) {
      let steps = try storage.plan(of: statement)
      #expect(steps.contains("SEARCH \(name) USING INDEX \(name)_jid (jid=?)") && !steps.contains { $0.hasPrefix("SCAN") }, "\(steps)")
    }
  }

  /// Rooms that are listed are chosen by a column of no index: those of one domain are read in order, and no others.
  @Test func aFilteredPageReadsOneDomain() throws {
    var query = RowQuery("room", .domain("rooms.example.org"))
    query.filters = [.init(column: 0, value: .integer(1))]
    for (statement, _) in TableSQL(Self.table("room")).selects(query) {
      #expect(try storage.plan(of: statement) == ["SEARCH room USING INDEX room_domain (domain=?)"])
    }
  }
}
