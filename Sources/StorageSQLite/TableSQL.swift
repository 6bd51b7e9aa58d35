internal import GRDB
internal import Storage

/// The SQL of one declared table.
///
/// A root table has the owner's address beside its columns. In any other table of accounts or rooms the column `account` or `room` is the owner's
/// row id, and the rows go with it; a table of hosts has the domain itself. Addresses and texts compare by bytes (SQLite's BINARY).
struct TableSQL {
  let table: StoredTable
  let create: String
  let put: String
  let delete: String
  private let name: String
  /// The column that says whose a row is.
  private let ownerColumn: String
  /// An expression for that column's value, with one place for the owner's address.
  private let ownerValue: String

  init(_ table: StoredTable) {
    self.table = table
    name = table.name.description
    let kind = table.owner.rawValue
    let columns = table.allColumns.map(\.name)
    ownerColumn = table.isRoot ? "jid" : kind
    ownerValue = table.isRoot || table.namesOwner ? "?" : "(SELECT id FROM \(kind) WHERE jid = ?)"
    create = TableSQL.create(table)
    delete = "DELETE FROM \(name) WHERE \(ownerColumn) = \(ownerValue)"
    put = TableSQL.put(table, columns)
  }

  static func declaration(of column: Storage.Column) -> String {
    "\(column.name) \(column.type.sql)\(column.isOptional ? "" : " NOT NULL")"
  }

  private static func create(_ table: StoredTable) -> String {
    let name = table.name.description
    let kind = table.owner.rawValue
    let columns = table.allColumns.map(declaration)
    let keys = ([kind] + table.key.map(\.name)).joined(separator: ", ")
    if table.isRoot {
      let all = ["id INTEGER PRIMARY KEY", "jid TEXT NOT NULL UNIQUE", "domain TEXT NOT NULL"] + columns
      return "CREATE TABLE \(name) (\(all.joined(separator: ", "))) STRICT; CREATE INDEX \(name)_domain ON \(name) (domain, jid)"
    }
    let owner = table.namesOwner ? "\(kind) TEXT NOT NULL" : "\(kind) INTEGER NOT NULL REFERENCES \(kind) ON DELETE CASCADE"
    let body: String
    if table.residency.isSmall {
      body = "(\(([owner] + columns).joined(separator: ", ")), PRIMARY KEY (\(keys))) STRICT, WITHOUT ROWID"
    } else {
      // Large rows slow down a tree in which they stand themselves.
      body = "(\(([owner] + columns).joined(separator: ", ")), UNIQUE (\(keys))) STRICT"
    }
    let index = table.reference == nil ? "" : "; CREATE INDEX \(name)_\(table.key[0].name) ON \(name) (\(table.key[0].name))"
    return "CREATE TABLE \(name) \(body)\(index)"
  }

  /// The places are for the row's values and then for the owner, or in a root for address, domain and values.
  private static func put(_ table: StoredTable, _ columns: [String]) -> String {
    let name = table.name.description
    let kind = table.owner.rawValue
    let places = columns.map { _ in "?" }
    let updates = table.columns.map { "\($0.name) = excluded.\($0.name)" }.joined(separator: ", ")
    let action = updates.isEmpty ? "NOTHING" : "UPDATE SET \(updates)"
    if table.isRoot {
      let all = (["jid", "domain"] + columns).joined(separator: ", ")
      return "INSERT INTO \(name) (\(all)) VALUES (\((["?", "?"] + places).joined(separator: ", "))) ON CONFLICT (jid) DO \(action)"
    }
    let all = (columns + [kind]).joined(separator: ", ")
    let conflict = "ON CONFLICT (\(([kind] + table.key.map(\.name)).joined(separator: ", "))) DO \(action)"
    if table.namesOwner { return "INSERT INTO \(name) (\(all)) VALUES (\((places + ["?"]).joined(separator: ", "))) \(conflict)" }
    // No row for an owner that is not there.
    return "INSERT INTO \(name) (\(all)) SELECT \((places + ["id"]).joined(separator: ", ")) FROM \(kind) WHERE jid = ? \(conflict)"
  }

  /// A condition on the beginning of the key. The columns have the table's name, since a join has others of theirs.
  ///
  /// - Parameter skipped: so many columns are known to be equal.
  func condition(_ comparison: String, _ key: [ColumnValue], skipping skipped: Int = 0) -> String {
    let columns = table.key.prefix(key.count).dropFirst(skipped).map { "\(name).\($0.name)" }
    let places = repeatElement("?", count: columns.count).joined(separator: ", ")
    return columns.count == 1 ? "\(columns[0]) \(comparison) ?" : "(\(columns.joined(separator: ", "))) \(comparison) (\(places))"
  }

  /// Conditions that all hold for the keys in a range. A bound without columns excludes nothing.
  func condition(_ range: KeyRange) -> (conditions: [String], arguments: [ColumnValue]) {
    if range.lower == range.upper, let key = range.lower, !key.isEmpty { return ([condition("=", key)], key) }
    let bounds = [(">=", range.lower ?? []), ("<=", range.upper ?? [])].filter { !$0.1.isEmpty }
    return (bounds.map { condition($0, $1) }, bounds.flatMap(\.1))
  }

  /// All rows of the owner with this row id (or, of a host, this domain), in the order of their keys.
  var selectOwned: String {
    let columns = table.allColumns.map(\.name).joined(separator: ", ")
    return "SELECT \(columns) FROM \(name) WHERE \(ownerColumn) = ? ORDER BY \(table.key.map(\.name).joined(separator: ", "))"
  }

  /// How many rows the owner has, how many bytes stand in them (`ColumnValue.weight`), and the last key.
  var summary: String {
    let weights = table.columns.map { $0.weightSQL(in: table.name) }.joined(separator: " + ")
    let bytes = weights.isEmpty ? "0" : "coalesce(sum(\(weights)), 0)"
    return "SELECT count(*), \(bytes) FROM \(name) WHERE \(ownerColumn) = ?"
  }
  var lastKey: String {
    let key = table.key.map(\.name)
    let order = key.map { "\($0) DESC" }.joined(separator: ", ")
    return "SELECT \(key.joined(separator: ", ")) FROM \(name) WHERE \(ownerColumn) = ? ORDER BY \(order) LIMIT 1"
  }

  /// Rows that name a deleted owner: they go.
  var forget: String { "DELETE FROM \(name) WHERE \(table.key[0].name) = ?" }
  /// The address of the owner with this row id, unless it has a row that keeps it.
  func selectUnkept(_ column: Storage.Column, _ count: Int) -> String {
    let kind = table.owner.rawValue
    let places = repeatElement("?", count: count).joined(separator: ", ")
    let kept = "SELECT 1 FROM \(name) WHERE \(ownerColumn) = \(kind).id AND \(column.name) IN (\(places))"
    return "SELECT jid FROM \(kind) WHERE id = ? AND NOT EXISTS (\(kept))"
  }
}

extension StoredTable {
  /// Whether a row holds its owner's address itself: a host has no root row, and rows that outlive an account or room can't refer to it.
  var namesOwner: Bool { !isRoot && (owner == .host || isLasting) }
}

extension StoredTable.Residency {
  /// Rows are few and small.
  fileprivate var isSmall: Bool {
    switch self {
    case .resident, .lasting: true
    case .onDemand, .summarised: false
    }
  }
}

extension ColumnType {
  var sql: String {
    switch self {
    case .integer: "INTEGER"
    // A list of texts is an array in JSON.
    case .text, .texts, .jid: "TEXT"
    // Elements are XML with `jabber:client` as default namespace.
    case .bytes, .xml: "BLOB"
    }
  }
}

extension Storage.Column {
  /// `ColumnValue.weight` of the column.
  fileprivate func weightSQL(in table: TableName) -> String {
    let weight =
      switch type {
      case .integer: "8"
      case .text, .jid: "length(CAST(\(name) AS BLOB))"
      // The table may have a column of any name that `json_each` has, too.
      case .texts: "(SELECT sum(length(CAST(item.value AS BLOB)) + 4) FROM json_each(\(table).\(name)) AS item)"
      case .bytes, .xml: "length(\(name))"
      }
    return isOptional || type == .texts ? "coalesce(\(weight), 0)" : weight
  }
}
