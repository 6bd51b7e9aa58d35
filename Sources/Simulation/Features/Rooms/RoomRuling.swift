internal import XML
internal import XMPP

// How rooms are ruled (XEP-0045, 8 to 10): roles, affiliations, lists, configuration, registration.

extension RoomsUse {
  static let ranks: [UserAction] = [
    UserAction(.ranks, 9) { context, roll in
      let role: Text = ActionContext.pick(["participant", "visitor", "none", "moderator"], roll)
      return admin([Element("item", NS.mucAdmin, ["nick": context.nick(context.other(roll), roll), "role": role])], context, roll)
    },
    UserAction(.ranks, 6) { context, roll in admin([rank(context, roll)], context, roll) },
    UserAction(.ranks, 1) { context, roll in admin([rank(context, roll), rank(context, roll)], context, roll) },
    // With a nick that goes with it, or by the nick alone (8, 9.3).
    UserAction(.ranks, 2) { context, roll in
      var item = rank(context, roll)
      item["nick"] = [4: "", 5: ActionContext.pick(ActionContext.unseen, roll)][roll(6)] ?? context.nick(context.other(roll), roll)
      if roll(3) == 2 { item["jid"] = nil }
      return admin([item], context, roll)
    },
    UserAction(.ranks, 1) { context, roll in
      var (first, second) = (rank(context, roll), rank(context, roll))
      (first["nick"], second["nick"]) = ("kept", "kept")
      (first["affiliation"], second["affiliation"]) = ("member", "member")
      return admin([first, second], context, roll)
    },
    // A whole domain (9.2).
    UserAction(.ranks, 1) { context, roll in
      let affiliation: Text = ActionContext.pick(["none", "outcast", "outcast", "owner"], roll)
      let domain: Text = ActionContext.pick(["localhost", "elsewhere.example", "elsewhere.example/r"], roll)
      return admin([Element("item", NS.mucAdmin, ["jid": domain, "affiliation": affiliation])], context, roll)
    },
    UserAction(.ranks, 3) { context, roll in
      let lists: [(Text, Text)] = [
        ("affiliation", "member"), ("affiliation", "outcast"), ("affiliation", "admin"), ("affiliation", "owner"), ("role", "moderator"),
        ("role", "participant"), ("role", "visitor"), ("affiliation", "none"), ("role", "none"), ("role", "weird"),
      ]
      let list = ActionContext.pick(lists, roll)
      return context.iq("get", context.room(roll), "query", NS.mucAdmin, [Element("item", NS.mucAdmin, [list.0: list.1])])
    },
    UserAction(.ranks, 2) { context, roll in admin(ActionContext.pick(wrongItems, roll).map { [$0] } ?? [], context, roll) },
  ]

  private static let wrongItems: [Element?] = [
    nil, Element("item", NS.mucAdmin, ["nick": "user0-d0", "role": "visitor", "affiliation": "member"]),
    Element("item", NS.mucAdmin, ["jid": "@@", "affiliation": "member"]), Element("item", NS.mucAdmin, ["affiliation": "member"]),
    Element("item", NS.mucAdmin, ["nick": "nobody", "affiliation": "member"]), Element("item", NS.mucAdmin, ["role": "visitor"]),
    Element("item", NS.mucAdmin, ["nick": "nobody", "role": "none"]), Element("item", NS.mucAdmin, ["jid": "user0@localhost"]),
    Element("item", NS.mucAdmin, ["jid": "user0@localhost", "affiliation": "king"]),
    Element(
      "item", NS.mucAdmin, ["jid": "user1@localhost", "affiliation": "none"],
      children: [Element("reason", NS.mucAdmin, text: Text(String(repeating: "r", count: 2000)))]),
  ]

  private static func rank(_ context: ActionContext, _ roll: (Int) -> Int) -> Element {
    let affiliation: Text = ActionContext.pick(["member", "none", "owner", "admin", "outcast"], roll)
    return Element("item", NS.mucAdmin, ["jid": context.other(roll).account.text, "affiliation": affiliation])
  }

  /// Most say why.
  private static func admin(_ items: [Element], _ context: ActionContext, _ roll: (Int) -> Int) -> Element {
    let items = items.map { item in
      guard item.child("reason", NS.mucAdmin) == nil, roll(3) > 0 else { return item }
      var item = item
      item.append("reason", NS.mucAdmin, text: "because \(context.number)")
      return item
    }
    return context.iq("set", context.room(roll), "query", NS.mucAdmin, items)
  }
}

extension RoomsUse {
  static let ownership: [UserAction] = [
    UserAction(.ownership, 2) { context, roll in context.iq("get", context.room(roll), "query", NS.mucOwner) },
    // The creator of a room has to say how it is to be, or nobody else comes in (10.1.2).
    UserAction(.ownership, 7) { context, roll in configure(context.room(roll), context, roll) },
    UserAction(.ownership, 1) { context, roll in
      owner(DataForm(ActionContext.pick([.cancel, .result], roll), fields: []), context.room(roll), context)
    },
    UserAction(.ownership, 1) { context, roll in
      guard context.user.index == 0, roll(3) == 2 else { return nil }
      let jid: Text? = ActionContext.pick(["other@conference.localhost", "Other@conference.localhost", nil, "@@"], roll)
      var destroy = Element("destroy", NS.mucOwner, ["jid": jid])
      if roll(3) > 0 { destroy.append("reason", NS.mucOwner, text: "the end \(context.number)") }
      if roll(3) == 2 { destroy.append("password", NS.mucOwner, text: ActionContext.password) }
      return context.iq("set", context.room(roll), "query", NS.mucOwner, [destroy])
    },
    // Members reserve nicks (7.10).
    UserAction(.ownership, 3) { context, roll in
      let nick = [7: "", 8: ActionContext.pick(ActionContext.unseen, roll)][roll(9)] ?? context.nick(context.other(roll), roll)
      let form = DataForm(
        .submit,
        fields: [
          DataForm.Field(name: "FORM_TYPE", values: [NS.mucRegister]), DataForm.Field(name: "muc#register_roomnick", values: [nick]),
        ])
      return context.iq("set", context.room(roll), "query", NS.register, [form.element])
    },
    UserAction(.ownership, 1) { context, roll in context.iq("get", context.room(roll), "query", NS.register) },
    UserAction(.ownership, 2) { context, roll in
      context.iq("set", context.room(roll), "query", NS.register, [Element("remove", NS.register)])
    },
  ]

  private static func owner(_ form: DataForm, _ room: Text, _ context: ActionContext) -> Element {
    context.iq("set", room, "query", NS.mucOwner, [form.element])
  }

  /// Name and lifetime of rooms are decided by the first device of the first account alone, so that their order is known. Others take
  /// rooms as they are, or change rules.
  static func configure(_ room: Text, _ context: ActionContext, _ roll: (Int) -> Int) -> Element {
    let type = DataForm.Field(name: "FORM_TYPE", values: [NS.mucRoomConfig])
    guard context.user.index == 0 else { return owner(DataForm(.submit, fields: roll(2) == 1 ? [type] + rules(roll) : []), room, context) }
    let closing = [
      DataForm.Field(name: "muc#roomconfig_roomname", values: ["n\(context.number)"]),
      DataForm.Field(name: "muc#roomconfig_persistentroom", values: [roll(8) == 7 ? "0" : "1"]),
    ]
    return owner(DataForm(.submit, fields: [type] + closing + rules(roll)), room, context)
  }

  /// Most rules are left as they are by most who change some; now and then one can't be meant.
  private static func rules(_ roll: (Int) -> Int) -> [DataForm.Field] {
    func field(_ name: Text, _ values: [[Text]], prefix: Text = "muc#roomconfig_") -> DataForm.Field? {
      let choice = max(0, roll(values.count + 4) - 3)
      return choice == 0 ? nil : DataForm.Field(name: prefix + name, values: values[choice - 1])
    }
    let secret = max(0, roll(8) - 3)
    let isProtected = [
      DataForm.Field(name: "muc#roomconfig_passwordprotectedroom", values: [secret == 3 ? "1" : "0"]),
      DataForm.Field(name: "muc#roomconfig_roomsecret", values: [secret == 3 ? ActionContext.password : ""]),
    ]
    return [
      field("moderatedroom", [["0"], ["1"]]), field("membersonly", [["0"], ["1"], ["0"]]), field("publicroom", [["1"], ["0"]]),
      field("whois", [["anyone"], ["moderators"], ["anyone"], ["weird"]]), field("changesubject", [["1"], ["0"]]),
      field("maxhistoryfetch", [["20"], ["2"], ["many"], ["0"]], prefix: "muc#"),
      field("allowpm", [["anyone"], ["participants"], ["moderators"], ["none"]]),
      field(
        "presencebroadcast",
        [
          ["moderator", "participant", "visitor"], ["moderator"], ["moderator", "participant", "visitor", "none"],
          ["moderator", "visitor"],
        ]),
    ].compactMap { $0.map { spelled($0, roll) } } + (secret >= 3 ? isProtected : [])
  }

  /// A boolean has two spellings (XEP-0004, 3.3).
  private static func spelled(_ field: DataForm.Field, _ roll: (Int) -> Int) -> DataForm.Field {
    let isBoolean = (field.values == ["0"] || field.values == ["1"]) && field.name != "muc#maxhistoryfetch"
    guard isBoolean, roll(3) == 2 else { return field }
    return DataForm.Field(name: field.name, values: [field.values == ["1"] ? "true" : "false"])
  }
}
