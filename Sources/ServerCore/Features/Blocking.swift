internal import OrderedCollections
public import Storage
internal import XML
public import XMPP

/// An entry of a user's blocklist.
public struct BlockedAddress: StoredRow {
  public var jid: JID
  public init(jid: JID) { self.jid = jid }

  public static let table = StoredTable("blocked", owner: .account, key: [.jid("jid")])
  public var values: [ColumnValue] { [.jid(jid)] }
  public init(_ row: inout RowReader) throws(RowProblem) { jid = try row.jid() }
}

/// Blocking Command, XEP-0191.
enum Blocking {
  static let feature = Feature(
    xep: 191, version: "1.3", name: "Blocking Command", hostFeatures: [NS.blocking], tables: [BlockedAddress.table],
    marks: [BlockingMark.self], limits: [.blockedAddresses], settings: [.blockedMessages],
    requests: [
      Request("blocklist", NS.blocking, from: .owner, .account(list)), Request("block", NS.blocking, from: .owner, .account(block)),
      Request("unblock", NS.blocking, from: .owner, .account(unblock)),
    ])

  /// 3.2. Who asks is told of changes from then on.
  private static func list(_ account: inout Account, _ request: Stanza, _ payload: Element, _ transaction: inout Transaction) {
    guard request.type == "get" else {
      return transaction.bounce(request, transaction.reach(BlockingMark.blockingTypeWrong, StanzaError(.badRequest)))
    }
    account.sessions[request.from.resource]?.wantsBlocklist = true
    transaction.reply(request, element("blocklist", Array(account.blocklist)))
  }

  /// 3.3.
  private static func block(_ account: inout Account, _ request: Stanza, _ payload: Element, _ transaction: inout Transaction) {
    guard let addresses = addresses(request, payload, &transaction) else { return }
    guard !addresses.isEmpty else {
      return transaction.bounce(request, transaction.reach(BlockingMark.blockEmpty, StanzaError(.badRequest)))
    }
    let added = addresses.filter { !account.blocklist.contains($0) }
    guard account.blocklist.count + added.count <= transaction.configuration.limits[.blockedAddresses] else {
      return transaction.bounce(request, transaction.reach(BlockingMark.blockFull, StanzaError(.resourceConstraint)))
    }
    if added.isEmpty { transaction.reach(BlockingMark.blockKnown) }
    // Whoever saw the user must now see it gone, and must be told before the block holds the words back.
    let before = account
    account.blocklist.append(contentsOf: added)
    let after = account
    // Directed presence is seen of sessions, too, that are not available to all.
    for session in before.sessions.values {
      let unavailable = Element("presence", NS.client, ["type": "unavailable"])
      let hearers =
        session.presence == nil ? [] : before.roster.values.filter(\.isSubscribedFrom).map(\.jid.bare) + resourcesOfHearers(added, after)
      let saw = OrderedSet(hearers + session.directed)
      let loses: [JID] = saw.filter { !before.isBlocked($0) && after.isBlocked($0) }
      if !loses.isEmpty { transaction.reach(BlockingMark.blockSendsUnavailable) }
      transaction.route(unavailable, from: session.jid, to: loses)
      account.sessions[session.jid.resource]?.directed.removeAll { after.isBlocked($0) }
    }
    for address in added { transaction.persist(.put(BlockedAddress(jid: address), of: account.jid)) }
    finish(account, request, element("block", addresses), &transaction)
  }

  /// 3.4 and 3.5.
  private static func unblock(_ account: inout Account, _ request: Stanza, _ payload: Element, _ transaction: inout Transaction) {
    guard let addresses = addresses(request, payload, &transaction) else { return }
    let before = account
    if addresses.isEmpty {
      account.blocklist = []
      if !before.blocklist.isEmpty { transaction.persist(.deleteRange(BlockedAddress.self, .all, of: account.jid)) }
    } else {
      account.blocklist.subtract(addresses)
      for address in addresses where before.blocklist.contains(address) {
        transaction.persist(.delete(BlockedAddress.self, key: .jid(address), of: account.jid))
      }
    }
    if addresses.isEmpty {
      transaction.reach(BlockingMark.unblockAll)
    } else if account.blocklist == before.blocklist {
      transaction.reach(BlockingMark.unblockUnknown)
    }
    for item in account.roster.values where item.isSubscribedFrom && before.isBlocked(item.jid) && !account.isBlocked(item.jid) {
      transaction.reach(BlockingMark.unblockSendsPresence)
      account.sendPresences(to: item.jid.bare, &transaction)
    }
    for resource in resourcesOfHearers(Array(before.blocklist), before) where !account.isBlocked(resource) {
      transaction.reach(BlockingMark.unblockSendsPresenceToResource)
      account.sendPresences(to: resource, &transaction)
    }
    finish(account, request, element("unblock", addresses), &transaction)
  }

  /// Single resources of contacts who hear of the account (3.3: "the JID", whichever it is), unless the whole contact is blocked.
  private static func resourcesOfHearers(_ addresses: [JID], _ account: Account) -> [JID] {
    addresses.filter { $0.isFull && account.roster[$0.bare]?.isSubscribedFrom ?? false && !account.isBlocked($0.bare) }
  }

  private static func finish(_ account: Account, _ request: Stanza, _ push: Element, _ transaction: inout Transaction) {
    transaction.reply(request)
    for session in account.sessions.values where session.wantsBlocklist {
      transaction.reach(BlockingMark.blockPushed)
      var iq = Element("iq", NS.client, ["type": "set", "id": transaction.random.token()])
      iq.append(push)
      transaction.deliver(iq, from: nil, to: session)
    }
  }

  /// `nil` if the request was refused.
  private static func addresses(_ request: Stanza, _ payload: Element, _ transaction: inout Transaction) -> [JID]? {
    guard request.type == "set" else {
      transaction.bounce(request, transaction.reach(BlockingMark.blockingTypeWrong, StanzaError(.badRequest)))
      return nil
    }
    var found = OrderedSet<JID>()
    for item in payload.children where item.is("item", NS.blocking) {
      guard let jid = item["jid"].flatMap({ JID($0) }) else {
        transaction.bounce(request, transaction.reach(BlockingMark.blockMalformed, StanzaError(.jidMalformed)))
        return nil
      }
      found.append(jid)
    }
    return Array(found)
  }

  private static func element(_ name: Text, _ addresses: [JID]) -> Element {
    Element(name, NS.blocking, children: addresses.map { Element("item", NS.blocking, ["jid": $0.text]) })
  }

  /// What a user hears who writes to one whom he blocks (3.3).
  static let outboundError = StanzaError(
    .notAcceptable, kind: .cancel, text: "You have blocked this JID", specific: [Element("blocked", NS.blockingErrors)])
}

extension Account {
  /// 6: an entry with a resource blocks that very address; without one, all that is below it. Nobody blocks his own resources (5), or
  /// his server.
  func isBlocked(_ address: JID) -> Bool { rule(blocking: address) != nil }

  /// Which kind of entry it is that blocks an address, as the mark that says so.
  private func rule(blocking address: JID) -> BlockingMark? {
    guard !blocklist.isEmpty, address.bare != jid, !(address.isDomain && address.domain == jid.domain) else { return nil }
    if blocklist.contains(address.bare) { return address.local.isEmpty ? .blockedByDomain : .blockedByAccount }
    if address.isFull, blocklist.contains(address) { return address.local.isEmpty ? .blockedByDomainResource : .blockedByResource }
    guard let domain = JID(local: "", domain: address.domain, resource: "") else { return nil }
    return blocklist.contains(domain) ? .blockedByDomain : nil
  }

  /// A stanza from a blocked address (3.3): presence vanishes; the rest is answered as if nobody were there.
  func refuseBlocked(_ stanza: Stanza, _ transaction: inout Transaction) {
    if let rule = rule(blocking: stanza.from) { transaction.reach(rule) }
    switch stanza.kind {
    case .message:
      // A bounced private message would put the blocker out of the room that passed it on.
      if transaction.configuration.blockedMessages == .bounce, stanza.type != "groupchat", stanza.element.child("x", NS.mucUser) == nil {
        transaction.bounce(stanza, transaction.reach(BlockingMark.blockedMessageBounced, StanzaError(.serviceUnavailable)))
      } else {
        transaction.reach(transaction.configuration.blockedMessages == .drop ? BlockingMark.blockedMessageDropped : .blockedMessageOfRoom)
      }
    case .iq: transaction.bounce(stanza, transaction.reach(BlockingMark.blockedIQ, StanzaError(.serviceUnavailable)))
    case .presence: transaction.reach(BlockingMark.blockedPresence)
    case nil: break
    }
  }
}

extension Limit {
  public static let blockedAddresses = count(
    "blocked_addresses", 10_000, effect: "the block is answered with resource-constraint; nothing is changed", trial: .low(54, 2, 1))
}

extension Setting {
  public static let blockedMessages = choice("blocked_messages", standard: Configuration.BlockedMessages.bounce)
}

extension Configuration {
  /// The answer that a sender gets when a message is blocked (XEP-0191, 3.3 leaves it open).
  public enum BlockedMessages: String, Sendable, CaseIterable { case bounce, drop }

  public var blockedMessages: BlockedMessages {
    get { choice(.blockedMessages) ?? .bounce }
    set { self[text: .blockedMessages] = Text(newValue.rawValue) }
  }
}

/// Marks: the blocking command.
public enum BlockingMark: UInt16, CoverageMark {
  case blockingTypeWrong, blockEmpty, blockMalformed, blockKnown, blockSendsUnavailable, blockPushed
  case blockFull
  case unblockUnknown, unblockSendsPresence, unblockSendsPresenceToResource
  case unblockAll
  case blockedByAccount, blockedByResource, blockedByDomain, blockedByDomainResource
  case blockedMessageBounced, blockedMessageDropped, blockedMessageOfRoom, blockedIQ, blockedPresence, blockedOutbound, blockedStored

  public static let offset = Mark.offset(of: BlockingMark.self)

  public var clause: String {
    switch self {
    case .blockingTypeWrong, .blockEmpty, .blockMalformed, .blockKnown, .blockSendsUnavailable, .blockPushed, .blockedMessageBounced,
      .blockedMessageDropped, .blockedMessageOfRoom, .blockedIQ, .blockedPresence, .blockedOutbound, .blockedStored:
      "XEP-0191, 3.3"
    case .blockFull: "\(Limit.blockedAddresses)"
    case .unblockUnknown, .unblockSendsPresence, .unblockSendsPresenceToResource: "XEP-0191, 3.4"
    case .unblockAll: "XEP-0191, 3.5"
    case .blockedByAccount, .blockedByResource, .blockedByDomain, .blockedByDomainResource: "XEP-0191, 6"
    }
  }
}
