internal import OrderedCollections
internal import XML
internal import XMPP

/// Situations that two users come to by blocking each other at the wrong moment.
enum BlockingPlots {
  static let all: [Plot] = [
    Plot(subjects: [.blocking, .presence]) { $0.blockWhoAsks($1) },
    Plot(subjects: [.blocking, .presence]) { plot, _ in plot.blockOneDevice() },
  ]
}

extension Interaction {
  /// A blocked user takes the request back, unheard; then it is approved.
  fileprivate mutating func blockWhoAsks(_ roll: (Int) -> Int) {
    parts[second.index] = [subscription("subscribe", first), nil, nil, subscription("unsubscribe", first)]
    let before = roll(3) == 2 ? subscription("subscribe", second) : nil
    let (shut, open) = (block("block", second.account.text), block("unblock", second.account.text))
    parts[first.index] = [before, nil, shut, nil, nil, nil, open, subscription("subscribed", second)]
  }

  /// One device of a contact is blocked, and unblocked.
  fileprivate mutating func blockOneDevice() {
    let device = second.account.text + "/" + second.resource
    parts[second.index] = [subscription("subscribe", first)]
    let (shut, open) = (block("block", device), block("unblock", device))
    parts[first.index] = [Element("presence", NS.client), nil, subscription("subscribed", second), nil, shut, nil, open]
  }

  private mutating func block(_ name: Text, _ address: Text) -> Element {
    iq(nil, name, BlockingUse.namespace, Element("item", BlockingUse.namespace, ["jid": address]))
  }
}
