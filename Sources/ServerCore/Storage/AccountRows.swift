public import SASL
public import Storage
internal import XML
public import XMPP

/// The root row of an account: the account exists as long as it does.
public struct AccountRow: StoredRow {
  public var isDisabled: Bool
  public init(isDisabled: Bool = false) { self.isDisabled = isDisabled }

  private static let disabled = Column.boolean("disabled")
  public static let table = StoredTable.root("account", of: .account, columns: [disabled])

  public var values: [ColumnValue] { [.boolean(isDisabled)] }
  public init(_ row: inout RowReader) throws(RowProblem) { isDisabled = try row.boolean() }
}

/// An account without its contacts and messages: what a login needs.
public struct StoredAccount: Sendable, Hashable, Codable {
  /// Bare.
  public var jid: JID
  public var credentials: [ScramCredentials]
  public var isDisabled: Bool
  public init(jid: JID, credentials: [ScramCredentials], isDisabled: Bool = false) {
    self.jid = jid
    self.credentials = credentials
    self.isDisabled = isDisabled
  }

  /// Everything that must be written for the account to be so. Credentials that are stored already and not among these go.
  public var changes: [Change] {
    [.put(AccountRow(isDisabled: isDisabled), of: jid), .deleteRange(ScramCredentials.self, .all, of: jid)]
      + credentials.map { .put($0, of: jid) }
  }
}

extension ScramCredentials: StoredRow {
  private static let columns = [
    Column.bytes("salt", .shown), .integer("rounds"), .bytes("stored_key", .storedKey), .bytes("server_key", .serverKey),
  ]
  public static let table = StoredTable("credential", owner: .account, key: [.text("hash", .shown)], columns: columns)
  /// The column with the iteration count.
  public static let roundsColumn = columns[1]

  public var values: [ColumnValue] {
    [.text(Text(hash.rawValue)), .bytes(salt), .integer(Int64(rounds)), .bytes(storedKey), .bytes(serverKey)]
  }
  public init(_ row: inout RowReader) throws(RowProblem) {
    guard let hash = ScramHash(rawValue: try row.text().string) else { throw row.problem() }
    self.init(
      hash: hash, salt: try row.bytes(), rounds: Int(clamping: try row.integer()), storedKey: try row.bytes(), serverKey: try row.bytes())
  }
}
