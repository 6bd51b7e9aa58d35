internal import OrderedCollections
internal import XML
internal import XMPP

/// A client that enters a room or leaves it gets the own copy of that presence with the id that it was sent with, or an error with it:
/// client libraries wait for the id.
public struct EntriesAreAnswered: Oracle {
  public static let name = "entries"
  public static let clause = "XEP-0045, 7.2.2, 7.14 and 16.3 (muc#stable_id)"

  private var addresses: OrderedDictionary<SessionID, JID> = [:]
  /// The ids of presences to enter that have no answer yet.
  private var entries: OrderedDictionary<SessionID, OrderedSet<Text>> = [:]
  /// The rooms that a session is in, as far as it was told and has not left.
  private var inside: OrderedDictionary<SessionID, OrderedSet<JID>> = [:]
  /// By session and room, the id of the presence to leave a room that it was in, if it has no answer yet.
  private var departures: OrderedDictionary<SessionID, OrderedDictionary<JID, Text>> = [:]
  /// By session and room, the ids of all presences to leave it that have no answer yet, in the order sent. Some never get one: those of a
  /// session that was outside. A session can't know: a presence that was under way when it left tells that it is inside.
  private var leaves: OrderedDictionary<SessionID, OrderedDictionary<JID, OrderedSet<Text>>> = [:]
  /// By session, the rooms that it left with a presence without an id.
  private var leavesWithoutID: OrderedDictionary<SessionID, [JID]> = [:]
  /// Sessions that have sent unavailable presence to all: on a slow way back they may learn of an entry after they have left with it again.
  private var leftEverywhere: OrderedSet<SessionID> = []
  private var silences = Silences()

  public init() {}

  public mutating func observe(_ observation: Observation, at time: Int64) -> String? {
    switch observation {
    case .began(let session, let jid): addresses[session] = jid
    case .ended(let session):
      addresses[session] = nil
      entries[session] = nil
      inside[session] = nil
      departures[session] = nil
      leaves[session] = nil
      leavesWithoutID[session] = nil
      leftEverywhere.remove(session)
    case .sent(let session, let element): sent(element, session)
    case .received(let session, let element): return received(element, session)
    default: break
    }
    return nil
  }

  private mutating func sent(_ element: Element, _ session: SessionID) {
    guard let jid = addresses[session] else { return }
    silences.note(element, of: jid.bare)
    guard element.is("presence", NS.client) else { return }
    switch element.type {
    case nil: if element.child("x", NS.muc) != nil, let id = element.id { entries[session, default: []].append(id) }
    case "unavailable":
      // Presence for all leaves the rooms, too (RFC 6121, 4.6.4), and has no id there.
      guard let to = element["to"] else {
        leftEverywhere.append(session)
        return inside[session] = nil
      }
      // Of several in a row the first counts: the others come from somebody who is outside.
      guard let room = JID(to)?.bare else { return }
      guard let id = element.id else { return leavesWithoutID[session, default: []].append(room) }
      leaves[session, default: [:]][room, default: []].append(id)
      guard inside[session]?.remove(room) != nil else { return }
      departures[session, default: [:]][room] = id
    default: break
    }
  }

  private mutating func received(_ element: Element, _ session: SessionID) -> String? {
    guard element.is("presence", NS.client) else { return nil }
    if let id = element.id { entries[session]?.remove(id) }
    // Self-presence that tells of nothing but the end answers the session's leaving. (A session that hears nothing of rooms may get none.)
    guard let x = element.child("x", NS.mucUser), let room = element["from"].flatMap({ JID($0) })?.bare, let jid = addresses[session]
    else { return nil }
    let codes = x.children.filter { $0.has(name: "status") }.map { $0["code"] }
    guard codes.contains("110") else { return nil }
    if element.type == nil { inside[session, default: []].append(room) }
    let isAnswer = element.type == "unavailable" && answersLeave(element, session, room)
    let answersBareLeave = element.type == "unavailable" && element.id == nil && takeBareLeave(session, room)
    guard let id = departures[session]?.removeValue(forKey: room), element.type == "unavailable", !isAnswer, codes == ["110"],
      x.child("destroy", NS.mucUser) == nil, !silences.mayMissRooms(jid.bare)
    else { return nil }
    if element.id == nil, leftEverywhere.contains(session) { return nil }
    // Of several on their way an earlier one may have had no id.
    if answersBareLeave { return nil }
    return "\(session) left \(room) with the id \(id), and is told so with \(element.id ?? "none")"
  }

  private mutating func takeBareLeave(_ session: SessionID, _ room: JID) -> Bool {
    guard let place = leavesWithoutID[session]?.firstIndex(of: room) else { return false }
    leavesWithoutID[session]?.remove(at: place)
    return true
  }

  /// Whether a presence has the id of a presence to leave. Earlier ones that have no answer will not get one: answers come in order.
  private mutating func answersLeave(_ element: Element, _ session: SessionID, _ room: JID) -> Bool {
    guard let id = element.id, let index = leaves[session]?[room]?.firstIndex(of: id) else { return false }
    leaves[session]?[room]?.removeFirst(index + 1)
    return true
  }

  public func atRest(_ state: RestState) -> String? {
    guard state.isFaultless, !state.mayLoseStanzas else { return nil }
    for (session, jid) in state.sessions where !silences.mayMissRooms(jid.bare) {
      if let id = entries[session]?.first { return "\(jid) entered a room with presence \(id), and nothing with this id came back" }
    }
    return nil
  }
}
