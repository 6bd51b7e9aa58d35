internal import OrderedCollections
internal import ServerCore
internal import XML
internal import XMPP

// MARK: - Requests by message

extension RoomModel {
  /// 9.5: who is invited to a members-only room becomes a member, if who invites may add one. Chosen: nobody is invited where one of those
  /// who are to become members can't, or where there is not room for all of them.
  mutating func invite(_ invitations: [Element], by sender: Occupant, _ letter: ModelStanza, _ mailbox: inout ModelMailbox) {
    if settings.isMembersOnly, affiliation(of: sender.user) < .admin { return refuse(letter, .forbidden, &mailbox) }
    let invitees = invitations.compactMap { $0["to"].flatMap { JID($0) } }
    guard invitees.count == invitations.count else { return refuse(letter, .jidMalformed, &mailbox) }
    guard invitees.count <= limits[.roomInvitations] else { return refuse(letter, .resourceConstraint, &mailbox) }
    let strangers = settings.isMembersOnly ? OrderedSet(invitees.map(\.bare)).filter { affiliation(of: $0) == .none } : []
    guard strangers.allSatisfy({ RoomRules.mayHave(.member, $0, of: mailbox.domains) }) else {
      return refuse(letter, .notAcceptable, &mailbox)
    }
    guard strangers.isEmpty || list.count + strangers.count <= limits[.roomAffiliations] else {
      return refuse(letter, .resourceConstraint, &mailbox)
    }
    for invitee in strangers { setAffiliation(.member, of: invitee, nick: .keep, &mailbox) }
    let shown = settings.isNonAnonymous ? letter.from : nick(of: letter.from).map { address($0) } ?? jid
    for invitee in invitees { keep(Invitation(invitee: invitee.bare, inviter: sender.user, shown: shown)) }
  }

  /// Chosen: the oldest goes when there are too many.
  private mutating func keep(_ invitation: Invitation) {
    invitations.removeAll { $0.invitee == invitation.invitee && $0.inviter == invitation.inviter }
    invitations.append(invitation)
    if invitations.count > limits[.roomOpenInvitations] { invitations.removeFirst() }
  }

  /// 9.5. Chosen: who becomes a member of a members-only room and is not there is invited, by whoever did it.
  mutating func inviteMember(_ user: JID, by actor: JID) {
    let nick = nick(of: actor) ?? occupants.first { $0.value.user == actor.bare }?.key
    let shown = settings.isNonAnonymous ? actor.bare : nick.map { address($0) } ?? jid
    keep(Invitation(invitee: user, inviter: actor.bare, shown: shown))
  }

  static func decline(in message: Element) -> Element? { message.child("x", NS.mucUser)?.child("decline", NS.mucUser) }

  /// 7.8.2. Chosen: only an invitation that the room remembers can be declined, and not by who is banned; a real address counts where all may
  /// see it, and a decline to somebody who did not invite is lost.
  mutating func receive(_ decline: Element, _ letter: ModelStanza, _ mailbox: inout ModelMailbox) {
    let decliner = letter.from.bare
    guard let address = decline["to"].flatMap({ JID($0) }) else { return refuse(letter, .badRequest, &mailbox) }
    guard invitations.contains(where: { $0.invitee == decliner }) else { return refuse(letter, .notAcceptable, &mailbox) }
    let place = invitations.firstIndex {
      $0.invitee == decliner && ($0.shown == address || (settings.isNonAnonymous && $0.inviter == address.bare))
    }
    guard affiliation(of: decliner) != .outcast, let place else { return }
    let inviter = invitations.remove(at: place).inviter
    let kept = decline.children.filter { $0.is("reason", NS.mucUser) || $0.is("continue", NS.mucUser) }
    let x = Element("x", NS.mucUser, children: [Element("decline", NS.mucUser, ["from": decliner.text], children: kept)])
    let message = Element("message", NS.client, ["id": letter.element.id], children: [x])
    // To the account, where it is not there: which session takes it is looked at elsewhere.
    say(message, from: jid, to: occupants.values.filter { $0.user == inviter }.flatMap(\.clients), &mailbox)
  }

  /// 8.6: a moderator gives voice to a visitor who asked for it. (7.13: who asks is heard by moderators, in a form.)
  mutating func answerVoice(_ form: DataForm, by sender: Occupant, _ letter: ModelStanza, _ mailbox: inout ModelMailbox) {
    guard form.kind == .submit, form.value("muc#role") == "participant" else { return refuse(letter, .badRequest, &mailbox) }
    guard sender.role == .moderator, form.boolean("muc#request_allow") == true, let nick = form.value("muc#roomnick"),
      occupants[nick]?.role == .visitor
    else { return }
    occupants[nick]?.role = .participant
  }

  /// 10.2.1: what has changed, a message for each code.
  func announce(_ codes: [Int], _ mailbox: inout ModelMailbox) {
    for code in codes {
      let x = Element("x", NS.mucUser, children: [Element("status", NS.mucUser, ["code": "\(code)"])])
      sayToAll(Element("message", NS.client, ["type": "groupchat"], children: [x]), from: jid, &mailbox)
    }
  }

  /// 9.3 and others: the affiliation of somebody who is not there has changed. Only who sees real JIDs may learn it.
  func announce(_ affiliation: Affiliation, ofAbsent user: JID, _ mailbox: inout ModelMailbox) {
    let item = Element("item", NS.mucUser, ["affiliation": affiliation.text, "jid": user.text])
    let message = Element("message", NS.client, children: [Element("x", NS.mucUser, children: [item])])
    let readers = occupants.values.filter { settings.isNonAnonymous || $0.role == .moderator }
    say(message, from: jid, to: readers.flatMap(\.clients), &mailbox)
  }
}
