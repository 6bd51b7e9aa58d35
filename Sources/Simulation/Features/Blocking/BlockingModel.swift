internal import OrderedCollections
internal import ServerCore
internal import XML
internal import XMPP

// XEP-0191, as far as it decides what presence goes where.

extension PresenceModel {
  /// 6: an entry is the very address, all of a bare one, or all of a domain. Chosen: the user and the server can't be blocked.
  func isBlocked(_ address: JID) -> Bool {
    guard !blocked.isEmpty, address.bare != jid, address.text != jid.domain else { return false }
    let domain = JID(local: "", domain: address.domain, resource: "")
    return [address, address.bare, domain].contains { $0.map(blocked.contains) ?? false }
  }

  /// A `<block/>` or `<unblock/>` of the user's (3.3 to 3.5). All items must be addresses, and a block must name one.
  mutating func setBlocks(_ request: Element, _ mailbox: inout ModelMailbox) {
    let items = request.children.filter { $0.is("item", BlockingUse.namespace) }
    let addresses = OrderedSet(items.compactMap { $0["jid"].flatMap { JID($0) } })
    guard items.allSatisfy({ $0["jid"].flatMap { JID($0) } != nil }) else { return }
    if request.has(name: "block") {
      // Chosen: all or none, where not all have room.
      if !addresses.isEmpty, blocked.union(addresses).count <= mailbox.limits[.blockedAddresses] { block(addresses, &mailbox) }
    } else if request.has(name: "unblock") {
      unblock(addresses, &mailbox)
    }
  }

  /// "The user's server MUST send unavailable presence" to who saw the user and is blocked now (3.3).
  private mutating func block(_ addresses: OrderedSet<JID>, _ mailbox: inout ModelMailbox) {
    let before = self
    blocked.formUnion(addresses)
    for (resource, state) in before.resources {
      let saw = state.priority == nil ? [] : contacts.filter { $0.value.state.contactHears }.map(\.key.bare)
      // Single resources of those contacts, too.
      let resources = addresses.filter { $0.isFull && saw.contains($0.bare) && !isBlocked($0.bare) }
      // Who got directed presence must hear of its end, whether or not the resource is available beside (RFC 6121, 4.6).
      for address in OrderedSet(saw + resources + state.directed) where !before.isBlocked(address) && isBlocked(address) {
        mailbox.send(.presence("unavailable", from: resource, to: address))
      }
      let gone = state.directed.filter { isBlocked($0) }
      self.resources[resource]?.directed.subtract(gone)
    }
  }

  /// Who may hear of the user again does (3.4, 3.5). Without an address all are meant.
  private mutating func unblock(_ addresses: OrderedSet<JID>, _ mailbox: inout ModelMailbox) {
    let before = self
    blocked = addresses.isEmpty ? [] : blocked.subtracting(addresses)
    let hearers = contacts.filter { $0.value.state.contactHears }.map(\.key)
    let contactsAgain = hearers.filter { before.isBlocked($0) && !isBlocked($0) }.map(\.bare)
    let resourcesAgain = before.blocked.filter { $0.isFull && hearers.contains($0.bare) && !before.isBlocked($0.bare) && !isBlocked($0) }
    for address in contactsAgain + resourcesAgain {
      for (resource, state) in resources where state.priority != nil { mailbox.send(.presence(nil, from: resource, to: address)) }
    }
  }
}
