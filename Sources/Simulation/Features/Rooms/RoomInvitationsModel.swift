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
    for (invitee, invitation) in zip(invitees, invitations) {
      keep(Invitation(invitee: invitee.bare, inviter: sender.user, shown: shown))
      issue(to: invitee, by: shown, id: letter.element.id, invitation, &mailbox)
    }
  }

  /// 7.8.2: "add a 'from' address", "the <password/> if there is one", and with the reason and the thread that goes on (7.9), as they were given.
  private func issue(to invitee: JID, by shown: JID, id: Text?, _ given: Element?, _ mailbox: inout ModelMailbox) {
    let passed = given?.children.filter { $0.is("reason", NS.mucUser) || $0.is("continue", NS.mucUser) } ?? []
    var x = Element("x", NS.mucUser, children: [Element("invite", NS.mucUser, ["from": shown.text], children: passed)])
    if let secret = settings.secret { x.append("password", NS.mucUser, text: secret) }
    mailbox.issue(Element("message", NS.client, ["id": id], children: [x]), from: jid, to: invitee)
  }

  /// Chosen: the oldest goes when there are too many.
  private mutating func keep(_ invitation: Invitation) {
    invitations.removeAll { $0.invitee == invitation.invitee && $0.inviter == invitation.inviter }
    invitations.append(invitation)
    if invitations.count > limits[.roomOpenInvitations] { invitations.removeFirst() }
  }

  /// 9.5. Chosen: who becomes a member of a members-only room and is not there is invited, by whoever did it.
  mutating func inviteMember(_ user: JID, by actor: Actor, _ mailbox: inout ModelMailbox) {
    let shown = settings.isNonAnonymous ? actor.client.bare : actor.nick.map { address($0) } ?? jid
    keep(Invitation(invitee: user, inviter: actor.client.bare, shown: shown))
    issue(to: user, by: shown, id: nil, nil, &mailbox)
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

  /// 8.6: a moderator gives voice to a visitor who asked for it. 7.13: a visitor who asks is heard by moderators, and by nobody else. Chosen: nobody
  /// but a visitor has anything to ask for.
  mutating func answerVoice(_ form: DataForm, by sender: Occupant, _ letter: ModelStanza, _ mailbox: inout ModelMailbox) {
    guard form.kind == .submit, form.value("muc#role") == "participant" else { return refuse(letter, .badRequest, &mailbox) }
    if sender.role == .visitor { return askForVoice(letter.from, &mailbox) }
    guard sender.role == .moderator, form.boolean("muc#request_allow") == true, let nick = form.value("muc#roomnick"),
      occupants[nick]?.role == .visitor
    else { return }
    order = Order(
      stanza: stanzas, subject: .nick(nick), reason: nil, actor: letter.from, actorNicks: nicks(of: letter.from), reserved: nil)
    occupants[nick]?.role = .participant
  }

  private func askForVoice(_ visitor: JID, _ mailbox: inout ModelMailbox) {
    guard let nick = nick(of: visitor) else { return }
    let fields: [(Text, Text)] = [
      ("FORM_TYPE", NS.mucRequest), ("muc#role", "participant"), ("muc#jid", visitor.bare.text), ("muc#roomnick", nick),
      ("muc#request_allow", "0"),
    ]
    let form = DataForm(.form, fields: fields.map { DataForm.Field(name: $0, values: [$1]) })
    let readers = occupants.values.filter { $0.role == .moderator }.flatMap(\.clients)
    say(Element("message", NS.client, children: [form.element]), from: jid, to: readers, &mailbox)
  }

  static func voiceForm(in message: Element) -> DataForm? {
    message.child("x", NS.dataForms).flatMap { DataForm($0) }.flatMap { $0.kind == .form && $0.formType == NS.mucRequest ? $0 : nil }
  }

  /// A request for voice by the values of its fields. Chosen: of several clients of a visitor any may be named, so the bare address counts.
  static func essence(of message: Element) -> Element {
    guard let form = voiceForm(in: message) else { return message }
    let fields = form.fields.map { field in
      let isAddress = field.name == "muc#jid"
      return DataForm.Field(name: field.name, values: isAddress ? field.values.map { JID($0)?.bare.text ?? $0 } : field.values)
    }
    return message.removingChildren { $0.is("x", NS.dataForms) }.with(DataForm(.form, fields: fields).element)
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

extension Element {
  fileprivate func with(_ child: Element) -> Element {
    var copy = self
    copy.append(child)
    return copy
  }
}
