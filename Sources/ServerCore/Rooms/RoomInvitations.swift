internal import OrderedCollections
internal import XML
internal import XMPP

// Messages to the room that are not for all: invitations (XEP-0045, 7.8.2) and requests for voice (7.13, 8.6).

/// The invitations that a room sent and that nobody has declined or followed (XEP-0045, 7.8.2): a decline is passed on to the one who
/// invited, and to nobody else.
///
/// They are bounded, and live as long as the room is in memory. A decline of an invitation that is forgotten is refused as one of an
/// invitation that never was; whoever invited learns nothing then, as if the invitation had been ignored.
struct RoomInvitations: Sendable, Codable {
  struct Key: Sendable, Hashable, Codable {
    /// Bare.
    var invitee: JID
    /// Bare.
    var inviter: JID
  }
  /// The address by which the invitation named the inviter. In the order of inviting.
  private var entries: OrderedDictionary<Key, JID> = [:]

  var count: Int { entries.count }

  /// Keeps an invitation. Returns whether the oldest had to go for it.
  mutating func insert(_ invitee: JID, by inviter: JID, shownAs address: JID, limit: Int) -> Bool {
    let key = Key(invitee: invitee.bare, inviter: inviter.bare)
    entries.removeValue(forKey: key)
    entries[key] = address
    guard entries.count > limit else { return false }
    entries.removeFirst()
    return true
  }

  func contains(_ invitee: JID) -> Bool { entries.keys.contains { $0.invitee == invitee.bare } }

  /// Ends the invitation that this user declines to the inviter of this address, and returns the inviter (bare).
  ///
  /// - Parameter isOpen: Whether everybody may know the inviter's real address, so that it counts, too.
  mutating func take(_ invitee: JID, from address: JID, isOpen: Bool) -> JID? {
    let found = entries.first { key, shown in
      key.invitee == invitee.bare && (shown == address || (isOpen && key.inviter == address.bare))
    }
    guard let found else { return nil }
    entries.removeValue(forKey: found.key)
    return found.key.inviter
  }

  /// The user has come.
  mutating func forget(_ invitee: JID) {
    if !entries.isEmpty { entries.removeAll { $0.key.invitee == invitee } }
  }
}

extension Room {
  /// A message that is not of type groupchat, from an occupant.
  mutating func receiveRequest(_ stanza: Stanza, from sender: Occupant, _ transaction: inout Transaction) {
    if let x = stanza.element.child("x", NS.mucUser) {
      let invitations = x.children.filter { $0.is("invite", NS.mucUser) }
      if !invitations.isEmpty { return receiveInvitations(stanza, invitations, from: sender, &transaction) }
      if let refusal = x.child("decline", NS.mucUser) { return receiveDecline(stanza, refusal, &transaction) }
    }
    if let form = stanza.element.child("x", NS.dataForms).flatMap({ DataForm($0) }), form.formType == NS.mucRequest {
      return receiveVoiceForm(stanza, form, from: sender, &transaction)
    }
    transaction.bounce(stanza, transaction.reach(RoomMessageMark.roomMessageUnknown, StanzaError(.featureNotImplemented, by: jid)))
  }

  /// A message from somebody who isn't in the room: all that is taken is that an invitation is declined.
  mutating func receiveFromOutside(_ stanza: Stanza, _ transaction: inout Transaction) {
    if stanza.to.isBare, stanza.type != "groupchat",
      let refusal = stanza.element.child("x", NS.mucUser)?.child("decline", NS.mucUser)
    {
      return receiveDecline(stanza, refusal, &transaction)
    }
    transaction.bounce(stanza, transaction.reach(RoomMessageMark.roomMessageByStranger, StanzaError(.notAcceptable, by: jid)))
  }
}

// MARK: - Invitations

extension Room {
  private mutating func receiveInvitations(
    _ stanza: Stanza, _ invitations: [Element], from sender: Occupant, _ transaction: inout Transaction
  ) {
    // An invitee of a members-only room becomes a member: so it takes an inviter who may add one (9.5).
    guard !configuration.isMembersOnly || affiliation(of: sender.user) >= .admin else {
      return transaction.bounce(stanza, transaction.reach(RoomInvitationMark.roomInviteForbidden, StanzaError(.forbidden, by: jid)))
    }
    let invitees = invitations.compactMap { invitation in
      invitation["to"].flatMap { JID($0) }.map { (jid: $0, invitation: invitation) }
    }
    guard invitees.count == invitations.count else {
      return transaction.bounce(stanza, transaction.reach(RoomInvitationMark.roomInviteMalformed, StanzaError(.jidMalformed, by: jid)))
    }
    guard invitees.count <= transaction.configuration.limits[.roomInvitations] else {
      return transaction.bounce(stanza, transaction.reach(RoomInvitationMark.roomInviteTooMany, StanzaError(.resourceConstraint, by: jid)))
    }
    do throws(StanzaError) { try admit(invitees.map(\.jid), &transaction) } catch { return transaction.bounce(stanza, error) }
    // Without the real JID where the room hides it.
    let shown = configuration.isNonAnonymous ? stanza.from : sender.address
    for (invitee, invitation) in invitees {
      invite(invitee, by: sender.user, shownAs: shown, id: stanza.id, passing: invitation.passedOn, &transaction)
    }
  }

  /// Makes members of those who are invited to a members-only room and have no affiliation; all of them or, if that can't be, none.
  private mutating func admit(_ invitees: [JID], _ transaction: inout Transaction) throws(StanzaError) {
    guard configuration.isMembersOnly else { return }
    let strangers = OrderedSet(invitees.map(\.bare).filter { affiliation(of: $0) == .none })
    guard strangers.allSatisfy({ Room.mayHave(.member, $0, transaction.configuration) }) else {
      throw transaction.reach(
        RoomInvitationMark.roomInviteOfDomain, StanzaError(.notAcceptable, text: "A domain can't be a member.", by: jid))
    }
    guard strangers.isEmpty || affiliations.count + strangers.count <= transaction.configuration.limits[.roomAffiliations] else {
      throw transaction.reach(RoomInvitationMark.roomInviteListFull, StanzaError(.resourceConstraint, by: jid))
    }
    for invitee in strangers {
      transaction.reach(RoomInvitationMark.roomInviteMakesMember)
      setAffiliation(.member, of: invitee, nick: .keep, by: nil, reason: nil, &transaction)
    }
  }

  /// Sends an invitation in somebody's name, with the password that is needed.
  ///
  /// - Parameters:
  /// - inviter: The user who hears of it if the invitation is declined.
  ///   - shown: The inviter's address as the invitee gets it.
  mutating func invite(
    _ invitee: JID, by inviter: JID, shownAs shown: JID, id: Text? = nil, passing details: [Element] = [], _ transaction: inout Transaction
  ) {
    let limit = transaction.configuration.limits[.roomOpenInvitations]
    if invitations.insert(invitee, by: inviter, shownAs: shown, limit: limit) {
      transaction.reach(RoomInvitationMark.roomInvitationForgotten)
    }
    let invitation = Element("invite", NS.mucUser, ["from": shown.text], children: details)
    var x = Element("x", NS.mucUser, children: [invitation])
    if let secret = configuration.secret {
      x.append("password", NS.mucUser, text: transaction.reach(RoomInvitationMark.roomInviteWithPassword, secret))
    }
    transaction.route(Element("message", NS.client, ["id": id], children: [x]), from: jid, to: invitee)
  }

  /// The one who invited is told: by the client that is in the room, or else by the account.
  private mutating func receiveDecline(_ stanza: Stanza, _ refusal: Element, _ transaction: inout Transaction) {
    guard let address = refusal["to"].flatMap({ JID($0) }) else {
      return transaction.bounce(stanza, transaction.reach(RoomInvitationMark.roomDeclineMalformed, StanzaError(.badRequest, by: jid)))
    }
    // Nobody invited the sender, as far as the room remembers: the message is like any other that is no occupant's (7.4).
    guard invitations.contains(stanza.from) else {
      return transaction.bounce(stanza, transaction.reach(RoomInvitationMark.roomDeclineUninvited, StanzaError(.notAcceptable, by: jid)))
    }
    // Strangers must not find out who is behind a nick: so a real address counts only where all may see it, and a decline to
    // somebody who did not invite is lost without a word.
    guard affiliation(of: stanza.from) != .outcast,
      let inviter = invitations.take(stanza.from, from: address, isOpen: configuration.isNonAnonymous)
    else { return transaction.reach(RoomInvitationMark.roomDeclineLost) }
    let decline = Element("decline", NS.mucUser, ["from": stanza.from.bare.text], children: refusal.passedOn)
    let message = Element("message", NS.client, ["id": stanza.id], children: [Element("x", NS.mucUser, children: [decline])])
    let present = occupants.values.filter { $0.user == inviter }.flatMap(\.sessions.keys)
    transaction.reach(present.isEmpty ? RoomInvitationMark.roomDeclinePassedToAccount : .roomDeclinePassed)
    transaction.route(message, from: jid, to: present.isEmpty ? [inviter] : present)
  }
}

extension Element {
  /// The parts of an invitation or a refusal that go on to its addressee.
  fileprivate var passedOn: [Element] {
    children.filter { $0.is("reason", NS.mucUser) || $0.is("continue", NS.mucUser) }
  }
}

// MARK: - Voice

extension Room {
  private mutating func receiveVoiceForm(_ stanza: Stanza, _ form: DataForm, from sender: Occupant, _ transaction: inout Transaction) {
    guard form.kind == .submit, form.value("muc#role") == Role.participant.text else {
      return transaction.bounce(stanza, StanzaError(.badRequest, by: jid))
    }
    if sender.role == .moderator, let nick = form.value("muc#roomnick") {
      // A visitor who has gone or been given voice meanwhile needs no answer.
      guard form.flag("muc#request_allow") == true, occupants[nick]?.role == .visitor else {
        return transaction.reach(RoomInvitationMark.roomVoiceNotApproved)
      }
      transaction.reach(RoomInvitationMark.roomVoiceApproved)
      setRole(.participant, of: nick, by: Actor(jid: stanza.from, nick: sender.nick), reason: nil, &transaction)
    } else if sender.role == .visitor {
      transaction.reach(RoomInvitationMark.roomVoiceRequested)
      broadcast(voiceRequest(of: sender), toModeratorsOnly: true, &transaction)
    }
  }

  private func voiceRequest(of visitor: Occupant) -> Element {
    let form = DataForm(
      .form, title: "Voice request", instructions: ["To let this occupant speak, check the box and submit."],
      fields: [
        DataForm.Field(name: "FORM_TYPE", kind: .hidden, values: [NS.mucRequest]),
        DataForm.Field(
          name: "muc#role", kind: .listSingle, label: "Requested role", values: [Role.participant.text],
          options: [DataForm.Option(label: "Participant", value: Role.participant.text)]),
        DataForm.Field(name: "muc#jid", kind: .jidSingle, label: "User ID", values: [visitor.shownJID.text]),
        DataForm.Field(name: "muc#roomnick", kind: .textSingle, label: "Room nickname", values: [visitor.nick]),
        DataForm.Field(name: "muc#request_allow", kind: .boolean, label: "Grant voice to this person?", values: ["0"]),
      ])
    return Element("message", NS.client, children: [form.element])
  }
}

/// Marks: invitations, and requests for voice.
public enum RoomInvitationMark: UInt16, CoverageMark {
  case roomInviteMalformed, roomInviteWithPassword
  case roomInviteTooMany
  case roomInviteForbidden, roomInviteMakesMember, roomInviteOfDomain
  case roomInviteListFull
  case roomInvitationForgotten
  case roomDeclineMalformed, roomDeclineUninvited, roomDeclineLost, roomDeclinePassed, roomDeclinePassedToAccount
  case roomVoiceRequested
  case roomVoiceApproved, roomVoiceNotApproved

  public static let offset = Mark.offset(of: RoomInvitationMark.self)

  public var clause: String {
    switch self {
    case .roomInviteMalformed, .roomInviteWithPassword, .roomDeclineMalformed, .roomDeclineUninvited, .roomDeclineLost,
      .roomDeclinePassed, .roomDeclinePassedToAccount:
      "XEP-0045, 7.8.2"
    case .roomInviteTooMany: "XEP-0045, 7.8.2; \(Limit.roomInvitations)"
    case .roomInviteForbidden, .roomInviteMakesMember, .roomInviteOfDomain: "XEP-0045, 9.5"
    case .roomInviteListFull: "XEP-0045, 9.5; \(Limit.roomAffiliations)"
    case .roomInvitationForgotten: "XEP-0045, 7.8.2; \(Limit.roomOpenInvitations)"
    case .roomVoiceRequested: "XEP-0045, 7.13"
    case .roomVoiceApproved, .roomVoiceNotApproved: "XEP-0045, 8.6"
    }
  }
}
