internal import OrderedCollections
internal import XML
internal import XMPP

// Presence subscriptions: RFC 6121, section 3, as the state tables of its appendix A have them.

extension Account {
  /// The user sends a subscription stanza (appendix A.2) from a session, which hears what is wrong with it.
  mutating func sendSubscription(_ type: SubscriptionType, _ stanza: Stanza, _ step: inout Step) {
    let contact = stanza.to.bare
    guard contact != jid else { return step.reach(SubscriptionMark.subscriptionSentToSelf) }
    var item = roster[contact] ?? RosterItem(jid: contact, isListed: false)
    step.reach(type.markSent(in: item.state))
    switch type {
    case .subscribe:
      // It may have to be kept as it is (3.1.3). Said here, before anybody is asked: whether the contact is there shows by nothing.
      guard stanza.element.stored.count <= step.configuration.limits[.requestBytes] else {
        return step.bounce(
          stanza, step.reach(SubscriptionMark.subscriptionSentTooBig, StanzaError(.policyViolation, text: "the request is too long")))
      }
      guard item.isListed || hasRoomForContact(step.configuration.limits) else {
        return step.bounce(stanza, step.reach(SubscriptionMark.subscriptionSentFull, StanzaError(.resourceConstraint)))
      }
      item.isListed = true
      if !item.isHeard { item.isAsking = true }
      update(item, &step)
      step.route(stanza.element, from: jid, to: contact)
    case .unsubscribe:
      item.isAsking = false
      item.setHeard(false)
      settle(item, &step)
      step.route(stanza.element, from: jid, to: contact)
    case .subscribed:
      // Approval of what nobody asked for is kept to ourselves (A.2.3; pre-approval is not offered).
      guard item.request != nil else { return }
      guard item.isListed || hasRoomForContact(step.configuration.limits) else {
        return step.bounce(stanza, step.reach(SubscriptionMark.subscriptionSentFull, StanzaError(.resourceConstraint)))
      }
      item.request = nil
      item.isListed = true
      item.setHears(true)
      update(item, &step)
      step.route(stanza.element, from: jid, to: contact)
      sendPresences(to: contact, &step)
      if item.isHeard { step.route(Element("presence", NS.client, ["type": "probe"]), from: jid, to: contact) }
    case .unsubscribed:
      guard item.hears || item.request != nil else { return }
      if item.hears { fallSilent(towards: contact, &step) }
      item.request = nil
      item.setHears(false)
      settle(item, &step)
      step.route(stanza.element, from: jid, to: contact)
    }
  }

  /// A contact's subscription stanza came (appendix A.3).
  mutating func receiveSubscription(_ type: SubscriptionType, _ stanza: Stanza, _ step: inout Step, deliver: inout [Addressee]) {
    let contact = stanza.from.bare
    guard contact != jid else { return }
    var item = roster[contact] ?? RosterItem(jid: contact, isListed: false)
    step.reach(type.markGot(in: item.state))
    switch type {
    case .subscribe:
      if item.hears {
        // 3.1.3: the answer is known.
        step.route(Element("presence", NS.client, ["type": "subscribed"]), from: jid, to: contact)
        return sendPresences(to: contact, &step)
      }
      step.route(Account.requestArrived, from: jid, to: contact)
      // Requests are repeated in case they were lost; this one was not.
      guard item.request == nil else { return }
      guard item.isListed || hasRoomForRequest(step.configuration.limits) else { return step.reach(SubscriptionMark.subscriptionGotFull) }
      item.request = stanza.element
      if available.isEmpty { step.reach(SubscriptionMark.requestToNobody) }
      update(item, &step)
      for session in available { deliver.append(Addressee(connection: session.connection, to: stanza.to.bare)) }
    case .unsubscribe:
      guard item.hears || item.request != nil else { return }
      tellInterested(stanza, &step)
      if item.hears { fallSilent(towards: contact, &step) }
      item.request = nil
      item.setHears(false)
      settle(item, &step)
    case .subscribed:
      guard item.isAsking else { return }
      tellInterested(stanza, &step)
      item.isAsking = false
      item.setHeard(true)
      update(item, &step)
    case .unsubscribed:
      guard item.isAsking || item.isHeard else { return }
      tellInterested(stanza, &step)
      item.isAsking = false
      item.setHeard(false)
      settle(item, &step)
    }
  }

  /// Says that a request arrived, and nothing else, as clients expect it in the field. An account that is not there says the same each time, or this
  /// would tell strangers which are (RFC 6120, 13.11).
  static let requestArrived = Element("presence", NS.client, ["type": "unavailable"])

  /// What a contact did to a subscription is for the resources that asked for the roster, and "MUST occur before sending the
  /// roster push" (3.1.6, 3.2.3, 3.3.3): so a client can tell it from what another of its own resources did.
  private func tellInterested(_ stanza: Stanza, _ step: inout Step) {
    let interested = sessions.values.filter(\.wantsRoster).map { Addressee(connection: $0.connection, to: stanza.to.bare) }
    if !interested.isEmpty { step.outputs.append(.write(stanza.element, from: stanza.from, to: interested)) }
  }

  /// Keeps the item, or forgets it if it was there for a request only.
  private mutating func settle(_ item: RosterItem, _ step: inout Step) {
    if item.isListed || item.request != nil || item.subscription != .none {
      update(item, &step)
    } else if roster[item.jid] != nil {
      step.reach(SubscriptionMark.subscriptionForgotten)
      forget(item, &step)
    }
  }

  /// Requests that the user has not answered, for a session that just came (3.1.3).
  func offerRequests(to session: Session, _ step: inout Step) {
    for item in roster.values {
      guard let request = item.request else { continue }
      guard !isBlocked(item.jid) else {
        step.reach(SubscriptionMark.requestOfBlockedKept)
        continue
      }
      step.reach(SubscriptionMark.requestOffered)
      step.outputs.append(.write(request, from: item.jid.bare, to: [Addressee(connection: session.connection, to: jid)]))
    }
  }
}

enum SubscriptionType: String { case subscribe, subscribed, unsubscribe, unsubscribed }
