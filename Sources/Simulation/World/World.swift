internal import OrderedCollections
public import ServerCore
public import Storage
internal import XML
internal import XMPP

/// How unkind the world is. Bytes, percentages, and nanoseconds.
public struct WorldSettings: Sendable {
  /// In so many of a hundred chances a segment, or a read, takes only a part of what is there.
  public var shortPercent = 40
  public var latency: ClosedRange<Int64> = .milliseconds(1) ... .milliseconds(40)
  /// Nanoseconds that a byte takes; nothing by default.
  public var timePerByte: Int64 = 0
  public var commitTime: ClosedRange<Int64> = .milliseconds(0) ... .milliseconds(5)
  /// How long storage takes to answer; as long as for a commit by default.
  public var loadTime: ClosedRange<Int64>?
  /// Bytes that systems hold for a program that has written, and for one that has yet to read.
  public var sendBuffer = 1 << 20
  public var receiveBuffer = 1 << 20
  /// The most that the server reads at once.
  public var readSize = 4096
  /// In so many of a hundred turns the server hears of several things before it does anything.
  public var batchPercent = 0
  /// In so many of a hundred loads storage can't answer.
  public var inquiryFailurePercent = 0
  /// How long the server's process takes to come back.
  public var downtime: ClosedRange<Int64> = 0...0
  /// Compare all buffers and queues with their limits after each event, instead of now and then.
  public var watchesLimitsClosely = false
  /// The order of events that are open to choice.
  public var ordering = Ordering()
  public var configuration: Configuration
  public init(configuration: Configuration) { self.configuration = configuration }
}

/// A server on a simulated network with a simulated disk, in virtual time. Everything that can come out one way or another is decided
/// by `choices`.
public struct World {
  /// One end of a connection from outside.
  public struct SocketID: Hashable, Sendable, Comparable {
    public let number: UInt64
    public static func < (a: SocketID, b: SocketID) -> Bool { a.number < b.number }
  }

  /// A notice to the clients' host: of its connections, of the server, or of an alarm.
  public enum Notice: Sendable {
    case bytes(SocketID, [UInt8])
    /// The server is ready for the TLS handshake.
    case handshake(SocketID)
    /// The server will say nothing more, or the connection broke, or nobody listens.
    case closed(SocketID)
    /// The server's process died.
    case crashed
    case restarted
    /// Storage could not answer the server.
    case unreadable
    case alarm(UInt64)
    case reply(UInt64, ControlReply)
  }

  enum SimulatedEvent: Sendable {
    case arriveAtServer(SocketID, Pipe.Item)
    case arriveOutside(SocketID, Pipe.Item)
    /// The other side's system says that the connection is no more.
    case resetAtServer(SocketID)
    case resetOutside(SocketID)
    case patience(SocketID, Int)
    case flush
    case sync
    /// As it was when it was asked for, and how many commits had failed by then.
    case answer(InquiryID, Question, found: QueryResult?, failures: Int)
    case restart
    /// The process, told to end, has had its time; which life of it this is about.
    case stop(Int)
    case alarm(UInt64)

    /// Goes on whatever becomes of the server's process.
    var outlivesServer: Bool {
      switch self {
      case .arriveOutside, .resetOutside, .alarm: true
      default: false
      }
    }
    /// Belongs to what is under way; time-outs and alarms don't.
    var counts: Bool {
      switch self {
      case .alarm, .patience: false
      default: true
      }
    }
  }

  public var choices: Choices
  public private(set) var settings: WorldSettings
  var node: Node
  public private(set) var now: Int64 = 0
  var connections = ConnectionTable()
  var sockets: [ConnectionID: SocketID] = [:]
  var connectionCount: UInt64 = 0
  var eventQueue = EventQueue()
  var notices: [Notice] = []
  var mutant: Mutant?
  public private(set) var happenings: UInt64 = 0
  public internal(set) var digest = Digest()
  /// When limits are looked at next, where that is not done closely: the more there is to look at, the later.
  var nextWatch: UInt64 = 0
  /// The first limit of the server's that was seen to be passed.
  public internal(set) var overLimit: Gauge?

  /// Where the run is to become another.
  var divergence: Divergence?
  /// All that happened, if that is to be explained.
  var eventLog: EventLog?

  /// Compared with the server after each event, if it is there.
  public internal(set) var model: ReferenceModel?

  /// Judges every login, if it is there.
  public internal(set) var login: LoginModel?

  /// Judges the work of every input, if it is there.
  public internal(set) var cost: CostMeter?

  /// Notes which coverage marks come together, if it is there.
  var pairs: PairMeter?

  /// The wall clock at the beginning: any fixed day will do.
  private static let wallStart: Int64 = .seconds(1_800_000_000)

  public init(choices: Choices, settings: WorldSettings, mutation: Mutation? = nil, database: MemoryDatabase = MemoryDatabase(.server)) {
    mutant = mutation.map { Mutant($0) }
    self.choices = choices
    self.settings = settings
    node = Node(settings.configuration, seed: choices.seed, database: database)
    eventQueue = EventQueue(settings.ordering)
  }

  public var engine: Engine { node.engine }
  public var instant: Instant { Instant(monotonic: now, wall: World.wallStart + now + node.wallOffset) }
  /// Whether nothing is under way: no bytes, no commit, no load.
  public var isAtRest: Bool { eventQueue.busy == 0 && !isSomebodyHeldBack }
  /// Bytes of a throttled peer wait in the server's system, for no longer than a deadline.
  private var isSomebodyHeldBack: Bool { node.isUp && node.engine.holdsSomebodyBack }
  /// The coverage marks that this server and those before it reached.
  public var marks: Marks {
    var all = node.engine.marks
    all.merge(node.marksBefore)
    return all
  }
  /// The rows that would survive the loss of power now.
  public var durable: MemoryDatabase { node.disk.durable }

  /// From now on the server is compared with a model. Nobody may be connected, and nothing under way.
  public mutating func compareWithModel() {
    node.engine.keepsEvents = true
    model = model ?? ReferenceModel(configuration: settings.configuration)
    model?.restart(node.engine.server, from: node.disk.durable)
  }

  /// From now on logins are judged. Nobody may be connected, and there may be no account.
  ///
  /// - Parameter storageMayFail: questions to storage may fail, or get no answer.
  public mutating func judgeLogins(storageMayFail: Bool) {
    node.engine.keepsEvents = true
    login = LoginModel(configuration: settings.configuration, storageMayFail: storageMayFail)
  }

  /// From now on, and that is to be before anything happens, what the server is fed is recorded.
  ///
  /// - Parameters:
  ///   - segmentBytes: begin another file, from which one can start, where one has become longer.
  ///   - sink: hears of everything before it happens.
  public mutating func record(
    secret: [UInt8], keepsText: Bool = false, segmentBytes: Int = .max, sink: (@Sendable ([UInt8]) -> Void)? = nil
  ) {
    node.tape = Tape(secret: secret, keepsText: keepsText, segmentBytes: segmentBytes, sink: sink)
    beginTape()
  }

  /// From now on the server's work is judged. Nobody may be connected.
  public mutating func measure(_ meter: CostMeter) {
    node.engine.keepsEvents = true
    cost = meter
  }

  /// From now on pairs of coverage marks are noted. Nobody may be connected.
  mutating func measurePairs() {
    node.engine.keepsEvents = true
    pairs = PairMeter()
  }

  /// Lets a crowd connect. Nothing about it is left to chance.
  mutating func fill(with crowd: Crowd) {
    let batchPercent = settings.batchPercent
    settings.batchPercent = 0
    for number in 0..<crowd.connections { _ = connect(Crowd.firstLabel + UInt64(number)) }
    settings.batchPercent = batchPercent
  }

  private mutating func beginTape() {
    let now = instant
    node.tape?.begin(settings.configuration, seed: Node.key(choices.seed, node.incarnation), at: now)
  }

  /// A file for each life of the server's process, or several.
  public var recordings: [[UInt8]] { node.tape?.files ?? [] }

  public mutating func control(_ id: UInt64, _ request: ControlRequest) { tell(.control(id, request)) }

  /// Wakes nobody: only makes time pass that far.
  public mutating func alarm(_ id: UInt64, after delay: Int64) { schedule(.alarm(id), after: delay) }

  public mutating func takeNotices() -> [Notice] {
    defer { notices = [] }
    return notices
  }

  // MARK: Time

  /// Lets the next thing happen. With `untilRest` only what is already under way, and no time-out of the server's.
  /// Returns false if there was nothing.
  public mutating func advance(untilRest: Bool, upTo limit: Int64 = .max) -> Bool {
    if untilRest, isAtRest { return false }
    divergeIfDue()
    choices.event = happenings + 1
    if let deadline = deadline(untilRest: untilRest, upTo: limit) {
      now = max(now, deadline)
      happenings += 1
      eventLog?.begin(nil, at: now)
      tell(.deadline)
      watchDeadline()
      return true
    }
    guard let entry = eventQueue.next(upTo: limit, &choices) else {
      now = max(now, limit == .max ? now : limit)
      choices.event = happenings
      return false
    }
    proceed(with: entry)
    return true
  }

  /// The server's deadline, if it comes before the next event.
  func deadline(untilRest: Bool, upTo limit: Int64) -> Int64? {
    guard let deadline = node.isUp ? node.engine.nextDeadline : nil, deadline <= (eventQueue.firstTime ?? .max), deadline <= limit,
      !untilRest || eventQueue.firstTime != nil || isSomebodyHeldBack
    else { return nil }
    return deadline
  }

  /// Lets the next thing of a lane happen, for whoever chooses himself.
  mutating func advance(_ lane: Lane) {
    if let entry = eventQueue.next(of: lane) { proceed(with: entry) }
  }

  private mutating func divergeIfDue() {
    guard let due = divergence, happenings >= due.event else { return }
    choices.diverge(due.number)
    divergence = nil
  }

  private mutating func proceed(with entry: EventQueue.Entry) {
    now = max(now, entry.time)
    happenings += 1
    eventLog?.begin(entry.what, at: now)
    happen(entry.what)
  }

  /// A server that does nothing about its deadline would be asked for ever.
  private mutating func watchDeadline() {
    guard node.isUp, let deadline = node.engine.nextDeadline, deadline <= now else { return node.idleDeadlines = 0 }
    node.idleDeadlines += 1
    if node.idleDeadlines > 10_000 { overLimit = Gauge(name: "deadlines that do not pass", value: node.idleDeadlines, limit: 10_000) }
  }

  /// From now on storage answers, the server comes back at once, and the systems have noticed which peers vanished.
  public mutating func calm() {
    // A login takes many steps, each of which could be overtaken for so long that all together take more time than there is for it.
    eventQueue.followTimes()
    settings.inquiryFailurePercent = 0
    settings.downtime = 0...0
    for id in connections.ids where connections[id].hasVanished { schedule(.resetAtServer(id), after: 0) }
  }

  /// The process was suspended, or the clock was: the monotonic clock goes on by so much, and what was due meanwhile is late.
  public mutating func lose(_ time: Int64) { now += time }
  /// Somebody sets the wall clock.
  public mutating func stepWall(by offset: Int64) { node.wallOffset += offset }

  private mutating func happen(_ what: SimulatedEvent) {
    switch what {
    case .arriveAtServer(let id, let item): arriveAtServer(id, item)
    case .arriveOutside(let id, let item): arriveOutside(id, item)
    case .resetAtServer(let id): resetAtServer(id)
    case .resetOutside(let id): resetOutside(id)
    case .patience(let id, let number): patienceEnds(id, number)
    case .flush: flushNow()
    case .sync: sync()
    case .answer(let id, let question, let found, let failures): answer(id, question, found, failures)
    case .restart: restart()
    case .stop(let closing): if node.incarnation == closing { crash() }
    case .alarm(let id): notices.append(.alarm(id))
    }
  }

  mutating func schedule(_ what: SimulatedEvent, after delay: Int64) {
    eventQueue.add(what, at: now + delay)
  }

  func pick(_ purpose: Choices.Purpose, _ who: UInt64, _ range: ClosedRange<Int64>, _ choices: inout Choices) -> Int64 {
    range.lowerBound + Int64(choices.draw(purpose, who, below: Int((range.upperBound - range.lowerBound) / 1000) + 1)) * 1000
  }

  // MARK: Death and return

  /// The server's process is to die once it has done so many more of its actions: in the midst of what it does for one event.
  /// `nil` calls it off.
  public mutating func crash(afterActions count: Int?) {
    node.actionsLeft = count
    if count == nil { (node.diesAtCommit, node.keptAtCrash) = (false, nil) }
    if count == 0 { crash() }
  }

  /// The same, with its next commit under way: where it matters most.
  public mutating func crashAtCommit() { node.diesAtCommit = true }

  /// The process dies. Of the pending transactions any beginning (a choice) had reached the disk. The bytes written to the network arrive,
  /// or a beginning of them; then the connections end.
  mutating func crash() { crash(keeping: node.keptAtCrash ?? choices.draw(.crash, 1, below: node.disk.pending.count + 1)) }

  mutating func crash(keeping kept: Int) {
    node.die(keeping: kept, tears: mutant?.kind == .transactionTorn)
    sockets = [:]
    eventQueue.dropServer()
    for id in connections.ids { serverDies(id) }
    notices.append(.crashed)
    let downtime = pick(.crash, 2, settings.downtime, &choices)
    if downtime == 0 { restart() } else { schedule(.restart, after: downtime) }
  }

  /// The process is told to end, as by SIGTERM: it takes leave of everybody, and ends some time later.
  public mutating func shutDown(grace: Int64) {
    guard node.isUp else { return }
    tell(.shutdown)
    schedule(.stop(node.incarnation), after: grace)
  }

  private mutating func restart() {
    node.restart(settings.configuration, seed: choices.seed)
    beginTape()
    if model != nil { compareWithModel() }
    cost?.restart()
    pairs?.restart()
    if login != nil || cost != nil || pairs != nil {
      node.engine.keepsEvents = true
      login?.restart()
    }
    notices.append(.restarted)
  }
}
