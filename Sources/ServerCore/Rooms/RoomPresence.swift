internal import OrderedCollections
internal import XML
internal import XMPP

// Entering, being there, changing the nick and leaving (XEP-0045, 7.2, 7.6, 7.7 and 7.14).

extension Room {
  mutating func receivePresence(_ stanza: Stanza, _ transaction: inout Transaction) {
    switch stanza.type {
    case nil:
      if let occupant = occupant(of: stanza.from) {
        receiveAvailable(stanza, of: occupant, &transaction)
      } else {
        join(stanza, &transaction)
      }
    // Whether to the room or to a nick: who leaves is known by the real JID.
    case "unavailable":
      leave(stanza.from, showing: sanitized(stanza.element, &transaction), codes: [], answering: Answered(stanza), &transaction)
    // The client is not there to take the room's presence (11.1).
    case "error":
      if occupant(of: stanza.from) != nil { transaction.reach(RoomPresenceMark.roomLeftByError) }
      leave(stanza.from, showing: nil, codes: [.technicalProblem], &transaction)
    default: break
    }
  }

  private mutating func receiveAvailable(_ stanza: Stanza, of occupant: Occupant, _ transaction: inout Transaction) {
    let nick = stanza.to.resource
    let isJoin = stanza.element.child("x", NS.muc) != nil
    // Presence to the room itself is but presence.
    guard Room.isNick(nick) || (nick.isEmpty && !isJoin) else {
      return Room.refuseNick(
        transaction.reach(nick.isEmpty ? RoomPresenceMark.roomJoinAgainWithoutNick : .roomNickUnseen, stanza), &transaction)
    }
    if isJoin {
      joinAgain(stanza, as: occupant, &transaction)
    } else if !nick.isEmpty, nick != occupant.nick {
      guard let renamed = changeNick(of: occupant, stanza, &transaction) else { return }
      var notice = notice(of: renamed)
      notice.answered = Answered(stanza)
      announce(notice, of: renamed, &transaction)
    } else {
      transaction.reach(RoomPresenceMark.roomPresenceUpdated)
      let presence = sanitized(stanza.element, &transaction)
      occupants[occupant.nick]?.show(presence, of: stanza.from)
      guard let updated = occupants[occupant.nick] else { return }
      var notice = notice(of: updated)
      notice.answered = Answered(stanza)
      announce(notice, of: updated, &transaction)
    }
  }

  /// The client lost track of the room: it gets all that it would get if it had just come (7.2.1; 17.3, rule 3), also if it comes under
  /// another nick. First it is told the news that it lacks: that the nick it had is no longer its own (7.6).
  private mutating func joinAgain(_ stanza: Stanza, as occupant: Occupant, _ transaction: inout Transaction) {
    let nick = stanza.to.resource
    if nick == occupant.nick {
      transaction.reach(RoomPresenceMark.roomJoinAgain)
      enter(stanza, as: occupant, &transaction)
    } else if let other = occupants[nick], other.user == occupant.user {
      transaction.reach(RoomPresenceMark.roomJoinAgainBesideOwn)
      var old = departure(of: occupant)
      (old.role, old.nick, old.jid, old.codes) = (occupant.role, nick, stanza.from, [.newNick])
      withdraw(stanza.from, of: occupant, old, &transaction)
      enter(stanza, as: other, &transaction)
    } else if let renamed = changeNick(of: occupant, stanza, &transaction) {
      transaction.reach(RoomPresenceMark.roomJoinAgainRenamed)
      enter(stanza, as: renamed, &transaction)
    }
  }

  /// The client's presence without what only the room may say, and without what would weigh too much: it is kept, and shown
  /// to everybody who comes.
  func sanitized(_ presence: Element, _ transaction: inout Transaction) -> Element {
    var kept = presence.withoutContent
    kept["id"] = nil
    for child in presence.children where !child.has(namespace: NS.muc) && !child.has(namespace: NS.mucUser) { kept.append(child) }
    guard kept.weight > Limits.presenceWeight else { return kept }
    transaction.reach(RoomPresenceMark.roomPresenceTooHeavy)
    // A service may reflect these alone (18.1, 8).
    var core = Element("presence", NS.client, ["type": kept.type])
    for name: Text in ["show", "status", "priority"] {
      guard let child = kept.child(name, NS.client), child.text.count <= Limits.statusBytes else { continue }
      core.append(name, NS.client, text: child.text)
    }
    return core
  }
}

// MARK: - Entering

extension Room {
  private mutating func join(_ stanza: Stanza, _ transaction: inout Transaction) {
    guard Room.isNick(stanza.to.resource) else {
      return Room.refuseNick(
        transaction.reach(stanza.to.isBare ? RoomPresenceMark.roomJoinWithoutNick : .roomJoinNickUnseen, stanza), &transaction)
    }
    guard let request = stanza.element.child("x", NS.muc) else { return dismiss(stanza, &transaction) }
    let isCreation = isLocked && affiliations.count == 0
    if isCreation {
      // The creator of a room owns it, and so must be one who can.
      guard Room.mayHave(.owner, stanza.from, transaction.configuration) else { return refuse(stanza, .notAllowed, &transaction) }
      affiliations.set(stanza.from.bare, RoomAffiliations.Entry(affiliation: .owner))
    } else if let refusal = refusal(of: stanza, request, &transaction) {
      return refuse(stanza, refusal, &transaction)
    }
    enter(stanza, as: newcomer(stanza, &transaction), codes: isCreation ? [.created] : [], &transaction)
  }

  private func refuse(_ stanza: Stanza, _ condition: StanzaError.Condition, _ transaction: inout Transaction) {
    transaction.bounce(stanza, StanzaError(condition, by: jid), payload: true)
  }

  /// A presence without the `<x/>` of a join, from who is not in the room: a client that lost track, and learns it so (7.2.18).
  private func dismiss(_ stanza: Stanza, _ transaction: inout Transaction) {
    let presence = Element("presence", NS.client, ["type": "unavailable"])
    transaction.reach(RoomPresenceMark.roomJoinWithoutX)
    var notice = OccupantPresence(address: stanza.to, presence: presence, affiliation: .none, role: .none, jid: stanza.from)
    notice.reason = "You are not in the room."
    notice.codes = [.kicked, .technicalProblem]
    notice.answered = Answered(stanza)
    tell(notice, own: [stanza.from], &transaction)
  }

  /// The reason why somebody may not come in (7.2.17). Reasons that concern the person come first, so that somebody who isn't let in
  /// doesn't learn which nicks are taken.
  private func refusal(of stanza: Stanza, _ request: Element, _ transaction: inout Transaction) -> StanzaError.Condition? {
    let affiliation = affiliation(of: stanza.from)
    let limits = transaction.configuration.limits
    let spare = affiliation >= .admin ? limits[.roomAdminSessions] : 0
    if isLocked, affiliation != .owner { return transaction.reach(RoomPresenceMark.roomJoinLocked, .itemNotFound) }
    if affiliation == .outcast { return transaction.reach(RoomPresenceMark.roomJoinBanned, .forbidden) }
    if configuration.isMembersOnly, affiliation < .member {
      return transaction.reach(RoomPresenceMark.roomJoinNotMember, .registrationRequired)
    }
    if !configuration.accepts(request.child("password", NS.muc)?.text) {
      return transaction.reach(RoomPresenceMark.roomJoinPasswordWrong, .notAuthorized)
    }
    if sessionCount >= limits[.roomSessions] + spare { return transaction.reach(RoomPresenceMark.roomJoinFull, .serviceUnavailable) }
    if isTaken(stanza.to.resource, for: stanza.from.bare) {
      let isReserved = occupants[stanza.to.resource] == nil
      return transaction.reach(isReserved ? RoomPresenceMark.roomJoinNickReserved : .roomJoinNickTaken, .conflict)
    }
    if configuration.secret != nil { transaction.reach(RoomPresenceMark.roomJoinPasswordRight) }
    if sessionCount >= limits[.roomSessions] { transaction.reach(RoomPresenceMark.roomJoinSpare) }
    return nil
  }

  /// Whether a nick is in use or reserved by somebody else (7.2.8).
  func isTaken(_ nick: Text, for user: JID) -> Bool {
    if let holder = affiliations.holder(of: nick), holder != user { return true }
    if let occupant = occupants[nick], occupant.user != user { return true }
    return false
  }

  /// The occupant that the sender becomes, or already is with another client.
  private func newcomer(_ stanza: Stanza, _ transaction: inout Transaction) -> Occupant {
    if let present = occupants[stanza.to.resource] { return transaction.reach(RoomPresenceMark.roomJoinAnotherClient, present) }
    let role = affiliation(of: stanza.from).defaultRole(inModerated: configuration.isModerated)
    if role == .visitor { transaction.reach(RoomPresenceMark.roomJoinVisitor) }
    return Occupant(address: stanza.to, user: stanza.from.bare, role: role, sessions: [:])
  }

  /// Lets a client in, with everything in the order of 7.1: the others' presence, its own, the history, the subject.
  private mutating func enter(_ stanza: Stanza, as newcomer: Occupant, codes: [Status] = [], _ transaction: inout Transaction) {
    var occupant = newcomer
    occupant.show(sanitized(stanza.element, &transaction), of: stanza.from)
    occupants[occupant.nick] = occupant
    nicks[stanza.from] = occupant.nick
    invitations.forget(occupant.user)

    showOccupants(to: occupant, at: stanza.from, &transaction)
    showUnavailable(to: occupant, at: stanza.from, &transaction)
    let notice = notice(of: occupant)
    var own = notice
    own.codes = codes + (configuration.isNonAnonymous ? [.nonAnonymous] : [])
    own.answered = Answered(stanza)
    tell(own, own: [stanza.from], &transaction)
    tell(notice, own: occupant.sessions.keys.filter { $0 != stanza.from }, &transaction)
    if shows(occupant.role) { tellOthers(notice, &transaction) }

    sendHistory(to: stanza.from, stanza.element.child("x", NS.muc)?.child("history", NS.muc), &transaction)
    sendSubject(to: stanza.from, &transaction)
  }
}

// MARK: - Another nick

extension Room {
  /// For others an unavailable old nick and an available new one (7.6). All clients of the occupant move along. Says the former, and
  /// returns who is to be announced.
  private mutating func changeNick(of occupant: Occupant, _ stanza: Stanza, _ transaction: inout Transaction) -> Occupant? {
    let nick = stanza.to.resource
    guard occupants[nick] == nil, !isTaken(nick, for: occupant.user) else {
      refuse(stanza, transaction.reach(RoomPresenceMark.roomNickConflict, .conflict), &transaction)
      return nil
    }
    transaction.reach(occupant.sessions.count > 1 ? RoomPresenceMark.roomNickChangedTogether : .roomNickChanged)
    var old = departure(of: occupant)
    old.role = occupant.role
    old.nick = nick
    old.codes = [.newNick]
    tell(old, own: occupant.sessions.keys, &transaction)
    if shows(occupant.role) { tellOthers(old, &transaction) }

    var renamed = occupant
    renamed.address = stanza.to
    renamed.show(sanitized(stanza.element, &transaction), of: stanza.from)
    occupants.removeValue(forKey: occupant.nick)
    occupants[nick] = renamed
    for session in renamed.sessions.keys { nicks[session] = nick }
    return renamed
  }
}

// MARK: - Leaving

extension Room {
  /// One client leaves, by its own will or because it can't be reached; `presence` is what it says on leaving.
  mutating func leave(
    _ session: JID, showing presence: Element?, codes: [Status], answering answered: Answered? = nil, _ transaction: inout Transaction
  ) {
    guard let occupant = occupant(of: session) else { return }
    // An occupant who leaves a room before it is configured gives it up (10.1.3).
    if isLocked, occupant.sessions.count == 1, occupants.count == 1 {
      transaction.reach(RoomPresenceMark.roomLeftLocked)
      return destroy(Destruction(reason: "The room was left before it was configured."), codes: codes, answering: answered, &transaction)
    }
    var notice = departure(of: occupant)
    if let presence { notice.presence = presence }
    notice.jid = session
    notice.codes = codes
    notice.answered = answered
    withdraw(session, of: occupant, notice, &transaction)
  }

  /// Takes one client from an occupant, and the occupant away with its last.
  private mutating func withdraw(_ session: JID, of occupant: Occupant, _ notice: OccupantPresence, _ transaction: inout Transaction) {
    guard occupant.sessions.count > 1 else { return remove(occupant, notice, &transaction) }
    let wasFront = occupant.shownJID == session
    transaction.reach(wasFront ? RoomPresenceMark.roomLeftByShownClient : .roomLeftByOneClient)
    tell(notice, own: [session], &transaction)
    var rest = occupant
    rest.sessions.removeValue(forKey: session)
    occupants[occupant.nick] = rest
    _ = nicks.remove(session)
    if wasFront { announce(self.notice(of: rest), of: rest, &transaction) }
  }

  /// The occupant is out with all its clients. It hears of it first, then the others (7.14).
  mutating func remove(_ occupant: Occupant, _ notice: OccupantPresence, _ transaction: inout Transaction) {
    occupants.removeValue(forKey: occupant.nick)
    for session in occupant.sessions.keys { _ = nicks.remove(session) }
    tell(notice, own: occupant.sessions.keys, &transaction)
    if shows(occupant.role) { tellOthers(notice, &transaction) }
  }
}
