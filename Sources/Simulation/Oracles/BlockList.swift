internal import OrderedCollections
internal import XML
internal import XMPP

/// Who ever blocked whom in a run, as far as it was said: for oracles, to which a block excuses what is not delivered.
struct BlockList: Sendable {
  private var entries: OrderedDictionary<JID, OrderedSet<JID>> = [:]

  /// Notes what a session of the account sent, if it blocks anybody.
  mutating func note(_ element: Element, of account: JID) {
    guard let block = element.child("block", NS.blocking) else { return }
    for item in block.children { if let jid = item["jid"].flatMap({ JID($0) }) { entries[account, default: []].append(jid) } }
  }

  /// Whether the account ever blocked this address, alone or with all that is below its account or domain (XEP-0191, 6). With `partly`
  /// a block of one resource counts for the account, too.
  func contains(_ address: JID, of account: JID, partly: Bool = false) -> Bool {
    entries[account]?.contains { BlockList.covers($0, address) || (partly && $0.bare == address.bare) } ?? false
  }

  /// Whether the account ever blocked anything at a domain that begins so.
  func contains(domainPrefix: Text, of account: JID) -> Bool { entries[account]?.contains { $0.domain.hasPrefix(domainPrefix) } ?? false }

  /// XEP-0191, 6.
  static func covers(_ entry: JID, _ address: JID) -> Bool {
    entry == address || entry == address.bare || (entry.isDomain && entry.domain == address.domain)
  }
}
