internal import OrderedCollections
internal import XML
internal import XMPP

// Members register with a room to reserve a nick (XEP-0045, 7.10).

extension Room {
  static let registeredNickField: Text = "muc#register_roomnick"

  mutating func receiveRegistration(_ stanza: Stanza, _ query: Element, _ transaction: inout Transaction) {
    guard query.has(name: "query") else { return transaction.bounce(stanza, StanzaError(.badRequest)) }
    let affiliation = affiliation(of: stanza.from)
    // A user who is no member yet becomes one by an admin's word alone.
    guard affiliation >= .member else {
      transaction.reach(affiliation == .outcast ? RoomRegistrationMark.roomRegistrationOfOutcast : .roomRegistrationOfStranger)
      return transaction.bounce(stanza, StanzaError(affiliation == .outcast ? .forbidden : .registrationRequired))
    }
    if stanza.type == "get" {
      transaction.reply(stanza, registrationAnswer(to: stanza.from.bare))
    } else if query.child("remove", NS.register) != nil {
      transaction.reach(
        affiliation == .member ? RoomRegistrationMark.roomRegistrationRemoved : .roomRegistrationRemovedByAdmin)
      // An admin or owner gives up the nick alone: a rank is lost by an owner's word (5.2.2).
      setAffiliation(
        affiliation == .member ? .none : affiliation, of: stanza.from.bare, nick: .release, by: nil, reason: nil, &transaction)
      transaction.reply(stanza)
    } else {
      register(stanza, query, affiliation, &transaction)
    }
  }

  private func registrationAnswer(to user: JID) -> Element {
    if let nick = affiliations.entry(user)?.nick {
      return Element(
        "query", NS.register, children: [Element("registered", NS.register), Element("username", NS.register, text: nick)])
    }
    let form = DataForm(
      .form,
      fields: [
        DataForm.Field(name: "FORM_TYPE", kind: .hidden, values: [NS.mucRegister]),
        DataForm.Field(name: Self.registeredNickField, kind: .textSingle, label: "Nickname", isRequired: true),
      ])
    return Element("query", NS.register, children: [form.element])
  }

  private mutating func register(_ stanza: Stanza, _ query: Element, _ affiliation: Affiliation, _ transaction: inout Transaction) {
    guard let form = query.child("x", NS.dataForms).flatMap({ DataForm($0) }), form.kind == .submit, form.formType == NS.mucRegister,
      let wanted = form.value(Self.registeredNickField), !wanted.isEmpty
    else { return transaction.bounce(stanza, transaction.reach(RoomRegistrationMark.roomRegistrationMalformed, StanzaError(.badRequest))) }
    guard let address = address(under: wanted) else {
      return transaction.bounce(stanza, transaction.reach(RoomRegistrationMark.roomRegistrationNickUnseen, StanzaError(.jidMalformed)))
    }
    let user = stanza.from.bare
    guard !isTaken(address.resource, for: user) else {
      return transaction.bounce(stanza, transaction.reach(RoomRegistrationMark.roomRegistrationConflict, StanzaError(.conflict)))
    }
    transaction.reach(RoomRegistrationMark.roomRegistered)
    setAffiliation(affiliation, of: user, nick: .reserve(address.resource), by: nil, reason: nil, &transaction)
    transaction.reply(stanza)
  }
}

/// Marks: registration with rooms.
public enum RoomRegistrationMark: UInt16, CoverageMark {
  case roomRegistrationMalformed, roomRegistrationConflict, roomRegistered
  case roomRegistrationNickUnseen
  case roomRegistrationOfStranger, roomRegistrationOfOutcast, roomRegistrationRemoved, roomRegistrationRemovedByAdmin

  public static let offset = Mark.offset(of: RoomRegistrationMark.self)

  public var clause: String {
    switch self {
    case .roomRegistrationMalformed, .roomRegistrationConflict, .roomRegistered, .roomRegistrationOfStranger, .roomRegistrationOfOutcast,
      .roomRegistrationRemoved, .roomRegistrationRemovedByAdmin:
      "XEP-0045, 7.10"
    case .roomRegistrationNickUnseen: "XEP-0045, 17.1"
    }
  }
}
