/// A disk in memory with what is durable and what is only on its way: a crash keeps the first and any beginning of the second.
public struct MemoryDisk: Sendable {
  public private(set) var durable: MemoryDatabase
  /// Commits that were handed over and are not durable yet, in order.
  public private(set) var pending: [(id: CommitID, changes: [Change])] = []
  private var latest: MemoryDatabase

  public init(_ database: MemoryDatabase) {
    durable = database
    latest = database
  }

  public mutating func write(_ id: CommitID, _ changes: [Change]) {
    pending.append((id, changes))
    latest.apply(changes)
  }

  /// All that waits becomes durable in one transaction. Returns the last commit of each shard, in the order of the shards.
  public mutating func sync() -> [CommitID] {
    let lasts = shards.compactMap { shard in pending.last { $0.id.shard == shard }?.id }
    durable = latest
    pending = []
    return lasts
  }

  /// The commits of a shard through this one become durable. Those of other shards that were handed over before may stay behind.
  public mutating func sync(through last: CommitID) {
    for commit in pending where commit.id.isSameOrBefore(last) { durable.apply(commit.changes) }
    pending.removeAll { $0.id.isSameOrBefore(last) }
    refresh()
  }

  /// The transaction fails: no commit that waits is ever durable. Returns the first commit of each shard, in the order of the shards.
  public mutating func fail() -> [CommitID] {
    let firsts = shards.compactMap { shard in pending.first { $0.id.shard == shard }?.id }
    pending = []
    latest = durable
    return firsts
  }

  /// Commits of a shard from this one on are never durable.
  public mutating func fail(from first: CommitID) {
    pending.removeAll { first.isSameOrBefore($0.id) }
    refresh()
  }

  /// The shards whose commits wait.
  public var shards: [Int] { Set(pending.map(\.id.shard)).sorted() }

  private mutating func refresh() {
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
