internal import OrderedCollections
internal import SASL
internal import Storage
internal import XML
internal import XMPP

/// One account while it is in use: what is stored of it, and its sessions.
struct Account: Sendable, Codable {
  let jid: JID
  var record: StoredAccount
  private(set) var roster: OrderedDictionary<JID, RosterItem>
  /// Items that are listed; the others are requests of strangers that wait for an answer.
  private(set) var listedCount: Int
  /// Which of them presence is about: a broadcast must not look through a roster of thousands.
  private(set) var contacts = ContactIndex()
  /// The states that features keep of the account.
  var states: FeatureStates
  /// By resource, in the order in which they were bound.
  var sessions: OrderedDictionary<Text, Session> = [:]
  /// When the last session ended or the account was loaded: the beginning of its idleness.
  var idleSince: Int64

  /// - Parameter rows: everything that is stored of it.
  init(_ jid: JID, _ rows: OwnerRows, now: Instant) throws(RowProblem) {
    self.jid = jid
    record = StoredAccount(
      jid: jid, credentials: try rows.rows(ScramCredentials.self), isDisabled: try rows.root(AccountRow.self).isDisabled)
    roster = OrderedDictionary(uniqueKeysWithValues: try rows.rows(RosterItem.self).map { ($0.jid, $0) })
    listedCount = roster.values.count(where: \.isInRoster)
    for item in roster.values { contacts.note(item, for: item.jid) }
    states = try FeatureStates(rows)
    idleSince = now.monotonic
  }

  /// A new account.
  init(_ record: StoredAccount, now: Instant) {
    jid = record.jid
    self.record = record
    roster = [:]
    listedCount = 0
    states = FeatureStates()
    idleSince = now.monotonic
  }

  var domain: JID { JID(local: "", domain: jid.domain, resource: "") ?? jid }

  /// Puts an item into the roster or, with `nil`, takes it out.
  mutating func setItem(_ item: RosterItem?, for contact: JID) {
    if roster[contact]?.isInRoster ?? false { listedCount -= 1 }
    if item?.isInRoster ?? false { listedCount += 1 }
    roster[contact] = item
    contacts.note(item, for: contact)
  }
  mutating func clearRoster() { (roster, listedCount, contacts) = ([:], 0, ContactIndex()) }

  /// Whether the user may have one contact more.
  func hasRoomForContact(_ limits: Configuration.Limits) -> Bool { listedCount < limits[.rosterItems] }
  /// Whether one stranger more may ask the user: what others do takes no place from the user's contacts.
  func hasRoomForRequest(_ limits: Configuration.Limits) -> Bool { roster.count - listedCount < limits[.pendingRequests] }

  /// Sessions that have sent initial presence ("available resources", RFC 6121, 4.2).
  var available: [Session] { sessions.values.filter { $0.presence != nil } }
}

extension Element {
  /// A copy that says when it was first sent (XEP-0203).
  func delayed(from: Text, at wall: Int64) -> Element {
    var copy = self
    copy.append("delay", NS.delay, ["from": from, "stamp": DateTime.format(nanosecondsSince1970: wall)])
    return copy
  }
}
