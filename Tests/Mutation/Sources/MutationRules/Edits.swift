/// Changes of a text, each by its place in the original. Insertions nest: what is opened first is closed last.
struct Edits {
  private struct Edit {
    var place: Int
    /// Text that closes comes before text that opens at the same place.
    var isOpening: Bool
    var order: Int
    /// Bytes of the original that the text replaces.
    var length = 0
    var text: String
  }
  private var edits: [Edit] = []

  /// Puts text around a range. To be called for the outer range before the inner one.
  mutating func wrap(_ range: Range<Int>, _ opening: String, _ closing: String) {
    let order = edits.count
    if !opening.isEmpty { edits.append(Edit(place: range.lowerBound, isOpening: true, order: order, text: opening)) }
    // Inner ranges are wrapped later and close earlier.
    if !closing.isEmpty { edits.append(Edit(place: range.upperBound, isOpening: false, order: -order, text: closing)) }
  }

  mutating func replace(_ range: Range<Int>, _ text: String) {
    edits.append(Edit(place: range.lowerBound, isOpening: true, order: edits.count, length: range.count, text: text))
  }

  func applied(to bytes: [UInt8]) -> String {
    let sorted = edits.sorted { a, b in
      if a.place != b.place { return a.place < b.place }
      if a.isOpening != b.isOpening { return !a.isOpening }
      return a.order < b.order
    }
    var out: [UInt8] = []
    var place = 0
    for edit in sorted {
      out += bytes[place..<edit.place]
      out += edit.text.utf8
      place = edit.place + edit.length
    }
    out += bytes[place...]
    return String(decoding: out, as: UTF8.self)
  }
}
