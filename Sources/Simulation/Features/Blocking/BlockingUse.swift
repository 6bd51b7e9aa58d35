internal import ServerCore
internal import Storage
internal import XML
internal import XMPP

extension UserAction.Subject {
  static let blocking = Self(name: "blocking", themes: [.contacts, .messages])
}

/// Users who block each other, and let each other in again (XEP-0191).
enum BlockingUse {
  static let namespace: Text = "urn:xmpp:blocking"

  static let feature = SimulatedFeature(
    subjects: [.blocking], actions: actions, plots: BlockingPlots.all,
    values: [ValuePlace("item", namespace, .attribute("jid"), .addresses)],
    flood: { "<iq type='set' id='b\($0)'><block xmlns='urn:xmpp:blocking'><item jid='c\($0)@localhost'/></block></iq>" },
    choice: RunChoice(20) { $0.blockedMessages = $1(100) >= 75 ? .drop : .bounce },
    unreachableMarks: [
      (
        BlockingMark.blockedByDomainResource.mark,
        "only another server sends stanzas from a resource of a domain, and there is no federation yet"
      )
    ],
    rowsInMemory: { server, account in server.blocklist(of: account).map { .put(BlockedAddress(jid: $0), of: account) } },
    oracles: [BlockedMeansBlocked.self, BlockedSeeNothing.self], silence: BlockSilence.self, keptThings: [entries],
    peaceQuestions: [question], pushes: [push], answers: BlockingAnswers.rows, commonAnswers: BlockingAnswers.common,
    mutations: [unread], accountPart: BlockingModel.self)

  private static let unread = Mutation("blocklistUnread", "the blocklist is not read") { result in
    guard case .owner(var rows?) = result else { return result }
    rows.tables.removeAll { $0.table == BlockedAddress.table.name }
    return .owner(rows)
  }

  private static let actions: [UserAction] = [
    UserAction(.blocking, 3) { context, roll in block("block", context.other(roll).account.text, context) },
    UserAction(.blocking, 3) { context, roll in block("unblock", context.other(roll).account.text, context) },
    UserAction(.blocking, 2) { context, _ in context.iq("get", nil, "blocklist", namespace) },
    // One device, a domain, a room, an occupant, and what no stanza comes from (6).
    UserAction(.blocking, 2) { context, roll in
      let addresses = [context.device(roll), context.room(roll), context.occupant(roll), "conference.localhost", "localhost"]
      return block(roll(2) == 1 ? "block" : "unblock", ActionContext.pick(addresses, roll), context)
    },
    // The same address as "block" above, so that one follows the other.
    UserAction(.blocking, 1) { context, roll in block(ActionContext.pick(["unblock", "block"], roll), context.device(roll), context) },
    // All at once (3.5).
    UserAction(.blocking, 1) { context, _ in context.mayChangeAccount ? context.iq("set", nil, "unblock", namespace) : nil },
    UserAction(.blocking, 1) { context, roll in
      guard context.mayChangeAccount else { return nil }
      switch roll(4) {
      case 1: return context.iq("set", nil, "block", namespace, [Element("item", namespace, ["jid": "@@"])])
      case 2: return context.iq("get", nil, "block", namespace)
      case 3: return context.iq("set", nil, "blocklist", namespace)
      default: return context.iq("set", nil, "block", namespace)
      }
    },
  ]

  private static func block(_ name: Text, _ address: Text, _ context: ActionContext) -> Element? {
    guard context.mayChangeAccount else { return nil }
    return context.iq("set", nil, name, namespace, [Element("item", namespace, ["jid": address])])
  }

  private static let entries = KeptThing(name: "block", isOwnAccounts: true) { request, account, known in
    guard request["to"].map({ JID($0) == account }) ?? true, let payload = request.firstChild, payload.has(namespace: namespace)
    else { return [] }
    let listed = payload.children.compactMap { $0["jid"].flatMap { JID($0) }?.text }
    guard listed.isEmpty, payload.has(name: "unblock") else {
      return listed.map { KeptThing.Change(owner: account, thing: $0, value: payload.has(name: "block") ? "blocked" : nil) }
    }
    return known().map { KeptThing.Change(owner: account, thing: $0, value: nil) }
  } stored: { account, address, database in
    address.flatMap { database.row(BlockedAddress.self, key: .jid($0), of: account) }.map { _ in "blocked" }
  }.shown { _, address, value in
    guard let address, value != nil else { return nil }
    return Element.question("kept", Element("blocklist", namespace), answered: [Element("item", namespace, ["jid": address.text])])
  }

  private static let question = PeaceQuestion(
    name: "blocklist", id: "peace-blocklist", payload: Element("blocklist", namespace)
  ) { payload in
    payload.children.compactMap { $0["jid"] }.sorted()
  } stored: { account, database in
    database.rows(BlockedAddress.self, of: account).map(\.jid.text).sorted()
  }

  /// 3.3.
  private static let push = Push(name: "blocklist") {
    $0.child("blocklist", namespace) != nil
  } isNews: {
    $0.firstChild?.has(namespace: namespace) ?? false
  }
}
