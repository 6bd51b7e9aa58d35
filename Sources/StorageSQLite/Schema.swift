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
    // Foreign keys are checked at the end instead: a statement that makes the table of accounts anew would take all their rows along.
    try db.execute(sql: "PRAGMA foreign_keys = OFF")
    var isRewritten = found == 1
    try db.inTransaction(.immediate) {
      try db.execute(
        sql: "CREATE TABLE IF NOT EXISTS spondee_table (name TEXT PRIMARY KEY, version INTEGER NOT NULL) STRICT, WITHOUT ROWID")
      if found == 1 { try FirstSchema.setAside(db) }
      for table in catalog.tables { try migrate(db, table, path, &isRewritten) }
      if found == 1 { try FirstSchema.moveRows(db) }
      if isRewritten, try Row.fetchOne(db, sql: "PRAGMA foreign_key_check") != nil {
        throw StorageError("\(path) can't be brought up to date: rows would be left without their owner")
      }
      try db.execute(sql: "PRAGMA user_version = \(version)")
      return .commit
    }
    try db.execute(sql: "PRAGMA foreign_keys = ON")
  }

  private static func migrate(_ db: Database, _ table: StoredTable, _ path: String, _ isRewritten: inout Bool) throws {
    let name = table.name.description
    let found = try Int.fetchOne(db, sql: "SELECT version FROM spondee_table WHERE name = ?", arguments: [name])
    if let found {
      guard found <= table.version else {
        throw isNewer(path, "version \(found) of the table \(name), this one knows up to \(table.version)")
      }
      for migration in table.migrations.dropFirst(found - 1) {
        switch migration {
        case .addColumn(let column, let value):
          let literal = try String.fetchOne(db, sql: "SELECT quote(?)", arguments: [value.sql]) ?? "NULL"
          try db.execute(sql: "ALTER TABLE \(name) ADD COLUMN \(TableSQL.declaration(of: column)) DEFAULT \(literal)")
        case .rewrite(let sql):
          isRewritten = true
          try db.execute(sql: sql)
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
