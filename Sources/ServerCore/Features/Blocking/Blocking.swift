internal import OrderedCollections
internal import Storage
internal import XML
internal import XMPP

/// Blocking Command, XEP-0191.
enum Blocking {
  static let feature = Feature(
    xep: 191, version: "1.3", name: "Blocking Command", hostFeatures: [NS.blocking], tables: [BlockedAddress.table],
    marks: [BlockingMark.self], limits: [.blockedAddresses], settings: [.blockedMessages],
    requests: [
      Request("blocklist", NS.blocking, from: .owner, .account(list)), Request("block", NS.blocking, from: .owner, .account(block)),
      Request("unblock", NS.blocking, from: .owner, .account(unblock)),
    ],
    accountState: Blocklist.self, sessionState: BlocklistInterest.self,
    hooks: Hooks(
      needState: true, stanzaSent: refuse, stanzaArrived: refuseArrived, accountAvoids: { account, address in account.isBlocked(address) }))

  /// 3.2. A session that asks is told of changes from then on.
  private static func list(_ account: inout Account, _ request: Stanza, _ payload: Element, _ transaction: inout Transaction) {
    guard request.type == "get" else {
      return transaction.bounce(request, transaction.reach(BlockingMark.blockingTypeWrong, StanzaError(.badRequest)))
    }
    account.sessions[request.from.resource]?.states[BlocklistInterest.self].wantsPushes = true
    transaction.reply(request, element("blocklist", Array(account.states[Blocklist.self].addresses)))
  }

  /// 3.3.
  private static func block(_ account: inout Account, _ request: Stanza, _ payload: Element, _ transaction: inout Transaction) {
    guard let addresses = addresses(request, payload, &transaction) else { return }
    guard !addresses.isEmpty else {
      return transaction.bounce(request, transaction.reach(BlockingMark.blockEmpty, StanzaError(.badRequest)))
    }
    // The list may have thousands of entries: nothing may copy it, or a change would cost as much as the whole list.
    let added = account.notYetBlocked(addresses)
    guard account.blockedCount + added.count <= transaction.configuration.limits[.blockedAddresses] else {
      return transaction.bounce(request, transaction.reach(BlockingMark.blockFull, StanzaError(.resourceConstraint)))
    }
    if added.isEmpty { transaction.reach(BlockingMark.blockKnown) }
    // Contacts that saw the user must now see it gone, and must be told before the block holds the words back.
    for (session, loses) in account.sessions(thatLose: added) {
      if !loses.isEmpty { transaction.reach(BlockingMark.blockSendsUnavailable) }
      transaction.route(Element("presence", NS.client, ["type": "unavailable"]), from: session, to: loses)
    }
    account.states[Blocklist.self].addresses.append(contentsOf: added)
    for resource in account.sessions.keys { account.endDirectedPresence(of: resource) }
    for address in added { transaction.persist(.put(BlockedAddress(jid: address), of: account.jid)) }
    finish(account, request, element("block", addresses), &transaction)
  }

  /// 3.4 and 3.5.
  private static func unblock(_ account: inout Account, _ request: Stanza, _ payload: Element, _ transaction: inout Transaction) {
    guard let addresses = addresses(request, payload, &transaction) else { return }
    let removed = account.unblock(addresses)
    if addresses.isEmpty {
      transaction.reach(BlockingMark.unblockAll)
      if !removed.isEmpty { transaction.persist(.deleteRange(BlockedAddress.self, .all, of: account.jid)) }
    } else {
      if removed.isEmpty { transaction.reach(BlockingMark.unblockUnknown) }
      for address in removed { transaction.persist(.delete(BlockedAddress.self, key: .jid(address), of: account.jid)) }
    }
    for contact in account.contacts.subscribedFrom where account.isFreed(contact, by: removed) {
      transaction.reach(BlockingMark.unblockSendsPresence)
      account.sendPresences(to: contact.bare, &transaction)
    }
    // Single resources of contacts, unless the whole contact was blocked, or is.
    for resource in removed where resource.isFull && account.roster[resource.bare]?.isSubscribedFrom ?? false {
      guard account.isFreed(resource, by: removed), !account.isFreed(resource.bare, by: removed) else { continue }
      transaction.reach(BlockingMark.unblockSendsPresenceToResource)
      account.sendPresences(to: resource, &transaction)
    }
    finish(account, request, element("unblock", addresses), &transaction)
  }

  private static func finish(_ account: Account, _ request: Stanza, _ push: Element, _ transaction: inout Transaction) {
    transaction.reply(request)
    for session in account.sessions.values where session.states[BlocklistInterest.self].wantsPushes {
      transaction.reach(BlockingMark.blockPushed)
      var iq = Element("iq", NS.client, ["type": "set", "id": transaction.random.token()])
      iq.append(push)
      transaction.deliver(iq, from: nil, to: session)
    }
  }

  /// `nil` if the request was refused.
  private static func addresses(_ request: Stanza, _ payload: Element, _ transaction: inout Transaction) -> [JID]? {
    guard request.type == "set" else {
      transaction.bounce(request, transaction.reach(BlockingMark.blockingTypeWrong, StanzaError(.badRequest)))
      return nil
    }
    var found = OrderedSet<JID>()
    for item in payload.children where item.is("item", NS.blocking) {
      guard let jid = item["jid"].flatMap({ JID($0) }) else {
        transaction.bounce(request, transaction.reach(BlockingMark.blockMalformed, StanzaError(.jidMalformed)))
        return nil
      }
      found.append(jid)
    }
    return Array(found)
  }

  private static func element(_ name: Text, _ addresses: [JID]) -> Element {
    Element(name, NS.blocking, children: addresses.map { Element("item", NS.blocking, ["jid": $0.text]) })
  }

  /// 3.3: a user can't write to an address that he blocks.
  private static func refuse(_ account: Account, _ stanza: Stanza, _ transaction: inout Transaction) -> StanzaError? {
    account.isBlocked(stanza.to) ? transaction.reach(BlockingMark.blockedOutbound, outboundError) : nil
  }
  private static let outboundError = StanzaError(
    .notAcceptable, kind: .cancel, text: "You have blocked this JID", specific: [Element("blocked", NS.blockingErrors)])

  /// A stanza from a blocked address (3.3): presence vanishes; the rest is answered as if nobody were there.
  private static func refuseArrived(_ account: Account, _ stanza: Stanza, _ transaction: inout Transaction) -> Bool {
    guard let rule = account.rule(blocking: stanza.from, account.states[Blocklist.self].addresses) else { return false }
    transaction.reach(rule)
    switch stanza.kind {
    case .message:
      // A bounced private message would put the blocker out of the room that passed it on.
      if transaction.configuration.blockedMessages == .bounce, stanza.type != "groupchat", stanza.element.child("x", NS.mucUser) == nil {
        transaction.bounce(stanza, transaction.reach(BlockingMark.blockedMessageBounced, StanzaError(.serviceUnavailable)))
      } else {
        transaction.reach(transaction.configuration.blockedMessages == .drop ? BlockingMark.blockedMessageDropped : .blockedMessageOfRoom)
      }
    case .iq: transaction.bounce(stanza, transaction.reach(BlockingMark.blockedIQ, StanzaError(.serviceUnavailable)))
    case .presence: transaction.reach(BlockingMark.blockedPresence)
    case nil: break
    }
    return true
  }
}
