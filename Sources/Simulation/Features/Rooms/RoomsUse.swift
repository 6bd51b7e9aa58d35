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
    subjects: [.visits, .talk, .ranks, .ownership], actions: visits + talk + ranks + ownership, plots: RoomPlots.all,
    choice: RunChoice(81) { $0[flag: .rooms] = $1(100) < 95 },
    oracles: [
      OccupantsAgree.self, AffiliationsMatchStorage.self, RoomsHaveOwners.self, EntriesAreAnswered.self, DeclinesAreInvited.self,
      FormsAreRegistered.self,
    ], keptThings: [persistentRooms], answers: RoomAnswers.rows,
    place: RoomModel.self)

  /// The names of rooms that last.
  private static let persistentRooms = KeptThing(name: "room", isOwnAccounts: false) { request, _, _ in
    guard let payload = request.firstChild, payload.is("query", NS.mucOwner), let room = request["to"].flatMap({ JID($0) })
    else { return [] }
    if payload.child("destroy", NS.mucOwner) != nil { return [KeptThing.Change(owner: room, value: nil)] }
    guard let form = payload.child("x", NS.dataForms).flatMap({ DataForm($0) }),
      let isPersistent = form.flag("muc#roomconfig_persistentroom")
    else { return [] }
    // A room whose name the form does not say has the name that it had, which is not known here.
    guard let name = form.value("muc#roomconfig_roomname") ?? (isPersistent ? nil : "") else { return [] }
    return [KeptThing.Change(owner: room, value: isPersistent ? name : nil)]
  } stored: { room, _, database in
    database.rows(RoomRow.self, of: room).first?.name
  }.shown { room, _, name in
    guard let name else { return nil }
    let identity = Element("identity", NS.discoInfo, ["category": "conference", "type": "text", "name": name.isEmpty ? nil : name])
    return Element.question("kept", to: room.text, Element("query", NS.discoInfo), answered: [identity])
  }
}
