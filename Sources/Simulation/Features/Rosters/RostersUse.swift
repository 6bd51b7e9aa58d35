internal import ServerCore
internal import Storage
internal import XML
internal import XMPP

extension UserAction.Subject {
  static let rosters = Self(name: "rosters", themes: [.contacts])
}

/// Users who read and change their rosters (RFC 6121, 2).
enum RostersUse {
  static let feature = SimulatedFeature(
    subjects: [.rosters], actions: actions,
    values: [
      ValuePlace("item", NS.roster, .attribute("jid"), .addresses), ValuePlace("item", NS.roster, .attribute("name"), .texts),
      ValuePlace("group", NS.roster, .text, .texts),
    ], rowsInMemory: rows, oracles: [RostersAgree.self], keptThings: [names],
    peaceQuestions: [question], pushes: [push], answers: RosterAnswers.rows)

  private static let actions: [UserAction] = [
    UserAction(.rosters, 3) { context, _ in context.iq("get", nil, "query", NS.roster) },
    UserAction(.rosters, 4) { context, roll in
      guard context.mayChangeAccount else { return nil }
      let groups: [[Text]] = [[], ["a"], ["a", "b"]]
      // A contact that has asked to subscribe may come into the roster with nothing but the address.
      return set(contact(context, roll), name: roll(4) == 3 ? nil : "n\(context.number)", groups: ActionContext.pick(groups, roll), context)
    },
    UserAction(.rosters, 2) { context, roll in
      guard context.mayChangeAccount else { return nil }
      let item = Element("item", NS.roster, ["jid": contact(context, roll), "subscription": "remove"])
      return context.iq("set", nil, "query", NS.roster, [item])
    },
    // A roster set that no roster takes (2.3.3).
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

  private static func rows(_ server: Server, _ account: JID) -> [Change] { server.roster(of: account).map { .put($0, of: account) } }

  private static let names = KeptThing(name: "roster", isOwnAccounts: true) { request, account, _ in
    guard request["to"].map({ JID($0) == account }) ?? true, let query = request.firstChild, query.is("query", NS.roster),
      let item = query.firstChild, let jid = item["jid"].flatMap({ JID($0) })
    else { return [] }
    return [KeptThing.Change(owner: account, thing: jid.text, value: item["subscription"] == "remove" ? nil : item["name"])]
  } stored: { account, contact, database in
    contact.flatMap { database.row(RosterItem.self, key: .jid($0), of: account)?.name }
  }.shown { _, contact, name in
    guard let contact, let name else { return nil }
    let item = Element("item", NS.roster, ["jid": contact.text, "name": name])
    return Element.question("kept", Element("query", NS.roster), answered: [item])
  }

  private static let question = PeaceQuestion(name: "roster", id: "peace-roster", payload: Element("query", NS.roster)) { payload in
    payload.children.map { line($0["jid"], $0["name"], $0["subscription"]) }.sorted()
  } stored: { account, database in
    database.rows(RosterItem.self, of: account).filter(\.isInRoster).map { line($0.jid.text, $0.name, Text($0.subscription.rawValue)) }
      .sorted()
  }
  private static func line(_ jid: Text?, _ name: Text?, _ subscription: Text?) -> Text {
    "\(jid ?? "") \(name ?? "") \(subscription ?? "")"
  }

  /// RFC 6121, 2.1.6.
  private static let push = Push(name: "roster") {
    $0.child("query", NS.roster) != nil
  } isNews: {
    $0.child("query", NS.roster) != nil
  }

  private static func contact(_ context: ActionContext, _ roll: (Int) -> Int) -> Text {
    roll(6) == 5 ? ActionContext.pick(["friend@elsewhere.example", "nobody@localhost"], roll) : context.other(roll).account.text
  }

  private static func set(_ jid: Text, name: Text?, groups: [Text], _ context: ActionContext) -> Element {
    let groups = groups.map { Element("group", NS.roster, text: $0) }
    return context.iq("set", nil, "query", NS.roster, [Element("item", NS.roster, ["jid": jid, "name": name], children: groups)])
  }
}
