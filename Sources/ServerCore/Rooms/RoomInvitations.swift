internal import OrderedCollections
internal import XML
internal import XMPP

// Messages to the room that are not for all: invitations (XEP-0045, 7.8.2) and requests for voice (7.13, 8.6).

extension Room {
  /// A message that is not of type groupchat, from an occupant.
  mutating func receiveRequest(_ stanza: Stanza, from sender: Occupant, _ step: inout Step) {
    if let x = stanza.element.child("x", NS.mucUser) {
      let invitations = x.children.filter { $0.is("invite", NS.mucUser) }
      if !invitations.isEmpty { return receiveInvitations(stanza, invitations, from: sender, &step) }
      if let refusal = x.child("decline", NS.mucUser) { return receiveDecline(stanza, refusal, &step) }
    }
    if let form = stanza.element.child("x", NS.dataForms).flatMap({ DataForm($0) }), form.formType == NS.mucRequest {
      return receiveVoiceForm(stanza, form, from: sender, &step)
    }
    step.bounce(stanza, step.reach(.roomMessageUnknown, StanzaError(.featureNotImplemented, by: jid)))
  }

  /// A message from somebody who isn't in the room: all that is taken is that an invitation is declined.
  func receiveFromOutside(_ stanza: Stanza, _ step: inout Step) {
    if stanza.to.isBare, stanza.type != "groupchat",
      let refusal = stanza.element.child("x", NS.mucUser)?.child("decline", NS.mucUser)
    {
      return receiveDecline(stanza, refusal, &step)
    }
    step.bounce(stanza, step.reach(.roomMessageByStranger, StanzaError(.notAcceptable, by: jid)))
  }
}

// MARK: - Invitations

extension Room {
  private mutating func receiveInvitations(_ stanza: Stanza, _ invitations: [Element], from sender: Occupant, _ step: inout Step) {
    // Whoever is invited to a members-only room becomes a member: so it takes who may add one (9.5).
    guard !configuration.isMembersOnly || affiliation(of: sender.user) >= .admin else {
      return step.bounce(stanza, step.reach(.roomInviteForbidden, StanzaError(.forbidden, by: jid)))
    }
    let invitees = invitations.compactMap { invitation in
      invitation["to"].flatMap { JID($0) }.map { (jid: $0, invitation: invitation) }
    }
    guard invitees.count == invitations.count else {
      return step.bounce(stanza, step.reach(.roomInviteMalformed, StanzaError(.jidMalformed, by: jid)))
    }
    let limits = step.configuration.limits.rooms
    guard invitees.count <= limits.invitations, affiliations.count + invitees.count <= limits.affiliations else {
      return step.bounce(stanza, step.reach(.roomInviteTooMany, StanzaError(.resourceConstraint, by: jid)))
    }
    // Without the real JID where the room hides it. A refusal finds its way back by either.
    let inviter = configuration.isNonAnonymous ? stanza.from : sender.address
    for (invitee, invitation) in invitees {
      if configuration.isMembersOnly, affiliation(of: invitee) == .none {
        step.reach(.roomInviteMakesMember)
        setAffiliation(.member, of: invitee.bare, nick: .keep, by: nil, reason: nil, &step)
      }
      invite(invitee, from: inviter, id: stanza.id, passing: invitation.passedOn, &step)
    }
  }

  /// Sends an invitation in somebody's name, with the password that is needed.
  func invite(_ invitee: JID, from inviter: JID, id: Text? = nil, passing details: [Element] = [], _ step: inout Step) {
    let invitation = Element("invite", NS.mucUser, ["from": inviter.text], children: details)
    var x = Element("x", NS.mucUser, children: [invitation])
    if let secret = configuration.secret { x.append("password", NS.mucUser, text: step.reach(.roomInviteWithPassword, secret)) }
    step.route(Element("message", NS.client, ["id": id], children: [x]), from: jid, to: invitee)
  }

  /// The one who invited is told, by whichever address the invitation showed.
  private func receiveDecline(_ stanza: Stanza, _ refusal: Element, _ step: inout Step) {
    guard let inviter = refusal["to"].flatMap({ JID($0) }) else {
      return step.bounce(stanza, step.reach(.roomDeclineMalformed, StanzaError(.badRequest, by: jid)))
    }
    // Who is in the room is not for strangers to find out: real addresses count only where all may see them, and nobody hears whether
    // the one who is meant is there.
    guard !isLocked, affiliation(of: stanza.from) != .outcast else { return }
    let byAddress = configuration.isNonAnonymous ? occupants.values.first { $0.user == inviter.bare } : nil
    guard let found = inviter.bare == jid ? occupants[inviter.resource] : byAddress else { return step.reach(.roomDeclineLost) }
    let decline = Element("decline", NS.mucUser, ["from": stanza.from.bare.text], children: refusal.passedOn)
    let message = Element("message", NS.client, ["id": stanza.id], children: [Element("x", NS.mucUser, children: [decline])])
    step.route(message, from: jid, to: Array(found.sessions.keys))
  }
}

extension Element {
  /// What of an invitation or a refusal goes on to its addressee.
  fileprivate var passedOn: [Element] {
    children.filter { $0.is("reason", NS.mucUser) || $0.is("continue", NS.mucUser) }
  }
}

// MARK: - Voice

extension Room {
  private mutating func receiveVoiceForm(_ stanza: Stanza, _ form: DataForm, from sender: Occupant, _ step: inout Step) {
    guard form.kind == .submit, form.value("muc#role") == Role.participant.text else {
      return step.bounce(stanza, StanzaError(.badRequest, by: jid))
    }
    if sender.role == .moderator, let nick = form.value("muc#roomnick") {
      // Who has gone or been given voice meanwhile needs no answer.
      guard form.flag("muc#request_allow") == true, occupants[nick]?.role == .visitor else { return step.reach(.roomVoiceNotApproved) }
      step.reach(.roomVoiceApproved)
      setRole(.participant, of: nick, by: Actor(jid: stanza.from, nick: sender.nick), reason: nil, &step)
    } else if sender.role == .visitor {
      step.reach(.roomVoiceRequested)
      broadcast(voiceRequest(of: sender), toModeratorsOnly: true, &step)
    }
  }

  private func voiceRequest(of visitor: Occupant) -> Element {
    let form = DataForm(
      .form, title: "Voice request", instructions: ["To let this occupant speak, check the box and submit."],
      fields: [
        DataForm.Field(name: "FORM_TYPE", kind: .hidden, values: [NS.mucRequest]),
        DataForm.Field(name: "muc#role", kind: .textSingle, label: "Requested role", values: [Role.participant.text]),
        DataForm.Field(name: "muc#jid", kind: .jidSingle, label: "User ID", values: [visitor.shownJID.text]),
        DataForm.Field(name: "muc#roomnick", kind: .textSingle, label: "Room nickname", values: [visitor.nick]),
        DataForm.Field(name: "muc#request_allow", kind: .boolean, label: "Grant voice to this person?", values: ["0"]),
      ])
    return Element("message", NS.client, children: [form.element])
  }
}
