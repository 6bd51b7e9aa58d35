internal import OrderedCollections
public import Storage
public import XMPP

/// An entry of a user's blocklist.
public struct BlockedAddress: StoredRow {
  public var jid: JID
  public init(jid: JID) { self.jid = jid }

  public static let table = StoredTable("blocked", owner: .account, key: [.jid("jid")])
  public var values: [ColumnValue] { [.jid(jid)] }
  public init(_ row: inout RowReader) throws(RowProblem) { jid = try row.jid() }
}

/// The addresses that an account blocks, in the order in which it did.
struct Blocklist: AccountState {
  var addresses: OrderedSet<JID> = []

  init() {}
  init(_ rows: OwnerRows) throws(RowProblem) { addresses = OrderedSet(try rows.rows(BlockedAddress.self).map(\.jid)) }

  var isEmpty: Bool { addresses.isEmpty }
  func gauges(_ limits: Configuration.Limits) -> [(name: StaticString, value: Int, limit: Int)] {
    [("blocked addresses", addresses.count, limits[.blockedAddresses])]
  }
}

/// Whether a session asked for the blocklist, so that it gets pushes (XEP-0191, 3.3).
struct BlocklistInterest: FeatureState {
  var wantsPushes = false
  var isEmpty: Bool { !wantsPushes }
}

extension Server {
  /// The addresses that an account in memory blocks: for those who check the server.
  public func blocklist(of account: JID) -> [JID] { self.account(account)?.states[Blocklist.self].addresses.elements ?? [] }
}
