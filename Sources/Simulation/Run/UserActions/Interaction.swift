internal import OrderedCollections
internal import XML
internal import XMPP

/// What several users do in a certain order, each at their own pace: places that nobody comes to by chance. Often they get in each
/// other's way, and something else comes of it.
struct Interaction {
  /// By index of the user: what each does next, and next; `nil` is a pause.
  private(set) var parts: OrderedDictionary<Int, [Element?]> = [:]

  private let first: User
  private let second: User
  private let third: User
  private let number: Int
  /// Requests that were written, so that each has an id of its own.
  private var count = 0

  /// - Parameter third: may be one of the other two.
  static func make(_ leftOut: [UserAction.Subject], _ first: User, _ second: User, _ third: User, number: Int, _ roll: (Int) -> Int)
    -> Interaction?
  {
    let kind = roll(8)
    let subjects: [UserAction.Subject] =
      kind < 2 ? [.blocking, .presence] : kind < 4 ? [.ranks] : kind < 6 ? [.ranks, .accounts] : [.talk]
    guard !subjects.contains(where: leftOut.contains) else { return nil }
    guard first.account != second.account, first.resource == "d0", second.resource == "d0" else { return nil }
    var plot = Interaction(first: first, second: second, third: third, number: number)
    switch kind {
    case 0: plot.blockWhoAsks(roll)
    case 1: plot.blockOneDevice()
    case 2: plot.reserveTheOwnersNick()
    case 4, 5: plot.deleteTheOwner(isInMemory: kind == 4, roll)
    case 6, 7: plot.decline(inviterStays: kind == 6)
    default: plot.silenceAMember()
    }
    return plot
  }

  private init(first: User, second: User, third: User, number: Int) {
    (self.first, self.second, self.third, self.number) = (first, second, third, number)
  }

  // MARK: Blocking and presence

  /// Who is blocked takes the request back, unheard; then it is approved.
  private mutating func blockWhoAsks(_ roll: (Int) -> Int) {
    parts[second.index] = [subscription("subscribe", first), nil, nil, subscription("unsubscribe", first)]
    let before = roll(3) == 2 ? subscription("subscribe", second) : nil
    let (shut, open) = (block("block", second.account.text), block("unblock", second.account.text))
    parts[first.index] = [before, nil, shut, nil, nil, nil, open, subscription("subscribed", second)]
  }

  /// One device of a contact is blocked, and unblocked.
  private mutating func blockOneDevice() {
    let device = second.account.text + "/" + second.resource
    parts[second.index] = [subscription("subscribe", first)]
    let (shut, open) = (block("block", device), block("unblock", device))
    parts[first.index] = [Element("presence", NS.client), nil, subscription("subscribed", second), nil, shut, nil, open]
  }

  // MARK: Rooms

  /// An admin wants the owner's nick for somebody else.
  private mutating func reserveTheOwnersNick() {
    parts[first.index] = [enter(first), nil, settle(), nil, rank(["jid": second.account.text, "affiliation": "admin"])]
    let reserve = rank(["jid": third.account.text, "affiliation": "member", "nick": nick(first)])
    parts[second.index] = [nil, nil, nil, nil, nil, nil, reserve, reserve]
  }

  /// The owner of a room deletes the own account; somebody else is an admin or a member of it, and comes to see.
  ///
  /// - Parameter isInMemory: the room is in memory when that happens; or else it may have left it.
  private mutating func deleteTheOwner(isInMemory: Bool, _ roll: (Int) -> Int) {
    let stay = DataForm(
      .submit,
      fields: [
        DataForm.Field(name: "FORM_TYPE", values: [NS.mucRoomConfig]),
        DataForm.Field(name: "muc#roomconfig_roomname", values: ["n\(number)"]),
        DataForm.Field(name: "muc#roomconfig_persistentroom", values: ["1"]),
      ])
    // See `UserAction.configure`.
    let keep = first.index == 0 ? iq(Interaction.room, "query", NS.mucOwner, stay.element) : settle()
    let heir = rank(["jid": second.account.text, "affiliation": roll(2) == 1 ? "member" : "admin"])
    let end = iq(nil, "query", NS.register, Element("remove", NS.register))
    let pause: [Element?] = Array(repeating: nil, count: isInMemory ? 2 : 8)
    parts[second.index] = pause + [nil, nil, nil, isInMemory ? enter(second) : nil] + pause + [nil, enter(second), settle()]
    parts[first.index] = [enter(first), nil, keep, nil, heir, isInMemory ? nil : leave(first)] + pause + [end]
  }

  /// Somebody declines an invitation, and whoever invited is still there or not (7.8.2).
  private mutating func decline(inviterStays: Bool) {
    let invite = message("invite", second.account.text)
    parts[first.index] = [enter(first), nil, settle(), nil, invite, invite, inviterStays ? nil : leave(first)]
    let decline = message("decline", Interaction.room + "/" + nick(first))
    parts[second.index] = [nil, nil, nil, nil, nil, nil, nil, nil, decline, decline]
  }

  /// A moderator who is nobody else wants a member to be silent.
  private mutating func silenceAMember() {
    let moderator = rank(["nick": nick(second), "role": "moderator"])
    let member = rank(["jid": third.account.text, "affiliation": "member"])
    let mute = rank(["nick": nick(third), "role": "visitor"])
    parts[third.index] = [nil, nil, nil, enter(third)]
    parts[second.index] = [nil, nil, nil, enter(second), nil, nil, nil, nil, nil, nil, mute, mute]
    parts[first.index] = [enter(first), nil, settle(), nil, nil, nil, nil, moderator, member]
  }

  // MARK: Stanzas

  private static let room: Text = "tea@conference.localhost"

  private mutating func iq(_ to: Text?, _ name: Text, _ namespace: Text, _ item: Element) -> Element {
    count += 1
    return Element(
      "iq", NS.client, ["type": "set", "id": "q\(number)-\(count)", "to": to], children: [Element(name, namespace, children: [item])])
  }
  private mutating func block(_ name: Text, _ address: Text) -> Element {
    iq(nil, name, NS.blocking, Element("item", NS.blocking, ["jid": address]))
  }
  private mutating func rank(_ attributes: KeyValuePairs<Text, Text?>) -> Element {
    iq(Interaction.room, "query", NS.mucAdmin, Element("item", NS.mucAdmin, attributes))
  }
  private mutating func settle() -> Element { iq(Interaction.room, "query", NS.mucOwner, DataForm(.submit, fields: []).element) }
  private func subscription(_ type: Text, _ to: User) -> Element {
    Element("presence", NS.client, ["to": to.account.text, "type": type])
  }
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
