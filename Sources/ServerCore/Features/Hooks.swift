internal import Storage
internal import XML
internal import XMPP

/// Where a feature takes part in what others do. `Feature.all` is the order in which features are called.
struct Hooks: Sendable {
  /// Somebody wants to create an account that is not there; the first feature that names an error refuses it.
  var accountMayBeCreated: (@Sendable (_ account: AbsentAccount, _ transaction: inout Transaction) -> StanzaError?)?
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

extension AbsentAccount {
  func mayBeCreated(_ transaction: inout Transaction) -> StanzaError? {
    for feature in Feature.all { if let error = feature.hooks.accountMayBeCreated?(self, &transaction) { return error } }
    return nil
  }
  func created(_ transaction: inout Transaction) { for feature in Feature.all { feature.hooks.accountCreated?(self, &transaction) } }
  /// Whether a feature has dealt with the stanza.
  func receive(_ stanza: Stanza, _ transaction: inout Transaction) -> Bool {
    for feature in Feature.all { if feature.hooks.absentAccountReceived?(self, stanza, &transaction) ?? false { return true } }
    return false
  }
}
