/// How often each place of the catalogue was reached by one server, so that a campaign can say which never were.
///
/// A value like the server that holds it: nothing is counted across servers, and a snapshot keeps its own counts.
public struct Marks: Sendable, Equatable {
  /// By place in the catalogue; empty until the first mark, so that a transaction's own cost nothing.
  private(set) var counts: [Int] = []

  public init() {}

  public mutating func reach(_ mark: some CoverageMark) { reach(mark.mark) }
  public mutating func reach(_ mark: Mark) {
    if counts.isEmpty { counts = Array(repeating: 0, count: Mark.all.count) }
    counts[mark.index] += 1
  }

  /// Adds what others have reached.
  public mutating func merge(_ other: Marks) {
    guard !other.counts.isEmpty else { return }
    guard !counts.isEmpty else { return counts = other.counts }
    for index in counts.indices { counts[index] += other.counts[index] }
  }

  public func count(of mark: some CoverageMark) -> Int { count(of: mark.mark) }
  public func count(of mark: Mark) -> Int { counts.isEmpty ? 0 : counts[mark.index] }

  /// The marks that were reached since the counts were those of `earlier`, by their places in the catalogue, in ascending order.
  public func reached(since earlier: Marks) -> [Int] {
    guard !counts.isEmpty else { return [] }
    return counts.indices.filter { counts[$0] > (earlier.counts.isEmpty ? 0 : earlier.counts[$0]) }
  }

  /// How many different ones were reached.
  public var reachedCount: Int { counts.reduce(0) { $0 + ($1 > 0 ? 1 : 0) } }

  /// The marks that were never reached, in the order of the catalogue.
  public var unreached: [Mark] { Mark.all.filter { count(of: $0) == 0 } }
}

extension Marks: Codable {
  /// Counts are nobody's state: who goes on from a snapshot counts from there.
  public init(from decoder: any Decoder) throws { self.init() }
  public func encode(to encoder: any Encoder) throws {}
}
