internal import Foundation
internal import GRDB
internal import Storage
internal import XML
internal import XMPP

/// Carries out changes and answers questions inside a transaction. It knows tables by their declarations alone.
struct RowStorage {
  let db: Database
  let catalog: TableCatalog
  let statements: [TableName: TableSQL]
  let pool: ParserPool

  private func sql(_ name: TableName, of kind: OwnerKind? = nil) throws -> TableSQL {
    guard let sql = statements[name], sql.table.owner == kind ?? sql.table.owner else {
      throw StorageError("there is no table \(name)" + (kind.map { " of a \($0)" } ?? ""))
    }
    return sql
  }

  // MARK: Changes

  func write(_ changes: [Change]) throws { for change in changes { try write(change) } }

  private func write(_ change: Change) throws {
    switch change {
    case .put(let name, let owner, let row):
      let table = try sql(name, of: owner.kind)
      let address = ColumnValue.jid(owner.jid)
      try run(table.put, table.table.isRoot ? [address, .text(owner.jid.domain)] + row : row + [address])
    case .delete(let name, let owner, let key): try delete(KeyRange(from: key, through: key), sql(name, of: owner.kind), owner)
    case .deleteRange(let name, let owner, let range): try delete(range, sql(name, of: owner.kind), owner)
    case .deleteOwner(let owner): try delete(owner)
    }
  }

  private func delete(_ range: KeyRange, _ sql: TableSQL, _ owner: Owner) throws {
    if sql.table.isRoot { return try delete(owner) }
    let (condition, bounds) = sql.condition(range)
    try run(([sql.delete] + condition).joined(separator: " AND "), [.jid(owner.jid)] + bounds)
  }

  private func delete(_ owner: Owner) throws {
    let tables = catalog.tables(of: owner.kind)
    // With its root row go all rows of an account or room; a host has no root.
    for table in tables where table.isRoot || (owner.kind == .host && !table.isLasting) {
      try run(sql(table.name).delete, [.jid(owner.jid)])
    }
    for table in catalog.tables where table.reference?.target == owner.kind { try forget(owner.jid, sql(table.name)) }
  }

  private func forget(_ gone: JID, _ sql: TableSQL) throws {
    guard let (column, values) = sql.table.reference?.keepsOwner else { return try run(sql.forget, [.jid(gone)]) }
    let returning = "\(sql.forget) RETURNING \(sql.table.owner.rawValue)"
    let owners = try Int64.fetchAll(db.cachedStatement(sql: returning), arguments: [gone.text.string])
    let arguments = try values.map { try $0.sql }
    for owner in owners {
      let unkept = try db.cachedStatement(sql: sql.selectUnkept(column, values.count))
      guard let jid = try String.fetchOne(unkept, arguments: StatementArguments([owner.databaseValue] + arguments)) else { continue }
      try delete(Owner(sql.table.owner, self.jid(jid)))
    }
  }

  private func run(_ sql: String, _ arguments: [ColumnValue]) throws {
    try db.cachedStatement(sql: sql).execute(arguments: StatementArguments(try arguments.map { try $0.sql }))
  }

  // MARK: Questions

  func answer(_ query: Query) throws -> QueryResult {
    switch query {
    case .owner(let owner): .owner(try rows(of: owner))
    case .rows(let query): .page(try page(query))
    }
  }

  /// The owner's rows are read while its root row is: so all is one transaction, for which SQLite locks its file once.
  private func rows(of owner: Owner) throws -> OwnerRows? {
    let address = owner.jid.text.string
    guard let root = catalog.root(of: owner.kind) else { return try rows(of: owner, address) }
    let columns = (["id"] + root.allColumns.map(\.name)).joined(separator: ", ")
    let cursor = try Row.fetchCursor(
      db.cachedStatement(sql: "SELECT \(columns) FROM \(root.name) WHERE jid = ?"), arguments: [address])
    guard let row = try cursor.next() else {
      let lasting = try rows(of: owner, nil)
      return lasting.tables.allSatisfy(\.rows.isEmpty) ? nil : lasting
    }
    var found = try rows(of: owner, row[0] as Int64)
    found.tables.insert(TableRows(table: root.name, rows: [try values(of: row, from: 1, root.allColumns, root)]), at: 0)
    return found
  }

  /// - Parameter id: the owner's row id, or of a host its domain; `nil` if it is not there.
  private func rows(of owner: Owner, _ id: (any DatabaseValueConvertible)?) throws -> OwnerRows {
    var found = OwnerRows(owner)
    for table in catalog.tables(of: owner.kind) where !table.isRoot {
      guard let owner: any DatabaseValueConvertible = table.namesOwner ? owner.jid.text.string : id else { continue }
      let sql = try sql(table.name)
      switch table.residency {
      case .resident, .lasting:
        var rows: [[ColumnValue]] = []
        let cursor = try Row.fetchCursor(db.cachedStatement(sql: sql.selectOwned), arguments: [owner])
        while let row = try cursor.next() { rows.append(try values(of: row, from: 0, table.allColumns, table)) }
        found.tables.append(TableRows(table: table.name, rows: rows))
      case .summarised:
        guard let sums = try Row.fetchOne(db.cachedStatement(sql: sql.summary), arguments: [owner]) else { continue }
        let count: Int = sums[0]
        let last = count == 0 ? nil : try Row.fetchOne(db.cachedStatement(sql: sql.lastKey), arguments: [owner])
        let key = try last.map { try values(of: $0, from: 0, table.key, table) }
        found.summaries.append(OwnerRows.Summary(table: table.name, rowCount: count, bytes: sums[1], lastKey: key))
      case .onDemand: break
      }
    }
    return found
  }

  private func page(_ query: RowQuery) throws -> Page {
    let table = try sql(query.table)
    var page = Page(table: query.table, entries: [], hasMore: false)
    var bytes = 0
    for (sql, arguments) in table.selects(query) {
      let cursor = try Row.fetchCursor(
        db.cachedStatement(sql: sql), arguments: StatementArguments(try arguments.map { try $0.sql }))
      while let row = try cursor.next() {
        let values = try values(of: row, from: 1, table.table.allColumns, table.table)
        let weight = values.reduce(0) { $0 + $1.weight }
        if query.isFull(rows: page.entries.count, bytes: bytes, adding: weight) {
          page.hasMore = true
          return page
        }
        bytes += weight
        page.entries.append(Page.Entry(owner: try jid(row[0]), values: values))
      }
    }
    return page
  }

  // MARK: Columns

  private func values(of row: Row, from first: Int, _ columns: [Storage.Column], _ table: StoredTable) throws -> [ColumnValue] {
    var values: [ColumnValue] = []
    values.reserveCapacity(columns.count)
    for (index, column) in columns.enumerated() {
      guard let value = try value(row[first + index], column) else {
        throw StorageError("the column \(column.name) of \(table.name) can't be read")
      }
      values.append(value)
    }
    return values
  }

  private func value(_ stored: DatabaseValue, _ column: Storage.Column) throws -> ColumnValue? {
    switch (stored.storage, column.type) {
    case (.null, _): column.isOptional ? .null : nil
    case (.int64(let number), .integer): .integer(number)
    case (.string(let text), .text): .text(Text(text))
    case (.string(let text), .texts): .texts(try JSONDecoder().decode([String].self, from: Data(text.utf8)).map { Text($0) })
    case (.string(let text), .jid): .jid(try jid(text))
    case (.blob(let data), .bytes): .bytes([UInt8](data))
    case (.blob(let data), .xml): .xml(try Element(parsing: [UInt8](data), defaultNamespace: NS.client, using: pool))
    default: nil
    }
  }

  private func jid(_ column: String) throws -> JID {
    guard let jid = JID(Text(column)) else { throw StorageError("the address \(column) in the database is not valid") }
    return jid
  }
}

extension ColumnValue {
  /// As it stands in a column.
  var sql: DatabaseValue {
    get throws {
      switch self {
      case .null: .null
      case .integer(let number): number.databaseValue
      case .text(let text): text.string.databaseValue
      case .texts(let texts): String(decoding: try JSONEncoder().encode(texts.map(\.string)), as: UTF8.self).databaseValue
      case .jid(let jid): jid.text.string.databaseValue
      case .bytes(let bytes): Data(bytes).databaseValue
      case .xml(let element): Data(element.stored).databaseValue
      }
    }
  }
}
