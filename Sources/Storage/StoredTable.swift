public import XMPP

/// The kind of entity that rows belong to. Deleting an owner deletes its rows.
public enum OwnerKind: String, Sendable, Hashable, Codable, CaseIterable {
  /// A bare JID with an account.
  case account
  /// A bare JID of a room.
  case room
  /// A domain. It needs no root row: a domain is always there.
  case host
}

public struct Owner: Sendable, Hashable, Codable {
  public var kind: OwnerKind
  /// Bare.
  public var jid: JID

  public init(_ kind: OwnerKind, _ jid: JID) {
    self.kind = kind
    self.jid = jid
  }
  public static func account(_ jid: JID) -> Owner { Owner(.account, jid) }
  public static func room(_ jid: JID) -> Owner { Owner(.room, jid) }
}

/// A table's name in the database: lower case, digits and underscores.
public struct TableName: Sendable, Hashable, Codable, ExpressibleByStringLiteral, CustomStringConvertible {
  public let description: String
  public init(stringLiteral name: StaticString) { description = "\(name)" }
  public init(from decoder: any Decoder) throws { description = try decoder.singleValueContainer().decode(String.self) }
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }
}

/// A column of a table.
public struct Column: Sendable, Hashable {
  public let name: String
  public let type: ColumnType
  public let isOptional: Bool
  public let privacy: Privacy

  /// How a recording treats the content. Numbers and addresses are always shown, and elements follow the rules for stanzas.
  public enum Privacy: Sendable, Hashable {
    /// Identifiers and the protocol's own words.
    case shown
    /// Replaced by as many letters or bytes.
    case secret
    /// The name that a person gave to something: equal names get equal replacements.
    case name
    /// Texts that people write to each other.
    case prose
    /// SCRAM's stored key and server key (RFC 5802, 3): replaced so that a login still succeeds or fails as it did.
    case storedKey, serverKey
  }

  private init(_ name: StaticString, _ type: ColumnType, _ privacy: Privacy, isOptional: Bool) {
    self.name = "\(name)"
    self.type = type
    self.privacy = privacy
    self.isOptional = isOptional
  }

  public static func integer(_ name: StaticString) -> Column { Column(name, .integer, .shown, isOptional: false) }
  public static func boolean(_ name: StaticString) -> Column { integer(name) }
  public static func jid(_ name: StaticString) -> Column { Column(name, .jid, .shown, isOptional: false) }
  public static func text(_ name: StaticString, _ privacy: Privacy, isOptional: Bool = false) -> Column {
    Column(name, .text, privacy, isOptional: isOptional)
  }
  public static func texts(_ name: StaticString, _ privacy: Privacy) -> Column { Column(name, .texts, privacy, isOptional: false) }
  public static func bytes(_ name: StaticString, _ privacy: Privacy) -> Column { Column(name, .bytes, privacy, isOptional: false) }
  public static func xml(_ name: StaticString, isOptional: Bool = false) -> Column { Column(name, .xml, .secret, isOptional: isOptional) }

  func accepts(_ value: ColumnValue) -> Bool { value.type.map { $0 == type } ?? isOptional }
}

/// A table as the feature that owns it declares it. A backend makes it, migrates it and reads it by this declaration alone.
public struct StoredTable: Sendable {
  public let name: TableName
  public let owner: OwnerKind
  /// The columns that tell the rows of one owner apart, in the order of the rows. None for a root: it has one row for each owner.
  public let key: [Column]
  public let columns: [Column]
  public let residency: Residency
  public let reference: Reference?
  /// Each leads from one version of the table to the next. A migration that was released never changes.
  public let migrations: [Migration]

  public enum Residency: Sendable {
    /// The rows are loaded with their owner and stay in memory with it: their number must be bounded by a limit.
    case resident
    /// The rows are read page by page.
    case onDemand
    /// The rows are read page by page; their number, their bytes and the last key are loaded with the owner.
    case summarised
    /// The rows outlive their owner: they are stored and loaded also when there is no such account or room, and stay when it is deleted.
    case lasting

    /// Whether all rows are loaded with their owner.
    var isLoaded: Bool {
      switch self {
      case .resident, .lasting: true
      case .onDemand, .summarised: false
      }
    }
  }

  /// The key's first column is the address of another owner: when that one is deleted, the rows that name it go, too.
  public struct Reference: Sendable {
    public let target: OwnerKind
    /// When rows go in this way, the row's owner goes with them unless a row is left in which this column has one of these values.
    public let keepsOwner: (column: Column, values: [ColumnValue])?
    public init(to target: OwnerKind, keepsOwner: (column: Column, values: [ColumnValue])? = nil) {
      self.target = target
      self.keepsOwner = keepsOwner
    }
  }

  public enum Migration: Sendable {
    /// A column at the end of the table; rows that are there have this value.
    case addColumn(Column, ColumnValue)
    /// Statements of SQL that change the table's content or shape in any other way. Rows that refer to a deleted row do not go by themselves.
    case rewrite(String)
  }

  public init(
    _ name: TableName, owner: OwnerKind, key: [Column], columns: [Column] = [], residency: Residency = .resident,
    reference: Reference? = nil, migrations: [Migration] = []
  ) {
    self.name = name
    self.owner = owner
    self.key = key
    self.columns = columns
    self.residency = residency
    self.reference = reference
    self.migrations = migrations
    precondition(key.allSatisfy(\.type.isOrdered), "a key column of \(name) is of a type without an order")
    precondition(reference == nil || key.first?.type == .jid, "\(name) refers to something by no address")
    // The owner's column in other tables has this name, too.
    precondition(!key.isEmpty || (owner != .host && name.description == owner.rawValue), "\(name) is no root of \(owner)")
    precondition(reference?.keepsOwner == nil || (owner != .host && !isLasting), "rows of \(name) can't keep their owner")
    // Keys stand in questions, which recordings show.
    precondition(key.allSatisfy { $0.privacy == .shown && !$0.isOptional }, "a key column of \(name) is private or optional")
  }

  /// The table whose rows say which owners there are.
  public static func root(_ name: TableName, of owner: OwnerKind, columns: [Column], migrations: [Migration] = []) -> StoredTable {
    StoredTable(name, owner: owner, key: [], columns: columns, migrations: migrations)
  }

  public var isRoot: Bool { key.isEmpty }
  public var isLasting: Bool { if case .lasting = residency { true } else { false } }
  /// In the order of a row's values.
  public var allColumns: [Column] { key + columns }
  public var version: Int { migrations.count + 1 }

  /// Why values are no row of this table; `nil` if they are one.
  public func problem(of row: [ColumnValue]) -> String? {
    let all = allColumns
    guard row.count == all.count else { return "a row of \(name) has \(row.count) columns instead of \(all.count)" }
    for (column, value) in zip(all, row) where !column.accepts(value) { return "the column \(column.name) of \(name) can't be read" }
    return nil
  }
}

/// All tables that there are.
public final class TableCatalog: Sendable {
  public let tables: [StoredTable]
  private let byName: [TableName: StoredTable]
  private let byOwner: [OwnerKind: [StoredTable]]

  public init(_ tables: [StoredTable]) {
    self.tables = tables
    byName = Dictionary(uniqueKeysWithValues: tables.map { ($0.name, $0) })
    byOwner = Dictionary(grouping: tables.filter(\.isRoot) + tables.filter { !$0.isRoot }, by: \.owner)
    for table in tables { precondition(table.isRoot || hasRoot(table.owner), "\(table.name) belongs to an owner without a root table") }
  }

  public subscript(name: TableName) -> StoredTable? { byName[name] }
  /// The root first, and then in the order of declaration.
  public func tables(of kind: OwnerKind) -> [StoredTable] { byOwner[kind] ?? [] }
  public func root(of kind: OwnerKind) -> StoredTable? { tables(of: kind).first { $0.isRoot } }
  private func hasRoot(_ kind: OwnerKind) -> Bool { kind == .host || root(of: kind) != nil }
}
