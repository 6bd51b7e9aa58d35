internal import OrderedCollections
internal import XML
internal import XMPP

/// What several users do in a certain order, each at their own pace: places that nobody comes to by chance. Often they get in each
/// other's way, and something else comes of it.
struct Plot {
  /// By index of the user: what each does next, and next; `nil` is a pause.
  private(set) var parts: OrderedDictionary<Int, [Element?]> = [:]

  /// - Parameter third: may be one of the other two.
  static func make(_ leftOut: [Deed.Subject], _ first: User, _ second: User, _ third: User, number: Int, _ roll: (Int) -> Int) -> Plot? {
    var plot = Plot()
    var count = 0
    func iq(_ to: Text?, _ name: Text, _ namespace: Text, _ item: Element) -> Element {
      count += 1
      return Element(
        "iq", NS.client, ["type": "set", "id": "q\(number)-\(count)", "to": to], children: [Element(name, namespace, children: [item])])
    }
    func subscription(_ type: Text, _ to: User) -> Element { Element("presence", NS.client, ["to": to.account.text, "type": type]) }
    func block(_ name: Text, _ address: Text) -> Element {
      iq(nil, name, NS.blocking, Element("item", NS.blocking, ["jid": address]))
    }
    func rank(_ attributes: KeyValuePairs<Text, Text?>) -> Element {
      iq("tea@conference.localhost", "query", NS.mucAdmin, Element("item", NS.mucAdmin, attributes))
    }
    func nick(_ user: User) -> Text { user.account.local + "-" + user.resource }
    func enter(_ user: User) -> Element {
      Element("presence", NS.client, ["to": "tea@conference.localhost/" + nick(user)], children: [Element("x", NS.muc)])
    }
    func leave(_ user: User) -> Element {
      Element("presence", NS.client, ["to": "tea@conference.localhost/" + nick(user), "type": "unavailable"])
    }
    func settle() -> Element { iq("tea@conference.localhost", "query", NS.mucOwner, DataForm(.submit, fields: []).element) }
    let kind = roll(8)
    let subjects: [Deed.Subject] = kind < 2 ? [.blocking, .presence] : kind < 4 ? [.ranks] : kind < 6 ? [.ranks, .accounts] : [.talk]
    guard !subjects.contains(where: leftOut.contains) else { return nil }
    guard first.account != second.account, first.resource == "d0", second.resource == "d0" else { return nil }
    let device = second.account.text + "/" + second.resource
    switch kind {
    // Who is blocked takes the request back, unheard; then it is approved.
    case 0:
      plot.parts[second.index] = [subscription("subscribe", first), nil, nil, subscription("unsubscribe", first)]
      let before = roll(3) == 2 ? subscription("subscribe", second) : nil
      let (shut, open) = (block("block", second.account.text), block("unblock", second.account.text))
      plot.parts[first.index] = [before, nil, shut, nil, nil, nil, open, subscription("subscribed", second)]
    // One device of a contact is blocked, and unblocked.
    case 1:
      plot.parts[second.index] = [subscription("subscribe", first)]
      let (shut, open) = (block("block", device), block("unblock", device))
      plot.parts[first.index] = [Element("presence", NS.client), nil, subscription("subscribed", second), nil, shut, nil, open]
    // An admin wants the owner's nick for somebody else.
    case 2:
      plot.parts[first.index] = [enter(first), nil, settle(), nil, rank(["jid": second.account.text, "affiliation": "admin"])]
      let reserve = rank(["jid": third.account.text, "affiliation": "member", "nick": nick(first)])
      plot.parts[second.index] = [nil, nil, nil, nil, nil, nil, reserve, reserve]
    // The owner of a room deletes the own account; somebody else is an admin or a member of it, and comes to see.
    case 4, 5:
      let stay = DataForm(
        .submit,
        fields: [
          DataForm.Field(name: "FORM_TYPE", values: [NS.mucRoomConfig]),
          DataForm.Field(name: "muc#roomconfig_roomname", values: ["n\(number)"]),
          DataForm.Field(name: "muc#roomconfig_persistentroom", values: ["1"]),
        ])
      // See `Deed.configure`.
      let keep = first.index == 0 ? iq("tea@conference.localhost", "query", NS.mucOwner, stay.element) : settle()
      let heir = rank(["jid": second.account.text, "affiliation": roll(2) == 1 ? "member" : "admin"])
      let end = iq(nil, "query", NS.register, Element("remove", NS.register))
      // The room is in memory then, or may have left it.
      let isThere = kind == 4
      let pause: [Element?] = Array(repeating: nil, count: isThere ? 2 : 8)
      plot.parts[second.index] = pause + [nil, nil, nil, isThere ? enter(second) : nil] + pause + [nil, enter(second), settle()]
      plot.parts[first.index] = [enter(first), nil, keep, nil, heir, isThere ? nil : leave(first)] + pause + [end]
    // Somebody declines an invitation, and whoever invited is still there or not (7.8.2).
    case 6, 7:
      func message(_ name: Text, _ to: Text) -> Element {
        let x = Element("x", NS.mucUser, children: [Element(name, NS.mucUser, ["to": to])])
        return Element("message", NS.client, ["to": "tea@conference.localhost", "id": "q\(number)-\(name)"], children: [x])
      }
      let invite = message("invite", second.account.text)
      plot.parts[first.index] = [enter(first), nil, settle(), nil, invite, invite, kind == 6 ? nil : leave(first)]
      let decline = message("decline", "tea@conference.localhost/" + nick(first))
      plot.parts[second.index] = [nil, nil, nil, nil, nil, nil, nil, nil, decline, decline]
    // A moderator who is nobody else wants a member to be silent.
    default:
      let (moderator, member) = (
        rank(["nick": nick(second), "role": "moderator"]), rank(["jid": third.account.text, "affiliation": "member"])
      )
      let mute = rank(["nick": nick(third), "role": "visitor"])
      plot.parts[third.index] = [nil, nil, nil, enter(third)]
      plot.parts[second.index] = [nil, nil, nil, enter(second), nil, nil, nil, nil, nil, nil, mute, mute]
      plot.parts[first.index] = [enter(first), nil, settle(), nil, nil, nil, nil, moderator, member]
    }
    return plot
  }
}
