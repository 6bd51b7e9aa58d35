internal import OrderedCollections
internal import XML
internal import XMPP

// Which addresses an account's blocklist means (XEP-0191, 6), and who notices when the list changes.

extension Account {
  var blockedCount: Int { states[Blocklist.self].addresses.count }

  func isBlocked(_ address: JID) -> Bool { rule(blocking: address, states[Blocklist.self].addresses) != nil }

  /// Which kind of entry it is that blocks an address, as the mark that says so.
  ///
  /// 6: an entry with a resource blocks that very address; without one, all that is below it. Nobody blocks his own resources (5), or his server.
  func rule(blocking address: JID, _ entries: OrderedSet<JID>) -> BlockingMark? {
    guard !entries.isEmpty, address.bare != jid, !(address.isDomain && address.domain == jid.domain) else { return nil }
    if entries.contains(address.bare) { return address.local.isEmpty ? .blockedByDomain : .blockedByAccount }
    if address.isFull, entries.contains(address) { return address.local.isEmpty ? .blockedByDomainResource : .blockedByResource }
    guard let domain = JID(local: "", domain: address.domain, resource: "") else { return nil }
    return entries.contains(domain) ? .blockedByDomain : nil
  }

  func notYetBlocked(_ addresses: [JID]) -> OrderedSet<JID> {
    let entries = states[Blocklist.self].addresses
    return OrderedSet(addresses.filter { !entries.contains($0) })
  }

  /// Takes these entries off the list, or all if there are none. Returns those that were on it.
  mutating func unblock(_ addresses: [JID]) -> OrderedSet<JID> {
    if addresses.isEmpty {
      defer { states[Blocklist.self].addresses = [] }
      return states[Blocklist.self].addresses
    }
    var removed: OrderedSet<JID> = []
    for address in addresses where states[Blocklist.self].addresses.remove(address) != nil { removed.append(address) }
    return removed
  }

  /// Whether an address was blocked while these entries were on the list, and is not any more.
  func isFreed(_ address: JID, by removed: OrderedSet<JID>) -> Bool {
    rule(blocking: address, removed) != nil && !isBlocked(address)
  }

  /// The sessions, each with the addresses that see it and that these entries would block; the entries are not on the list yet.
  func sessions(thatLose added: OrderedSet<JID>) -> [(session: JID, loses: [JID])] {
    guard !added.isEmpty else { return [] }
    func isLost(_ address: JID) -> Bool { rule(blocking: address, added) != nil && !isBlocked(address) }
    let hearers = contacts.subscribedFrom.elements.map(\.bare).filter(isLost)
    // Single resources of contacts who hear of the account (3.3: "the JID", whichever it is), unless the whole contact is blocked.
    let resources = added.filter {
      $0.isFull && roster[$0.bare]?.isSubscribedFrom ?? false && isLost($0) && rule(blocking: $0.bare, added) == nil
    }
    // Directed presence is seen of sessions, too, that are not available to all.
    return sessions.values.map { session in
      // Presence that was directed to a bare address was seen by each of its resources.
      let seers = added.filter { $0.isFull && session.directed.contains($0.bare) }
      let directed = (Array(session.directed) + seers).filter(isLost)
      return (session.jid, Array(OrderedSet((session.presence == nil ? [] : hearers + resources) + directed)))
    }
  }

  /// Nobody who is blocked has to hear of the end any more.
  mutating func endDirectedPresence(of resource: Text) {
    let entries = states[Blocklist.self].addresses
    for address in sessions[resource]?.directed ?? [] where rule(blocking: address, entries) != nil {
      sessions[resource]?.directed.remove(address)
    }
  }
}
