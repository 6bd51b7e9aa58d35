internal import OrderedCollections
internal import ServerCore
internal import Storage
internal import XML
internal import XMPP

/// XEP-0191, as far as it decides what goes where.
struct BlockingModel: AccountPart, Door {
  private let account: JID
  private var blocked: OrderedSet<JID> = []

  init(_ account: JID) { self.account = account }

  mutating func load(from database: MemoryDatabase) {
    blocked = OrderedSet(database.rows(BlockedAddress.self, of: account).map(\.jid))
  }

  var door: (any Door)? { blocked.isEmpty ? nil : self }

  /// 6: an entry is the very address, all of a bare one, or all of a domain. Chosen: the user and the server can't be blocked.
  func isShut(to address: JID) -> Bool {
    guard address.bare != account, address.text != account.domain else { return false }
    let domain = JID(local: "", domain: address.domain, resource: "")
    return [address, address.bare, domain].contains { $0.map(blocked.contains) ?? false }
  }

  /// A `<block/>` or `<unblock/>` of the user's (3.3 to 3.5). All items must be addresses, and a block must name one.
  mutating func answer(_ request: AccountRequest, _ mailbox: inout ModelMailbox) -> AccountConsequence {
    guard request.isToAccount, request.type == "set", request.payload.has(namespace: BlockingUse.namespace) else { return .nothing }
    let items = request.payload.children.filter { $0.is("item", BlockingUse.namespace) }
    let addresses = OrderedSet(items.compactMap { $0["jid"].flatMap { JID($0) } })
    guard items.allSatisfy({ $0["jid"].flatMap { JID($0) } != nil }) else { return .nothing }
    if request.payload.has(name: "block") {
      // Chosen: all or none, where not all have room.
      guard !addresses.isEmpty, blocked.union(addresses).count <= mailbox.limits[.blockedAddresses] else { return .nothing }
      blocked.formUnion(addresses)
      return .door(named: addresses.elements)
    }
    guard request.payload.has(name: "unblock") else { return .nothing }
    let before = blocked
    // Without an address all are meant (3.5).
    blocked = addresses.isEmpty ? [] : blocked.subtracting(addresses)
    return .door(named: before.elements)
  }

  var kept: [String] { blocked.map { "blocked \($0)" }.sorted() }

  func disagreement(with seen: ObservedState) -> String? {
    let actual = seen.server.blocklist(of: account)
    if actual.count == blocked.count, actual.allSatisfy(blocked.contains) { return nil }
    return "\(account) blocks \(actual); it should be \(blocked.elements)"
  }
}
