internal import OrderedCollections
internal import ServerCore
internal import XML
internal import XMPP

/// No room is stored without somebody who may change it.
public struct RoomsHaveOwners: Oracle {
  public static let name = "owners"
  public static let clause = "XEP-0045, 5.2 and 10.6: a room has at least one owner"

  public init() {}

  public mutating func observe(_ observation: Observation, at time: Int64) -> String? { nil }

  public func atRest(_ state: RestState) -> String? {
    for (jid, room) in state.world.durable.rooms where !room.affiliations.values.contains(where: { $0.affiliation == "owner" }) {
      return "\(jid) is stored and belongs to nobody"
    }
    return nil
  }
}
