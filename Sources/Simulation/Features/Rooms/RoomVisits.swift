internal import OrderedCollections
internal import XML
internal import XMPP

// Coming to rooms, being there and leaving (XEP-0045, 6 and 7), and what is said in them.

extension RoomsUse {
  static let visits: [UserAction] = [
    UserAction(.visits, 14) { context, roll in join(context.room(roll) + "/" + context.nick(context.user, roll), context, roll) },
    UserAction(.visits, 2) { context, roll in
      let to = context.room(roll) + "/" + context.nick(context.user, roll)
      return Element("presence", NS.client, ["to": to, "type": "unavailable", "id": context.request])
    },
    // Another nick, a new status, or a client that believes to be inside (7.6, 7.7, 7.2.18).
    UserAction(.visits, 3) { context, roll in
      var presence = Element("presence", NS.client, ["to": context.room(roll) + "/" + context.nick(context.user, roll)])
      presence.append("show", NS.client, text: "away")
      if context.number % 2 == 0 { presence.append("status", NS.client, text: "away \(context.number)") }
      for payload in Payloads.content(of: context.number) { presence.append(payload) }
      return presence
    },
    UserAction(.visits, 1) { context, roll in
      var presence = Element("presence", NS.client, ["to": context.room(roll) + "/" + context.nick(context.user, roll)])
      presence.append("status", NS.client, text: Text(String(repeating: "busy ", count: 2000)))
      return presence
    },
    // Under somebody else's nick; without one; gone for a technical reason.
    UserAction(.visits, 1) { context, roll in join(context.occupant(roll), context, roll) },
    UserAction(.visits, 1) { context, roll in join(context.room(roll), context, roll) },
    // Under a nick that nobody can see (17.1).
    UserAction(.visits, 1) { context, roll in
      let to = context.room(roll) + "/" + ActionContext.pick(ActionContext.unseen, roll)
      return roll(2) == 1 ? Element("presence", NS.client, ["to": to, "id": context.request]) : join(to, context, roll)
    },
    // An invitation is declined from outside, or one that never was (7.8.2).
    UserAction(.visits, 2) { context, roll in
      decline(ActionContext.pick([context.occupant(roll), context.other(roll).account.text], roll), context, roll)
    },
    UserAction(.visits, 1) { context, roll in Element("presence", NS.client, ["to": context.occupant(roll), "type": "error"]) },
  ]

  fileprivate static func decline(_ inviter: Text?, _ context: ActionContext, _ roll: (Int) -> Int) -> Element {
    let x = Element("x", NS.mucUser, children: [Element("decline", NS.mucUser, ["to": inviter])])
    return Element("message", NS.client, ["to": context.room(roll), "id": context.request], children: [x])
  }

  private static func join(_ address: Text, _ context: ActionContext, _ roll: (Int) -> Int) -> Element {
    var x = Element("x", NS.muc)
    let password = roll(6)
    if password > 0 { x.append("password", NS.muc, text: password == 5 ? "wrong" : ActionContext.password) }
    let conditions: [[(Text, Text)]] = [
      [], [("maxstanzas", "1")], [("maxchars", "500")], [("seconds", "2")], [("since", "2027-01-15T08:00:03Z")], [("maxstanzas", "0")],
      [("seconds", "x"), ("maxchars", "-1")],
    ]
    let condition = max(0, roll(14) - 5)
    if condition >= conditions.count {
      // Since the very moment at which something was said.
      let moment = JID(address).flatMap { context.user.moment($0.bare) }
      if let moment { x.append(Element("history", NS.muc, ["since": exact(moment)])) }
    } else if condition > 0 {
      var history = Element("history", NS.muc)
      for (name, value) in conditions[condition] { history[name] = value }
      x.append(history)
    }
    return Element("presence", NS.client, ["to": address, "id": context.request], children: [x])
  }
}

extension RoomsUse {
  /// XEP-0082, 3.2, to the nanosecond.
  private static func exact(_ time: Int64) -> Text {
    let fraction = String(time % 1_000_000_000)
    let digits = String(repeating: "0", count: 9 - fraction.utf8.count) + fraction
    return Text(DateTime.format(nanosecondsSince1970: time).string.dropLast() + ".\(digits)Z")
  }

  static let talk: [UserAction] = [
    UserAction(.talk, 9) { context, roll in context.message(to: context.room(roll), "groupchat") },
    UserAction(.talk, 1) { context, roll in
      var message = Element("message", NS.client, ["to": context.room(roll), "type": "groupchat"])
      message.append("body", NS.client, text: "no id \(context.number)")
      return message
    },
    UserAction(.talk, 2) { context, roll in
      var message = Element("message", NS.client, ["to": context.room(roll), "type": "groupchat"])
      let isLong = roll(5) == 4
      message.append("subject", NS.client, text: isLong ? Text(String(repeating: "s", count: 9000)) : "subject \(context.number)")
      // With a thread it is a message like others (8.1).
      if roll(5) == 4 { message.append("thread", NS.client, text: "t\(context.number)") }
      return message
    },
    // For all who are there, and for nobody who comes later: it has no body (7.2.13).
    UserAction(.talk, 1) { context, roll in
      let state = Element(ActionContext.pick(["composing", "active", "gone"], roll), "http://jabber.org/protocol/chatstates")
      return Element("message", NS.client, ["to": context.room(roll), "type": "groupchat", "id": context.request], children: [state])
    },
    UserAction(.talk, 3) { context, roll in
      var message = Element(
        "message", NS.client, ["to": context.occupant(roll), "type": ActionContext.pick(["chat", nil, "groupchat"], roll)])
      message.append("body", NS.client, text: "between us \(context.number)")
      return message
    },
    // Neither for all nor for one: nothing that a room knows (7.4).
    UserAction(.talk, 1) { context, roll in Element("message", NS.client, ["to": context.room(roll), "id": context.request], text: "?") },
    // An error that came back: from a ghost, or in answer to a private message (18.1.2).
    UserAction(.talk, 2) { context, roll in
      let condition: StanzaError.Condition = ActionContext.pick([.notAcceptable, .recipientUnavailable], roll)
      let to = roll(2) == 1 ? context.room(roll) : context.occupant(roll)
      return Element("message", NS.client, ["to": to, "type": "error"], children: [StanzaError(condition).element])
    },
    // Invitations and refusals (7.8.2).
    UserAction(.talk, 3) { context, roll in
      let invitees = (0..<ActionContext.pick([1, 2, 1, 25], roll)).map { _ in context.other(roll).account.text }
      var x = Element("x", NS.mucUser)
      for invitee in invitees {
        let to: Text = [19: "@@", 18: "elsewhere.example"][roll(20)] ?? invitee
        // Some go on in the room with what they began elsewhere (7.9).
        let thread = roll(6) == 5 ? [Element("continue", NS.mucUser, ["thread": "t\(context.number)"])] : []
        let reason = Element("reason", NS.mucUser, text: "come \(context.number)")
        x.append(Element("invite", NS.mucUser, ["to": to], children: (roll(4) == 3 ? [] : [reason]) + thread))
      }
      return Element("message", NS.client, ["to": context.room(roll), "id": context.request], children: [x])
    },
    UserAction(.talk, 2) { context, roll in
      decline(ActionContext.pick([context.occupant(roll), context.other(roll).account.text, nil], roll), context, roll)
    },
    // Voice: asked for, given, refused (7.13, 8.6).
    UserAction(.talk, 3) { context, roll in
      var fields = [DataForm.Field(name: "FORM_TYPE", values: [NS.mucRequest])]
      fields.append(DataForm.Field(name: "muc#role", values: [roll(8) == 7 ? "moderator" : "participant"]))
      let kind = roll(3)
      if kind > 0 {
        fields.append(DataForm.Field(name: "muc#roomnick", values: [context.nick(context.other(roll), roll)]))
        fields.append(DataForm.Field(name: "muc#request_allow", values: [kind == 1 ? "1" : "0"]))
      }
      let to = context.room(roll)
      return Element("message", NS.client, ["to": to, "id": context.request], children: [DataForm(.submit, fields: fields).element])
    },
  ]
}
