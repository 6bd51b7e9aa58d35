public import XML
public import XMPP

/// A question to storage. Its answer reflects every commit that was handed over before it, and none after it.
public enum Query: Sendable, Hashable, Codable {
  /// All resident rows of an owner.
  case owner(Owner)
  /// A page of rows.
  case rows(RowQuery)

  public static func account(_ jid: JID) -> Query { .owner(.account(jid)) }
  public static func room(_ jid: JID) -> Query { .owner(.room(jid)) }
}

/// Rows of one table, in the order of their owners and keys.
public struct RowQuery: Sendable, Hashable, Codable {
  public var table: TableName
  public var scope: Scope
  public var range = KeyRange.all
  /// Columns that must have these values.
  public var filters: [Filter] = []
  public var isDescending = false
  /// Rows of a page; `nil` for no limit, where another limit bounds what is stored.
  public var rowLimit: Int? = 1000
  /// Bytes of a page's rows together (`ColumnValue.weight`); `nil` for no limit. A page holds at least one row, however large.
  public var byteLimit: Int? = 1 << 20
  /// The page begins behind this place.
  public var after: Cursor?

  public enum Scope: Sendable, Hashable, Codable {
    case owner(Owner)
    /// All owners at this domain.
    case domain(Text)
    case everywhere
  }

  public struct Filter: Sendable, Hashable, Codable {
    /// By its place in the table's declaration.
    public var column: Int
    public var value: ColumnValue
  }

  /// Whether a page of `rows` rows and `bytes` bytes is too full for a row of `weight` bytes.
  public func isFull(rows: Int, bytes: Int, adding weight: Int) -> Bool {
    rows > 0 && (rows >= rowLimit ?? .max || bytes + weight > byteLimit ?? .max)
  }

  /// A place in the order of rows.
  public struct Cursor: Sendable, Hashable, Codable {
    public var owner: JID
    public var key: [ColumnValue]
  }

  public init<Row: StoredRow>(_: Row.Type, _ scope: Scope) {
    table = Row.table.name
    self.scope = scope
  }

  public init<Row: StoredRow>(_: Row.Type, of owner: JID) { self.init(Row.self, .owner(Owner(Row.table.owner, owner))) }

  /// - Precondition: the column is the table's.
  public func with<Row: StoredRow>(_ column: Column, _ value: ColumnValue, in _: Row.Type) -> RowQuery {
    guard let index = Row.table.allColumns.firstIndex(of: column) else { preconditionFailure("\(Row.table.name) has no such column") }
    var copy = self
    copy.filters.append(Filter(column: index, value: value))
    return copy
  }
}

public enum QueryResult: Sendable, Hashable, Codable {
  /// `nil`: there is no such account or room.
  case owner(OwnerRows?)
  case page(Page)
}

/// Rows of one table of one owner, in the order of their keys.
public struct TableRows: Sendable, Hashable, Codable {
  public var table: TableName
  public var rows: [[ColumnValue]]
  public init(table: TableName, rows: [[ColumnValue]]) {
    self.table = table
    self.rows = rows
  }
}

/// All resident rows of an owner, and how much there is in its summarised tables.
public struct OwnerRows: Sendable, Hashable, Codable {
  public var owner: Owner
  public var tables: [TableRows]
  public var summaries: [Summary]

  public struct Summary: Sendable, Hashable, Codable {
    public var table: TableName
    public var rowCount: Int
    /// Of all columns but the key (`ColumnValue.weight`).
    public var bytes: Int
    /// `nil` if there are no rows.
    public var lastKey: [ColumnValue]?
    public init(table: TableName, rowCount: Int, bytes: Int, lastKey: [ColumnValue]?) {
      self.table = table
      self.rowCount = rowCount
      self.bytes = bytes
      self.lastKey = lastKey
    }
  }

  public init(_ owner: Owner, tables: [TableRows] = [], summaries: [Summary] = []) {
    self.owner = owner
    self.tables = tables
    self.summaries = summaries
  }

  public func rows<Row: StoredRow>(_: Row.Type) throws(RowProblem) -> [Row] {
    guard let found = tables.first(where: { $0.table == Row.table.name }) else { return [] }
    var rows: [Row] = []
    rows.reserveCapacity(found.rows.count)
    for values in found.rows { rows.append(try Row(values: values)) }
    return rows
  }

  /// Whether there is such an owner. Rows that outlive their owner may be there without it.
  public func isThere(in catalog: TableCatalog) -> Bool {
    guard let root = catalog.root(of: owner.kind) else { return true }
    return tables.contains { $0.table == root.name && !$0.rows.isEmpty }
  }

  /// The one row of a root table.
  public func root<Row: StoredRow>(_: Row.Type) throws(RowProblem) -> Row {
    guard let row = try rows(Row.self).first else { throw RowProblem("\(Row.table.name) has no row") }
    return row
  }

  public func summary<Row: StoredRow>(_: Row.Type) -> Summary {
    summaries.first { $0.table == Row.table.name } ?? Summary(table: Row.table.name, rowCount: 0, bytes: 0, lastKey: nil)
  }
}

public struct Page: Sendable, Hashable, Codable {
  public var table: TableName
  public var entries: [Entry]
  /// There are more rows behind the last one.
  public var hasMore: Bool

  public struct Entry: Sendable, Hashable, Codable {
    /// The row's owner.
    public var owner: JID
    public var values: [ColumnValue]
    public init(owner: JID, values: [ColumnValue]) {
      self.owner = owner
      self.values = values
    }
  }

  public init(table: TableName, entries: [Entry], hasMore: Bool) {
    self.table = table
    self.entries = entries
    self.hasMore = hasMore
  }

  public init<Row: StoredRow>(_ rows: [Row], of owner: JID) {
    self.init(table: Row.table.name, entries: rows.map { Entry(owner: owner, values: $0.values) }, hasMore: false)
  }

  public func rows<Row: StoredRow>(_: Row.Type) throws(RowProblem) -> [(owner: JID, row: Row)] {
    guard table == Row.table.name else { throw RowProblem("a page of \(table) is not one of \(Row.table.name)") }
    var rows: [(owner: JID, row: Row)] = []
    for entry in entries { rows.append((entry.owner, try Row(values: entry.values))) }
    return rows
  }

  /// The place at which the next page begins; `nil` if this is the last one.
  public func next(of table: StoredTable) -> RowQuery.Cursor? {
    guard hasMore, let last = entries.last else { return nil }
    return RowQuery.Cursor(owner: last.owner, key: Array(last.values.prefix(table.key.count)))
  }
}

extension TableCatalog {
  /// Why no backend can have given this result; `nil` if one can. For results that a stranger may have written.
  public func problem(of result: QueryResult) -> String? {
    switch result {
    case .owner(nil): return nil
    case .owner(let rows?):
      let kind = rows.owner.kind
      let resident = tables(of: kind).filter(\.residency.isLoaded)
      let names = rows.tables.map(\.table)
      guard Set(names).count == names.count, names.allSatisfy({ name in resident.contains { $0.name == name } }) else {
        return "the tables of an owner are not its own"
      }
      for table in rows.tables { if let problem = problem(of: table.rows, in: table.table) { return problem } }
      let summarised = tables(of: kind).filter { if case .summarised = $0.residency { true } else { false } }.map(\.name)
      let sums = rows.summaries.map(\.table)
      guard Set(sums).count == sums.count, sums.allSatisfy(summarised.contains) else { return "the summaries of an owner are not its own" }
      for summary in rows.summaries { if let problem = problem(of: summary) { return problem } }
      // Without its root row an owner has nothing but what outlives it.
      guard let root = root(of: kind), !rows.tables.contains(where: { $0.table == root.name && $0.rows.count == 1 }) else { return nil }
      let areLasting = rows.summaries.isEmpty && rows.tables.allSatisfy { self[$0.table]?.isLasting ?? false }
      return areLasting && rows.tables.contains { !$0.rows.isEmpty } ? nil : "a root is missing"
    case .page(let page):
      guard let table = self[page.table] else { return "the table \(page.table) is not known" }
      return page.entries.lazy.compactMap { table.problem(of: $0.values) }.first
        ?? (isInOrder(page, keyCount: table.key.count) ? nil : "rows of a page of \(page.table) are not in order")
    }
  }

  private func problem(of summary: OwnerRows.Summary) -> String? {
    if let key = summary.lastKey, let problem = problem(ofKey: key, in: summary.table) { return problem }
    if summary.rowCount < 0 || summary.bytes < 0 { return "a summary counts less than nothing" }
    let isEmpty = summary.rowCount == 0
    return isEmpty != (summary.lastKey == nil) || (isEmpty && summary.bytes > 0) ? "a summary of \(summary.table) contradicts itself" : nil
  }

  /// Either forwards or backwards, no row twice.
  private func isInOrder(_ page: Page, keyCount: Int) -> Bool {
    let signs = zip(page.entries, page.entries.dropFirst()).map { a, b in
      a.owner == b.owner ? KeyOrder.compare(a.values.prefix(keyCount), b.values.prefix(keyCount)).signum() : a.owner < b.owner ? -1 : 1
    }
    return signs.allSatisfy { $0 == signs[0] && $0 != 0 }
  }

  private func problem(of rows: [[ColumnValue]], in name: TableName) -> String? {
    guard let table = self[name] else { return "the table \(name) is not known" }
    for (index, row) in rows.enumerated() {
      if let problem = table.problem(of: row) { return problem }
      let count = table.key.count
      if index > 0, KeyOrder.compare(rows[index - 1].prefix(count), row.prefix(count)) >= 0 { return "rows of \(name) are not in order" }
    }
    return nil
  }

  private func problem(ofKey key: [ColumnValue], in name: TableName) -> String? {
    guard let table = self[name], key.count == table.key.count, zip(table.key, key).allSatisfy({ $0.accepts($1) }) else {
      return "a key of \(name) can't be read"
    }
    return nil
  }
}
