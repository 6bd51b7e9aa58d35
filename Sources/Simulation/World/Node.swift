internal import ServerCore

/// One server process with its disk, as the world sees it.
///
/// All that belongs to the process dies with it; the disk and the counters stay.
struct Node {
  var engine: Engine
  var disk = Disk()
  /// Which life of the process this is.
  var incarnation = 0
  /// A restart is under way: nobody listens.
  var isUp = true
  var isFlushing = false
  var isFlushScheduled = false
  var isSyncScheduled = false
  /// Connections that are to be read from again once the flush is done.
  var readers: [World.ConnectionID] = []
  /// What was read since the last flush.
  var unflushedBytes = 0
  /// So many had failed: a load that was asked before one is answered as storage is after it.
  var failedCommits = 0
  /// The process dies after so many more of its actions.
  var actionsLeft: Int?
  /// It dies right after it has asked for its next commit.
  var diesAtCommit = false
  /// No commit succeeds while the disk is full; all commits and loads take so many times longer.
  var isDiskFull = false
  var slowness: Int64 = 1
  /// The wall clock against the monotonic one.
  var wallOffset: Int64 = 0
  /// How often in a row it was told that its deadline has come, and still has the same.
  var idleDeadlines = 0
  /// What the processes that died had reached.
  var marksBefore = Marks()
  /// What a disk that forgets goes back to.
  var durableBefore: Database?

  init(_ configuration: Configuration, seed: UInt64) { engine = Node.start(configuration, seed: seed, incarnation: 0) }

  static func start(_ configuration: Configuration, seed: UInt64, incarnation: Int) -> Engine {
    var key: [UInt8] = []
    for shift in stride(from: 0, to: 64, by: 8) { key.append(UInt8(truncatingIfNeeded: seed >> UInt64(shift))) }
    key.append(UInt8(truncatingIfNeeded: incarnation))
    return Engine(configuration: configuration, seed: key)
  }

  /// Power is lost: of what was pending the first `kept` transactions had reached the disk. The process is gone.
  mutating func die(keeping kept: Int, tears: Bool = false) {
    disk.crash(keeping: kept, tears: tears)
    if let durableBefore { disk = Disk(durableBefore) }
    incarnation += 1
    marksBefore.merge(engine.marks)
    isUp = false
    (isFlushing, isFlushScheduled, isSyncScheduled) = (false, false, false)
    (actionsLeft, diesAtCommit) = (nil, false)
    (readers, unflushedBytes) = ([], 0)
  }

  mutating func restart(_ configuration: Configuration, seed: UInt64) {
    engine = Node.start(configuration, seed: seed, incarnation: incarnation)
    isUp = true
  }
}
