internal import GRDB
internal import Glibc
public import Storage
internal import XML

/// The tables of a catalogue in one SQLite file.
///
/// Write-ahead log with `synchronous = FULL`: when `commit` returns, its changes are on the disk. One connection, for one thread at a time;
/// see `StorageQueue` for the thread.
public final class SQLiteStorage {
  private let database: DatabaseQueue
  private let catalog: TableCatalog
  private let statements: [TableName: TableSQL]
  private let pool = ParserPool()

  /// Opens the file, or creates it, and brings its tables up to date.
  public init(path: String, _ catalog: TableCatalog) throws(StorageError) {
    self.catalog = catalog
    statements = Dictionary(uniqueKeysWithValues: catalog.tables.map { ($0.name, TableSQL($0)) })
    var configuration = GRDB.Configuration()
    configuration.label = "spondee"
    configuration.journalMode = .wal
    configuration.foreignKeysEnabled = true
    configuration.busyMode = .timeout(5)
    // An error that shows an SQL statement must not show its arguments: keys made from passwords are among them.
    configuration.publicStatementArguments = false
    // Keys from passwords stand in it: for the owner's eyes, and SQLite gives its other files the same permissions.
    let file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    guard file >= 0 else {
      throw StorageError("\(path) can't be opened: \(String(cString: strerror(errno))); let this user read and write it")
    }
    close(file)
    do {
      database = try DatabaseQueue(path: path, configuration: configuration)
      try database.writeWithoutTransaction { db in
        // Not before: entering WAL mode GRDB sets NORMAL, with which a commit survives a crash of the process but not of the machine.
        try db.execute(sql: "PRAGMA synchronous = FULL")
        try Schema.migrate(db, catalog, path: path)
      }
    } catch let error as StorageError {
      throw error
    } catch {
      throw StorageError(
        "\(path) can't be opened as a database: \(SQLiteStorage.explain(error)); put a copy that is whole in its place, or choose another data folder"
      )
    }
  }

  /// Makes the changes of all commits durable in one transaction: all of them or none.
  public func commit(_ batch: [(id: CommitID, changes: [Change])]) throws(StorageError) {
    try transaction { storage in for (_, changes) in batch { try storage.write(changes) } }
  }

  public func answer(_ query: Query) throws(StorageError) -> QueryResult {
    do {
      return try database.writeWithoutTransaction { try rows($0).answer(query) }
    } catch {
      throw StorageError(SQLiteStorage.explain(error))
    }
  }

  /// How many owners have rows with each value of a column of whole numbers, in the order of the values.
  public func owners<Row: StoredRow>(byValueOf column: Storage.Column, in _: Row.Type) throws(StorageError) -> [(value: Int64, owners: Int)]
  {
    let (table, kind) = (Row.table.name, Row.table.owner.rawValue)
    do {
      return try database.writeWithoutTransaction { db in
        let sql = "SELECT \(column.name), count(DISTINCT \(kind)) FROM \(table) GROUP BY \(column.name) ORDER BY \(column.name)"
        return try GRDB.Row.fetchAll(db, sql: sql).map { (value: $0[0], owners: $0[1]) }
      }
    } catch {
      throw StorageError(SQLiteStorage.explain(error))
    }
  }

  /// One transaction; an answer in it reflects the changes before it. If it throws, nothing was written.
  func transaction(_ body: (RowStorage) throws -> Void) throws(StorageError) {
    do {
      try database.inTransaction(.immediate) { db in
        try body(rows(db))
        return .commit
      }
    } catch {
      throw StorageError(SQLiteStorage.explain(error))
    }
  }

  private func rows(_ db: Database) -> RowStorage { RowStorage(db: db, catalog: catalog, statements: statements, pool: pool) }

  /// The value of a `PRAGMA`, as text.
  func pragma(_ name: String) throws -> String? {
    try database.writeWithoutTransaction { try String.fetchOne($0, sql: "PRAGMA \(name)") }
  }

  /// The statements that make its tables and indexes, in order.
  func schema() throws -> [String] {
    try database.writeWithoutTransaction {
      try String.fetchAll($0, sql: "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY sql")
    }
  }

  /// How SQLite would carry out a statement, step by step.
  func plan(of sql: String) throws -> [String] {
    try database.writeWithoutTransaction { db in
      let statement = try db.makeStatement(sql: "EXPLAIN QUERY PLAN \(sql)")
      statement.setUncheckedArguments(StatementArguments())
      return try GRDB.Row.fetchAll(statement).map { $0["detail"] }
    }
  }

  /// For tests that spoil something.
  func execute(_ sql: String) throws { try database.writeWithoutTransaction { try $0.execute(sql: sql) } }

  private static func explain(_ error: any Error) -> String {
    guard let error = error as? DatabaseError else { return "\(error)" }
    return "SQLite error \(error.extendedResultCode.rawValue)" + (error.message.map { ": " + $0 } ?? "")
  }
}
