internal import OrderedCollections
internal import ServerCore
internal import XML
internal import XMPP

/// A stanza for an account goes to those of its sessions that want it: a message to sessions that are available with a priority that is not
/// negative, a push about a thing that the account keeps to sessions that asked for it.
public struct DeliveredOnlyToPresent: Oracle {
  public static let name = "availability"
  public static let clause = "RFC 6121, 8.5.2.1 (messages), 2.1.6 (pushes)"

  private var addresses: OrderedDictionary<SessionID, JID> = [:]
  /// By the echo of its own presence: what comes behind it, the server sent behind it.
  private var priorities: OrderedDictionary<SessionID, Int> = [:]
  private static let pushes = SimulatedFeature.all.flatMap(\.pushes)
  /// Of each push, the sessions that asked for it.
  private var interested = DeliveredOnlyToPresent.pushes.map { _ in OrderedSet<SessionID>() }
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
    if element.is("presence", NS.client), element["to"] != nil, let mark = element.presenceNumber { directed.append(mark) }
    guard element.type == "get" else { return }
    for (index, push) in Self.pushes.enumerated() where push.isQuestion(element) { interested[index].append(session) }
  }

  private mutating func echoed(_ presence: Element, _ session: SessionID) {
    if let mark = presence.presenceNumber, directed.contains(mark) { return }
    switch presence.type {
    case nil: priorities[session] = presence.priority
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
    for (index, push) in Self.pushes.enumerated() where push.isNews(element) && !interested[index].contains(session) {
      return "\(jid) never asked for the \(push.name) and got \(element)"
    }
    return nil
  }

  public func atRest(_ state: RestState) -> String? { nil }
}
