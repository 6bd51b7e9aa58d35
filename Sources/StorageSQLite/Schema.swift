internal import GRDB

/// What the tables look like. Each step leads from one version to the next; `PRAGMA user_version` counts those done.
///
/// A step that was released never changes: databases out there have it behind them. Addresses are text that compares by bytes
/// (SQLite's BINARY), stanzas are XML as bytes. Whatever belongs to an account or room goes with it.
enum Schema {
  static let steps: [String] = [
    """
    CREATE TABLE account (
      id INTEGER PRIMARY KEY,
      jid TEXT NOT NULL UNIQUE,
      disabled INTEGER NOT NULL,
      -- Of the last offline message there ever was: numbers are not given twice.
      last_offline INTEGER NOT NULL DEFAULT 0
    ) STRICT;
    CREATE TABLE credential (
      account INTEGER NOT NULL REFERENCES account ON DELETE CASCADE,
      hash TEXT NOT NULL,
      salt BLOB NOT NULL,
      rounds INTEGER NOT NULL,
      stored_key BLOB NOT NULL,
      server_key BLOB NOT NULL,
      position INTEGER NOT NULL,
      PRIMARY KEY (account, hash)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE contact (
      account INTEGER NOT NULL REFERENCES account ON DELETE CASCADE,
      jid TEXT NOT NULL,
      name TEXT,
      subscription TEXT NOT NULL CHECK (subscription IN ('none', 'to', 'from', 'both')),
      asking INTEGER NOT NULL,
      request BLOB,
      listed INTEGER NOT NULL,
      PRIMARY KEY (account, jid)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE contact_group (
      account INTEGER NOT NULL,
      jid TEXT NOT NULL,
      position INTEGER NOT NULL,
      name TEXT NOT NULL,
      PRIMARY KEY (account, jid, position),
      FOREIGN KEY (account, jid) REFERENCES contact ON DELETE CASCADE
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE blocked (
      account INTEGER NOT NULL REFERENCES account ON DELETE CASCADE,
      position INTEGER NOT NULL,
      jid TEXT NOT NULL,
      PRIMARY KEY (account, position)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE offline (
      account INTEGER NOT NULL REFERENCES account ON DELETE CASCADE,
      sequence INTEGER NOT NULL,
      stanza BLOB NOT NULL,
      UNIQUE (account, sequence)
    ) STRICT;
    CREATE TABLE room (
      id INTEGER PRIMARY KEY,
      jid TEXT NOT NULL UNIQUE,
      domain TEXT NOT NULL,
      name TEXT NOT NULL,
      public INTEGER NOT NULL,
      configuration BLOB NOT NULL,
      subject BLOB
    ) STRICT;
    CREATE INDEX public_room ON room (domain, jid) WHERE public;
    CREATE TABLE affiliation (
      room INTEGER NOT NULL REFERENCES room ON DELETE CASCADE,
      jid TEXT NOT NULL,
      affiliation TEXT NOT NULL,
      nick TEXT,
      reason TEXT,
      PRIMARY KEY (room, jid)
    ) STRICT, WITHOUT ROWID;
    """
  ]

  /// Brings the database to the newest version.
  static func migrate(_ db: Database, path: String) throws {
    let version = try Int.fetchOne(db, sql: "PRAGMA user_version") ?? 0
    guard version <= steps.count else {
      throw StorageError(
        "\(path) was written by a newer Spondee (schema \(version), this one knows up to \(steps.count)); "
          + "run that version, or choose another data folder")
    }
    for next in version..<steps.count {
      try db.inTransaction(.immediate) {
        try db.execute(sql: steps[next])
        try db.execute(sql: "PRAGMA user_version = \(next + 1)")
        return .commit
      }
    }
  }
}
