internal import ServerCore
internal import Storage
internal import XML
internal import XMPP

/// Nothing waits any more for an account that is back in peace.
struct StoredMessagesAreTaken: Oracle {
  static let name = "offline"
  static let clause = "XEP-0160, 3; RFC 6121, 8.5.2.2"
  static let scope: OracleScope = [.runs, .smallWorlds]

  init() {}

  mutating func observe(_ observation: Observation, at time: Int64) -> String? { nil }

  func atRest(_ state: RestState) -> String? {
    guard state.isPeaceful else { return nil }
    let disk = state.world.durable
    for account in disk.owners(.account) where state.sessions.contains(where: { $0.jid.bare == account }) {
      let count = disk.rows(OfflineMessage.self, of: account).count
      if count > 0 { return "\(account) is back, and \(count) messages still wait for it" }
    }
    return nil
  }

  func expectations(atRest state: RestState) -> [ClientExpectation] {
    let disk = state.world.durable
    return disk.owners(.account).flatMap { account in
      disk.rows(OfflineMessage.self, of: account).map { row in
        .stanza(Element("message", NS.client, ["id": row.stanza.id, "from": row.stanza["from"]]), at: account)
      }
    }
  }
}
