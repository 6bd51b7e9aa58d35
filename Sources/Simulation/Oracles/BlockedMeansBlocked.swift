internal import OrderedCollections
internal import XML
internal import XMPP

/// Once a session has the server's word that an address is blocked, nothing comes from there until it is unblocked; the same holds for
/// every session that begins later.
public struct BlockedMeansBlocked: Oracle {
  public static let name = "blocking"
  public static let clause = "XEP-0191, 3.3"

  private var addresses: OrderedDictionary<SessionID, JID> = [:]
  private var requests: OrderedDictionary<Text, [JID]> = [:]
  /// What an account may rely on, and since when.
  private var confirmed: OrderedDictionary<JID, OrderedSet<JID>> = [:]
  /// Sessions that can't yet rely on a block that another session of theirs made.
  private var unaware: [SessionID: OrderedSet<JID>] = [:]

  public init() {}

  public mutating func observe(_ observation: Observation, at time: Int64) -> String? {
    switch observation {
    case .began(let session, let jid):
      addresses[session] = jid
    case .ended(let session):
      addresses[session] = nil
    case .sent(let session, let element):
      guard let account = addresses[session]?.bare, let id = element.id, let payload = element.firstChild,
        payload.has(namespace: NS.blocking)
      else { return nil }
      let listed = payload.children.compactMap { $0["jid"].flatMap { JID($0) } }
      if payload.has(name: "block") { requests["\(account)/\(id)"] = listed }
      if payload.has(name: "unblock") {
        if listed.isEmpty { confirmed[account] = [] } else { confirmed[account]?.subtract(listed) }
        // A block that is under way may be undone by this one.
        for key in requests.keys.elements where key.hasPrefix(account.text + "/") { requests[key] = [] }
      }
    case .received(let session, let element):
      return received(session, element)
    case .fault:
      break
    }
    return nil
  }

  private mutating func received(_ session: SessionID, _ element: Element) -> String? {
    guard let jid = addresses[session] else { return nil }
    if element.is("iq", NS.client), element.type == "result", let id = element.id,
      let blocked = requests.removeValue(forKey: "\(jid.bare)/\(id)")
    {
      confirmed[jid.bare, default: []].append(contentsOf: blocked)
      for (other, address) in addresses where address.bare == jid.bare && other != session {
        unaware[other, default: []].append(contentsOf: blocked)
      }
      return nil
    }
    guard element.type != "error", element.is("message", NS.client) || element.is("presence", NS.client),
      let from = element["from"].flatMap({ JID($0) })?.bare, from != jid.bare, confirmed[jid.bare]?.contains(from) ?? false,
      !(unaware[session]?.contains(from) ?? false)
    else { return nil }
    return "\(jid) blocks \(from) and still got \(element)"
  }

  public func atRest(_ state: RestState) -> String? { nil }
}
