internal import XML

/// Two domains between which stanzas go: one of ours and one of somebody else's. A stream between servers proves itself for each pair anew
/// (XEP-0220, 2.7).
struct DomainPair: Sendable, Hashable, Comparable, Codable {
  /// A domain of ours, or that of a room service of ours. Prepared, with U-labels.
  let local: Text
  /// Prepared, with U-labels; only where it leaves the core it is written in A-labels.
  let remote: Text

  init(local: Text, remote: Text) { (self.local, self.remote) = (local, remote) }

  /// The order of the remote domains, and for one of them that of the local ones.
  static func < (a: DomainPair, b: DomainPair) -> Bool { a.remote == b.remote ? a.local < b.local : a.remote < b.remote }
}

extension DomainPair: StoreKey {}
