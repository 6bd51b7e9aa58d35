internal import OrderedCollections
internal import Storage
internal import XML
internal import XMPP

/// Managing the roster, RFC 6121, section 2.
enum RosterManagement {
  static let feature = Feature(
    name: "Roster", tables: [RosterItem.table], marks: [RosterMark.self], limits: [.rosterItems, .groupsPerItem],
    requests: [Request("query", NS.roster, .account(handle))])

  private static func handle(_ account: inout Account, _ request: Stanza, _ query: Element, _ transaction: inout Transaction) {
    if request.from.bare != account.jid {
      // 2.3.3: a change by another is forbidden. To be asked is not foreseen at all.
      transaction.reach(request.type == "set" ? RosterMark.rosterForeignSet : .rosterForeignGet)
      transaction.bounce(request, StanzaError(request.type == "set" ? .forbidden : .serviceUnavailable))
    } else if request.type == "get" {
      get(&account, request, &transaction)
    } else {
      set(&account, request, query, &transaction)
    }
  }

  /// 2.1.3 and 2.2.
  private static func get(_ account: inout Account, _ request: Stanza, _ transaction: inout Transaction) {
    account.sessions[request.from.resource]?.wantsRoster = true
    var answer = Element("query", NS.roster)
    for item in account.roster.values {
      if item.isInRoster { answer.append(item.element) } else { transaction.reach(RosterMark.rosterHidesRequest) }
    }
    transaction.reply(request, answer)
  }

  /// 2.1.5: one item in each request.
  private static func set(_ account: inout Account, _ request: Stanza, _ query: Element, _ transaction: inout Transaction) {
    let items = Array(query.children.filter { $0.is("item", NS.roster) })
    guard items.count == 1, let jid = items[0]["jid"].flatMap({ JID($0) }) else {
      return transaction.bounce(request, transaction.reach(RosterMark.rosterItemsWrong, StanzaError(.badRequest)))
    }
    if items[0]["subscription"] == "remove" { return remove(&account, request, jid, &transaction) }
    let groups = items[0].children.filter { $0.is("group", NS.roster) }.map(\.text)
    if let problem = check(account, jid, items[0]["name"], groups, &transaction) { return transaction.bounce(request, problem) }
    if let old = account.roster[jid] { transaction.reach(old.isInRoster ? RosterMark.rosterUpdated : .rosterRequestAdopted) }
    var item = account.roster[jid] ?? RosterItem(jid: jid)
    item.name = items[0]["name"]
    item.groups = groups
    item.isInRoster = true
    account.update(item, pushesAlways: true, &transaction)
    transaction.reply(request)
  }

  /// 2.3.3.
  private static func check(_ account: Account, _ jid: JID, _ name: Text?, _ groups: [Text], _ transaction: inout Transaction)
    -> StanzaError?
  {
    let limits = transaction.configuration.limits
    if jid.bare == account.jid { return transaction.reach(RosterMark.rosterOwnAddress, StanzaError(.notAllowed)) }
    if groups.contains(where: \.isEmpty) { return transaction.reach(RosterMark.rosterGroupEmpty, StanzaError(.notAcceptable)) }
    if Set(groups).count != groups.count { return transaction.reach(RosterMark.rosterGroupTwice, StanzaError(.badRequest)) }
    if groups.count > limits[.groupsPerItem] { return transaction.reach(RosterMark.rosterGroupsFull, StanzaError(.notAcceptable)) }
    if groups.contains(where: { $0.count > 1023 }) || (name?.count ?? 0) > 1023 {
      return transaction.reach(RosterMark.rosterTextTooLong, StanzaError(.notAcceptable))
    }
    guard account.roster[jid]?.isInRoster ?? false || account.hasRoomForContact(limits) else {
      return transaction.reach(RosterMark.rosterFull, StanzaError(.resourceConstraint))
    }
    return nil
  }

  /// 2.5.2: with the contact go the subscriptions, both ways.
  private static func remove(_ account: inout Account, _ request: Stanza, _ jid: JID, _ transaction: inout Transaction) {
    guard let item = account.roster[jid], item.isInRoster else {
      return transaction.bounce(request, transaction.reach(RosterMark.rosterRemovalMissing, StanzaError(.itemNotFound)))
    }
    account.endSubscriptions(with: item, &transaction)
    account.forget(item, &transaction)
    transaction.reply(request)
  }
}

extension Account {
  /// Keeps the item and tells every session that wants to know (RFC 6121, 2.1.6).
  ///
  /// - Parameter pushesAlways: Also what is so already: each roster set is followed by a push (2.3.2 and 2.4.2), for which its sender may
  ///   well wait.
  mutating func update(_ item: RosterItem, pushesAlways: Bool = false, _ transaction: inout Transaction) {
    let old = roster[item.jid]
    guard old != item else {
      transaction.reach(RosterMark.rosterUnchanged)
      if pushesAlways { push(item.element, &transaction) }
      return
    }
    setItem(item, for: item.jid)
    transaction.persist(.put(item, of: jid))
    // That somebody asks to subscribe is not a part of the roster (appendix A.1, "Pending In").
    let wasSeen = old.map { $0.isInRoster && $0.element == item.element } ?? false
    if item.isInRoster, !wasSeen { push(item.element, &transaction) } else { transaction.reach(RosterMark.rosterChangeUnseen) }
  }

  mutating func forget(_ item: RosterItem, _ transaction: inout Transaction) {
    setItem(nil, for: item.jid)
    transaction.persist(.delete(RosterItem.self, key: .jid(item.jid), of: jid))
    if item.isInRoster { push(Element("item", NS.roster, ["jid": item.jid.text, "subscription": "remove"]), &transaction) }
  }

  private func push(_ item: Element, _ transaction: inout Transaction) {
    let listeners = sessions.values.filter(\.wantsRoster)
    guard !listeners.isEmpty else { return }
    var query = Element("query", NS.roster)
    query.append(item)
    var push = Element("iq", NS.client, ["type": "set", "id": transaction.random.token()])
    push.append(query)
    transaction.deliver(push, from: nil, to: listeners)
  }

  /// Cancels what is between the account and a contact (RFC 6121, 2.5.2), and says so.
  mutating func endSubscriptions(with item: RosterItem, _ transaction: inout Transaction) {
    let contact = item.jid.bare
    if item.subscription == .to || item.subscription == .both || item.isPendingOut {
      transaction.reach(RosterMark.rosterRemovalUnsubscribes)
      transaction.route(Element("presence", NS.client, ["type": "unsubscribe"]), from: jid, to: contact)
    }
    if item.subscription == .from || item.subscription == .both || item.request != nil {
      transaction.reach(RosterMark.rosterRemovalRevokes)
      // A contact that only asked has seen no presence, and does not learn now which resources are there.
      if item.isSubscribedFrom { sendUnavailable(to: contact, &transaction) }
      transaction.route(Element("presence", NS.client, ["type": "unsubscribed"]), from: jid, to: contact)
    }
  }
}

extension Limit {
  /// Contacts that a user has chosen.
  public static let rosterItems = count(
    "roster_items", 10_000,
    effect: "a roster set, or a request to subscribe, is answered with resource-constraint; nothing is changed", trial: .low(53, 2, 1))
  public static let groupsPerItem = count(
    "groups_per_item", 64, effect: "the roster set is answered with not-acceptable; nothing is changed", trial: .low(75, 2, 1))
}

/// Marks: roster management.
public enum RosterMark: UInt16, CoverageMark {
  case rosterHidesRequest, rosterChangeUnseen
  case rosterForeignGet, rosterForeignSet, rosterOwnAddress
  case rosterItemsWrong, rosterGroupEmpty, rosterGroupTwice, rosterTextTooLong
  case rosterGroupsFull
  case rosterFull
  case rosterRequestAdopted
  case rosterUpdated
  case rosterUnchanged
  case rosterRemovalUnsubscribes, rosterRemovalRevokes
  case rosterRemovalMissing

  public static let offset = Mark.offset(of: RosterMark.self)

  public var clause: String {
    switch self {
    case .rosterHidesRequest, .rosterChangeUnseen: "RFC 6121, A.1"
    case .rosterForeignGet, .rosterForeignSet, .rosterOwnAddress, .rosterItemsWrong, .rosterGroupEmpty, .rosterGroupTwice,
      .rosterTextTooLong:
      "RFC 6121, 2.3.3"
    case .rosterGroupsFull: "RFC 6121, 2.3.3; \(Limit.groupsPerItem)"
    case .rosterFull: "RFC 6121, 2.3.3; \(Limit.rosterItems)"
    case .rosterRequestAdopted: "RFC 6121, 2.3.2"
    case .rosterUpdated: "RFC 6121, 2.4.2"
    case .rosterUnchanged: "RFC 6121, 2.1.6"
    case .rosterRemovalUnsubscribes, .rosterRemovalRevokes: "RFC 6121, 2.5.2"
    case .rosterRemovalMissing: "RFC 6121, 2.5.3"
    }
  }
}
