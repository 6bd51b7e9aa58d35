internal import GRDB
internal import Glibc
public import ServerCore
internal import XML
internal import XMPP

/// Accounts, rooms and what belongs to them, in one SQLite file.
///
/// Write-ahead log with `synchronous = FULL`: when `commit` returns, its records are on the disk. One connection, for one thread at a time;
/// see `StorageQueue` for the thread.
public final class SQLiteStorage {
  private let database: DatabaseQueue
  private let pool = ParserPool()

  /// Opens the file, or creates it, and brings its tables up to date.
  public init(path: String) throws(StorageError) {
    var configuration = GRDB.Configuration()
    configuration.label = "spondee"
    configuration.journalMode = .wal
    configuration.foreignKeysEnabled = true
    configuration.busyMode = .timeout(5)
    // Whoever shows an SQL statement in an error must not show passwords' keys in it.
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
        try Schema.migrate(db, path: path)
      }
    } catch let error as StorageError {
      throw error
    } catch {
      throw StorageError(
        "\(path) can't be opened as a database: \(SQLiteStorage.explain(error)); put a copy that is whole in its place, or choose another data folder"
      )
    }
  }

  /// Makes the records of all commits durable in one transaction: all of them or none.
  public func commit(_ batch: [(number: UInt64, records: [ServerCore.Record])]) throws(StorageError) {
    try transaction { writer, _ in for (_, records) in batch { try writer.write(records) } }
  }

  /// Never throws: the answer may be `.failed`.
  public func load(_ key: LoadKey) -> Loaded {
    do {
      return try database.writeWithoutTransaction { try RecordReader(db: $0, pool: pool).load(key) }
    } catch {
      return .failed(SQLiteStorage.explain(error))
    }
  }

  /// How many accounts there are with which iteration count.
  public func roundsInUse() throws(StorageError) -> [RoundsHistory.Share] {
    do {
      return try database.writeWithoutTransaction { db in
        try Row.fetchAll(db, sql: "SELECT rounds, count(DISTINCT account) FROM credential GROUP BY rounds ORDER BY rounds").map {
          RoundsHistory.Share(rounds: $0[0], accounts: $0[1])
        }
      }
    } catch {
      throw StorageError(SQLiteStorage.explain(error))
    }
  }

  /// One transaction; what the reader sees in it includes what the writer wrote. If it throws, nothing was written.
  func transaction(_ body: (RecordWriter, RecordReader) throws -> Void) throws(StorageError) {
    do {
      try database.inTransaction(.immediate) { db in
        try body(RecordWriter(db: db), RecordReader(db: db, pool: pool))
        return .commit
      }
    } catch {
      throw StorageError(SQLiteStorage.explain(error))
    }
  }

  /// The value of a `PRAGMA`, as text.
  func pragma(_ name: String) throws -> String? {
    try database.writeWithoutTransaction { try String.fetchOne($0, sql: "PRAGMA \(name)") }
  }

  /// For tests that spoil something.
  func execute(_ sql: String) throws { try database.writeWithoutTransaction { try $0.execute(sql: sql) } }

  private static func explain(_ error: any Error) -> String {
    guard let error = error as? DatabaseError else { return "\(error)" }
    return "SQLite error \(error.extendedResultCode.rawValue)" + (error.message.map { ": " + $0 } ?? "")
  }
}
