internal import OrderedCollections
internal import ServerCore
internal import XML
internal import XMPP

/// What is for an account goes to those of its sessions that want it: messages to whoever is available with a priority that is not
/// negative, changes of roster and blocklist to whoever asked for them.
public struct DeliveredOnlyToPresent: Oracle {
  public static let name = "availability"
  public static let clause = "RFC 6121, 8.5.2.1 (messages), 2.1.6 (roster pushes); XEP-0191, 3.3"

  private var addresses: OrderedDictionary<SessionID, JID> = [:]
  /// By the echo of its own presence: what comes behind it, the server sent behind it.
  private var priorities: OrderedDictionary<SessionID, Int> = [:]
  private var wantsRoster: OrderedSet<SessionID> = []
  private var wantsBlocklist: OrderedSet<SessionID> = []
  /// Presence that was for one address alone looks like an echo if it was the own.
  private var directed: OrderedSet<Text> = []

  public init() {}

  public mutating func observe(_ observation: Observation, at time: Int64) -> String? {
    switch observation {
    case .began(let session, let jid): addresses[session] = jid
    case .sent(let session, let element): sent(element, session)
    case .received(let session, let element):
      guard let jid = addresses[session] else { return nil }
      if element.is("presence", NS.client), element["from"] == jid.text { echoed(element, session) }
      return judge(element, jid, session)
    default: break
    }
    return nil
  }

  private mutating func sent(_ element: Element, _ session: SessionID) {
    if element.is("presence", NS.client), element["to"] != nil, let mark = PresenceIsPrivate.mark(element) { directed.append(mark) }
    guard element.type == "get" else { return }
    if element.child("query", NS.roster) != nil { wantsRoster.append(session) }
    if element.child("blocklist", NS.blocking) != nil { wantsBlocklist.append(session) }
  }

  private mutating func echoed(_ presence: Element, _ session: SessionID) {
    if let mark = PresenceIsPrivate.mark(presence), directed.contains(mark) { return }
    switch presence.type {
    case nil: priorities[session] = presence.child("priority", NS.client).flatMap { Int($0.text.string) } ?? 0
    case "unavailable": priorities[session] = nil
    default: break
    }
  }

  private func judge(_ element: Element, _ jid: JID, _ session: SessionID) -> String? {
    if element.is("message", NS.client), element.type != "error", element["to"] == jid.bare.text {
      guard let priority = priorities[session] else { return "\(jid) is not available and got what was for its account: \(element)" }
      return priority >= 0 ? nil : "\(jid) wants no messages and got one for its account: \(element)"
    }
    guard element.is("iq", NS.client), element.type == "set" else { return nil }
    if element.child("query", NS.roster) != nil, !wantsRoster.contains(session) {
      return "\(jid) never asked for the roster and got \(element)"
    }
    if element.firstChild?.has(namespace: NS.blocking) ?? false, !wantsBlocklist.contains(session) {
      return "\(jid) never asked for the blocklist and got \(element)"
    }
    return nil
  }

  public func atRest(_ state: RestState) -> String? { nil }
}
