internal import ServerCore
internal import Storage

/// One server process with its disk, as the world sees it.
///
/// All that belongs to the process dies with it; the disk and the counters stay.
struct Node {
  var engine: Engine
  var disk: MemoryDisk
  /// Which life of the process this is.
  var incarnation = 0
  /// A restart is under way: nobody listens.
  var isUp = true
  var isFlushing = false
  var isFlushScheduled = false
  var isSyncScheduled = false
  /// Connections that are to be read from again once the flush is done.
  var readers: [World.SocketID] = []
  /// Bytes that were read of each connection since the last flush.
  var readInTurn: [World.SocketID: Int] = [:]
  /// Connections that ended while the engine's actions were being done.
  var ended: [Input] = []
  /// So many had failed: a load that was asked before one is answered as storage is after it.
  var failedCommits = 0
  /// The process dies after so many more of its actions.
  var actionsLeft: Int?
  /// Of the pending commits so many are durable when it dies; `nil` leaves it to chance.
  var keptAtCrash: Int?
  /// It dies right after it has asked for its next commit.
  var diesAtCommit = false
  /// So many more of the next commits fail.
  var failingCommits = 0
  /// No commit succeeds while the disk is full; all commits and loads take so many times longer.
  var isDiskFull = false
  /// No commit and no question for the disk is answered until the process ends.
  var isDiskHung = false
  var slowness: Int64 = 1
  /// The wall clock against the monotonic one.
  var wallOffset: Int64 = 0
  /// How often in a row it was told that its deadline has come, and still has the same.
  var idleDeadlines = 0
  /// The coverage marks that the processes that died had reached.
  var marksBefore = Marks()
  /// The content that a disk that forgets goes back to.
  var durableBefore: MemoryDatabase?

  /// The inputs and outputs of each life of the process, if they are recorded.
  var tape: Tape?

  init(_ configuration: Configuration, seed: UInt64, database: MemoryDatabase = MemoryDatabase(.server)) {
    disk = MemoryDisk(database)
    engine = Node.start(configuration, seed: seed, incarnation: 0)
  }

  static func start(_ configuration: Configuration, seed: UInt64, incarnation: Int) -> Engine {
    Engine(configuration: configuration, seed: key(seed, incarnation))
  }

  static func key(_ seed: UInt64, _ incarnation: Int) -> [UInt8] {
    var key: [UInt8] = []
    for shift in stride(from: 0, to: 64, by: 8) { key.append(UInt8(truncatingIfNeeded: seed >> UInt64(shift))) }
    key.append(UInt8(truncatingIfNeeded: incarnation))
    return key
  }

  /// Power is lost: of what was pending the first `kept` transactions had reached the disk. The process is gone.
  mutating func die(keeping kept: Int, tears: Bool = false) {
    disk.crash(keeping: kept, tears: tears)
    if let durableBefore { disk = MemoryDisk(durableBefore) }
    incarnation += 1
    marksBefore.merge(engine.marks)
    isUp = false
    (isFlushing, isFlushScheduled, isSyncScheduled) = (false, false, false)
    (actionsLeft, diesAtCommit, isDiskHung, keptAtCrash) = (nil, false, false, nil)
    (readers, readInTurn, ended) = ([], [:], [])
  }

  mutating func restart(_ configuration: Configuration, seed: UInt64) {
    engine = Node.start(configuration, seed: seed, incarnation: incarnation)
    isUp = true
  }
}

/// Recordings of the lives of one process, as files would hold them.
struct Tape: Sendable {
  private let secret: [UInt8]
  private let keepsText: Bool
  private var recorder: Recorder
  private(set) var files: [[UInt8]] = []
  /// A file begins anew after so many bytes.
  private let segmentBytes: Int
  /// Hears of everything before it happens.
  private let sink: (@Sendable ([UInt8]) -> Void)?

  init(secret: [UInt8], keepsText: Bool, segmentBytes: Int, sink: (@Sendable ([UInt8]) -> Void)?) {
    self.sink = sink
    self.secret = secret
    self.keepsText = keepsText
    self.segmentBytes = segmentBytes
    recorder = Recorder(secret: secret, keepsText: keepsText)
  }

  mutating func begin(_ configuration: Configuration, seed: [UInt8], at now: Instant) {
    recorder = Recorder(secret: secret, keepsText: keepsText)
    files.append([])
    write(recorder.begin(configuration: configuration, seed: seed, at: now))
  }

  private mutating func write(_ bytes: [UInt8]) {
    sink?(bytes)
    files[files.count - 1] += bytes
  }

  mutating func input(_ input: Input, at now: Instant, before engine: Engine) {
    write(recorder.input(input, at: now, before: engine))
  }
  mutating func outputs(_ actions: [Action], of engine: Engine, at now: Instant) {
    write(recorder.outputs(actions))
    if actions.isEmpty, files[files.count - 1].count > segmentBytes { files.append(recorder.begin(from: engine, at: now)) }
  }
}
