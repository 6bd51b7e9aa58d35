internal import OrderedCollections
internal import ServerCore
internal import XML
internal import XMPP

/// Once a session has the server's word that an address is blocked, nothing comes from there until it is unblocked; the same holds for
/// every session that begins later.
public struct BlockedMeansBlocked: Oracle {
  public static let name = "blocking"
  public static let clause = "XEP-0191, 3.3"
  public static let scope: OracleScope = [.runs, .smallWorlds, .recordings]

  private var addresses: OrderedDictionary<SessionID, JID> = [:]
  private var requests: OrderedDictionary<Text, [JID]> = [:]
  /// The addresses whose block the server has confirmed to an account.
  private var confirmed: OrderedDictionary<JID, OrderedSet<JID>> = [:]
  /// Sessions that made the block themselves.
  private var confirmers: [SessionID: OrderedSet<JID>] = [:]

  /// How many blocks had been confirmed when a session connected, and the number of each.
  private var connected: [SessionID: Int] = [:]
  private var confirmations = 0
  private var numbers: OrderedDictionary<Text, Int> = [:]
  private var deleted: OrderedSet<JID> = []

  public init() {}

  public mutating func observe(_ observation: Observation, at time: Int64) -> String? {
    switch observation {
    case .connected(let session):
      // A session that was logging in while the block was made may hear what was on its way.
      connected[session] = confirmations
    case .began(let session, let jid):
      addresses[session] = jid
    case .ended(let session):
      addresses[session] = nil
    case .sent(let session, let element):
      guard let account = addresses[session]?.bare, let id = element.id, let payload = element.firstChild else { return nil }
      if element.removesAccount { forget(account) }
      guard payload.has(namespace: BlockingUse.namespace) else { return nil }
      let listed = payload.children.compactMap { $0["jid"].flatMap { JID($0) } }
      if payload.has(name: "block") { requests["\(account)/\(session)/\(id)"] = listed }
      if payload.has(name: "unblock") {
        if listed.isEmpty { confirmed[account] = [] } else { confirmed[account]?.subtract(listed) }
        // A block that is under way may be undone by this one.
        for key in requests.keys.elements where key.hasPrefix(account.text + "/") { requests[key] = [] }
      }
    case .received(let session, let element):
      return received(session, element)
    case .asked(_, .deleteAccount(let account)): forget(account)
    default: break
    }
    return nil
  }

  private mutating func received(_ session: SessionID, _ element: Element) -> String? {
    guard let jid = addresses[session] else { return nil }
    if element.is("iq", NS.client), element.type == "result", let id = element.id,
      let blocked = requests.removeValue(forKey: "\(jid.bare)/\(session)/\(id)")
    {
      confirmed[jid.bare, default: []].append(contentsOf: blocked)
      confirmations += 1
      for address in blocked where !deleted.contains(jid.bare) { numbers["\(jid.bare) \(address)"] = confirmations }
      confirmers[session, default: []].append(contentsOf: blocked)
      return nil
    }
    // The server itself nobody blocks, though the domain of its accounts can be (6).
    guard element.type != "error", element.is("message", NS.client) || element.is("presence", NS.client),
      let from = element["from"].flatMap({ JID($0) }), from.bare != jid.bare, !(from.isDomain && from.domain == jid.domain),
      confirmed[jid.bare]?.contains(where: { BlockSilence.covers($0, from) && holds($0, jid.bare, session) }) ?? false
    else { return nil }
    return "\(jid) blocks \(from) and still got \(element)"
  }

  /// Whether a session can rely on an entry: it made it, or came after it.
  private func holds(_ entry: JID, _ account: JID, _ session: SessionID) -> Bool {
    if confirmers[session]?.contains(entry) ?? false { return true }
    return (connected[session] ?? 0) >= (numbers["\(account) \(entry)"] ?? .max)
  }

  /// With an account goes its list. When exactly is not to be seen: so only what a session made itself still counts, as that ends with it.
  private mutating func forget(_ account: JID) {
    for key in numbers.keys.elements where key.hasPrefix(account.text + " ") { numbers[key] = nil }
    deleted.append(account)
  }

  public func atRest(_ state: RestState) -> String? { nil }
}
