internal import OrderedCollections
internal import ServerCore
internal import XML
internal import XMPP

/// An occupant of a room sees the same people there as the room does, and the room has nobody in it who is not there.
public struct OccupantsAgree: Oracle {
  public static let name = "occupants"
  public static let clause = "XEP-0045, 7.2, 7.14"
  public static let scope: OracleScope = [.runs, .smallWorlds]

  private var addresses: OrderedDictionary<SessionID, JID> = [:]
  /// The nicks that each session was shown in each room since it came in.
  private var views: OrderedDictionary<SessionID, OrderedDictionary<JID, OrderedSet<Text>>> = [:]
  /// Rooms that may hide occupants of some roles from others (XEP-0045, 10.2: presencebroadcast). Then everybody sees a part.
  private var mayHide: OrderedSet<JID> = []
  private var silences = Silences()
  private var inside: OrderedDictionary<SessionID, OrderedSet<JID>> = [:]

  public init() {}

  public mutating func observe(_ observation: Observation, at time: Int64) -> String? {
    switch observation {
    case .began(let session, let jid): addresses[session] = jid
    case .ended(let session):
      addresses[session] = nil
      views[session] = nil
      inside[session] = nil
    case .received(let session, let element):
      guard element.is("presence", NS.client), let from = element["from"].flatMap({ JID($0) }), from.domain.hasPrefix("conference."),
        from.isFull
      else { return nil }
      shown(session, element, from)
    case .sent(let session, let element):
      if let account = addresses[session]?.bare { silences.note(element, of: account) }
      if let room = element["to"].flatMap({ JID($0) }),
        let form = element.child("query", NS.mucOwner)?.child("x", NS.dataForms).flatMap({ DataForm($0) }),
        form["muc#roomconfig_presencebroadcast"] != nil
      {
        mayHide.append(room)
      }
    default: break
    }
    return nil
  }

  private mutating func shown(_ session: SessionID, _ element: Element, _ from: JID) {
    let codes = element.child("x", NS.mucUser)?.children.filter { $0.has(name: "status") }.compactMap { $0["code"] } ?? []
    let isSelf = codes.contains("110")
    switch element.type {
    case nil:
      views[session, default: [:]][from.bare, default: []].append(from.resource)
      if isSelf { inside[session, default: []].append(from.bare) }
    case "unavailable":
      views[session]?[from.bare]?.remove(from.resource)
      if isSelf, !codes.contains("303") {
        views[session]?[from.bare] = nil
        inside[session]?.remove(from.bare)
      }
    default: break
    }
  }

  public func atRest(_ state: RestState) -> String? {
    let live = OrderedDictionary(uniqueKeysWithValues: state.sessions.map { ($0.jid, $0.id) })
    for room in state.world.engine.server.roomsInMemory {
      let occupants = state.world.engine.server.occupants(of: room)
      for occupant in occupants where live[occupant.jid] == nil {
        return "\(room) has a ghost: \(occupant.nick) is \(occupant.jid), who is gone"
      }
      for (session, rooms) in inside where rooms.contains(room) {
        let real = OrderedSet(occupants.map(\.nick).sorted())
        let seen = OrderedSet((views[session]?[room] ?? []).sorted())
        if let account = addresses[session]?.bare, silences.mayMissRooms(account) { continue }
        if mayHide.contains(room) ? !seen.isSubset(of: real) : real != seen {
          return "\(addresses[session]?.text ?? "?") sees \(seen) in \(room), which has \(real)"
        }
      }
      for occupant in occupants {
        if silences.mayMissRooms(occupant.jid.bare) { continue }
        if let session = live[occupant.jid], !(inside[session]?.contains(room) ?? false) {
          return "\(occupant.jid) is in \(room) and does not know"
        }
      }
    }
    let known = OrderedSet(state.world.engine.server.roomsInMemory)
    for (session, rooms) in inside {
      if let account = addresses[session]?.bare, silences.mayMissRooms(account) { continue }
      for room in rooms where !known.contains(room) {
        return "\(addresses[session]?.text ?? "?") believes to be in \(room), which is not there"
      }
    }
    return nil
  }
}
