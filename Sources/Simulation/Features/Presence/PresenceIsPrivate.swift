internal import OrderedCollections
internal import ServerCore
internal import XML
internal import XMPP

/// Nobody sees the presence of one who has not let him: by a subscription, by directed presence, or by being in a room with him.
///
/// Presence of the workload carries a number, so that what was sent before a permission ended, and came late, is told from what was sent
/// after. Permissions count from when they are sent, and end when the server has answered something that was sent behind their end.
public struct PresenceIsPrivate: Oracle {
  public static let name = "privacy"
  public static let clause = "RFC 6121, 3.2, 4.2 to 4.6 and 13"

  private struct Pair: Hashable {
    var shower: JID
    var viewer: JID
  }
  /// A permission that ends.
  private struct Closing {
    var pair: Pair
    /// The request whose answer says that it was done; `nil` until one is sent behind it.
    var request: Text?
  }
  private var addresses: OrderedDictionary<SessionID, JID> = [:]
  private var clock = 0
  /// The pairs of which the one ever let the other see him by a subscription, and the session that did so last.
  private var granted: OrderedDictionary<Pair, SessionID> = [:]
  /// From when on the viewer is certainly shut out again.
  private var ended: OrderedDictionary<Pair, Int> = [:]
  private var closing: OrderedDictionary<SessionID, [Closing]> = [:]
  /// Directed presence: whether there ever was any, and which.
  private var directed: OrderedSet<Pair> = []
  private var shown: OrderedDictionary<Text, (time: Int, to: JID?)> = [:]
  /// Rooms and addresses that an account sent anything to: what comes from there is an answer.
  private var approached: OrderedSet<Pair> = []

  public init() {}

  public mutating func observe(_ observation: Observation, at time: Int64) -> String? {
    clock += 1
    switch observation {
    case .began(let session, let jid): addresses[session] = jid
    case .ended(let session): closing[session] = nil
    case .sent(let session, let element): if let jid = addresses[session] { sent(element, jid, session) }
    case .received(let session, let element):
      guard let jid = addresses[session] else { return nil }
      if element.is("iq", NS.client), let id = element.id { confirm(id, element.type, session) }
      guard element.is("presence", NS.client) else { return nil }
      // A refused request has changed nothing.
      if element.type == "error", let from = element["from"].flatMap({ JID($0) }) {
        forgetClosing(Pair(shower: jid.bare, viewer: from.bare))
      }
      return judge(element, jid)
    default: break
    }
    return nil
  }

  private mutating func sent(_ element: Element, _ jid: JID, _ session: SessionID) {
    let to = element["to"].flatMap { JID($0) }
    if let to { approached.append(Pair(shower: to.bare, viewer: jid.bare)) }
    if element.is("presence", NS.client) {
      if let mark = element.presenceNumber { shown[mark] = (clock, to) }
      if let to { sentPresence(element.type, Pair(shower: jid.bare, viewer: to.bare), session) }
    } else if element.is("iq", NS.client), let id = element.id {
      for index in closing[session, default: []].indices where closing[session]![index].request == nil {
        closing[session]![index].request = id
      }
      if element.type == "set", let payload = element.firstChild { sentChange(payload, id, jid.bare, session) }
    }
  }

  private mutating func sentPresence(_ type: Text?, _ pair: Pair, _ session: SessionID) {
    switch type {
    case "subscribed":
      granted[pair] = session
      ended[pair] = nil
      forgetClosing(pair)
    case "unsubscribed": close(pair, nil, session)
    case nil, "unavailable": directed.append(pair)
    default: break
    }
  }

  private mutating func sentChange(_ payload: Element, _ id: Text, _ account: JID, _ session: SessionID) {
    let contacts = payload.children.compactMap { child in child["jid"].flatMap { JID($0) } }
    if payload.is("query", NS.roster), payload.firstChild?["subscription"] == "remove", let contact = contacts.first {
      close(Pair(shower: account, viewer: contact), id, session)
    }
  }

  /// A permission that came from another device may still be on its way: then nothing is certain.
  private mutating func close(_ pair: Pair, _ request: Text?, _ session: SessionID) {
    guard granted[pair] == session else { return }
    closing[session, default: []].append(Closing(pair: pair, request: request))
  }

  private mutating func forgetClosing(_ pair: Pair) {
    for session in closing.keys.elements { closing[session]!.removeAll { $0.pair == pair } }
  }

  private mutating func confirm(_ id: Text, _ type: Text?, _ session: SessionID) {
    guard type == "result", let waiting = closing[session], waiting.contains(where: { $0.request == id }) else { return }
    for item in waiting where item.request == id { ended[item.pair] = clock }
    closing[session] = waiting.filter { $0.request != id }
  }

  private func judge(_ presence: Element, _ viewer: JID) -> String? {
    guard let from = presence["from"].flatMap({ JID($0) }), from.bare != viewer.bare, !from.isDomain, !isHostile(from), !isHostile(viewer)
    else { return nil }
    let pair = Pair(shower: from.bare, viewer: viewer.bare)
    switch presence.type {
    case nil, "unavailable": break
    case "error":
      if approached.contains(pair) || approached.contains(Pair(shower: viewer.bare, viewer: from.bare)) { return nil }
      return "\(viewer) got an error of \(from), to whom it never sent anything: \(presence)"
    default: return nil
    }
    if from.domain.hasPrefix("conference.") {
      return approached.contains(pair) ? nil : "\(viewer) got presence of \(from), where it never was: \(presence)"
    }
    // The bare address says that a request arrived, and nothing of whether anybody is there.
    if presence.type == "unavailable", from.isBare, approached.contains(pair) { return nil }
    return judge(presence, pair, viewer)
  }

  /// Hostile clients send what they like, and nobody notes it.
  private func isHostile(_ jid: JID) -> Bool { jid.local.hasPrefix("mallory") }

  private func judge(_ presence: Element, _ pair: Pair, _ viewer: JID) -> String? {
    guard granted[pair] != nil || directed.contains(pair) else {
      return "\(viewer) sees \(pair.shower), who never let it: \(presence)"
    }
    guard presence.type == nil, let mark = presence.presenceNumber, let (time, to) = shown[mark] else { return nil }
    if let to { return to.bare == pair.viewer ? nil : "\(viewer) got presence that was for \(to): \(presence)" }
    guard granted[pair] != nil else { return "\(viewer) was shown one presence of \(pair.shower) and sees another: \(presence)" }
    if let since = ended[pair], since <= time { return "\(viewer) may no longer see \(pair.shower) and does: \(presence)" }
    return nil
  }

  public func atRest(_ state: RestState) -> String? { nil }
}
