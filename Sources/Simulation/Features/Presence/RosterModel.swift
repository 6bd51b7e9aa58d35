internal import OrderedCollections
internal import ServerCore
internal import XML
internal import XMPP

// The roster, as the user reads and changes it.

extension PresenceModel {
  mutating func answer(_ request: AccountRequest, _ mailbox: inout ModelMailbox) -> AccountConsequence {
    guard request.isToAccount, request.payload.is("query", NS.roster) else { return .nothing }
    if request.type == "get" { resources[request.session]?.isInterested = true }
    if request.type == "set" { setRoster(request.payload, &mailbox) }
    return .nothing
  }

  /// A roster set of the user's (2.3, 2.5). Its errors are those of 2.3.3.
  private mutating func setRoster(_ query: Element, _ mailbox: inout ModelMailbox) {
    let items = query.children.filter { $0.is("item", NS.roster) }
    guard items.count == 1, let contact = items[0]["jid"].flatMap({ JID($0) }) else { return }
    if items[0]["subscription"] == "remove" { return remove(contact, &mailbox) }
    let groups = items[0].children.filter { $0.is("group", NS.roster) }.map(\.text)
    guard contact.bare != jid, hasRoom(for: contact, mailbox), Set(groups).count == groups.count,
      groups.count <= mailbox.limits[.groupsPerItem],
      groups.allSatisfy({ !$0.isEmpty && $0.count <= 1023 }), (items[0]["name"]?.count ?? 0) <= 1023
    else { return }
    // 2.4.2: a push for each, changed or not.
    change(contact, &mailbox, pushesAlways: true) {
      $0.isInRoster = true
      $0.name = items[0]["name"]
      $0.groups = groups
    }
  }

  /// 2.5: with the contact goes all that was between the two. Chosen: a request without an answer as well.
  private mutating func remove(_ contact: JID, _ mailbox: inout ModelMailbox) {
    guard contacts[contact]?.isInRoster ?? false else { return }
    endAll(with: contact, &mailbox)
    change(contact, &mailbox) { $0 = Contact() }
  }

  private mutating func endAll(with contact: JID, _ mailbox: inout ModelMailbox) {
    let state = state(with: contact)
    if state.userHears || state.isPendingOut { mailbox.send(.presence("unsubscribe", from: jid, to: contact.bare)) }
    if state.contactHears { sendUnavailable(to: contact.bare, &mailbox) }
    if state.contactHears || state.isPendingIn { mailbox.send(.presence("unsubscribed", from: jid, to: contact.bare)) }
  }

  /// The account is about to be no more (XEP-0077, 3.2): contacts are told by the end of what was between them, and by nothing else.
  mutating func dissolve(_ mailbox: inout ModelMailbox) {
    for contact in contacts.keys { endAll(with: contact, &mailbox) }
    contacts = [:]
    for resource in resources.keys.elements { ended(resource, &mailbox) }
  }
}
