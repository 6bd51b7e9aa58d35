public import OrderedCollections
public import Storage
public import XML
public import XMPP

/// The key of a stored element.
public struct PrivateXMLKey: Sendable, Hashable, Codable {
  public var namespace: Text
  public var name: Text
  public init(_ element: Element) {
    namespace = element.namespace
    name = element.name
  }

  fileprivate init(_ row: inout RowReader) throws(RowProblem) {
    namespace = try row.text()
    name = try row.text()
  }

  public var values: [ColumnValue] { [.text(namespace), .text(name)] }
  static let columns = [Column.text("namespace", .shown), .text("name", .shown)]
}

extension PrivateXMLKey: Recorded {
  /// Names and namespaces are shown wherever they stand.
  static var shown: Shown { .everything }
}

/// An element as a client stored it.
public struct PrivateElement: StoredRow {
  public var key: PrivateXMLKey
  public var element: Element

  public static let table = StoredTable(
    "private_xml", owner: .account, key: PrivateXMLKey.columns, columns: [.xml("element")], residency: .onDemand)
  public var values: [ColumnValue] { key.values + [.xml(element)] }
  public init(_ row: inout RowReader) throws(RowProblem) { self.init(key: try PrivateXMLKey(&row), element: try row.xml()) }
  init(key: PrivateXMLKey, element: Element) {
    self.key = key
    self.element = element
  }
}

/// How large a stored element is: limits are checked without reading contents.
struct PrivateElementSize: StoredRow {
  var key: PrivateXMLKey
  var bytes: Int

  static let table = StoredTable("private_xml_size", owner: .account, key: PrivateXMLKey.columns, columns: [.integer("bytes")])
  var values: [ColumnValue] { key.values + [.integer(Int64(bytes))] }
  init(_ row: inout RowReader) throws(RowProblem) { self.init(key: try PrivateXMLKey(&row), bytes: Int(clamping: try row.integer())) }
  init(key: PrivateXMLKey, bytes: Int) {
    self.key = key
    self.bytes = bytes
  }
}

/// The sizes of an account's elements, in bytes as stored.
struct PrivateXMLSizes: AccountState {
  var bytes: OrderedDictionary<PrivateXMLKey, Int> = [:]

  init() {}
  init(_ rows: OwnerRows) throws(RowProblem) {
    for row in try rows.rows(PrivateElementSize.self) { bytes[row.key] = row.bytes }
  }

  var isEmpty: Bool { bytes.isEmpty }
  var total: Int { bytes.values.reduce(0, +) }

  /// The limit that these sizes exceed; `nil` if they may take the place of `stored`. A change that stores less is always allowed, so that a
  /// user can tidy up after a limit was lowered.
  func excess(over stored: PrivateXMLSizes, _ limits: Configuration.Limits) -> PrivateXMLMark? {
    if bytes.count > max(limits[.privateElements], stored.bytes.count) { return .privateElementsFull }
    if total > max(limits[.privateBytes], stored.total) { return .privateBytesFull }
    return nil
  }

  func gauges(_ limits: Configuration.Limits) -> [(name: StaticString, value: Int, limit: Int)] {
    [("private elements", bytes.count, limits[.privateElements]), ("bytes of private elements", total, limits[.privateBytes])]
  }
}

extension Server {
  /// The sizes of an account's stored elements, in bytes as stored, for code that checks the server; the account is in memory.
  public func privateElementSizes(of account: JID) -> OrderedDictionary<PrivateXMLKey, Int> {
    self.account(account)?.states[PrivateXMLSizes.self].bytes ?? [:]
  }
}
