internal import Storage
internal import XML
internal import XMPP

/// The SQL of pages. The first column of each row is its owner's address.
extension TableSQL {
  typealias Select = (sql: String, arguments: [ColumnValue])

  /// The statements whose rows, one after the other, make a page.
  ///
  /// Behind a cursor come first the rest of its owner's rows and then other owners' rows. One statement for both would compare columns of two
  /// tables at once: no index can do that, so each page would read all rows of the pages before it.
  func selects(_ query: RowQuery) -> [Select] {
    if case .owner(let owner) = query.scope, owner.kind != table.owner { return [] }
    guard let after = query.after else { return [select(query)] }
    let others = select(query, ["\(address) \(query.isDescending ? "<" : ">") ?"], [.jid(after.owner)])
    return (rest(of: after, query).map { [$0] } ?? []) + [others]
  }

  /// The rows behind a cursor that are its owner's; `nil` if there can be none.
  ///
  /// The cursor takes the place of the bound before it: of two bounds on one side SQLite would search for either.
  private func rest(of cursor: RowQuery.Cursor, _ query: RowQuery) -> Select? {
    let (isDescending, range, key) = (query.isDescending, query.range, cursor.key)
    let (before, behind) = isDescending ? (range.upper, range.lower) : (range.lower, range.upper)
    func isWithin(_ bound: [ColumnValue]?, asLower: Bool) -> Bool {
      (asLower ? KeyRange(from: bound) : KeyRange(through: bound)).contains(key[...])
    }
    guard !key.isEmpty, isWithin(behind, asLower: isDescending) else { return nil }
    guard isWithin(before, asLower: !isDescending) else { return select(query, ["\(address) = ?"], [.jid(cursor.owner)]) }
    var query = query
    var equal = 0
    if let lower = range.lower, lower == range.upper {
      equal = lower.count
      guard equal < key.count else { return nil }
    } else if isDescending {
      query.range.upper = nil
    } else {
      query.range.lower = nil
    }
    let behindCursor = condition(isDescending ? "<" : ">", key, skipping: equal)
    return select(query, ["\(address) = ?", behindCursor], [.jid(cursor.owner)] + key[equal...])
  }

  private func select(_ query: RowQuery, _ place: [String] = [], _ placeArguments: [ColumnValue] = []) -> Select {
    var (conditions, arguments) = (place, placeArguments)
    switch query.scope {
    case .owner(let owner):
      conditions.append("\(address) = ?")
      arguments.append(.jid(owner.jid))
    case .domain(let domain):
      conditions.append("\(domainColumn) = ?")
      arguments.append(.text(domain))
    case .everywhere: break
    }
    let range = condition(query.range)
    conditions += range.conditions
    arguments += range.arguments
    for filter in query.filters {
      conditions.append("\(table.name).\(table.allColumns[filter.column].name) IS ?")
      arguments.append(filter.value)
    }
    let kind = table.owner.rawValue
    let source = isJoined ? "\(join(query)) ON \(table.name).\(kind) = \(kind).id" : "\(table.name)"
    let columns = [address] + table.allColumns.map { "\(table.name).\($0.name)" }
    // The row id changes nothing in the order, but tells SQLite that an owner comes only once; without it SQLite sorts.
    let order = ([address] + (isJoined ? ["\(kind).id"] : []) + table.key.map { "\(table.name).\($0.name)" })
      .map { query.isDescending ? "\($0) DESC" : $0 }
    let condition = conditions.isEmpty ? "" : " WHERE \(conditions.joined(separator: " AND "))"
    return ("SELECT \(columns.joined(separator: ", ")) FROM \(source)\(condition) ORDER BY \(order.joined(separator: ", "))", arguments)
  }

  /// `CROSS JOIN` says which table is read first. In the order of owners the first rows can be read before the others are; but one that a
  /// reference names has rows of few owners among many, and those are searched for and sorted.
  private func join(_ query: RowQuery) -> String {
    let kind = table.owner.rawValue
    return searchesReference(query) ? "\(table.name) CROSS JOIN \(kind)" : "\(kind) CROSS JOIN \(table.name)"
  }
  func searchesReference(_ query: RowQuery) -> Bool {
    if case .owner = query.scope { return false }
    let isOneKey = !(query.range.lower ?? []).isEmpty && query.range.lower == query.range.upper
    return table.reference != nil && (isOneKey || query.filters.contains { $0.column == 0 })
  }

  private var isJoined: Bool { !table.isRoot && !table.namesOwner }
  /// The column with the owner's address.
  private var address: String { isJoined || table.isRoot ? "\(table.owner.rawValue).jid" : "\(table.name).\(table.owner.rawValue)" }
  private var domainColumn: String {
    if table.owner == .host { return address }
    return table.namesOwner ? "substr(\(address), instr(\(address), '@') + 1)" : "\(table.owner.rawValue).domain"
  }
}
