internal import OrderedCollections
internal import Storage
internal import XML
internal import XMPP

/// The room's lasting list: who has which affiliation, and which nicks are reserved (XEP-0045, 5.2 and 7.10).
struct RoomAffiliations: Sendable, Codable {
  struct Entry: Sendable, Hashable, Codable {
    var affiliation: Room.Affiliation
    /// The reserved nick.
    var nick: Text?
    @PrivateProse var reason: Text?
  }

  private var entries: OrderedDictionary<JID, Entry> = [:]
  private var holders = Table<Text, JID>()
  private var bannedDomains = Table<Text, Bool>()
  private(set) var ownerCount = 0

  var count: Int { entries.count }

  /// The list's entry for exactly this bare JID or domain.
  func entry(_ jid: JID) -> Entry? { entries[jid] }

  /// The affiliation of a user: the own entry, or else a ban of the whole domain (9.2).
  func affiliation(of user: JID) -> Room.Affiliation {
    if let own = entries[user] { return own.affiliation }
    return bannedDomains.count > 0 && bannedDomains.contains(user.domain) ? .outcast : .none
  }

  /// The JID that has reserved the nick.
  func holder(of nick: Text) -> JID? { holders[nick] }

  /// Sets or, with `nil`, forgets what stands for a bare JID or domain.
  mutating func set(_ jid: JID, _ entry: Entry?) {
    if let old = entries[jid] {
      if old.affiliation == .owner { ownerCount -= 1 }
      if let nick = old.nick { holders[nick] = nil }
      if jid.isDomain { bannedDomains[jid.domain] = nil }
    }
    guard let entry else {
      entries.removeValue(forKey: jid)
      return
    }
    if entry.affiliation == .owner { ownerCount += 1 }
    if let nick = entry.nick { holders[nick] = jid }
    if jid.isDomain, entry.affiliation == .outcast { bannedDomains[jid.domain] = true }
    entries[jid] = entry
  }

  /// All with this affiliation, in the order of their JIDs.
  func list(_ affiliation: Room.Affiliation) -> [(jid: JID, entry: Entry)] {
    sorted.filter { $0.entry.affiliation == affiliation }
  }
  /// All who have reserved a nick, in the order of their JIDs.
  var registered: [(jid: JID, entry: Entry)] { sorted.filter { $0.entry.nick != nil } }

  var sorted: [(jid: JID, entry: Entry)] {
    entries.map { (jid: $0.key, entry: $0.value) }.sorted { $0.jid < $1.jid }
  }
}

extension RoomAffiliations.Entry {
  func row(of jid: JID) -> AffiliationRow { AffiliationRow(jid: jid, affiliation: affiliation.text, nick: nick, reason: reason) }

  init(_ row: AffiliationRow) throws(RowProblem) {
    guard let affiliation = Room.Affiliation(row.affiliation) else { throw RowProblem("there is no affiliation '\(row.affiliation)'") }
    self.init(affiliation: affiliation, nick: row.nick, reason: row.reason)
  }
}
