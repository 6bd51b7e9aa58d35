/// A disk in memory with what is durable and what is only on its way: a crash keeps the first and any beginning of the second.
public struct MemoryDisk: Sendable {
  public private(set) var durable: MemoryDatabase
  /// Commits that were handed over and are not durable yet, in order.
  public private(set) var pending: [(number: UInt64, changes: [Change])] = []
  private var latest: MemoryDatabase

  public init(_ database: MemoryDatabase) {
    durable = database
    latest = database
  }

  public mutating func write(_ number: UInt64, _ changes: [Change]) {
    pending.append((number, changes))
    latest.apply(changes)
  }

  /// All that waits becomes durable in one transaction. Returns the last number.
  public mutating func sync() -> UInt64? {
    guard let last = pending.last?.number else { return nil }
    durable = latest
    pending = []
    return last
  }

  /// Commits through this number become durable.
  public mutating func sync(through number: UInt64) {
    while let first = pending.first, first.number <= number {
      durable.apply(first.changes)
      pending.removeFirst()
    }
  }

  /// The transaction fails: no commit that waits is ever durable. Returns the first number.
  public mutating func fail() -> UInt64? {
    guard let first = pending.first?.number else { return nil }
    fail(from: first)
    return first
  }

  /// Commits from this number on are never durable.
  public mutating func fail(from number: UInt64) {
    pending.removeAll { $0.number >= number }
    latest = durable
    for commit in pending { latest.apply(commit.changes) }
  }

  /// The answer reflects every commit before the question, durable or not.
  public func answer(_ query: Query) -> QueryResult { latest.answer(query) }

  /// Power is lost: of what was pending, `kept` whole transactions had reached the disk.
  /// A disk that `tears` keeps half of the one after them, too: no disk may.
  public mutating func crash(keeping kept: Int, tears: Bool = false) {
    for commit in pending.prefix(kept) { durable.apply(commit.changes) }
    if tears, kept < pending.count {
      let changes = pending[kept].changes
      durable.apply(Array(changes.prefix(changes.count / 2)))
    }
    latest = durable
    pending = []
  }
}
