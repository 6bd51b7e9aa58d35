internal import OrderedCollections
internal import ServerCore
internal import Storage
internal import XML
internal import XMPP

/// What the server says of an account in peace is what the disk holds: memory never runs ahead of it, also not after a commit failed.
public struct AnswersMatchStorage: Oracle {
  public static let name = "disk"
  public static let clause = "the output commit rule: what a failed commit took back is read anew"

  private var addresses: OrderedDictionary<SessionID, JID> = [:]
  private var rosters: OrderedDictionary<JID, [Text]> = [:]
  private var blocklists: OrderedDictionary<JID, [Text]> = [:]
  /// What rooms said last to those in them of their own affiliation.
  private var affiliations: OrderedDictionary<SessionID, OrderedDictionary<JID, Text>> = [:]
  /// Whom who blocked: who blocks a room leaves it without a word, and what happens there is not heard.
  private var blocks = BlockList()

  /// Requests that are made in peace alone, with nothing under way.
  static let rosterRequest: Text = "peace-roster"
  static let blocklistRequest: Text = "peace-blocklist"

  public init() {}

  public mutating func observe(_ observation: Observation, at time: Int64) -> String? {
    switch observation {
    case .began(let session, let jid): addresses[session] = jid
    case .received(let session, let element):
      if element.is("presence", NS.client) { noteAffiliation(element, session) }
      guard let account = addresses[session]?.bare, element.is("iq", NS.client), let payload = element.firstChild else { return nil }
      if element.id == Self.rosterRequest {
        rosters[account] = payload.children.map { Self.line($0["jid"], $0["name"], $0["subscription"]) }.sorted()
      }
      if element.id == Self.blocklistRequest { blocklists[account] = payload.children.compactMap { $0["jid"] }.sorted() }
    case .ended(let session): affiliations[session] = nil
    case .sent(let session, let element): if let account = addresses[session]?.bare { blocks.note(element, of: account) }
    default: break
    }
    return nil
  }

  private mutating func noteAffiliation(_ presence: Element, _ session: SessionID) {
    guard let x = presence.child("x", NS.mucUser), let room = presence["from"].flatMap({ JID($0) })?.bare,
      x.children.contains(where: { $0["code"] == "110" })
    else { return }
    let isThere = presence.type == nil || x.children.contains { $0["code"] == "303" }
    affiliations[session, default: [:]][room] = isThere ? x.child("item", NS.mucUser)?["affiliation"] : nil
  }

  /// XEP-0045, 5.2: an affiliation lasts.
  private func affiliationProblem(_ state: RestState) -> String? {
    for (session, rooms) in affiliations {
      guard let jid = addresses[session], state.sessions.contains(where: { $0.id == session }),
        !blocks.contains(domainPrefix: "conference.", of: jid.bare)
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

  private static func line(_ jid: Text?, _ name: Text?, _ subscription: Text?) -> Text {
    "\(jid ?? "") \(name ?? "") \(subscription ?? "")"
  }

  public func atRest(_ state: RestState) -> String? {
    if let problem = affiliationProblem(state) { return problem }
    for (account, said) in rosters {
      let items = state.world.durable.rows(RosterItem.self, of: account).filter(\.isInRoster)
      let stored = items.map { Self.line($0.jid.text, $0.name, Text($0.subscription.rawValue)) }.sorted()
      if stored != said { return "the roster of \(account) is said to be \(said), and the disk holds \(stored)" }
    }
    for (account, said) in blocklists {
      let stored = state.world.durable.rows(BlockedAddress.self, of: account).map(\.jid.text).sorted()
      if stored != said { return "\(account) is said to block \(said), and the disk holds \(stored)" }
    }
    return nil
  }
}
