internal import ServerCore
internal import XML
internal import XMPP

/// Texts that make a stanza as large as one of the run's byte limits allows, or a byte smaller or larger: a value table has the lengths that RFCs
/// bound, and no table can have those that a run has lowered.
struct SizeChoice: Sendable {
  /// Elements whose text people write, and whose length no other rule of the stanza bounds.
  private static let written: [Text] = ["body", "subject", "status", "reason"]
  /// Limits beyond this many bytes are out of reach of a run's users.
  private static let mostBytes = 20_000

  /// The byte limits that the run has lowered, within reach. (Long texts take time, which most runs spend better.)
  let limits: [Int]

  init(_ configuration: Configuration) {
    limits = Limit.all.filter { $0.unit == .bytes && configuration.limits[$0] < Int($0.standard) }.map { configuration.limits[$0] }
      .filter { (1...SizeChoice.mostBytes).contains($0) }
  }

  /// The stanza with a longer text, so that the server stores or reads so many bytes; as it was if it has no such text or is too long already.
  ///
  /// - Parameter sender: a full address, which the server adds before it stores the stanza.
  func applied(to stanza: Element, from sender: Text, _ roll: (Int) -> Int) -> Element {
    guard !limits.isEmpty, let path = SizeChoice.path(in: stanza) else { return stanza }
    let limit = limits[roll(limits.count)]
    var stamped = stanza
    // The stream's limit counts what the client writes; the others count what is stored, which names the sender.
    if roll(2) == 1 { stamped["from"] = sender }
    // Sums of several stanzas have bounds, too: half of the stanzas fill a part of what there is.
    let wanted = roll(2) == 1 ? limit / (1 + roll(4)) : limit + roll(3) - 1
    let missing = wanted - stamped.stored.count
    guard missing > 0 else { return stanza }
    return stanza.replacing(at: path[...]) { element in
      var copy = element
      copy.append(text: .sized(missing))
      return copy
    }
  }

  private static func path(in element: Element) -> [Int]? {
    for (index, child) in element.children.enumerated() {
      // An empty element would grow by its end tag, too.
      if written.contains(child.name), !child.text.isEmpty { return [index] }
      if let rest = path(in: child) { return [index] + rest }
    }
    return nil
  }
}
