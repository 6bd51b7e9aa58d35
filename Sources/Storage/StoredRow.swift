public import XML
public import XMPP

/// A row as its feature sees it: a value with typed properties.
public protocol StoredRow: Sendable, Hashable {
  static var table: StoredTable { get }
  /// The contents of all columns, in the order of the table's declaration, its key first.
  var values: [ColumnValue] { get }
  /// Reads the columns in the same order.
  init(_ row: inout RowReader) throws(RowProblem)
}

/// A row that can't be read: the message names table and column.
public struct RowProblem: Error, CustomStringConvertible {
  public let description: String
  public init(_ description: String) { self.description = description }
}

/// Hands out the contents of a row's columns, one after the other.
public struct RowReader {
  private let table: StoredTable
  private let values: [ColumnValue]
  private var index = 0

  init(_ values: [ColumnValue], of table: StoredTable) {
    self.values = values
    self.table = table
  }

  private mutating func next() -> ColumnValue? {
    defer { index += 1 }
    return index < values.count ? values[index] : nil
  }

  /// The column that was read last holds no value of its type.
  public func problem() -> RowProblem {
    let all = table.allColumns
    return RowProblem("the column \(index <= all.count ? all[index - 1].name : "\(index)") of \(table.name) can't be read")
  }

  public mutating func integer() throws(RowProblem) -> Int64 {
    guard case .integer(let value)? = next() else { throw problem() }
    return value
  }
  public mutating func boolean() throws(RowProblem) -> Bool { try integer() != 0 }
  public mutating func text() throws(RowProblem) -> Text {
    guard case .text(let value)? = next() else { throw problem() }
    return value
  }
  public mutating func optionalText() throws(RowProblem) -> Text? {
    switch next() {
    case .text(let value): return value
    case .null: return nil
    default: throw problem()
    }
  }
  public mutating func texts() throws(RowProblem) -> [Text] {
    guard case .texts(let value)? = next() else { throw problem() }
    return value
  }
  public mutating func jid() throws(RowProblem) -> JID {
    guard case .jid(let value)? = next() else { throw problem() }
    return value
  }
  public mutating func bytes() throws(RowProblem) -> [UInt8] {
    guard case .bytes(let value)? = next() else { throw problem() }
    return value
  }
  public mutating func xml() throws(RowProblem) -> Element {
    guard case .xml(let value)? = next() else { throw problem() }
    return value
  }
  public mutating func optionalXML() throws(RowProblem) -> Element? {
    switch next() {
    case .xml(let value): return value
    case .null: return nil
    default: throw problem()
    }
  }
}

extension StoredRow {
  public init(values: [ColumnValue]) throws(RowProblem) {
    var reader = RowReader(values, of: Self.table)
    try self.init(&reader)
  }

  /// The contents of the key's columns.
  public var key: [ColumnValue] { Array(values.prefix(Self.table.key.count)) }
}
