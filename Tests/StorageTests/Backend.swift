import Foundation
import StorageSQLite
import XML
import XMPP

@testable import Storage

/// Every implementation that must keep the contract.
enum Backend: CaseIterable { case memory, sqlite }

/// A folder that goes with the test.
final class Folder {
  private let path: String
  var database: String { path + "/spondee.sqlite" }
  init() throws {
    path = FileManager.default.temporaryDirectory.appendingPathComponent("spondee-\(UInt64.random(in: 0...UInt64.max))").path
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }
  deinit { try? FileManager.default.removeItem(atPath: path) }
}

/// A database of one backend. Its files go with it.
final class Store {
  private var memory: MemoryDatabase
  private let sqlite: SQLiteStorage?
  private let folder: Folder?

  init(_ backend: Backend, _ catalog: TableCatalog = .contract) throws {
    memory = MemoryDatabase(catalog)
    guard backend == .sqlite else {
      (sqlite, folder) = (nil, nil)
      return
    }
    let folder = try Folder()
    self.folder = folder
    sqlite = try SQLiteStorage(path: folder.database, catalog)
  }

  func commit(_ changes: [Change]) throws {
    guard let sqlite else { return memory.apply(changes) }
    try sqlite.commit([(1, changes)])
  }
  func answer(_ query: Query) throws -> QueryResult { try sqlite?.answer(query) ?? memory.answer(query) }

  func owner(_ owner: Owner) throws -> OwnerRows? {
    guard case .owner(let rows) = try answer(.owner(owner)) else { return nil }
    return rows
  }
  /// The rows of one table that are loaded with the owner; `nil` if there is no such table among them.
  func loaded(_ table: TableName, _ owner: Owner) throws -> [[ColumnValue]]? {
    try self.owner(owner)?.tables.first { $0.table == table }?.rows
  }
  func page(_ query: RowQuery) throws -> Page {
    guard case .page(let page) = try answer(.rows(query)) else { return Page(table: query.table, entries: [], hasMore: false) }
    return page
  }
  /// All rows of a query, from as many pages as it takes.
  func walk(_ query: RowQuery, _ catalog: TableCatalog = .contract) throws -> (entries: [Page.Entry], pages: Int) {
    var (query, entries, pages) = (query, [Page.Entry](), 0)
    repeat {
      let page = try page(query)
      entries += page.entries
      pages += 1
      query.after = catalog[query.table].flatMap { page.next(of: $0) }
    } while query.after != nil && pages < 1000
    return (entries, pages)
  }
}

/// All rows of all tables of a catalogue.
func everything(in catalog: TableCatalog = .contract, _ answer: (Query) throws -> QueryResult) throws -> [QueryResult] {
  try catalog.tables.map { table in
    var query = RowQuery(table.name, .everywhere)
    (query.rowLimit, query.byteLimit) = (nil, nil)
    return try answer(.rows(query))
  }
}

/// The root of accounts.
struct AccountRoot: StoredRow {
  static let table = StoredTable.root("account", of: .account, columns: [.integer("number"), .text("note", .shown, isOptional: true)])
  var number: Int64
  var note: Text?

  init(_ number: Int64, note: Text? = nil) { (self.number, self.note) = (number, note) }
  init(_ row: inout RowReader) throws(RowProblem) {
    number = try row.integer()
    note = try row.optionalText()
  }
  var values: [ColumnValue] { [.integer(number), .text(note)] }
}

extension RowQuery {
  init(_ table: TableName, _ scope: Scope, isDescending: Bool = false, rows: Int? = 1000) {
    self.init(AccountRoot.self, scope)
    self.table = table
    self.isDescending = isDescending
    rowLimit = rows
  }
}

extension TableCatalog {
  /// Tables of every shape: all types of columns, keys of one and two columns, each owner and residency, references of both kinds.
  static let contract = TableCatalog([
    AccountRoot.table,
    StoredTable(
      "full", owner: .account, key: [.jid("jid")],
      columns: [
        .integer("number"), .text("word", .shown), .text("maybe", .shown, isOptional: true), .texts("list", .shown), .jid("other"),
        .bytes("data", .shown), .xml("stanza"), .xml("reply", isOptional: true),
      ]),
    StoredTable("pair", owner: .account, key: [.integer("major"), .text("minor", .shown)], columns: [.integer("value")]),
    StoredTable(
      "mail", owner: .account, key: [.integer("sequence")],
      columns: [.xml("stanza"), .texts("value", .shown), .bytes("data", .shown), .text("maybe", .shown, isOptional: true)],
      residency: .summarised),
    StoredTable(
      "archive", owner: .account, key: [.text("thread", .shown), .integer("sequence")],
      columns: [.text("line", .shown, isOptional: true)], residency: .onDemand),
    StoredTable("mark", owner: .account, key: [.text("word", .shown)], columns: [.integer("value")], residency: .lasting),
    StoredTable(
      "grudge", owner: .account, key: [.jid("jid")], columns: [.integer("value")], residency: .lasting, reference: .init(to: .account)),
    StoredTable("bookmark", owner: .account, key: [.jid("jid")], columns: [.integer("value")], reference: .init(to: .room)),
    .root("room", of: .room, columns: [.boolean("public")]),
    StoredTable(
      "member", owner: .room, key: [.jid("jid")], columns: [rank],
      reference: .init(to: .account, keepsOwner: (rank, [.text("owner"), .text("member")]))),
    StoredTable(
      "visit", owner: .room, key: [.jid("jid"), .integer("sequence")], columns: [.integer("value")], residency: .onDemand,
      reference: .init(to: .account)),
    StoredTable("site", owner: .host, key: [.text("word", .shown)], columns: [.integer("value")]),
    StoredTable("guest", owner: .host, key: [.jid("jid")], columns: [.integer("value")], reference: .init(to: .account)),
    StoredTable("log", owner: .host, key: [.integer("sequence")], columns: [.integer("value")], residency: .summarised),
  ])
  private static let rank = Column.text("rank", .shown)
}
