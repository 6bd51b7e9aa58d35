internal import ServerCore
internal import Storage
internal import XML
internal import XMPP

extension UserAction.Subject {
  static let visits = Self(name: "visits", themes: [.rooms])
  static let talk = Self(name: "talk", themes: [.rooms], isForOccupants: true)
  static let ranks = Self(name: "ranks", themes: [.rooms], isForOccupants: true)
  static let ownership = Self(name: "ownership", themes: [.rooms], isForOccupants: true)
}

/// Users who come to rooms, talk there, and rule them (XEP-0045).
enum RoomsUse {
  static let feature = SimulatedFeature(
    subjects: [.visits, .talk, .ranks, .ownership], actions: visits + talk + ranks + ownership, plots: RoomPlots.all, values: values,
    choice: RunChoice(81) { $0[flag: .rooms] = $1(100) < 95 },
    oracles: [
      OccupantsAgree.self, AffiliationsMatchStorage.self, RoomsHaveOwners.self, EntriesAreAnswered.self, DeclinesAreInvited.self,
      FormsAreRegistered.self,
    ], keptThings: [persistentRooms], answers: RoomAnswers.rows,
    place: RoomModel.self)

  private static let values: [ValuePlace] = [
    ValuePlace("item", NS.mucAdmin, .attribute("nick"), .nicks), ValuePlace("item", NS.mucAdmin, .attribute("jid"), .addresses),
    ValuePlace("reason", NS.mucAdmin, .text, .texts), ValuePlace("reason", NS.mucUser, .text, .texts),
    ValuePlace("reason", NS.mucOwner, .text, .texts), ValuePlace("invite", NS.mucUser, .attribute("to"), .addresses),
    ValuePlace("decline", NS.mucUser, .attribute("to"), .addresses),
    ValuePlace("destroy", NS.mucOwner, .attribute("jid"), .addresses), ValuePlace("password", NS.muc, .text, .passwords),
    ValuePlace("history", NS.muc, .attribute("maxstanzas"), .numbers), ValuePlace("history", NS.muc, .attribute("maxchars"), .numbers),
    ValuePlace("history", NS.muc, .attribute("seconds"), .numbers), ValuePlace("history", NS.muc, .attribute("since"), .dates),
  ]

  /// The names of rooms that last.
  private static let persistentRooms = KeptThing(name: "room", isOwnAccounts: false) { request, _, _ in
    guard let payload = request.firstChild, payload.is("query", NS.mucOwner), let room = request["to"].flatMap({ JID($0) })
    else { return [] }
    if payload.child("destroy", NS.mucOwner) != nil { return [KeptThing.Change(owner: room, value: nil)] }
    guard let form = payload.child("x", NS.dataForms).flatMap({ DataForm($0) }),
      form["muc#roomconfig_persistentroom"] != nil
    else { return [] }
    // A form that does not say how long a room lasts or how it is called leaves that as it was, which is not known here.
    let name = form["muc#roomconfig_roomname"].map { $0.values.first ?? "" }
    switch (form.boolean("muc#roomconfig_persistentroom"), name) {
    case (false?, _): return [KeptThing.Change(owner: room, value: nil)]
    case (true?, let name?): return [KeptThing.Change(owner: room, value: name)]
    case (true?, nil): return [KeptThing.Change(owner: room, isUnknown: true)]
    // No value at all is left out; any other that is no boolean has the form refused.
    case (nil, _): return form.value("muc#roomconfig_persistentroom") == nil ? [KeptThing.Change(owner: room, isUnknown: true)] : []
    }
  } stored: { room, _, database in
    database.rows(RoomRow.self, of: room).first?.name
  }.shown { room, _, name in
    guard let name else { return nil }
    let identity = Element("identity", NS.discoInfo, ["category": "conference", "type": "text", "name": name.isEmpty ? nil : name])
    return Element.question("kept", to: room.text, Element("query", NS.discoInfo), answered: [identity])
  }
}
