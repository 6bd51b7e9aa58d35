internal import OrderedCollections
internal import ServerCore
internal import XML
internal import XMPP

// Users shut somebody out, and let somebody in again.

extension PresenceModel {
  mutating func change(to new: Doors, named: [JID], _ mailbox: inout ModelMailbox) {
    let old = doors
    doors = new
    shut(old, named, &mailbox)
    open(old, named, &mailbox)
  }

  /// "The user's server MUST send unavailable presence" to who saw the user and is shut out now (XEP-0191, 3.3).
  private mutating func shut(_ old: Doors, _ named: [JID], _ mailbox: inout ModelMailbox) {
    for (resource, state) in resources {
      let saw = state.priority == nil ? [] : contacts.filter { $0.value.state.contactHears }.map(\.key.bare)
      // Single resources of those contacts, too.
      let single = named.filter { $0.isFull && saw.contains($0.bare) && !doors.isShut(to: $0.bare) }
      // An address that got directed presence must hear of its end, whether or not the resource is available beside (RFC 6121, 4.6).
      let seers = named.filter { $0.isFull && state.directed.contains($0.bare) }
      for address in OrderedSet(saw + single + state.directed + seers) where !old.isShut(to: address) && doors.isShut(to: address) {
        mailbox.send(.presence("unavailable", from: resource, to: address))
      }
      let gone = state.directed.filter { doors.isShut(to: $0) }
      resources[resource]?.directed.subtract(gone)
    }
  }

  /// Addresses that may hear of the user again do (XEP-0191, 3.4, 3.5).
  private func open(_ old: Doors, _ named: [JID], _ mailbox: inout ModelMailbox) {
    let hearers = contacts.filter { $0.value.state.contactHears }.map(\.key)
    let again = hearers.filter { old.isShut(to: $0) && !doors.isShut(to: $0) }.map(\.bare)
    let single = named.filter {
      $0.isFull && hearers.contains($0.bare) && !old.isShut(to: $0.bare) && old.isShut(to: $0) && !doors.isShut(to: $0)
    }
    for address in again + single {
      for (resource, state) in resources where state.priority != nil { mailbox.send(.presence(nil, from: resource, to: address)) }
    }
  }
}
