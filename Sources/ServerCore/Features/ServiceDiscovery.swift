internal import OrderedCollections
internal import XML
internal import XMPP

/// Service Discovery, XEP-0030: what the server and the accounts are and can do.
enum ServiceDiscovery {
  static let feature = Feature(
    xep: 30, version: "2.5.0", name: "Service Discovery", hostFeatures: [NS.discoInfo, NS.discoItems],
    accountFeatures: [NS.discoInfo, NS.discoItems], marks: [DiscoMark.self],
    requests: [
      Request("query", NS.discoInfo, .account(accountInfo)), Request("query", NS.discoItems, .account(accountItems)),
      Request("query", NS.discoInfo, .host(hostInfo)), Request("query", NS.discoItems, .host(hostItems)),
    ])

  private static func hostInfo(_ host: inout Host, _ request: Stanza, _ query: Element, _ transaction: inout Transaction) {
    guard check(request, query, &transaction) else { return }
    transaction.reach(DiscoMark.discoHostInfo)
    var answer = ServiceDiscovery.answer(to: query)
    answer.append("identity", NS.discoInfo, ["category": "server", "type": "im", "name": "Spondee"])
    let features = Feature.all.filter { $0.isOn(host.configuration) }
    for feature in features.flatMap(\.hostFeatures) { answer.append("feature", NS.discoInfo, ["var": feature]) }
    transaction.reply(request, answer)
  }

  private static func hostItems(_ host: inout Host, _ request: Stanza, _ query: Element, _ transaction: inout Transaction) {
    guard check(request, query, &transaction) else { return }
    transaction.reach(DiscoMark.discoHostItems)
    var answer = ServiceDiscovery.answer(to: query)
    for item in Feature.all.filter({ $0.isOn(host.configuration) }).compactMap({ $0.hostItem?(host) }) {
      answer.append("item", NS.discoItems, ["jid": item.jid, "name": item.name])
    }
    transaction.reply(request, answer)
  }

  /// XEP-0030, 8 and RFC 6121, 8.5.1: who does not share presence with the account hears nothing, not even whether it is there.
  private static func mayAsk(_ account: Account, _ asker: JID) -> Bool {
    let subscription = account.roster[asker.bare]?.subscription
    return asker.bare == account.jid || subscription == .from || subscription == .both
  }

  private static func accountInfo(_ account: inout Account, _ request: Stanza, _ query: Element, _ transaction: inout Transaction) {
    guard mayAsk(account, request.from) else {
      return transaction.bounce(request, transaction.reach(DiscoMark.discoOfStranger, StanzaError(.serviceUnavailable)))
    }
    guard check(request, query, &transaction) else { return }
    transaction.reach(DiscoMark.discoAccountInfo)
    var answer = ServiceDiscovery.answer(to: query)
    answer.append("identity", NS.discoInfo, ["category": "account", "type": "registered"])
    for feature in Feature.all.flatMap(\.accountFeatures) { answer.append("feature", NS.discoInfo, ["var": feature]) }
    transaction.reply(request, answer)
  }

  /// The available resources (XEP-0030, 4.1). A requester who may not see them gets the same as where there is no account: nothing (8).
  private static func accountItems(_ account: inout Account, _ request: Stanza, _ query: Element, _ transaction: inout Transaction) {
    guard mayAsk(account, request.from) else { return answerNothing(request, query, &transaction) }
    guard check(request, query, &transaction) else { return }
    transaction.reach(DiscoMark.discoAccountItems)
    var answer = ServiceDiscovery.answer(to: query)
    for session in account.available { answer.append("item", NS.discoItems, ["jid": session.jid.text]) }
    transaction.reply(request, answer)
  }

  /// Answers a request for the items of an account that its sender knows nothing of: there are none, with a node or without.
  static func answerNothing(_ request: Stanza, _ query: Element, _ transaction: inout Transaction) {
    guard request.type == "get" else { return transaction.bounce(request, StanzaError(.serviceUnavailable)) }
    transaction.reply(request, transaction.reach(DiscoMark.discoItemsHidden, answer(to: query)))
  }

  /// The beginning of an answer: it mirrors the node as it was given, also an empty one (3.2, 4.2).
  static func answer(to query: Element) -> Element { Element("query", query.namespace, ["node": query["node"]]) }

  /// Whether a query is about the entity itself and no node of it.
  static func isRoot(_ query: Element) -> Bool { query["node"]?.isEmpty ?? true }

  /// Only `get`, and only the root node: there are no others.
  private static func check(_ request: Stanza, _ query: Element, _ transaction: inout Transaction) -> Bool {
    if request.type != "get" {
      transaction.bounce(request, StanzaError(.notAllowed))
    } else if !isRoot(query) {
      transaction.bounce(request, transaction.reach(DiscoMark.discoNodeUnknown, StanzaError(.itemNotFound)))
    } else {
      return true
    }
    return false
  }
}

/// Marks: service discovery.
public enum DiscoMark: UInt16, CoverageMark {
  case discoHostInfo, discoAccountInfo
  case discoHostItems, discoAccountItems
  case discoNodeUnknown
  case discoOfStranger, discoItemsHidden

  public static let offset = Mark.offset(of: DiscoMark.self)

  public var clause: String {
    switch self {
    case .discoHostInfo, .discoAccountInfo: "XEP-0030, 3.1"
    case .discoHostItems, .discoAccountItems: "XEP-0030, 4.1"
    case .discoNodeUnknown: "XEP-0030, 7"
    case .discoOfStranger, .discoItemsHidden: "XEP-0030, 8"
    }
  }
}
