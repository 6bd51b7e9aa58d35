internal import OrderedCollections
internal import ServerCore
internal import XML
internal import XMPP

/// The blocks that users ever asked for in a run. The error that comes back from one who is blocked does not arrive, and what one who
/// is blocked says is not heard (XEP-0191, 3.3).
struct BlockSilence: Silence {
  private var entries: OrderedDictionary<JID, OrderedSet<JID>> = [:]

  init() {}

  mutating func note(_ element: Element, of account: JID) {
    guard let block = element.child("block", BlockingUse.namespace) else { return }
    for item in block.children { if let jid = item["jid"].flatMap({ JID($0) }) { entries[account, default: []].append(jid) } }
  }

  func mayMiss(_ address: JID, _ account: JID, partly: Bool) -> Bool {
    entries[account]?.contains { BlockSilence.covers($0, address) || (partly && $0.bare == address.bare) } ?? false
  }

  func mayMiss(domainPrefix: Text, _ account: JID) -> Bool { entries[account]?.contains { $0.domain.hasPrefix(domainPrefix) } ?? false }

  /// A blocked sender may be left without an answer, if that is how the server is told to do it.
  static func losesMessages(_ configuration: Configuration) -> Bool { configuration.blockedMessages == .drop }

  /// XEP-0191, 6: an entry is the very address, or all that is below its account or domain.
  static func covers(_ entry: JID, _ address: JID) -> Bool {
    entry == address || entry == address.bare || (entry.isDomain && entry.domain == address.domain)
  }
}
