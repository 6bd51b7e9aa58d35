internal import GRDB
internal import Storage
internal import XML

/// Makes the tables that a catalogue declares, and brings those of an older version up to date.
///
/// `PRAGMA user_version` counts the versions of the layout itself: how a declaration becomes a table. The table `spondee_table` says of each
/// table which of its own migrations are behind it. A table that the catalogue does not know is left alone.
enum Schema {
  /// 1 had one fixed list of tables; see `FirstSchema`.
  static let version = 2

  static func migrate(_ db: Database, _ catalog: TableCatalog, path: String) throws {
    let found = try Int.fetchOne(db, sql: "PRAGMA user_version") ?? 0
    guard found <= version else { throw isNewer(path, "schema \(found), this one knows up to \(version)") }
    try db.inTransaction(.immediate) {
      try db.execute(
        sql: "CREATE TABLE IF NOT EXISTS spondee_table (name TEXT PRIMARY KEY, version INTEGER NOT NULL) STRICT, WITHOUT ROWID")
      if found == 1 { try FirstSchema.setAside(db) }
      for table in catalog.tables { try migrate(db, table, path) }
      if found == 1 { try FirstSchema.moveRows(db) }
      try db.execute(sql: "PRAGMA user_version = \(version)")
      return .commit
    }
  }

  private static func migrate(_ db: Database, _ table: StoredTable, _ path: String) throws {
    let name = table.name.description
    let found = try Int.fetchOne(db, sql: "SELECT version FROM spondee_table WHERE name = ?", arguments: [name])
    if let found {
      guard found <= table.version else {
        throw isNewer(path, "version \(found) of the table \(name), this one knows up to \(table.version)")
      }
      for migration in table.migrations.dropFirst(found - 1) {
        switch migration {
        case .addColumn(let column, let value):
          try db.execute(sql: "ALTER TABLE \(name) ADD COLUMN \(TableSQL.declaration(of: column)) DEFAULT \(value.literal)")
        case .rewrite(let sql): try db.execute(sql: sql)
        }
      }
    } else {
      try db.execute(sql: TableSQL(table).create)
    }
    try db.execute(sql: "INSERT OR REPLACE INTO spondee_table (name, version) VALUES (?, ?)", arguments: [name, table.version])
  }

  private static func isNewer(_ path: String, _ what: String) -> StorageError {
    StorageError("\(path) was written by a newer Spondee (\(what)); run that version, or choose another data folder")
  }
}

extension ColumnValue {
  /// As it stands in a statement: for values that a declaration names.
  fileprivate var literal: String {
    switch self {
    case .null: "NULL"
    case .integer(let number): "\(number)"
    case .text(let text): "'\(text.string.replacing("'", with: "''"))'"
    case .texts, .jid, .bytes, .xml: preconditionFailure("a column that is added has no such default")
    }
  }
}
