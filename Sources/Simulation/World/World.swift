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

/// Servers on a simulated network with simulated disks, in virtual time. Everything that can come out one way or another is decided
/// by `choices`. Servers are known by their numbers; most worlds have only number 0.
public struct World {
  /// A connection.
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
    case arrive(EndID, Pipe.Item)
    /// The system at the other side says that the connection is no more.
    case reset(EndID)
    case patience(EndID, Int)
    case flush(Int)
    case sync(Int)
    /// As it was when it was asked for, and how many commits had failed by then.
    case answer(Int, InquiryID, Question, found: QueryResult?, failures: Int)
    case restart(Int)
    /// The process, told to end, has had its time; which life of it this is about.
    case stop(Int, life: Int)
    case alarm(UInt64)

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
  var nodes: [Node]
  public private(set) var now: Int64 = 0
  var connections = ConnectionTable()
  var eventQueue = EventQueue()
  var notices: [Notice] = []
  public private(set) var happenings: UInt64 = 0
  public internal(set) var digest = Digest()
  /// The first limit of a server's that was seen to be passed.
  public internal(set) var overLimit: Gauge?

  /// DNS, and who listens where.
  public var network = SimulatedNetwork()
  var authority = SimulatedAuthority()

  /// Where the run is to become another.
  var divergence: Divergence?
  /// All that happened, if that is to be explained.
  var eventLog: EventLog?

  /// The wall clock at the beginning: any fixed day will do.
  static let wallStart: Int64 = .seconds(1_800_000_000)

  public init(choices: Choices, settings: WorldSettings, mutation: Mutation? = nil, database: MemoryDatabase = MemoryDatabase(.server)) {
    self.choices = choices
    self.settings = settings
    nodes = [Node(0, settings.configuration, seed: choices.seed, database: database)]
    nodes[0].mutant = mutation.map { Mutant($0) }
    eventQueue = EventQueue(settings.ordering)
    join(0)
  }

  /// Starts one more server, with an empty disk. Returns its number.
  public mutating func addServer(_ configuration: Configuration) -> Int {
    nodes.append(Node(nodes.count, configuration, seed: choices.seed))
    join(nodes.count - 1)
    return nodes.count - 1
  }

  /// The first server.
  var node: Node {
    _read { yield nodes[0] }
    _modify { yield &nodes[0] }
  }
  public var engine: Engine { node.engine }
  public var instant: Instant { instant(of: 0) }
  func instant(of server: Int) -> Instant { Instant(monotonic: now, wall: World.wallStart + now + nodes[server].wallOffset) }
  /// Whether nothing is under way: no bytes, no commit, no load.
  public var isAtRest: Bool { eventQueue.busy == 0 && !isSomebodyHeldBack }
  /// Bytes of a throttled peer wait in a server's system, for no longer than a deadline.
  private var isSomebodyHeldBack: Bool { nodes.contains { $0.isUp && $0.engine.holdsSomebodyBack } }
  /// The coverage marks that the servers reached, those before them included.
  public var marks: Marks { nodes.dropFirst().reduce(into: node.marks) { $0.merge($1.marks) } }
  /// The first server's rows that would survive the loss of power now.
  public var durable: MemoryDatabase { node.disk.durable }

  /// The model that the first server is compared with, if it is.
  public internal(set) var model: ReferenceModel? {
    _read { yield node.model }
    _modify { yield &node.model }
  }
  /// The judge of the first server's logins, if there is one.
  public var login: LoginModel? { node.login }
  /// The judge of the first server's work, if there is one.
  public var cost: CostMeter? { node.cost }
  /// The coverage marks of the first server that came together, if they are noted.
  var pairs: PairMeter? { node.pairs }

  /// From now on a server is compared with a model. Nobody may be connected, and nothing under way.
  public mutating func compareWithModel(_ server: Int = 0) { nodes[server].compareWithModel() }

  /// From now on logins are judged. Nobody may be connected, and there may be no account.
  ///
  /// - Parameter storageMayFail: questions to storage may fail, or get no answer.
  public mutating func judgeLogins(storageMayFail: Bool, at server: Int = 0) {
    nodes[server].engine.keepsEvents = true
    nodes[server].login = LoginModel(configuration: nodes[server].configuration, storageMayFail: storageMayFail)
  }

  /// From now on, and that is to be before anything happens, what the first server is fed is recorded.
  ///
  /// - Parameters:
  ///   - segmentBytes: begin another file, from which one can start, where one has become longer.
  ///   - sink: hears of everything before it happens.
  public mutating func record(
    secret: [UInt8], keepsText: Bool = false, segmentBytes: Int = .max, sink: (@Sendable ([UInt8]) -> Void)? = nil
  ) {
    node.tape = Tape(secret: secret, keepsText: keepsText, segmentBytes: segmentBytes, sink: sink)
    node.beginTape(seed: choices.seed, at: instant)
  }

  /// From now on the first server's work is judged. Nobody may be connected.
  public mutating func measure(_ meter: CostMeter) {
    node.engine.keepsEvents = true
    node.cost = meter
  }

  /// From now on pairs of the first server's coverage marks are noted. Nobody may be connected.
  mutating func measurePairs() {
    node.engine.keepsEvents = true
    node.pairs = PairMeter()
  }

  /// Lets a crowd connect. Nothing about it is left to chance.
  mutating func fill(with crowd: Crowd) {
    let batchPercent = settings.batchPercent
    settings.batchPercent = 0
    for number in 0..<crowd.connections { _ = connect(Crowd.firstLabel + UInt64(number)) }
    settings.batchPercent = batchPercent
  }

  /// A file for each life of the first server's process, or several.
  public var recordings: [[UInt8]] { node.tape?.files ?? [] }

  /// A server's operator asks for something.
  public mutating func control(_ id: UInt64, _ request: ControlRequest, at server: Int = 0) { tell(.control(id, request), server) }

  /// Wakes nobody: only makes time pass that far.
  public mutating func alarm(_ id: UInt64, after delay: Int64) { schedule(.alarm(id), after: delay) }

  public mutating func takeNotices() -> [Notice] {
    defer { notices = [] }
    return notices
  }

  // MARK: Time

  /// Lets the next thing happen. With `untilRest` only what is already under way, and no time-out of a server's.
  /// Returns false if there was nothing.
  public mutating func advance(untilRest: Bool, upTo limit: Int64 = .max) -> Bool {
    if untilRest, isAtRest { return false }
    divergeIfDue()
    choices.event = happenings + 1
    if let (server, deadline) = deadline(untilRest: untilRest, upTo: limit) {
      now = max(now, deadline)
      happenings += 1
      eventLog?.begin(nil, at: now)
      tell(.deadline, server)
      watchDeadline(server)
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

  /// The server whose deadline comes first, if it comes before the next event, and that deadline.
  func deadline(untilRest: Bool, upTo limit: Int64) -> (server: Int, time: Int64)? {
    var first: (server: Int, time: Int64)?
    for server in nodes.indices where nodes[server].isUp {
      if let time = nodes[server].engine.nextDeadline, time < first?.time ?? .max { first = (server, time) }
    }
    guard let first, first.time <= (eventQueue.firstTime ?? .max), first.time <= limit,
      !untilRest || eventQueue.firstTime != nil || isSomebodyHeldBack
    else { return nil }
    return first
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
  private mutating func watchDeadline(_ server: Int) {
    guard nodes[server].isUp, let deadline = nodes[server].engine.nextDeadline, deadline <= now else {
      return nodes[server].idleDeadlines = 0
    }
    nodes[server].idleDeadlines += 1
    let count = nodes[server].idleDeadlines
    if count > 10_000 { overLimit = Gauge(name: "deadlines that do not pass", value: count, limit: 10_000) }
  }

  /// From now on storage answers, servers come back at once, and the systems have noticed which peers vanished.
  public mutating func calm() {
    // A login takes many steps, each of which could be overtaken for so long that all together take more time than there is for it.
    eventQueue.followTimes()
    settings.inquiryFailurePercent = 0
    settings.downtime = 0...0
    for id in connections.ids where connections[id].hasVanished {
      if let outside = connections[id].outside { schedule(.reset(connections.other(outside)), after: 0) }
    }
  }

  /// The process was suspended, or the clock was: the monotonic clock goes on by so much, and what was due meanwhile is late.
  public mutating func lose(_ time: Int64) { now += time }
  /// Somebody sets a server's wall clock.
  public mutating func stepWall(by offset: Int64, at server: Int = 0) { nodes[server].wallOffset += offset }

  private mutating func happen(_ what: SimulatedEvent) {
    switch what {
    case .arrive(let end, let item): arrive(item, at: end)
    case .reset(let end): reset(at: end)
    case .patience(let end, let number): patienceEnds(end, number)
    case .flush(let server): flushNow(server)
    case .sync(let server): sync(server)
    case .answer(let server, let id, let question, let found, let failures): answer(server, id, question, found, failures)
    case .restart(let server): restart(server)
    case .stop(let server, let life): if nodes[server].incarnation == life { crash(server) }
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

  /// A server's process is to die once it has done so many more of its actions: in the midst of what it does for one event.
  /// `nil` calls it off.
  public mutating func crash(afterActions count: Int?, at server: Int = 0) {
    nodes[server].actionsLeft = count
    if count == nil { (nodes[server].diesAtCommit, nodes[server].keptAtCrash) = (false, nil) }
    if count == 0 { crash(server) }
  }

  /// The same, with its next commit under way: where it matters most.
  public mutating func crashAtCommit(at server: Int = 0) { nodes[server].diesAtCommit = true }

  /// The process dies. Of the pending transactions any beginning (a choice) had reached the disk. The bytes written to the network arrive,
  /// or a beginning of them; then the connections end.
  mutating func crash(_ server: Int) {
    let pending = nodes[server].disk.pending.count
    crash(server, keeping: nodes[server].keptAtCrash ?? choices.draw(.crash, Node.label(server, 1), below: pending + 1))
  }

  mutating func crash(_ server: Int = 0, keeping kept: Int) {
    nodes[server].die(keeping: kept)
    eventQueue.drop(server)
    for id in connections.ids {
      for side in [Side.dialer, .acceptor] where connections.has(id) && connections[id][side].server == server {
        serverDies(connections[id].id(of: side), server)
      }
    }
    notices.append(.crashed)
    let downtime = pick(.crash, Node.label(server, 2), settings.downtime, &choices)
    if downtime == 0 { restart(server) } else { schedule(.restart(server), after: downtime) }
  }

  /// The process is told to end, as by SIGTERM: it takes leave of everybody, and ends some time later.
  public mutating func shutDown(grace: Int64, at server: Int = 0) {
    guard nodes[server].isUp else { return }
    tell(.shutdown, server)
    schedule(.stop(server, life: nodes[server].incarnation), after: grace)
  }

  private mutating func restart(_ server: Int) {
    nodes[server].restart(seed: choices.seed, at: instant(of: server))
    notices.append(.restarted)
  }
}
