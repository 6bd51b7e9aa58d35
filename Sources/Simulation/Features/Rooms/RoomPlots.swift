internal import OrderedCollections
internal import XML
internal import XMPP

/// Situations that several users come to in a room when each does the right thing at the wrong moment.
enum RoomPlots {
  static let all: [Plot] = [
    Plot(subjects: [.ranks]) { plot, _ in plot.reserveTheOwnersNick() }, Plot(subjects: [.ranks]) { plot, _ in plot.silenceAMember() },
    Plot(subjects: [.ranks, .accounts]) { $0.deleteTheOwner(isInMemory: true, $1) },
    Plot(subjects: [.ranks, .accounts]) { $0.deleteTheOwner(isInMemory: false, $1) },
    Plot(subjects: [.talk]) { plot, _ in plot.decline(inviterStays: true) },
    Plot(subjects: [.talk]) { plot, _ in plot.decline(inviterStays: false) },
  ]
}

extension Interaction {
  /// An admin wants the owner's nick for somebody else.
  fileprivate mutating func reserveTheOwnersNick() {
    parts[first.index] = [enter(first), nil, settle(), nil, rank(["jid": second.account.text, "affiliation": "admin"])]
    let reserve = rank(["jid": third.account.text, "affiliation": "member", "nick": nick(first)])
    parts[second.index] = [nil, nil, nil, nil, nil, nil, reserve, reserve]
  }

  /// The owner of a room deletes the own account; somebody else is an admin or a member of it, and comes to see.
  ///
  /// - Parameter isInMemory: the room is in memory when that happens; or else it may have left it.
  fileprivate mutating func deleteTheOwner(isInMemory: Bool, _ roll: (Int) -> Int) {
    let stay = DataForm(
      .submit,
      fields: [
        DataForm.Field(name: "FORM_TYPE", values: [NS.mucRoomConfig]),
        DataForm.Field(name: "muc#roomconfig_roomname", values: ["n\(number)"]),
        DataForm.Field(name: "muc#roomconfig_persistentroom", values: ["1"]),
      ])
    // See `RoomsUse.configure`.
    let keep = first.index == 0 ? iq(Interaction.room, "query", NS.mucOwner, stay.element) : settle()
    let heir = rank(["jid": second.account.text, "affiliation": roll(2) == 1 ? "member" : "admin"])
    let end = iq(nil, "query", NS.register, Element("remove", NS.register))
    let pause: [Element?] = Array(repeating: nil, count: isInMemory ? 2 : 8)
    parts[second.index] = pause + [nil, nil, nil, isInMemory ? enter(second) : nil] + pause + [nil, enter(second), settle()]
    parts[first.index] = [enter(first), nil, keep, nil, heir, isInMemory ? nil : leave(first)] + pause + [end]
  }

  /// Somebody declines an invitation, and whoever invited is still there or not (7.8.2).
  fileprivate mutating func decline(inviterStays: Bool) {
    let invite = message("invite", second.account.text)
    parts[first.index] = [enter(first), nil, settle(), nil, invite, invite, inviterStays ? nil : leave(first)]
    let decline = message("decline", Interaction.room + "/" + nick(first))
    parts[second.index] = [nil, nil, nil, nil, nil, nil, nil, nil, decline, decline]
  }

  /// A moderator who is nobody else wants a member to be silent.
  fileprivate mutating func silenceAMember() {
    let moderator = rank(["nick": nick(second), "role": "moderator"])
    let member = rank(["jid": third.account.text, "affiliation": "member"])
    let mute = rank(["nick": nick(third), "role": "visitor"])
    parts[third.index] = [nil, nil, nil, enter(third)]
    parts[second.index] = [nil, nil, nil, enter(second), nil, nil, nil, nil, nil, nil, mute, mute]
    parts[first.index] = [enter(first), nil, settle(), nil, nil, nil, nil, moderator, member]
  }

  // MARK: Stanzas

  private static let room: Text = "tea@conference.localhost"

  private mutating func rank(_ attributes: KeyValuePairs<Text, Text?>) -> Element {
    iq(Interaction.room, "query", NS.mucAdmin, Element("item", NS.mucAdmin, attributes))
  }
  private mutating func settle() -> Element { iq(Interaction.room, "query", NS.mucOwner, DataForm(.submit, fields: []).element) }
  private func nick(_ user: User) -> Text { user.account.local + "-" + user.resource }
  private func enter(_ user: User) -> Element {
    Element("presence", NS.client, ["to": Interaction.room + "/" + nick(user)], children: [Element("x", NS.muc)])
  }
  private func leave(_ user: User) -> Element {
    Element("presence", NS.client, ["to": Interaction.room + "/" + nick(user), "type": "unavailable"])
  }
  private func message(_ name: Text, _ to: Text) -> Element {
    let x = Element("x", NS.mucUser, children: [Element(name, NS.mucUser, ["to": to])])
    return Element("message", NS.client, ["to": Interaction.room, "id": "q\(number)-\(name)"], children: [x])
  }
}
