internal import OrderedCollections
internal import ServerCore
internal import Storage
internal import XML
internal import XMPP

/// The affiliation that a room last told to an occupant is on the disk: an affiliation lasts.
public struct AffiliationsMatchStorage: Oracle {
  public static let name = "affiliations"
  public static let clause = "XEP-0045, 5.2; the output commit rule: what a failed commit took back is read anew"

  private var addresses: OrderedDictionary<SessionID, JID> = [:]
  private var affiliations: OrderedDictionary<SessionID, OrderedDictionary<JID, Text>> = [:]
  private var silences = Silences()

  public init() {}

  public mutating func observe(_ observation: Observation, at time: Int64) -> String? {
    switch observation {
    case .began(let session, let jid): addresses[session] = jid
    case .ended(let session): affiliations[session] = nil
    case .sent(let session, let element): if let account = addresses[session]?.bare { silences.note(element, of: account) }
    case .received(let session, let element): if element.is("presence", NS.client) { note(element, session) }
    default: break
    }
    return nil
  }

  private mutating func note(_ presence: Element, _ session: SessionID) {
    guard let x = presence.child("x", NS.mucUser), let room = presence["from"].flatMap({ JID($0) })?.bare,
      x.children.contains(where: { $0["code"] == "110" })
    else { return }
    let isThere = presence.type == nil || x.children.contains { $0["code"] == "303" }
    affiliations[session, default: [:]][room] = isThere ? x.child("item", NS.mucUser)?["affiliation"] : nil
  }

  public func atRest(_ state: RestState) -> String? {
    for (session, rooms) in affiliations {
      guard let jid = addresses[session], state.sessions.contains(where: { $0.id == session }), !silences.mayMissRooms(jid.bare)
      else { continue }
      for (room, said) in rooms {
        guard state.world.durable.has(.room(room)) else { continue }
        let stored = state.world.durable.row(AffiliationRow.self, key: .jid(jid.bare), of: room)?.affiliation ?? "none"
        // The whole domain may be banned, or the last thing that was said was that the room is gone.
        if stored != said, said != "outcast", state.world.engine.server.roomsInMemory.contains(room) {
          return "\(jid) is \(said) in \(room), it was told, and the disk holds \(stored)"
        }
      }
    }
    return nil
  }
}
