internal import XML
internal import XMPP

/// The last messages of a room, for those who come later (XEP-0045, 7.2.13).
struct RoomHistory: Sendable, Codable {
  struct Entry: Sendable, Codable {
    /// As it was broadcast.
    var element: Element
    var from: JID
    /// Nanoseconds since 1970.
    var stamp: Int64

    /// As it is shown later: stamped, in the room's name.
    func delayed(by room: JID) -> Element { element.delayed(from: room.text, at: stamp) }
  }

  private(set) var entries: [Entry] = []
  /// The weight of all entries together.
  private(set) var bytes = 0

  /// Returns what made older entries go, if any did.
  mutating func append(_ entry: Entry, limit: Int, bytes most: Int) -> RoomMessageMark? {
    entries.append(entry)
    bytes += entry.element.weight
    let cut: RoomMessageMark? = entries.count > limit ? .roomHistoryCutByCount : bytes > most ? .roomHistoryCutByBytes : nil
    trim(to: limit, bytes: most)
    return cut
  }

  /// Lets the oldest go until the rest is within this number and these bytes.
  mutating func trim(to limit: Int, bytes most: Int) {
    while let oldest = entries.first, entries.count > limit || bytes > most {
      bytes -= oldest.element.weight
      entries.removeFirst()
    }
  }

  /// The entries that a joining client asks for in its `<history/>` (7.2.14): the least that any of its conditions leaves.
  /// A condition that can't be read is as if it were not there.
  func selected(by request: Element?, now: Int64, for reader: JID, in room: JID) -> ArraySlice<Entry> {
    var chosen = entries[...]
    guard let request else { return chosen }
    if let seconds = request.number("seconds") {
      let (span, isLong) = seconds.multipliedReportingOverflow(by: .seconds(1))
      let (start, isEarly) = now.subtractingReportingOverflow(span)
      if !isLong, !isEarly { chosen = chosen.drop { $0.stamp < start } }
    }
    if let since = request["since"].flatMap({ DateTime.parse($0.trimmed) }) { chosen = chosen.drop { $0.stamp < since } }
    if let most = request.number("maxstanzas") { chosen = chosen.suffix(Int(clamping: most)) }
    if let most = request.number("maxchars") { chosen = Self.last(chosen, characters: most, for: reader, in: room) }
    return chosen
  }

  /// The conditions that such a request makes.
  static func marks(of request: Element) -> [RoomMessageMark] {
    let conditions: [(name: Text, mark: RoomMessageMark)] = [
      ("seconds", .roomHistorySeconds), ("since", .roomHistorySince), ("maxstanzas", .roomHistoryMaxStanzas),
      ("maxchars", .roomHistoryMaxChars),
    ]
    return conditions.filter { request[$0.name] != nil }.map(\.mark)
  }

  /// The most stanzas from the end whose characters, as they go out, are no more than these.
  private static func last(_ entries: ArraySlice<Entry>, characters: Int64, for reader: JID, in room: JID) -> ArraySlice<Entry> {
    var left = characters
    var first = entries.endIndex
    while first > entries.startIndex {
      let entry = entries[first - 1]
      var stanza = entry.delayed(by: room)
      stanza["from"] = entry.from.text
      stanza["to"] = reader.text
      left -= Int64(stanza.description.unicodeScalars.count)
      if left < 0 { break }
      first -= 1
    }
    return entries[first...]
  }
}

extension Element {
  /// An attribute that is a number, not below 0.
  fileprivate func number(_ name: Text) -> Int64? {
    self[name].flatMap { Int64($0.trimmed.string) }.map { max(0, $0) }
  }
}
