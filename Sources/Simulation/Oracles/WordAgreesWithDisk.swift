internal import OrderedCollections
internal import ServerCore
internal import XML
internal import XMPP

/// What the server says of an account in peace is what the disk holds: memory never runs ahead of it, also not after a commit failed.
public struct WordAgreesWithDisk: Oracle {
  public static let name = "disk"
  public static let clause = "the output commit rule: what a failed commit took back is read anew"

  private var addresses: OrderedDictionary<SessionID, JID> = [:]
  private var rosters: OrderedDictionary<JID, [Text]> = [:]
  private var blocklists: OrderedDictionary<JID, [Text]> = [:]

  /// Requests that are made in peace alone, with nothing under way.
  static let rosterRequest: Text = "peace-roster"
  static let blocklistRequest: Text = "peace-blocklist"

  public init() {}

  public mutating func observe(_ observation: Observation, at time: Int64) -> String? {
    switch observation {
    case .began(let session, let jid): addresses[session] = jid
    case .received(let session, let element):
      guard let account = addresses[session]?.bare, element.is("iq", NS.client), let payload = element.firstChild else { return nil }
      if element.id == Self.rosterRequest {
        rosters[account] = payload.children.map { Self.line($0["jid"], $0["name"], $0["subscription"]) }.sorted()
      }
      if element.id == Self.blocklistRequest { blocklists[account] = payload.children.compactMap { $0["jid"] }.sorted() }
    case .connected, .sent, .ended, .fault, .asked, .answered: break
    }
    return nil
  }

  private static func line(_ jid: Text?, _ name: Text?, _ subscription: Text?) -> Text {
    "\(jid ?? "") \(name ?? "") \(subscription ?? "")"
  }

  public func atRest(_ state: RestState) -> String? {
    for (account, said) in rosters {
      let items = state.world.durable.accounts[account]?.roster.values.filter(\.isListed) ?? []
      let stored = items.map { Self.line($0.jid.text, $0.name, Text($0.subscription.rawValue)) }.sorted()
      if stored != said { return "the roster of \(account) is said to be \(said), and the disk holds \(stored)" }
    }
    for (account, said) in blocklists {
      let stored = (state.world.durable.accounts[account]?.blocklist ?? []).map(\.text).sorted()
      if stored != said { return "\(account) is said to block \(said), and the disk holds \(stored)" }
    }
    return nil
  }
}
