internal import XML
internal import XMPP

// Coming to rooms, being there and leaving (XEP-0045, 6 and 7), and what is said in them.

extension Deed {
  static let visits: [Deed] = [
    Deed(.visits, 14) { scene, roll in join(scene.room(roll) + "/" + scene.nick(scene.user, roll), scene, roll) },
    Deed(.visits, 2) { scene, roll in
      let to = scene.room(roll) + "/" + scene.nick(scene.user, roll)
      return Element("presence", NS.client, ["to": to, "type": "unavailable", "id": scene.request])
    },
    // Another nick, a new status, or a client that believes to be inside (7.6, 7.7, 7.2.18).
    Deed(.visits, 3) { scene, roll in
      var presence = Element("presence", NS.client, ["to": scene.room(roll) + "/" + scene.nick(scene.user, roll)])
      presence.append("show", NS.client, text: "away")
      return presence
    },
    Deed(.visits, 1) { scene, roll in
      var presence = Element("presence", NS.client, ["to": scene.room(roll) + "/" + scene.nick(scene.user, roll)])
      presence.append("status", NS.client, text: Text(String(repeating: "busy ", count: 2000)))
      return presence
    },
    // Under somebody else's nick; without one; gone for a technical reason.
    Deed(.visits, 1) { scene, roll in join(scene.occupant(roll), scene, roll) },
    Deed(.visits, 1) { scene, roll in join(scene.room(roll), scene, roll) },
    // Under a nick that nobody can see (17.1).
    Deed(.visits, 1) { scene, roll in
      let to = scene.room(roll) + "/" + Scene.pick(Scene.unseen, roll)
      return roll(2) == 1 ? Element("presence", NS.client, ["to": to, "id": scene.request]) : join(to, scene, roll)
    },
    // An invitation is declined from outside, or one that never was (7.8.2).
    Deed(.visits, 2) { scene, roll in decline(Scene.pick([scene.occupant(roll), scene.other(roll).account.text], roll), scene, roll) },
    Deed(.visits, 1) { scene, roll in Element("presence", NS.client, ["to": scene.occupant(roll), "type": "error"]) },
  ]

  fileprivate static func decline(_ inviter: Text?, _ scene: Scene, _ roll: (Int) -> Int) -> Element {
    let x = Element("x", NS.mucUser, children: [Element("decline", NS.mucUser, ["to": inviter])])
    return Element("message", NS.client, ["to": scene.room(roll), "id": scene.request], children: [x])
  }

  private static func join(_ address: Text, _ scene: Scene, _ roll: (Int) -> Int) -> Element {
    var x = Element("x", NS.muc)
    let password = roll(6)
    if password > 0 { x.append("password", NS.muc, text: password == 5 ? "wrong" : Scene.password) }
    let conditions: [[(Text, Text)]] = [
      [], [("maxstanzas", "1")], [("maxchars", "500")], [("seconds", "2")], [("since", "2027-01-15T08:00:03Z")], [("maxstanzas", "0")],
      [("seconds", "x"), ("maxchars", "-1")],
    ]
    let condition = max(0, roll(12) - 5)
    if condition > 0 {
      var history = Element("history", NS.muc)
      for (name, value) in conditions[condition] { history[name] = value }
      x.append(history)
    }
    return Element("presence", NS.client, ["to": address, "id": scene.request], children: [x])
  }
}

extension Deed {
  static let talk: [Deed] = [
    Deed(.talk, 9) { scene, roll in scene.message(to: scene.room(roll), "groupchat") },
    Deed(.talk, 1) { scene, roll in
      var message = Element("message", NS.client, ["to": scene.room(roll), "type": "groupchat"])
      message.append("body", NS.client, text: "no id \(scene.number)")
      return message
    },
    Deed(.talk, 2) { scene, roll in
      var message = Element("message", NS.client, ["to": scene.room(roll), "type": "groupchat"])
      let isLong = roll(5) == 4
      message.append("subject", NS.client, text: isLong ? Text(String(repeating: "s", count: 9000)) : "subject \(scene.number)")
      // With a thread it is a message like others (8.1).
      if roll(5) == 4 { message.append("thread", NS.client, text: "t\(scene.number)") }
      return message
    },
    Deed(.talk, 3) { scene, roll in
      var message = Element("message", NS.client, ["to": scene.occupant(roll), "type": Scene.pick(["chat", nil, "groupchat"], roll)])
      message.append("body", NS.client, text: "between us \(scene.number)")
      return message
    },
    // Neither for all nor for one: nothing that a room knows (7.4).
    Deed(.talk, 1) { scene, roll in Element("message", NS.client, ["to": scene.room(roll), "id": scene.request], text: "?") },
    // An error that came back: from a ghost, or in answer to a private message (18.1.2).
    Deed(.talk, 2) { scene, roll in
      let condition: StanzaError.Condition = Scene.pick([.notAcceptable, .recipientUnavailable], roll)
      let to = roll(2) == 1 ? scene.room(roll) : scene.occupant(roll)
      return Element("message", NS.client, ["to": to, "type": "error"], children: [StanzaError(condition).element])
    },
    // Invitations and refusals (7.8.2).
    Deed(.talk, 3) { scene, roll in
      let invitees = (0..<Scene.pick([1, 2, 1, 25], roll)).map { _ in scene.other(roll).account.text }
      var x = Element("x", NS.mucUser)
      for invitee in invitees {
        let to: Text = [19: "@@", 18: "elsewhere.example"][roll(20)] ?? invitee
        x.append(Element("invite", NS.mucUser, ["to": to], children: [Element("reason", NS.mucUser, text: "come")]))
      }
      return Element("message", NS.client, ["to": scene.room(roll), "id": scene.request], children: [x])
    },
    Deed(.talk, 2) { scene, roll in
      decline(Scene.pick([scene.occupant(roll), scene.other(roll).account.text, nil], roll), scene, roll)
    },
    // Voice: asked for, given, refused (7.13, 8.6).
    Deed(.talk, 3) { scene, roll in
      var fields = [DataForm.Field(name: "FORM_TYPE", values: [NS.mucRequest])]
      fields.append(DataForm.Field(name: "muc#role", values: [roll(8) == 7 ? "moderator" : "participant"]))
      let kind = roll(3)
      if kind > 0 {
        fields.append(DataForm.Field(name: "muc#roomnick", values: [scene.nick(scene.other(roll), roll)]))
        fields.append(DataForm.Field(name: "muc#request_allow", values: [kind == 1 ? "1" : "0"]))
      }
      let to = scene.room(roll)
      return Element("message", NS.client, ["to": to, "id": scene.request], children: [DataForm(.submit, fields: fields).element])
    },
  ]
}
