internal import Storage
internal import XML
internal import XMPP

/// The named phases in which a feature takes part in the work of others. Within a phase, features are called in the order of `Feature.all`.
///
/// A hook is added with the first feature that needs it. A phase that only observes returns nothing; in one that decides, the first feature that
/// answers has decided.
struct Hooks: Sendable {
  /// `stanzaSent`, `stanzaArrived`, `messageAccepted` and `accountAvoids` are not called for an account of which no feature keeps a state.
  var needState = false

  // MARK: Accounts

  /// Somebody wants to create an account that is not there; the first feature that gives a refusal refuses it.
  var accountMayBeCreated: (@Sendable (_ account: AbsentAccount, _ transaction: inout Transaction) -> CreationRefusal?)?
  /// An account was created.
  var accountCreated: (@Sendable (_ account: AbsentAccount, _ transaction: inout Transaction) -> Void)?
  /// An account is about to go, and its rows with it.
  var accountRemoved: (@Sendable (_ account: JID, _ transaction: inout Transaction) -> Void)?
  /// A stanza came for an account that is not there. The first feature that returns `true` has dealt with it.
  var absentAccountReceived: (@Sendable (_ account: AbsentAccount, _ stanza: Stanza, _ transaction: inout Transaction) -> Bool)?
  /// The answer to a question for rows of a table of the feature (`Inquiry.Purpose.accountRows`). An account that is not in memory any more is not
  /// told.
  var accountAnswered: (@Sendable (_ account: inout Account, _ id: InquiryID, _ answer: Answer, _ transaction: inout Transaction) -> Void)?

  // MARK: Stanzas, in the order in which one passes the phases

  /// A session of the account sends a stanza, which was checked and is to be routed. The first feature that gives an error refuses it.
  var stanzaSent: (@Sendable (_ account: Account, _ stanza: Stanza, _ transaction: inout Transaction) -> StanzaError?)?
  /// A stanza came for the account. The first feature that returns `true` has dealt with it.
  var stanzaArrived: (@Sendable (_ account: Account, _ stanza: Stanza, _ transaction: inout Transaction) -> Bool)?
  /// A message of type `chat` or `normal` is about to go to resources, or to `messageUntaken`. The first feature that returns `true` keeps it.
  var messageAccepted: (@Sendable (_ account: inout Account, _ stanza: Stanza, _ transaction: inout Transaction) -> Bool)?
  /// No resource takes a message that is worth keeping (RFC 6121, 8.5.2.2.1). The first feature that returns `true` has dealt with it;
  /// otherwise its sender gets `service-unavailable`.
  var messageUntaken: (@Sendable (_ account: inout Account, _ stanza: Stanza, _ transaction: inout Transaction) -> Bool)?

  // MARK: Presence

  /// Whether the account and an address exchange no presence, whatever their subscriptions are.
  var accountAvoids: (@Sendable (_ account: Account, _ address: JID) -> Bool)?
  /// A session has broadcast presence (RFC 6121, 4.2 and 4.4), and whoever hears it was told.
  var presenceBroadcast: (@Sendable (_ account: inout Account, _ session: Session, _ transaction: inout Transaction) -> Void)?

  // MARK: The features that take part, for what happens with every stanza

  fileprivate static let stanzaSent = HookList(\.stanzaSent)
  fileprivate static let stanzaArrived = HookList(\.stanzaArrived)
  fileprivate static let messageAccepted = HookList(\.messageAccepted)
  fileprivate static let accountAvoids = HookList(\.accountAvoids)
}

/// The hooks of one phase, in the order of the features.
private struct HookList<Hook: Sendable>: Sendable {
  private let all: [Hook]
  private let withoutState: [Hook]

  init(_ hook: (Hooks) -> Hook?) {
    all = Feature.all.compactMap { hook($0.hooks) }
    withoutState = Feature.all.compactMap { $0.hooks.needState ? nil : hook($0.hooks) }
  }

  /// Those that concern an account.
  func concerning(_ account: Account) -> [Hook] { account.states.isEmpty ? withoutState : all }
}

extension Account {
  /// Says why a session may not send this stanza, if it may not.
  func refuse(toSend stanza: Stanza, _ transaction: inout Transaction, because refusal: inout StanzaError?) {
    for hook in Hooks.stanzaSent.concerning(self) where refusal == nil { refusal = hook(self, stanza, &transaction) }
  }
  /// Whether a feature has dealt with a stanza that came for the account.
  func intercepts(_ stanza: Stanza, _ transaction: inout Transaction) -> Bool {
    for hook in Hooks.stanzaArrived.concerning(self) { if hook(self, stanza, &transaction) { return true } }
    return false
  }
  /// Whether a feature keeps a message that could be delivered.
  mutating func holds(_ message: Stanza, _ transaction: inout Transaction) -> Bool {
    for hook in Hooks.messageAccepted.concerning(self) { if hook(&self, message, &transaction) { return true } }
    return false
  }
  /// A message that no resource takes.
  mutating func leaveUntaken(_ message: Stanza, _ transaction: inout Transaction) {
    for feature in Feature.all { if feature.hooks.messageUntaken?(&self, message, &transaction) ?? false { return } }
    transaction.bounce(message, StanzaError(.serviceUnavailable))
  }
  /// Whether the account and an address exchange no presence, whatever their subscriptions are.
  func avoids(_ address: JID) -> Bool {
    for hook in Hooks.accountAvoids.concerning(self) { if hook(self, address) { return true } }
    return false
  }
  mutating func presenceBroadcast(by session: Session, _ transaction: inout Transaction) {
    for feature in Feature.all { feature.hooks.presenceBroadcast?(&self, session, &transaction) }
  }
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
