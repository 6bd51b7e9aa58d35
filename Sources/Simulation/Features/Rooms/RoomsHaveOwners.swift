internal import OrderedCollections
internal import ServerCore
internal import Storage
internal import XML
internal import XMPP

/// Every room has an owner who can act, also after the last owner's account was deleted.
///
/// A room in memory has one at any time. A stored room that nobody has looked at since its last owner's account was deleted passes on when
/// somebody does: until then it is enough that there is somebody whom it passes to.
public struct RoomsHaveOwners: Oracle {
  public static let name = "owners"
  public static let clause = "XEP-0045, 5.2, 10 and 10.4: a room has an owner; a domain is not one"
  public static let scope: OracleScope = [.runs, .smallWorlds]

  public init() {}

  public mutating func observe(_ observation: Observation, at time: Int64) -> String? { nil }

  public func atRest(_ state: RestState) -> String? {
    let server = state.world.engine.server
    let live = OrderedSet(server.roomsInMemory)
    for jid in live {
      let list = server.affiliations(of: jid).map { (jid: $0.jid, affiliation: $0.affiliation) }
      if let problem = RoomsHaveOwners.problem(list, isLive: true) { return "\(jid) is in memory and \(problem)" }
    }
    for jid in state.world.durable.owners(.room) {
      let list = state.world.durable.rows(AffiliationRow.self, of: jid).map { (jid: $0.jid, affiliation: $0.affiliation) }
      if let problem = RoomsHaveOwners.problem(list, isLive: live.contains(jid)) { return "\(jid) is stored and \(problem)" }
    }
    return nil
  }

  static func problem(_ list: [(jid: JID, affiliation: Text)], isLive: Bool) -> String? {
    let belonging = list.filter { ["owner", "admin", "member"].contains($0.affiliation) }
    if let domain = belonging.first(where: { $0.jid.local.isEmpty }) { return "has \(domain.jid), a domain, as \(domain.affiliation)" }
    if belonging.isEmpty { return "belongs to nobody" }
    if isLive, !belonging.contains(where: { $0.affiliation == "owner" }) { return "has no owner" }
    return nil
  }
}
