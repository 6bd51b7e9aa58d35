internal import OrderedCollections
internal import ServerCore
internal import XML
internal import XMPP

/// No room is stored without somebody who may change it.
public struct RoomsHaveOwners: Oracle {
  public static let name = "owners"
  public static let clause = "XEP-0045, 5.2 and 10.6: a room has at least one owner"

  /// With its owner's account a room loses its owner: the XEP has no word for it, and the server no heir. So nothing is asked of runs in
  /// which accounts are deleted.
  private var losesAccounts = false

  public init() {}

  public mutating func observe(_ observation: Observation, at time: Int64) -> String? {
    switch observation {
    case .asked(_, .deleteAccount): losesAccounts = true
    case .sent(_, let element): if element.child("query", NS.register)?.child("remove", NS.register) != nil { losesAccounts = true }
    default: break
    }
    return nil
  }

  public func atRest(_ state: RestState) -> String? {
    guard !losesAccounts else { return nil }
    for (jid, room) in state.world.durable.rooms where !room.affiliations.values.contains(where: { $0.affiliation == "owner" }) {
      return "\(jid) is stored and belongs to nobody"
    }
    return nil
  }
}
