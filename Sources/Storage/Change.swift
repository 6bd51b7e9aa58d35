public import XMPP

/// A durable change. All changes of one commit become durable together or not at all.
///
/// Rows of an account or room that is not there are not stored: the owner's end took them along.
public enum Change: Sendable, Hashable, Codable {
  /// The row comes into being or takes the place of the one with the same key.
  case put(TableName, Owner, [ColumnValue])
  /// All rows whose keys begin so. The row of a root table is its owner: to delete it is `deleteOwner`.
  case delete(TableName, Owner, key: [ColumnValue])
  case deleteRange(TableName, Owner, KeyRange)
  /// The owner and all its rows are gone, and so are rows of others whose table declares a reference to it. If one of those owners goes with
  /// them (`StoredTable.Reference.keepsOwner`), the same is true of it.
  case deleteOwner(Owner)

  public static func put<Row: StoredRow>(_ row: Row, of owner: JID) -> Change {
    .put(Row.table.name, Owner(Row.table.owner, owner), row.values)
  }
  public static func delete<Row: StoredRow>(_: Row.Type, key: ColumnValue..., of owner: JID) -> Change {
    .delete(Row.table.name, Owner(Row.table.owner, owner), key: key)
  }
  public static func deleteRange<Row: StoredRow>(_: Row.Type, _ range: KeyRange, of owner: JID) -> Change {
    .deleteRange(Row.table.name, Owner(Row.table.owner, owner), range)
  }

  public var owner: Owner {
    switch self {
    case .put(_, let owner, _), .delete(_, let owner, _), .deleteRange(_, let owner, _), .deleteOwner(let owner): owner
    }
  }

  /// The row, if this change puts one of this type.
  public func row<Row: StoredRow>(_: Row.Type) -> Row? {
    guard case .put(let name, _, let values) = self, name == Row.table.name else { return nil }
    return try? Row(values: values)
  }

  /// Bytes that the change holds while it is on its way to the disk, about.
  public var weight: Int {
    switch self {
    case .put(_, _, let values): values.reduce(200) { $0 + $1.weight }
    case .delete, .deleteRange, .deleteOwner: 200
    }
  }
}

/// The keys from one to another, both included. A bound that has fewer columns than the key stands for all keys that begin so.
public struct KeyRange: Sendable, Hashable, Codable {
  public var lower: [ColumnValue]?
  public var upper: [ColumnValue]?
  public init(from lower: [ColumnValue]? = nil, through upper: [ColumnValue]? = nil) {
    self.lower = lower
    self.upper = upper
  }
  public static let all = KeyRange()
  public static func through(_ last: ColumnValue) -> KeyRange { KeyRange(through: [last]) }

  /// Only as many columns are compared as both have.
  public func contains(_ key: ArraySlice<ColumnValue>) -> Bool {
    if let lower, KeyOrder.compare(key, lower[...]) < 0 { return false }
    if let upper, KeyOrder.compare(key, upper[...]) > 0 { return false }
    return true
  }
}
