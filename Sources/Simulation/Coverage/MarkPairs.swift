public import ServerCore

/// The pairs of coverage marks that came together, in each of three senses, and how often each mark came alone: what is needed to say which pairs
/// are missing.
///
/// Sums and unions: in whatever order the runs of a campaign are merged, the result is the same.
public struct MarkPairs: Sendable, Equatable {
  /// The sense in which two marks come together.
  public enum Sense: Int, Sendable, CaseIterable {
    /// One run reaches both.
    case run
    /// The server reaches both with one event, or with two of which the later is at most the ninth after the earlier: within ten events.
    case window
    /// Events of one run that concern one room reach both.
    case room
  }

  /// Events in a window.
  static let windowLength = 10

  private var tables = Array(repeating: Table(), count: Sense.allCases.count)
  /// For each pair, by its first mark and then by its second, in how many runs it should have come within ten events, in thousandths; empty until a
  /// run ends.
  private var expectedInWindow: [Int] = []

  public init() {}

  subscript(sense: Sense) -> Table {
    get { tables[sense.rawValue] }
    set { tables[sense.rawValue] = newValue }
  }

  public mutating func merge(_ other: MarkPairs) {
    for index in tables.indices { tables[index].merge(other.tables[index]) }
    if expectedInWindow.isEmpty {
      expectedInWindow = other.expectedInWindow
    } else if !other.expectedInWindow.isEmpty {
      for index in expectedInWindow.indices { expectedInWindow[index] += other.expectedInWindow[index] }
    }
  }

  /// The run is over whose events these are: by how often they reached two marks, the two should have met so often, and a run counts once at
  /// most. (Over all runs together a mark of which one run has thousands should meet everything.)
  mutating func expectWindows() {
    let table = self[.window]
    guard table.total > 0 else { return }
    if expectedInWindow.isEmpty { expectedInWindow = Array(repeating: 0, count: Mark.all.count * Mark.all.count) }
    let reached = table.occurrences.indices.filter { table.occurrences[$0] > 0 }
    // Two events meet in a window if the second is one of the nine before the first, the first itself, or one of the nine after it.
    let chances = 1000 * (2 * Self.windowLength - 1)
    for (place, first) in reached.enumerated() {
      for second in reached.dropFirst(place + 1) {
        let expected = table.occurrences[first] * table.occurrences[second] * chances / table.total
        expectedInWindow[first * Mark.all.count + second] += min(1000, expected)
      }
    }
  }

  /// How many pairs of different marks came together.
  public func count(_ sense: Sense) -> Int { self[sense].count }
  /// Grows with every pair, and is quicker to count than pairs.
  var weight: Int { tables.reduce(0) { $0 + $1.weight } }
  /// How many different marks came at all.
  public func markCount(_ sense: Sense) -> Int { self[sense].occurrences.count { $0 > 0 } }

  /// A pair that never came together.
  public struct Missing: Sendable {
    public var first: Mark
    public var second: Mark
    /// In how many runs, or rooms, it should have come, were its marks independent of each other.
    public var expected: Double
  }

  /// The pairs that never came and should have come at least so often, the most expected first.
  public func missing(_ sense: Sense, expectedAtLeast least: Double) -> [Missing] {
    let table = self[sense]
    guard table.total > 0, sense != .window || !expectedInWindow.isEmpty else { return [] }
    var found: [Missing] = []
    for first in table.occurrences.indices {
      for second in table.occurrences.indices.dropFirst(first + 1) where !table.has(first, second) {
        let expected =
          sense == .window
          ? Double(expectedInWindow[first * Mark.all.count + second]) / 1000
          : Double(table.occurrences[first]) * Double(table.occurrences[second]) / Double(table.total)
        if expected >= least { found.append(Missing(first: Mark.all[first], second: Mark.all[second], expected: expected)) }
      }
    }
    // The order of the catalogue decides between equals.
    return found.enumerated().sorted { ($1.element.expected, $0.offset) < ($0.element.expected, $1.offset) }.map(\.element)
  }
}

extension MarkPairs {
  /// A set of marks: a bit for each.
  struct Bits: Sendable, Equatable {
    static let words = (Mark.all.count + 63) / 64
    var bits = Array(repeating: UInt64(0), count: words)

    var isEmpty: Bool { bits.allSatisfy { $0 == 0 } }
    mutating func insert(_ index: Int) { bits[index >> 6] |= 1 << UInt64(index & 63) }
    func contains(_ index: Int) -> Bool { bits[index >> 6] >> UInt64(index & 63) & 1 == 1 }
    mutating func formUnion(_ other: Bits) { for word in bits.indices { bits[word] |= other.bits[word] } }

    /// In ascending order.
    var elements: [Int] {
      var found: [Int] = []
      for (word, value) in bits.enumerated() {
        var rest = value
        while rest != 0 {
          found.append(word << 6 + rest.trailingZeroBitCount)
          rest &= rest - 1
        }
      }
      return found
    }
  }

  /// Which marks came together in one sense.
  struct Table: Sendable, Equatable {
    /// A row of bits for each mark. A pair may be written into one of its two rows alone.
    private var rows = Array(repeating: UInt64(0), count: Mark.all.count * Bits.words)
    /// How many runs, events or rooms reached each mark.
    private(set) var occurrences = Array(repeating: 0, count: Mark.all.count)
    /// How many runs, events or rooms there were.
    private(set) var total = 0

    /// Another run, event or room.
    mutating func add(_ marks: Bits) {
      total += 1
      for mark in marks.elements { occurrences[mark] += 1 }
    }

    mutating func pair(_ marks: Bits, with others: Bits) {
      for mark in marks.elements {
        let row = mark * Bits.words
        for word in 0..<Bits.words { rows[row + word] |= others.bits[word] }
      }
    }

    mutating func merge(_ other: Table) {
      for index in rows.indices { rows[index] |= other.rows[index] }
      for index in occurrences.indices { occurrences[index] += other.occurrences[index] }
      total += other.total
    }

    func has(_ first: Int, _ second: Int) -> Bool { bit(first, second) || bit(second, first) }
    private func bit(_ row: Int, _ column: Int) -> Bool { rows[row * Bits.words + column >> 6] >> UInt64(column & 63) & 1 == 1 }

    var weight: Int { rows.reduce(0) { $0 + $1.nonzeroBitCount } }
    var count: Int {
      occurrences.indices.reduce(0) { sum, first in
        occurrences[first] == 0 ? sum : sum + occurrences.indices.dropFirst(first + 1).count { has(first, $0) }
      }
    }
  }
}
