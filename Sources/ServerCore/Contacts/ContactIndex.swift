internal import OrderedCollections
internal import XMPP

/// The items of a roster, by their subscriptions and requests: a broadcast of presence is about some of them, and must not cost as much as the
/// whole roster. (A roster may have ten thousand items, and a client may send ten thousand presences a second before its rate is limited.)
struct ContactIndex: Sendable, Codable {
  /// Contacts that hear of the account.
  private(set) var subscribedFrom: OrderedSet<JID> = []
  /// Contacts of whom the account hears.
  private(set) var subscribedTo: OrderedSet<JID> = []
  /// Contacts that have not answered the account's request.
  private(set) var pendingOut: OrderedSet<JID> = []
  /// Contacts whose request the account has not answered.
  private(set) var requesting: OrderedSet<JID> = []

  /// An item was changed or, with `nil`, taken out.
  mutating func note(_ item: RosterItem?, for contact: JID) {
    ContactIndex.set(contact, item?.isSubscribedFrom ?? false, in: &subscribedFrom)
    ContactIndex.set(contact, item?.isSubscribedTo ?? false, in: &subscribedTo)
    ContactIndex.set(contact, item?.isPendingOut ?? false, in: &pendingOut)
    ContactIndex.set(contact, item?.request != nil, in: &requesting)
  }

  private static func set(_ contact: JID, _ belongs: Bool, in contacts: inout OrderedSet<JID>) {
    if belongs { contacts.append(contact) } else if !contacts.isEmpty { contacts.remove(contact) }
  }
}
