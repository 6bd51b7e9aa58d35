internal import OrderedCollections
internal import XML
internal import XMPP

// Exchanging presence: RFC 6121, section 4.

extension Account {
  /// A session sends presence.
  mutating func sendPresence(_ stanza: Stanza, isDirected: Bool, _ transaction: inout Transaction) {
    let type = stanza.type
    if let subscription = type.flatMap({ SubscriptionType(rawValue: $0.string) }), isDirected {
      return sendSubscription(subscription, stanza, &transaction)
    }
    switch (type, isDirected) {
    case (nil, false): broadcast(stanza, &transaction)
    case ("unavailable", false): becomeUnavailable(stanza.from.resource, stanza.element, &transaction)
    case (nil, true), ("unavailable", true): sendDirected(stanza, &transaction)
    // An account that keeps the user's request says nothing to a probe, and one that is not there says "unsubscribed": neither is asked.
    case ("probe", true) where roster[stanza.to.bare]?.isPendingOut ?? false: transaction.reach(PresenceMark.directedProbeWhileAsking)
    case ("probe", true), ("error", true):
      transaction.reach(type == "probe" ? PresenceMark.directedProbe : .directedError)
      transaction.route(stanza.element, from: stanza.from, to: stanza.to)
    default:
      transaction.bounce(
        Stanza(stanza.element, from: stanza.from, to: jid), transaction.reach(PresenceMark.presenceTypeWrong, StanzaError(.badRequest)))
    }
  }

  /// 4.2 and 4.4: initial and later presence.
  private mutating func broadcast(_ stanza: Stanza, _ transaction: inout Transaction) {
    guard var session = sessions[stanza.from.resource] else { return }
    guard let priority = Account.priority(of: stanza.element) else {
      return transaction.bounce(
        Stanza(stanza.element, from: stanza.from, to: jid), transaction.reach(PresenceMark.presencePriorityWrong, StanzaError(.badRequest)))
    }
    let isInitial = session.presence == nil
    let couldTakeMessages = !isInitial && session.priority >= 0
    session.presence = stanza.element
    session.presenceTime = transaction.now.wall
    session.priority = priority
    sessions[stanza.from.resource] = session

    transaction.deliver(stanza.element, from: session.jid, to: available)
    transaction.route(stanza.element, from: session.jid, to: listeners)
    if priority < 0 { transaction.reach(PresenceMark.presencePriorityNegative) }
    if !isInitial, !couldTakeMessages, priority >= 0 { transaction.reach(PresenceMark.presencePriorityRaised) }
    if isInitial { welcome(session, &transaction) }
    presenceBroadcast(by: session, &transaction)
  }

  /// Sends a session that becomes available (4.2.2) the other resources' presence, the contacts', and the requests that wait for an answer.
  private func welcome(_ session: Session, _ transaction: inout Transaction) {
    transaction.reach(PresenceMark.presenceInitial)
    for other in available where other.jid != session.jid {
      if let presence = other.presence {
        transaction.reach(PresenceMark.presenceOfOtherResources)
        transaction.deliver(presence, from: other.jid, to: session)
      }
    }
    let heard = contacts.subscribedTo.elements.filter { !avoids($0) }.map(\.bare)
    transaction.route(Element("presence", NS.client, ["type": "probe"]), from: session.jid, to: heard)
    offerRequests(to: session, &transaction)
    sendRequestsAgain(&transaction)
  }

  /// A request or its answer may have been lost on the way, in a crash of either side (RFC 6121, 3.1.2).
  private func sendRequestsAgain(_ transaction: inout Transaction) {
    for contact in contacts.pendingOut where !avoids(contact) {
      transaction.reach(SubscriptionMark.requestSentAgain)
      transaction.route(Element("presence", NS.client, ["type": "subscribe"]), from: jid, to: contact)
    }
  }

  /// 4.7.2.3: nothing means zero. `nil` for what is not a number from -128 to 127.
  private static func priority(of presence: Element) -> Int? {
    guard let element = presence.child("priority", NS.client) else { return 0 }
    let text = element.text.trimmed
    if text.isEmpty { return 0 }
    return Int8(text.string).map(Int.init)
  }

  /// The contacts that hear of this account.
  private var listeners: [JID] { contacts.subscribedFrom.elements.filter { !avoids($0) }.map(\.bare) }

  /// 4.5: everyone who knew that the session is there hears that it is not; so does the session, if it stays connected.
  mutating func becomeUnavailable(_ resource: Text, _ presence: Element, staysConnected: Bool = true, _ transaction: inout Transaction) {
    guard var session = sessions[resource] else { return }
    let wasAvailable = session.presence != nil
    let directed = Array(session.directed)
    session.presence = nil
    session.priority = 0
    session.directed = []
    sessions[resource] = session
    if wasAvailable {
      transaction.reach(staysConnected ? PresenceMark.presenceUnavailable : .presenceUnavailableByServer)
      transaction.deliver(presence, from: session.jid, to: available)
      if staysConnected { transaction.deliver(presence, from: session.jid, to: session) }
      transaction.route(presence, from: session.jid, to: listeners)
    } else if staysConnected {
      transaction.reach(PresenceMark.presenceUnavailableAgain)
    }
    // The session's own address may be another's by the time that this arrives: of whoever takes its place (RFC 6120, 7.7.2.2).
    let others = directed.filter { address in
      (staysConnected || address != session.jid) && (!wasAvailable || !(roster[address.bare]?.isSubscribedFrom ?? false))
    }
    if !others.isEmpty { transaction.reach(PresenceMark.directedEnded) }
    transaction.route(presence, from: session.jid, to: others.filter { !avoids($0) })
  }

  /// 4.6: the addressee hears of it now, and hears when it ends.
  private mutating func sendDirected(_ stanza: Stanza, _ transaction: inout Transaction) {
    guard let session = sessions[stanza.from.resource] else { return }
    if stanza.type == nil, session.presence != nil, roster[stanza.to.bare]?.isSubscribedFrom ?? false {
      // 4.6.3, 1: whoever hears the session anyway hears so of its end, too.
      transaction.reach(PresenceMark.directedToListener)
    } else if stanza.type == nil {
      guard session.directed.contains(stanza.to) || session.directed.count < transaction.configuration.limits[.directedPresences] else {
        return transaction.bounce(stanza, transaction.reach(PresenceMark.directedFull, StanzaError(.resourceConstraint)))
      }
      sessions[stanza.from.resource]?.directed.append(stanza.to)
    } else if stanza.to.isBare {
      transaction.reach(PresenceMark.directedUnavailableToBare)
      // Leaving a bare address leaves whatever was joined below it.
      sessions[stanza.from.resource]?.directed.removeAll { $0.bare == stanza.to }
    } else {
      transaction.reach(PresenceMark.directedUnavailable)
      sessions[stanza.from.resource]?.directed.remove(stanza.to)
    }
    transaction.route(stanza.element, from: stanza.from, to: stanza.to)
  }

  /// Ends a session, whatever the reason. All who must be told are told.
  mutating func end(_ resource: Text, _ transaction: inout Transaction) {
    becomeUnavailable(resource, Element("presence", NS.client, ["type": "unavailable"]), staysConnected: false, &transaction)
    sessions[resource] = nil
    if sessions.isEmpty { idleSince = transaction.now.monotonic }
  }

  // MARK: Inbound

  mutating func receivePresence(_ stanza: Stanza, _ transaction: inout Transaction) {
    if let type = stanza.type.flatMap({ SubscriptionType(rawValue: $0.string) }) {
      return receiveSubscription(type, stanza, &transaction)
    }
    if stanza.type == "probe" { return answerProbe(stanza, &transaction) }
    if stanza.to.isFull {
      guard let session = sessions[stanza.to.resource] else { return transaction.reach(PresenceMark.presenceToResourceMissing) }
      transaction.deliver(stanza, to: session)
    } else {
      if available.isEmpty { transaction.reach(PresenceMark.presenceToNobody) }
      transaction.deliver(stanza, to: available)
    }
  }

  /// 4.3.2.
  private func answerProbe(_ stanza: Stanza, _ transaction: inout Transaction) {
    let asker = stanza.from.bare
    guard asker == jid || roster[asker]?.isSubscribedFrom ?? false else {
      // 4.6.6: whoever was told of this session may ask whether it is still there, and learns nothing beyond that.
      if let session = sessions[stanza.to.resource], session.directed.contains(stanza.from) || session.directed.contains(asker) {
        transaction.reach(PresenceMark.probeOfDirected)
        return transaction.route(Element("presence", NS.client), from: session.jid, to: stanza.from)
      }
      transaction.reach(PresenceMark.probeRefused)
      // "Unsubscribed" would take back, on the asker's side alone, a request that still waits here for its answer.
      guard roster[asker]?.request == nil else { return }
      return transaction.route(Element("presence", NS.client, ["type": "unsubscribed"]), from: jid, to: asker)
    }
    if stanza.to.isFull { transaction.reach(PresenceMark.probeOfResource) }
    let asked = stanza.to.isFull ? available.filter { $0.jid == stanza.to } : available
    transaction.reach(asked.isEmpty ? PresenceMark.probeAnsweredUnavailable : .probeAnswered)
    if asked.isEmpty {
      transaction.route(Element("presence", NS.client, ["type": "unavailable"]), from: stanza.to, to: stanza.from)
    }
    for session in asked { sendPresence(of: session, to: stanza.from, &transaction) }
  }

  /// The presence of every available resource, for one who may hear it.
  func sendPresences(to contact: JID, _ transaction: inout Transaction) {
    for session in available { sendPresence(of: session, to: contact, &transaction) }
  }

  private func sendPresence(of session: Session, to address: JID, _ transaction: inout Transaction) {
    guard let presence = session.presence else { return }
    transaction.route(presence.delayed(from: jid.domain, at: session.presenceTime), from: session.jid, to: address)
  }

  /// A contact's subscription ends: whoever was there must be seen to go (3.2.2). That takes precedence over presence that was directed
  /// there (4.6.1), or the contact would hear later when each session went.
  mutating func sendUnavailable(to contact: JID, _ transaction: inout Transaction) {
    // A contact that is kept out saw each session go when it was, and must not learn of those that have come since (XEP-0191, 3.3).
    let isAvoided = avoids(contact)
    for session in available {
      if !isAvoided { transaction.route(Element("presence", NS.client, ["type": "unavailable"]), from: session.jid, to: contact) }
      sessions[session.jid.resource]?.directed.removeAll { $0.bare == contact }
    }
  }
}

extension Area {
  static let presence = Area(name: "presence", marks: [PresenceMark.self], limits: [.directedPresences])
}

extension Limit {
  /// Addresses that one session has sent directed presence to.
  public static let directedPresences = count(
    "directed_presences", 1_000,
    effect: "the presence is answered with resource-constraint and not delivered: else its end could not be told", trial: .low(57, 2, 1))
}

/// Marks: presence, probes and directed presence.
public enum PresenceMark: UInt16, CoverageMark {
  case presenceInitial, presenceOfOtherResources
  case presencePriorityWrong, presencePriorityNegative, presencePriorityRaised
  case presenceTypeWrong
  case presenceUnavailable, presenceUnavailableAgain, presenceUnavailableByServer
  case presenceToResourceMissing
  case presenceToNobody
  case probeAnswered, probeAnsweredUnavailable
  case probeRefused, probeOfResource, probeOfDirected
  case directedUnavailable, directedUnavailableToBare, directedEnded
  case directedToListener
  case directedProbe, directedProbeWhileAsking
  case directedError
  case directedFull

  public static let offset = Mark.offset(of: PresenceMark.self)

  public var clause: String {
    switch self {
    case .presenceInitial, .presenceOfOtherResources: "RFC 6121, 4.2.2"
    case .presencePriorityWrong, .presencePriorityNegative, .presencePriorityRaised: "RFC 6121, 4.7.2.3"
    case .presenceTypeWrong: "RFC 6121, 4.7.1"
    case .presenceUnavailable, .presenceUnavailableAgain, .presenceUnavailableByServer: "RFC 6121, 4.5.2"
    case .presenceToResourceMissing: "RFC 6121, 8.5.3.2.2"
    case .presenceToNobody: "RFC 6121, 8.5.2.2.2"
    case .probeAnswered, .probeAnsweredUnavailable: "RFC 6121, 4.3.2.1"
    case .probeRefused, .probeOfResource: "RFC 6121, 4.3.2"
    case .probeOfDirected: "RFC 6121, 4.6.6"
    case .directedUnavailable, .directedUnavailableToBare, .directedEnded, .directedToListener: "RFC 6121, 4.6.3"
    case .directedProbe, .directedProbeWhileAsking: "RFC 6121, 4.3"
    case .directedError: "RFC 6120, 8.3.1"
    case .directedFull: "\(Limit.directedPresences)"
    }
  }
}
