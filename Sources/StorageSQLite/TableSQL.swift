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

  /// A condition on the beginning of the key, for a comparison of as many values.
  func keyCondition(_ comparison: String, _ count: Int) -> String {
    let columns = table.key.prefix(count).map(\.name).joined(separator: ", ")
    let places = repeatElement("?", count: count).joined(separator: ", ")
    return count == 1 ? "\(columns) \(comparison) ?" : "(\(columns)) \(comparison) (\(places))"
  }

  /// All rows of the owner with this row id (or, of a host, this domain), in the order of their keys.
  var selectOwned: String {
    let columns = table.allColumns.map(\.name).joined(separator: ", ")
    return "SELECT \(columns) FROM \(name) WHERE \(ownerColumn) = ? ORDER BY \(table.key.map(\.name).joined(separator: ", "))"
  }

  /// How many rows the owner has, how many bytes stand in them (`ColumnValue.weight`), and the last key.
  var summary: String {
    let weights = table.columns.map(\.weightSQL).joined(separator: " + ")
    let bytes = weights.isEmpty ? "0" : "coalesce(sum(\(weights)), 0)"
    return "SELECT count(*), \(bytes) FROM \(name) WHERE \(ownerColumn) = ?"
  }
  var lastKey: String {
    let key = table.key.map(\.name)
    let order = key.map { "\($0) DESC" }.joined(separator: ", ")
    return "SELECT \(key.joined(separator: ", ")) FROM \(name) WHERE \(ownerColumn) = ? ORDER BY \(order) LIMIT 1"
  }

  /// Rows that name a deleted owner of another kind: they go, and tell whose they were.
  var forget: String { "DELETE FROM \(name) WHERE \(table.key[0].name) = ? RETURNING \(ownerColumn)" }
  /// The owner of such a row goes, too, unless it has a row that keeps it.
  func dropUnkept(_ column: Storage.Column, _ count: Int) -> String {
    let places = repeatElement("?", count: count).joined(separator: ", ")
    let kept = "SELECT 1 FROM \(name) WHERE \(ownerColumn) = \(table.owner.rawValue).id AND \(column.name) IN (\(places))"
    return "DELETE FROM \(table.owner.rawValue) WHERE id = ? AND NOT EXISTS (\(kept))"
  }

  private func domainColumn(_ isJoined: Bool) -> String {
    if table.owner == .host { return "host" }
    let kind = table.owner.rawValue
    return isJoined ? "\(kind).domain" : table.isRoot ? "domain" : "substr(\(kind), instr(\(kind), '@') + 1)"
  }

  /// A page; the first column is the owner's address.
  func select(_ query: RowQuery) -> (sql: String, arguments: [ColumnValue]) {
    let kind = table.owner.rawValue
    let isJoined = !table.isRoot && !table.namesOwner
    let address = isJoined ? "\(kind).jid" : table.isRoot ? "jid" : kind
    var conditions: [String] = []
    var arguments: [ColumnValue] = []
    func add(_ condition: String, _ values: [ColumnValue]) {
      conditions.append(condition)
      arguments += values
    }
    switch query.scope {
    case .owner(let owner): add("\(address) = ?", [.jid(owner.jid)])
    case .domain(let domain): add("\(domainColumn(isJoined)) = ?", [.text(domain)])
    case .everywhere: break
    }
    if let lower = query.range.lower { add(keyCondition(">=", lower.count), lower) }
    if let upper = query.range.upper { add(keyCondition("<=", upper.count), upper) }
    for filter in query.filters { add("\(table.allColumns[filter.column].name) IS ?", [filter.value]) }
    if let after = query.after {
      let key = ([address] + table.key.map { "\(name).\($0.name)" }).joined(separator: ", ")
      let places = repeatElement("?", count: after.key.count + 1).joined(separator: ", ")
      add("(\(key)) \(query.isDescending ? "<" : ">") (\(places))", [.jid(after.owner)] + after.key)
    }
    let order = ([address] + table.key.map { "\(name).\($0.name)" }).map { query.isDescending ? "\($0) DESC" : $0 }
    let columns = ([address] + table.allColumns.map { "\(name).\($0.name)" }).joined(separator: ", ")
    let source = isJoined ? "\(name) JOIN \(kind) ON \(kind).id = \(name).\(kind)" : name
    let condition = conditions.isEmpty ? "" : " WHERE \(conditions.joined(separator: " AND "))"
    return ("SELECT \(columns) FROM \(source)\(condition) ORDER BY \(order.joined(separator: ", "))", arguments)
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
  fileprivate var weightSQL: String {
    let weight =
      switch type {
      case .integer: "8"
      case .text, .jid: "length(CAST(\(name) AS BLOB))"
      case .texts: "(SELECT sum(length(CAST(value AS BLOB)) + 4) FROM json_each(\(name)))"
      case .bytes, .xml: "length(\(name))"
      }
    return isOptional || type == .texts ? "coalesce(\(weight), 0)" : weight
  }
}
