internal import OrderedCollections
internal import ServerCore
internal import XML
internal import XMPP

// What waits for storage is bounded: whoever comes when as much waits as may is turned away.

extension ReferenceModel {
  /// Strikes from what waits what the server turned away.
  ///
  /// Who comes in time depends on what the documents do not speak of: logins wait there, too, and what rooms say. So which letters wait
  /// is taken from the server, but only where it was full. (A departure is never turned away: where it finds no room it takes back
  /// the arrivals that it would have undone.)
  ///
  /// - Returns: what is wrong with that.
  mutating func turnAway(_ server: Server) -> String? {
    let limit = configuration.limits.parkedStanzas
    defer { parked = OrderedDictionary(uniqueKeysWithValues: waiting.keys.map { ($0, server.parkedCount(for: $0)) }) }
    for (key, errands) in waiting {
      let before = parked[key] ?? 0
      guard max(before, server.parkedCount(for: key)) + errands.count >= limit else { continue }
      var there = server.parked(for: key)
      let kept = errands.filter { errand in
        guard errand.isOwed, let found = there.firstIndex(where: { errand.isSame(as: $0) }) else { return !errand.isOwed }
        there.remove(at: found)
        return true
      }
      let missing = errands.count - kept.count
      guard missing > 0 else { continue }
      if max(before, server.parkedCount(for: key)) + missing < limit {
        return "\(missing) stanzas for \(key) are lost, and there was room for them"
      }
      waiting[key] = kept
    }
    return nil
  }
}

extension ReferenceModel.Errand {
  /// Whether it ought to be among what waits. (What need not be sent may not have been; and whether a binding takes place is seen by
  /// its session.)
  fileprivate var isOwed: Bool {
    switch self {
    case .letter(let letter): letter.isOwed
    case .binding: false
    case .creation, .removal: true
    }
  }

  fileprivate func isSame(as parked: Server.ParkedView) -> Bool {
    switch (self, parked) {
    case (.letter(let letter), .stanza(let element, let from, let to)):
      letter.from == from && letter.to == to && letter.element.stanzaKind == element.stanzaKind && letter.element.type == element.type
        && letter.element.id == element.id
    case (.removal, .removal), (.creation, .creation): true
    default: false
    }
  }
}
