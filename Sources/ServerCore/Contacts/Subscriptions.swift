internal import OrderedCollections
internal import XML
internal import XMPP

// Presence subscriptions: RFC 6121, section 3, as the state tables of its appendix A have them.

extension Account {
  /// The user sends a subscription stanza (appendix A.2) from a session, which hears what is wrong with it.
  mutating func sendSubscription(_ type: SubscriptionType, _ stanza: Stanza, _ transaction: inout Transaction) {
    let contact = stanza.to.bare
    guard contact != jid else { return transaction.reach(SubscriptionMark.subscriptionSentToSelf) }
    var item = roster[contact] ?? RosterItem(jid: contact, isInRoster: false)
    transaction.reach(type.markSent(in: item.state))
    switch type {
    case .subscribe:
      // It may have to be kept as it is (3.1.3). Said here, before anybody is asked: whether the contact is there shows by nothing.
      guard stanza.element.stored.count <= transaction.configuration.limits[.requestBytes] else {
        return transaction.bounce(
          stanza, transaction.reach(SubscriptionMark.subscriptionSentTooBig, StanzaError(.policyViolation, text: "the request is too long"))
        )
      }
      guard item.isInRoster || hasRoomForContact(transaction.configuration.limits) else {
        return transaction.bounce(stanza, transaction.reach(SubscriptionMark.subscriptionSentFull, StanzaError(.resourceConstraint)))
      }
      item.isInRoster = true
      if !item.isSubscribedTo { item.isPendingOut = true }
      update(item, &transaction)
      transaction.route(stanza.element, from: jid, to: contact)
    case .unsubscribe:
      item.isPendingOut = false
      item.setSubscribedTo(false)
      settle(item, &transaction)
      transaction.route(stanza.element, from: jid, to: contact)
    case .subscribed:
      // Approval of what nobody asked for is kept to ourselves (A.2.3; pre-approval is not offered).
      guard item.request != nil else { return }
      guard item.isInRoster || hasRoomForContact(transaction.configuration.limits) else {
        return transaction.bounce(stanza, transaction.reach(SubscriptionMark.subscriptionSentFull, StanzaError(.resourceConstraint)))
      }
      item.request = nil
      item.isInRoster = true
      item.setSubscribedFrom(true)
      update(item, &transaction)
      transaction.route(stanza.element, from: jid, to: contact)
      sendPresences(to: contact, &transaction)
      if item.isSubscribedTo { transaction.route(Element("presence", NS.client, ["type": "probe"]), from: jid, to: contact) }
    case .unsubscribed:
      guard item.isSubscribedFrom || item.request != nil else { return }
      if item.isSubscribedFrom { sendUnavailable(to: contact, &transaction) }
      item.request = nil
      item.setSubscribedFrom(false)
      settle(item, &transaction)
      transaction.route(stanza.element, from: jid, to: contact)
    }
  }

  /// A contact's subscription stanza came (appendix A.3).
  mutating func receiveSubscription(_ type: SubscriptionType, _ stanza: Stanza, _ transaction: inout Transaction) {
    let contact = stanza.from.bare
    guard contact != jid else { return }
    var item = roster[contact] ?? RosterItem(jid: contact, isInRoster: false)
    transaction.reach(type.markGot(in: item.state))
    switch type {
    case .subscribe:
      if item.isSubscribedFrom {
        // 3.1.3: the answer is known.
        transaction.route(Element("presence", NS.client, ["type": "subscribed"]), from: jid, to: contact)
        return sendPresences(to: contact, &transaction)
      }
      transaction.route(Account.requestArrived, from: jid, to: contact)
      // Requests are repeated in case they were lost; this one was not.
      guard item.request == nil else { return }
      guard item.isInRoster || hasRoomForRequest(transaction.configuration.limits) else {
        return transaction.reach(SubscriptionMark.subscriptionGotFull)
      }
      item.request = stanza.element
      if available.isEmpty { transaction.reach(SubscriptionMark.requestToNobody) }
      update(item, &transaction)
      transaction.deliver(Stanza(stanza.element, from: stanza.from, to: stanza.to.bare), to: available)
    case .unsubscribe:
      guard item.isSubscribedFrom || item.request != nil else { return }
      tellInterested(stanza, &transaction)
      if item.isSubscribedFrom { sendUnavailable(to: contact, &transaction) }
      item.request = nil
      item.setSubscribedFrom(false)
      settle(item, &transaction)
    case .subscribed:
      guard item.isPendingOut else { return }
      tellInterested(stanza, &transaction)
      item.isPendingOut = false
      item.setSubscribedTo(true)
      update(item, &transaction)
    case .unsubscribed:
      guard item.isPendingOut || item.isSubscribedTo else { return }
      tellInterested(stanza, &transaction)
      item.isPendingOut = false
      item.setSubscribedTo(false)
      settle(item, &transaction)
    }
  }

  /// Says that a request arrived, and nothing else, as clients expect it in the field. An account that is not there says the same each time, or this
  /// would tell strangers which are (RFC 6120, 13.11).
  static let requestArrived = Element("presence", NS.client, ["type": "unavailable"])

  /// Tells the resources that asked for the roster of a contact's change to a subscription, which "MUST occur before sending the
  /// roster push" (3.1.6, 3.2.3, 3.3.3): so a client can tell it from a change that another of its own resources made.
  private func tellInterested(_ stanza: Stanza, _ transaction: inout Transaction) {
    transaction.deliver(Stanza(stanza.element, from: stanza.from, to: stanza.to.bare), to: sessions.values.filter(\.wantsRoster))
  }

  /// Keeps the item, or forgets it if it was there for a request only.
  private mutating func settle(_ item: RosterItem, _ transaction: inout Transaction) {
    if item.isInRoster || item.request != nil || item.subscription != .none {
      update(item, &transaction)
    } else if roster[item.jid] != nil {
      transaction.reach(SubscriptionMark.subscriptionForgotten)
      forget(item, &transaction)
    }
  }

  /// Requests that the user has not answered, for a session that just came (3.1.3).
  func offerRequests(to session: Session, _ transaction: inout Transaction) {
    for contact in contacts.requesting {
      guard let request = roster[contact]?.request else { continue }
      guard !avoids(contact) else {
        transaction.reach(SubscriptionMark.requestOfBlockedKept)
        continue
      }
      transaction.reach(SubscriptionMark.requestOffered)
      transaction.deliver(Stanza(request, from: contact.bare, to: jid), to: session)
    }
  }
}

enum SubscriptionType: String { case subscribe, subscribed, unsubscribe, unsubscribed }
