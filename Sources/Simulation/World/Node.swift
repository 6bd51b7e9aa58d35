internal import ServerCore
internal import Storage

/// One server process with its disk, as the world sees it.
///
/// All that belongs to the process dies with it; the disk and the counters stay.
struct Node {
  /// Servers of a world count from 0.
  let number: Int
  let configuration: Configuration
  var engine: Engine
  var disk: MemoryDisk
  /// Which life of the process this is.
  var incarnation = 0
  /// A restart is under way: nobody listens.
  var isUp = true
  var isFlushing = false
  var isFlushScheduled = false
  var isSyncScheduled = false
  /// The ends of connections that it has.
  var ends: [ConnectionID: EndID] = [:]
  private var connectionCount: UInt64 = 0
  /// Connections that are to be read from again once the flush is done.
  var readers: [EndID] = []
  /// Bytes that were read of each connection since the last flush.
  var readInTurn: [EndID: Int] = [:]
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
  /// Storage refuses every question.
  var isUnreadable = false
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

  /// When limits are looked at next, where that is not done closely: the more there is to look at, the later.
  var nextWatch: UInt64 = 0

  /// The certificates that it shows, its own first.
  var chain: [[UInt8]] = []

  /// The inputs and outputs of each life of the process, if they are recorded.
  var tape: Tape?
  /// A bug that is planted in it.
  var mutant: Mutant?
  /// Compared with the server after each event, if it is there.
  var model: ReferenceModel?
  /// Judges every login, if it is there.
  var login: LoginModel?
  /// Judges the work of every input, if it is there.
  var cost: CostMeter?
  /// Notes which coverage marks come together, if it is there.
  var pairs: PairMeter?

  init(_ number: Int, _ configuration: Configuration, seed: UInt64, database: MemoryDatabase = MemoryDatabase(.server)) {
    self.number = number
    self.configuration = configuration
    disk = MemoryDisk(database)
    engine = Engine(configuration: configuration, seed: Node.key(seed, number, life: 0))
  }

  /// The seed of the generator of one life of the process.
  private static func key(_ seed: UInt64, _ number: Int, life: Int) -> [UInt8] {
    var key: [UInt8] = []
    for shift in stride(from: 0, to: 64, by: 8) { key.append(UInt8(truncatingIfNeeded: seed >> UInt64(shift))) }
    key.append(UInt8(truncatingIfNeeded: life))
    if number > 0 { key.append(UInt8(truncatingIfNeeded: number)) }
    return key
  }

  /// The label of choices that concern one server: beyond those of all connections for all servers but the first.
  ///
  /// - Parameter who: below 2 to the power of 50.
  static func label(_ number: Int, _ who: UInt64 = 0) -> UInt64 { UInt64(number) << 50 | who }

  mutating func nextConnection() -> ConnectionID {
    connectionCount += 1
    return ConnectionID(connectionCount)
  }

  /// The coverage marks that this process and those before it reached.
  var marks: Marks {
    var all = engine.marks
    all.merge(marksBefore)
    return all
  }

  // MARK: Life

  /// Power is lost: of what was pending the first `kept` transactions had reached the disk. The process is gone.
  mutating func die(keeping kept: Int) {
    disk.crash(keeping: kept, tears: mutant?.kind == .transactionTorn)
    if let durableBefore { disk = MemoryDisk(durableBefore) }
    incarnation += 1
    marksBefore.merge(engine.marks)
    isUp = false
    (isFlushing, isFlushScheduled, isSyncScheduled) = (false, false, false)
    (actionsLeft, diesAtCommit, isDiskHung, keptAtCrash) = (nil, false, false, nil)
    (ends, readers, readInTurn, ended) = ([:], [], [:], [])
  }

  mutating func restart(seed: UInt64, at now: Instant) {
    engine = Engine(configuration: configuration, seed: Node.key(seed, number, life: incarnation))
    isUp = true
    beginTape(seed: seed, at: now)
    if model != nil { compareWithModel() }
    cost?.restart()
    pairs?.restart()
    if login != nil || cost != nil || pairs != nil {
      engine.keepsEvents = true
      login?.restart()
    }
  }

  // MARK: Watching

  mutating func beginTape(seed: UInt64, at now: Instant) {
    tape?.begin(configuration, seed: Node.key(seed, number, life: incarnation), at: now)
  }

  mutating func compareWithModel() {
    engine.keepsEvents = true
    model = model ?? ReferenceModel(configuration: configuration)
    model?.restart(engine.server, from: disk.durable)
  }

  // MARK: Work

  mutating func feed(_ input: Input, at now: Instant) {
    tape?.input(input, at: now, before: engine)
    mutant?.trap(at: input)
    engine.handle(input, at: now)
  }

  /// Hears an input. Returns the steps that it took, where they are counted.
  private mutating func hear(_ input: Input, at now: Instant) -> Int {
    login?.hear(input, at: now.monotonic)
    cost?.begin()
    feed(input, at: now)
    return cost?.taken() ?? 0
  }

  /// Hears the input, or those that a planted bug makes of it, under the eyes of all judges.
  mutating func take(_ input: Input, at now: Instant) {
    var steps = 0
    for input in mutant?.distort(input) ?? [input] { steps += hear(input, at: now) }
    let events = engine.takeEvents()
    cost?.judge(input, steps, events, engine.server)
    for handled in events {
      model?.handle(handled, durable: disk.durable)
      login?.follow(handled)
      pairs?.note(handled)
    }
    pairs?.note(connections: engine.connectionMarks)
    login?.settle(engine.server)
  }

  /// The actions that the engine wants done.
  mutating func flush(at now: Instant) -> [Action] {
    cost?.begin()
    let actions = engine.flush()
    if let steps = cost?.taken() { cost?.judgeFlush(actions, steps) }
    tape?.outputs(actions, of: engine, at: now)
    return actions
  }
}
