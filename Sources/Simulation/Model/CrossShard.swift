internal import OrderedCollections
internal import ServerCore
internal import XML
internal import XMPP

// Stanzas of the model's parties that cross from one shard to another.
//
// A stanza for another shard leaves its own behind every commit that its shard has not made durable yet. When that is, the model takes from the
// server: it would have to repeat the server's transactions to know it. That nothing leaves too early other rules watch. The model says what must
// leave at all, and with what effect.

extension ReferenceModel {
  /// Keeps a letter for another shard until the server hands it over. Returns whether it did.
  mutating func keep(_ letter: ModelStanza, from: Int, to: Int) -> Bool {
    guard from != to else { return false }
    crossing.append(letter)
    return true
  }

  /// Reads what the server's shards have handed to each other, in their order. Returns what no party of the model has said so far.
  mutating func receive(_ passed: [[ShardMessage.View]], at time: Instant) -> [[ShardMessage.View]] {
    var unknown: [[ShardMessage.View]] = []
    for message in passed {
      var rest: [ShardMessage.View] = []
      for view in message {
        switch view {
        case .stanza(let element, let from, let to):
          // Not everything that a server says is in the model.
          guard let place = crossing.firstIndex(where: { $0.isSame(element, from, to) }) else {
            rest.append(view)
            continue
          }
          deliver(crossing.remove(at: place), at: time)
        case .accountRemoved(let jid, let shard):
          forgetAffiliations(of: jid, shard: shard)
        }
      }
      work(at: time)
      if !rest.isEmpty { unknown.append(rest) }
    }
    return unknown
  }

  /// Every letter is still on its way, or was handed over; unless the commit failed that it waited for.
  mutating func checkCrossing(_ server: Server) -> String? {
    guard !crossing.isEmpty else { return nil }
    var waiting = server.waitingMessages.flatMap(\.views)
    var kept: [ModelStanza] = []
    for letter in crossing {
      let place = waiting.firstIndex { view in
        if case .stanza(let element, let from, let to) = view { letter.isSame(element, from, to) } else { false }
      }
      if let place {
        waiting.remove(at: place)
        kept.append(letter)
      } else if letter.isOwed, !isRecovering, letter.element.stanzaKind == .presence || letter.isOfPlace {
        return "\(letter.element) from \(letter.from) to \(letter.to) left its shard and reached no other"
      }
    }
    crossing = kept
    return nil
  }
}

extension ModelStanza {
  fileprivate func isSame(_ element: Element, _ from: JID, _ to: JID) -> Bool {
    self.from == from && self.to == to && self.element.stanzaKind == element.stanzaKind && self.element.type == element.type
      && (self.element.id == element.id || self.element.stanzaKind == .presence || (isOfPlace && self.element.id == nil))
  }
}
