internal import Storage
internal import XML
internal import XMPP

/// Where a feature takes part in what others do. `Feature.all` is the order in which features are called.
struct Hooks: Sendable {
  /// Somebody wants to create an account that is not there; the first feature that gives a refusal refuses it.
  var accountMayBeCreated: (@Sendable (_ account: AbsentAccount, _ transaction: inout Transaction) -> CreationRefusal?)?
  /// An account was created.
  var accountCreated: (@Sendable (_ account: AbsentAccount, _ transaction: inout Transaction) -> Void)?
  /// An account is about to go, and its rows with it.
  var accountRemoved: (@Sendable (_ account: JID, _ transaction: inout Transaction) -> Void)?
  /// A stanza came for an account that is not there. The first feature that returns `true` has dealt with it.
  var absentAccountReceived: (@Sendable (_ account: AbsentAccount, _ stanza: Stanza, _ transaction: inout Transaction) -> Bool)?
}

/// An account that is not there, with the rows that an earlier account of its name left (`StoredTable.Residency.lasting`).
struct AbsentAccount: Sendable {
  let jid: JID
  let rows: OwnerRows

  /// The row that an earlier account left. `nil` if it left nothing; a row that can't be read is a problem of the caller.
  func row<Row: StoredRow>(_: Row.Type) throws(RowProblem) -> Row? { try rows.rows(Row.self).first }
}

/// Why an account may not be created.
struct CreationRefusal: Sendable {
  /// For whoever registers it.
  var error: StanzaError
  /// For an operator; `nil` for what is said of every such error.
  var explanation: String?
}

extension AbsentAccount {
  /// An account that is being deleted, with the rows that features have left of it in the changes of the same step.
  init(jid: JID, leftBy changes: [Change]) {
    var rows = OwnerRows(.account(jid))
    for table in TableCatalog.server.tables(of: .account) where table.isLasting {
      let left = changes.compactMap { change -> [ColumnValue]? in
        if case .put(let name, let owner, let values) = change, name == table.name, owner.jid == jid { values } else { nil }
      }
      if !left.isEmpty { rows.tables.append(TableRows(table: table.name, rows: left)) }
    }
    self.init(jid: jid, rows: rows)
  }

  /// Why it may not be created; `nil` if it may.
  func refusal(_ transaction: inout Transaction) -> CreationRefusal? {
    for feature in Feature.all { if let refusal = feature.hooks.accountMayBeCreated?(self, &transaction) { return refusal } }
    return nil
  }
  func created(_ transaction: inout Transaction) { for feature in Feature.all { feature.hooks.accountCreated?(self, &transaction) } }
  /// Whether a feature has dealt with the stanza.
  func receive(_ stanza: Stanza, _ transaction: inout Transaction) -> Bool {
    for feature in Feature.all { if feature.hooks.absentAccountReceived?(self, stanza, &transaction) ?? false { return true } }
    return false
  }
}
