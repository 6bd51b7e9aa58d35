internal import XML
internal import XMPP

// The roster, read and changed (RFC 6121, 2), and blocking (XEP-0191).

extension UserAction {
  static let rosters: [UserAction] = [
    UserAction(.rosters, 3) { context, _ in context.iq("get", nil, "query", NS.roster) },
    UserAction(.rosters, 4) { context, roll in
      guard context.mayChangeAccount else { return nil }
      let groups: [[Text]] = [[], ["a"], ["a", "b"]]
      return set(contact(context, roll), name: "n\(context.number)", groups: ActionContext.pick(groups, roll), context)
    },
    UserAction(.rosters, 2) { context, roll in
      guard context.mayChangeAccount else { return nil }
      let item = Element("item", NS.roster, ["jid": contact(context, roll), "subscription": "remove"])
      return context.iq("set", nil, "query", NS.roster, [item])
    },
    // What no roster takes (2.3.3).
    UserAction(.rosters, 2) { context, roll in
      guard context.mayChangeAccount else { return nil }
      let long = Text(String(repeating: "x", count: 1024))
      let jid = contact(context, roll)
      switch roll(7) {
      case 1: return set(jid, name: "n", groups: [""], context)
      case 2: return set(jid, name: "n", groups: ["a", "a"], context)
      case 3: return set(jid, name: "n", groups: (0..<70).map { "g\($0)" }, context)
      case 4: return set(jid, name: roll(2) == 1 ? "n" : long, groups: [long], context)
      case 5: return set(context.user.account.text, name: "n", groups: [], context)
      case 6: return context.iq("set", nil, "query", NS.roster, [Element("item", NS.roster, ["jid": "@@"])])
      default: return context.iq("set", nil, "query", NS.roster)
      }
    },
    // Somebody else's.
    UserAction(.rosters, 1) { context, roll in
      let item = Element("item", NS.roster, ["jid": context.user.account.text, "name": "planted"])
      let type: Text = ActionContext.pick(["get", "set"], roll)
      return context.iq(type, context.other(roll).account.text, "query", NS.roster, type == "set" ? [item] : [])
    },
  ]

  private static func contact(_ context: ActionContext, _ roll: (Int) -> Int) -> Text {
    roll(6) == 5 ? ActionContext.pick(["friend@elsewhere.example", "nobody@localhost"], roll) : context.other(roll).account.text
  }

  private static func set(_ jid: Text, name: Text, groups: [Text], _ context: ActionContext) -> Element {
    let groups = groups.map { Element("group", NS.roster, text: $0) }
    return context.iq("set", nil, "query", NS.roster, [Element("item", NS.roster, ["jid": jid, "name": name], children: groups)])
  }
}

extension UserAction {
  static let blocks: [UserAction] = [
    UserAction(.blocking, 3) { context, roll in block("block", context.other(roll).account.text, context) },
    UserAction(.blocking, 3) { context, roll in block("unblock", context.other(roll).account.text, context) },
    UserAction(.blocking, 2) { context, _ in context.iq("get", nil, "blocklist", NS.blocking) },
    // One device, a domain, a room, an occupant, and what no stanza comes from (6).
    UserAction(.blocking, 2) { context, roll in
      let addresses = [context.device(roll), context.room(roll), context.occupant(roll), "conference.localhost", "localhost"]
      return block(roll(2) == 1 ? "block" : "unblock", ActionContext.pick(addresses, roll), context)
    },
    // The same address as "block" above, so that one follows the other.
    UserAction(.blocking, 1) { context, roll in block(ActionContext.pick(["unblock", "block"], roll), context.device(roll), context) },
    // All at once (3.5).
    UserAction(.blocking, 1) { context, _ in context.mayChangeAccount ? context.iq("set", nil, "unblock", NS.blocking) : nil },
    UserAction(.blocking, 1) { context, roll in
      guard context.mayChangeAccount else { return nil }
      switch roll(4) {
      case 1: return context.iq("set", nil, "block", NS.blocking, [Element("item", NS.blocking, ["jid": "@@"])])
      case 2: return context.iq("get", nil, "block", NS.blocking)
      case 3: return context.iq("set", nil, "blocklist", NS.blocking)
      default: return context.iq("set", nil, "block", NS.blocking)
      }
    },
  ]

  private static func block(_ name: Text, _ address: Text, _ context: ActionContext) -> Element? {
    guard context.mayChangeAccount else { return nil }
    return context.iq("set", nil, name, NS.blocking, [Element("item", NS.blocking, ["jid": address])])
  }
}
