internal import OrderedCollections
public import XMPP

/// All rows in memory: the backend of the simulated disk, of unit tests and of benchmarks.
public struct MemoryDatabase: Sendable {
  /// Rows of one owner, for each of its kind's tables, in the order of the catalogue and of the keys.
  private struct Content: Sendable, Hashable {
    var tables: [[[ColumnValue]]]
  }
  private let catalog: TableCatalog
  private var accounts: OrderedDictionary<JID, Content> = [:]
  private var rooms: OrderedDictionary<JID, Content> = [:]
  private var hosts: OrderedDictionary<JID, Content> = [:]

  public init(_ catalog: TableCatalog) { self.catalog = catalog }

  private subscript(kind: OwnerKind) -> OrderedDictionary<JID, Content> {
    get {
      switch kind {
      case .account: accounts
      case .room: rooms
      case .host: hosts
      }
    }
    _modify {
      switch kind {
      case .account: yield &accounts
      case .room: yield &rooms
      case .host: yield &hosts
      }
    }
  }

  private func index(of name: TableName, _ kind: OwnerKind) -> Int? { catalog.tables(of: kind).firstIndex { $0.name == name } }

  // MARK: Changes

  public mutating func apply(_ change: Change) {
    switch change {
    case .put(let name, let owner, let row): put(row, in: name, of: owner)
    case .delete(let name, let owner, let key): delete(KeyRange(from: key, through: key), in: name, of: owner)
    case .deleteRange(let name, let owner, let range): delete(range, in: name, of: owner)
    case .deleteOwner(let owner):
      remove(owner)
      for table in catalog.tables where table.reference?.target == owner.kind { forget(owner.jid, in: table) }
    }
  }

  public mutating func apply(_ changes: [Change]) { for change in changes { apply(change) } }

  private mutating func put(_ row: [ColumnValue], in name: TableName, of owner: Owner) {
    let tables = catalog.tables(of: owner.kind)
    guard let index = index(of: name, owner.kind) else { return }
    guard tables[index].isRoot || tables[index].isLasting || has(owner) else { return }
    if self[owner.kind][owner.jid] == nil { self[owner.kind][owner.jid] = Content(tables: tables.map { _ in [] }) }
    let count = tables[index].key.count
    self[owner.kind][owner.jid]!.tables[index].put(row, keyCount: count)
  }

  private mutating func delete(_ range: KeyRange, in name: TableName, of owner: Owner) {
    guard let index = index(of: name, owner.kind) else { return }
    let table = catalog.tables(of: owner.kind)[index]
    if table.isRoot { return apply(.deleteOwner(owner)) }
    self[owner.kind][owner.jid]?.tables[index].removeAll { range.contains($0.prefix(table.key.count)) }
    dropEmpty(owner)
  }

  /// Of an owner without rows nothing is kept: it is as if it had never had any.
  private mutating func dropEmpty(_ owner: Owner) {
    if self[owner.kind][owner.jid]?.tables.allSatisfy(\.isEmpty) ?? false { self[owner.kind][owner.jid] = nil }
  }

  /// Removes all rows but those that outlive their owner.
  private mutating func remove(_ owner: Owner) {
    guard let content = self[owner.kind][owner.jid] else { return }
    let left = zip(catalog.tables(of: owner.kind), content.tables).map { table, rows in table.isLasting ? rows : [] }
    self[owner.kind][owner.jid] = Content(tables: left)
    dropEmpty(owner)
  }

  /// Removes the rows that name a deleted owner, and their owners with them where the table says so.
  private mutating func forget(_ gone: JID, in table: StoredTable) {
    guard let index = index(of: table.name, table.owner) else { return }
    for jid in self[table.owner].keys.elements {
      guard let rows = self[table.owner][jid]?.tables[index], rows.contains(where: { $0[0] == .jid(gone) }) else { continue }
      let left = rows.filter { $0[0] != .jid(gone) }
      self[table.owner][jid]!.tables[index] = left
      dropEmpty(Owner(table.owner, jid))
      guard let (column, values) = table.reference?.keepsOwner, let place = table.allColumns.firstIndex(of: column) else { continue }
      if !left.contains(where: { values.contains($0[place]) }) { apply(.deleteOwner(Owner(table.owner, jid))) }
    }
  }

  // MARK: Questions

  public func answer(_ query: Query) -> QueryResult {
    switch query {
    case .owner(let owner): .owner(rows(of: owner))
    case .rows(let query): .page(page(query))
    }
  }

  private func rows(of owner: Owner) -> OwnerRows? {
    let nothing = owner.kind == .host ? Content(tables: catalog.tables(of: .host).map { _ in [] }) : nil
    guard let content = self[owner.kind][owner.jid] ?? nothing else { return nil }
    var found = OwnerRows(owner)
    let isThere = has(owner)
    for (table, rows) in zip(catalog.tables(of: owner.kind), content.tables) where isThere || table.isLasting {
      switch table.residency {
      case .resident, .lasting: found.tables.append(TableRows(table: table.name, rows: rows))
      case .summarised:
        let bytes = rows.reduce(0) { sum, row in row.dropFirst(table.key.count).reduce(sum) { $0 + $1.weight } }
        found.summaries.append(
          OwnerRows.Summary(
            table: table.name, rowCount: rows.count, bytes: bytes, lastKey: rows.last.map { Array($0.prefix(table.key.count)) }))
      case .onDemand: break
      }
    }
    return found
  }

  private func page(_ query: RowQuery) -> Page {
    var page = Page(table: query.table, entries: [], hasMore: false)
    guard let table = catalog[query.table], let index = index(of: query.table, table.owner) else { return page }
    var bytes = 0
    for jid in owners(query.scope, table.owner, query.isDescending) {
      let rows = self[table.owner][jid]?.tables[index] ?? []
      for row in query.isDescending ? rows.reversed() : rows where query.matches(row, of: jid, table) {
        let weight = row.reduce(0) { $0 + $1.weight }
        if query.isFull(rows: page.entries.count, bytes: bytes, adding: weight) {
          page.hasMore = true
          return page
        }
        bytes += weight
        page.entries.append(Page.Entry(owner: jid, values: row))
      }
    }
    return page
  }

  private func owners(_ scope: RowQuery.Scope, _ kind: OwnerKind, _ isDescending: Bool) -> [JID] {
    switch scope {
    case .owner(let owner): return owner.kind == kind ? [owner.jid] : []
    case .domain(let domain):
      let found = self[kind].keys.filter { $0.domain == domain }.sorted()
      return isDescending ? found.reversed() : found
    case .everywhere:
      let found = self[kind].keys.sorted()
      return isDescending ? found.reversed() : found
    }
  }
}

extension MemoryDatabase: Equatable {
  public static func == (a: MemoryDatabase, b: MemoryDatabase) -> Bool {
    a.accounts == b.accounts && a.rooms == b.rooms && a.hosts == b.hosts
  }
}

extension RowQuery {
  fileprivate func matches(_ row: [ColumnValue], of owner: JID, _ table: StoredTable) -> Bool {
    let key = row.prefix(table.key.count)
    guard range.contains(key), filters.allSatisfy({ row[$0.column] == $0.value }) else { return false }
    guard let after else { return true }
    if owner != after.owner { return (after.owner < owner) != isDescending }
    let order = KeyOrder.compare(key, after.key[...])
    return isDescending ? order < 0 : order > 0
  }
}

extension [[ColumnValue]] {
  /// Puts a row in its place, or into that of the one with the same key.
  fileprivate mutating func put(_ row: [ColumnValue], keyCount: Int) {
    var (low, high) = (0, count)
    while low < high {
      let middle = (low + high) / 2
      if KeyOrder.compare(self[middle].prefix(keyCount), row.prefix(keyCount)) < 0 { low = middle + 1 } else { high = middle }
    }
    if low < count, KeyOrder.compare(self[low].prefix(keyCount), row.prefix(keyCount)) == 0 {
      self[low] = row
    } else {
      insert(row, at: low)
    }
  }
}

// MARK: - For those who look at all of it

extension MemoryDatabase {
  /// In the order in which they came into being.
  public func owners(_ kind: OwnerKind) -> [JID] { self[kind].keys.filter { has(Owner(kind, $0)) } }

  /// The owner's rows in the order of their keys. Empty if there is no such owner.
  public func rows<Row: StoredRow>(_: Row.Type, of owner: JID) -> [Row] {
    guard let index = index(of: Row.table.name, Row.table.owner), let content = self[Row.table.owner][owner] else { return [] }
    return content.tables[index].compactMap { try? Row(values: $0) }
  }

  public func row<Row: StoredRow>(_: Row.Type, key: ColumnValue..., of owner: JID) -> Row? {
    guard let index = index(of: Row.table.name, Row.table.owner), let content = self[Row.table.owner][owner] else { return nil }
    return content.tables[index].first { $0.starts(with: key) }.flatMap { try? Row(values: $0) }
  }

  /// Whether there is such an account or room; a host is always there.
  public func has(_ owner: Owner) -> Bool {
    guard let index = catalog.tables(of: owner.kind).firstIndex(where: \.isRoot) else { return true }
    return self[owner.kind][owner.jid]?.tables[index].isEmpty == false
  }
}
