internal import OrderedCollections
internal import ServerCore
internal import XML
internal import XMPP

/// Once the server has said that an address is blocked, no presence that its user sends from then on is seen there.
///
/// Presence of the workload carries a number, so that what was sent before the block, and came late, is told from what was sent after.
public struct BlockedSeeNothing: Oracle {
  public static let name = "unseen"
  public static let clause = "XEP-0191, 3.3"

  private struct Pair: Hashable {
    var shower: JID
    var viewer: JID
  }
  private var addresses: OrderedDictionary<SessionID, JID> = [:]
  private var clock = 0
  /// Since when the viewer is certainly blocked.
  private var blocked: OrderedDictionary<Pair, Int> = [:]
  /// Requests that have no answer.
  private var requests: OrderedDictionary<SessionID, [(id: Text, pair: Pair)]> = [:]
  /// When each presence was sent.
  private var shown: OrderedDictionary<Text, Int> = [:]

  public init() {}

  public mutating func observe(_ observation: Observation, at time: Int64) -> String? {
    clock += 1
    switch observation {
    case .began(let session, let jid): addresses[session] = jid
    case .ended(let session): requests[session] = nil
    // With an account goes its list, and a later one of its name has another.
    case .asked(_, .deleteAccount(let jid)): forget(jid)
    case .sent(let session, let element): if let account = addresses[session]?.bare { sent(element, account, session) }
    case .received(let session, let element):
      guard let jid = addresses[session] else { return nil }
      if element.is("iq", NS.client), element.type == "result", let id = element.id { confirm(id, session) }
      return element.is("presence", NS.client) ? judge(element, jid) : nil
    default: break
    }
    return nil
  }

  private mutating func sent(_ element: Element, _ account: JID, _ session: SessionID) {
    if element.is("presence", NS.client), let number = element.presenceNumber { shown[number] = clock }
    guard element.is("iq", NS.client), element.type == "set", let id = element.id, let payload = element.firstChild else { return }
    if payload.is("block", BlockingUse.namespace) {
      for address in payload.children.compactMap({ item in item["jid"].flatMap { JID($0) } }) {
        requests[session, default: []].append((id, Pair(shower: account, viewer: address)))
      }
    } else if payload.is("unblock", BlockingUse.namespace) || element.removesAccount {
      forget(account)
    }
  }

  private mutating func forget(_ account: JID) {
    for pair in blocked.keys.elements where pair.shower == account { blocked[pair] = nil }
    for session in requests.keys.elements { requests[session]!.removeAll { $0.pair.shower == account } }
  }

  private mutating func confirm(_ id: Text, _ session: SessionID) {
    for request in requests[session] ?? [] where request.id == id { blocked[request.pair] = clock }
    requests[session]?.removeAll { $0.id == id }
  }

  private func judge(_ presence: Element, _ viewer: JID) -> String? {
    guard presence.type == nil, let from = presence["from"].flatMap({ JID($0) }), from.bare != viewer.bare, !isHostile(from),
      !isHostile(viewer), let number = presence.presenceNumber, let time = shown[number],
      let since = blocked[Pair(shower: from.bare, viewer: viewer.bare)], since <= time
    else { return nil }
    return "\(viewer) is blocked by \(from.bare) and sees: \(presence)"
  }

  /// Hostile clients send what they like.
  private func isHostile(_ jid: JID) -> Bool { jid.local.hasPrefix("mallory") }

  public func atRest(_ state: RestState) -> String? { nil }
}
