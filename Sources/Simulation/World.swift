internal import HeapModule
internal import OrderedCollections
public import ServerCore
internal import XML
internal import XMPP

/// How unkind the world is. Percentages and nanoseconds.
public struct WorldSettings: Sendable {
  /// The most pieces that one write falls into.
  public var pieces = 4
  public var latency: ClosedRange<Int64> = .milliseconds(1) ... .milliseconds(40)
  public var commitTime: ClosedRange<Int64> = .milliseconds(0) ... .milliseconds(5)
  /// How much the server's configuration differs from the default.
  public var configuration: Configuration
  public init(configuration: Configuration) { self.configuration = configuration }
}

/// A server on a simulated network with a simulated disk, in virtual time. Everything that can come out one way or another is decided
/// by `choices`.
public struct World {
  /// One end of a connection from outside.
  public struct ConnectionID: Hashable, Sendable, Comparable {
    public let number: UInt64
    public static func < (a: ConnectionID, b: ConnectionID) -> Bool { a.number < b.number }
  }

  /// What the outside sees of its connections.
  public enum Notice: Sendable {
    case bytes(ConnectionID, [UInt8])
    /// The server is ready for the TLS handshake.
    case handshake(ConnectionID)
    case closed(ConnectionID)
    case restarted
    case alarm(UInt64)
    case reply(UInt64, ControlReply)
  }

  private enum Item: Sendable { case bytes([UInt8]), handshake, close }

  /// One direction of a connection: what is under way arrives in order, never faster than what went before.
  private struct Pipe: Sendable {
    var lastArrival: Int64 = 0
    var underWay = 0
  }
  private struct Connection: Sendable {
    var link: LinkID
    var inbound = Pipe()
    var outbound = Pipe()
    var isOpen = true
    var isRead = true
    /// Arrived and not read by the server, while it does not want to.
    var waiting: [Item] = []
  }

  private enum Happening: Sendable {
    case arriveAtServer(ConnectionID, Item)
    case arriveOutside(ConnectionID, Item)
    case accepted(ConnectionID, Int)
    case sync
    /// As it was when it was asked for, and how many commits had failed by then.
    case loaded(LoadKey, Loaded, failures: Int)
    case derived(UInt64, DerivationRequest)
    case alarm(UInt64)
  }

  private struct Entry: Comparable, Sendable {
    let time: Int64
    let order: UInt64
    let what: Happening
    static func < (a: Entry, b: Entry) -> Bool { (a.time, a.order) < (b.time, b.order) }
    static func == (a: Entry, b: Entry) -> Bool { (a.time, a.order) == (b.time, b.order) }
  }

  public var choices: Choices
  public let settings: WorldSettings
  public private(set) var engine: Engine
  public private(set) var now: Int64 = 0
  private var disk = Disk()
  private var syncScheduled = false
  private var failedCommits = 0
  private var connections: OrderedDictionary<ConnectionID, Connection> = [:]
  private var links: [LinkID: ConnectionID] = [:]
  private var queue = Heap<Entry>()
  private var order: UInt64 = 0
  private var incarnation = 0
  private var actionsLeft: Int?
  private var connectionCount: UInt64 = 0
  private var notices: [Notice] = []
  /// Things under way that will happen whatever anyone does; at zero the world is at rest.
  private var busy = 0
  public private(set) var happenings: UInt64 = 0
  public private(set) var digest = Digest()

  /// The wall clock at the beginning: any fixed day will do.
  private static let wallStart: Int64 = .seconds(1_800_000_000)
  /// Compared with the server after each event, if it is there.
  public private(set) var model: ReferenceModel?
  /// The wall clock may be set while the monotonic one goes on.
  public var wallOffset: Int64 = 0

  public init(seed: UInt64, settings: WorldSettings) {
    choices = Choices(seed: seed)
    self.settings = settings
    engine = World.start(settings, seed, incarnation: 0)
  }

  private static func start(_ settings: WorldSettings, _ seed: UInt64, incarnation: Int) -> Engine {
    var key: [UInt8] = []
    for shift in stride(from: 0, to: 64, by: 8) { key.append(UInt8(truncatingIfNeeded: seed >> UInt64(shift))) }
    key.append(UInt8(truncatingIfNeeded: incarnation))
    return Engine(configuration: settings.configuration, seed: key)
  }

  public var instant: Instant { Instant(monotonic: now, wall: World.wallStart + now + wallOffset) }
  /// Whether something is under way: bytes, a commit, a load.
  public var isAtRest: Bool { busy == 0 }
  /// What would survive the loss of power now.
  public var durable: Database { disk.durable }

  // MARK: What the outside does

  public mutating func connect() -> ConnectionID {
    connectionCount += 1
    let id = ConnectionID(number: connectionCount)
    let link = LinkID(connectionCount)
    connections[id] = Connection(link: link)
    links[link] = id
    tell(.opened(link))
    return id
  }

  public mutating func send(_ bytes: [UInt8], on id: ConnectionID) {
    guard connections[id]?.isOpen ?? false else { return }
    for piece in split(bytes, id) { dispatch(.bytes(piece), toServer: true, id) }
  }

  /// The client's handshake reaches the server in its turn.
  public mutating func completeHandshake(on id: ConnectionID) {
    guard connections[id]?.isOpen ?? false else { return }
    dispatch(.handshake, toServer: true, id)
  }

  /// The client's side of the connection ends behind all it has sent.
  public mutating func close(_ id: ConnectionID) {
    guard connections[id]?.isOpen ?? false else { return }
    dispatch(.close, toServer: true, id)
  }

  /// The connection breaks: what is under way either way is lost.
  public mutating func reset(_ id: ConnectionID) {
    guard let connection = connections[id], connection.isOpen else { return }
    connections[id]!.isOpen = false
    tell(.closed(connection.link))
    connections[id] = nil
  }

  /// From now on the server is compared with a model. Nobody may be connected, and nothing under way.
  public mutating func compareWithModel() {
    engine.keepsEvents = true
    model = model ?? ReferenceModel(configuration: settings.configuration)
    model?.restart(engine.server, from: disk.durable)
  }

  public mutating func control(_ id: UInt64, _ request: ControlRequest) { tell(.control(id, request)) }

  /// The server's process is to die once it has done so many more of its actions: in the midst of what it does for one event.
  /// It comes back at once. `nil` calls it off.
  public mutating func crash(afterActions count: Int?) {
    actionsLeft = count
    if count == 0 { crash() }
  }

  /// Of the pending transactions any beginning (a choice) had reached the disk. What was already written to the network arrives, or
  /// a beginning of it; then the connections end.
  private mutating func crash() {
    actionsLeft = nil
    disk.crash(keeping: choices.draw(.crash, 1, below: disk.pending.count + 1))
    incarnation += 1
    links = [:]
    syncScheduled = false
    // All else that was under way belonged to the old process.
    queue = Heap(queue.unordered.filter { if case .arriveOutside = $0.what { true } else { false } })
    busy = queue.count
    for id in connections.keys {
      connections[id]!.isOpen = false
      dispatch(.close, toServer: false, id, early: choices.chance(.crash, 4, percent: 30))
    }
    engine = World.start(settings, choices.seed, incarnation: incarnation)
    if model != nil { compareWithModel() }
    notices.append(.restarted)
  }

  /// The transaction in preparation fails; the process lives on.
  public mutating func failCommit() {
    guard let first = disk.fail() else { return }
    failedCommits += 1
    tell(.commitFailed(from: first))
  }

  /// Wakes nobody: only makes time pass that far.
  public mutating func alarm(_ id: UInt64, after delay: Int64) { schedule(.alarm(id), after: delay, counts: false) }

  public mutating func takeNotices() -> [Notice] {
    defer { notices = [] }
    return notices
  }

  // MARK: Time

  /// Lets the next thing happen. With `untilRest` only what is already under way, and no time-out of the server's.
  /// Returns false if there was nothing.
  public mutating func advance(untilRest: Bool, upTo limit: Int64 = .max) -> Bool {
    if untilRest, busy == 0 { return false }
    let deadline = engine.nextDeadline
    if let deadline, !untilRest || busy > 0, deadline <= (queue.min?.time ?? .max), deadline <= limit, !untilRest || queue.min != nil {
      now = max(now, deadline)
      happenings += 1
      tell(.deadline)
      return true
    }
    guard let entry = queue.min, entry.time <= limit else {
      now = max(now, limit == .max ? now : limit)
      return false
    }
    queue.removeMin()
    now = max(now, entry.time)
    happenings += 1
    if case .alarm = entry.what {} else { busy -= 1 }
    happen(entry.what)
    return true
  }

  private mutating func happen(_ what: Happening) {
    switch what {
    case .arriveAtServer(let id, let item): arriveAtServer(id, item)
    case .arriveOutside(let id, let item):
      guard connections[id] != nil else { return }
      switch item {
      case .bytes(let bytes):
        digest.add(id.number)
        digest.add(bytes)
        notices.append(.bytes(id, bytes))
      case .handshake: notices.append(.handshake(id))
      case .close:
        connections[id] = nil
        notices.append(.closed(id))
      }
    case .accepted(let id, let count):
      if let link = connections[id]?.link { tell(.accepted(link, count)) }
    case .sync:
      syncScheduled = false
      if let last = disk.sync() { tell(.committed(through: last)) }
    case .loaded(let key, let loaded, let failures):
      // What a failed commit took back is read anew, as storage does it.
      tell(.loaded(key, failures == failedCommits ? loaded : disk.load(key)))
    case .derived(let id, let request): tell(.derived(id, Scram.derive(request)))
    case .alarm(let id): notices.append(.alarm(id))
    }
  }

  private mutating func arriveAtServer(_ id: ConnectionID, _ item: Item) {
    guard let connection = connections[id], connection.isOpen else { return }
    guard connection.isRead else {
      connections[id]!.waiting.append(item)
      return
    }
    switch item {
    case .bytes(let bytes): tell(.bytes(connection.link, bytes))
    case .handshake: tell(.encrypted(connection.link))
    case .close:
      connections[id]!.isOpen = false
      tell(.closed(connection.link))
      connections[id] = nil
    }
  }

  // MARK: The server's side

  private mutating func tell(_ input: Input) {
    let teller = incarnation
    engine.handle(input, at: instant)
    for handled in engine.takeEvents() { model?.handle(handled, durable: disk.durable) }
    for action in engine.flush() {
      act(action)
      guard incarnation == teller else { return }
      guard let left = actionsLeft else { continue }
      actionsLeft = left - 1
      if left <= 1 { return crash() }
    }
  }

  private mutating func act(_ action: Action) {
    switch action {
    case .write(let link, let bytes):
      guard let id = links[link], connections[id] != nil else { return }
      for piece in split(bytes, id) { dispatch(.bytes(piece), toServer: false, id) }
      schedule(.accepted(id, bytes.count), after: latency(id))
    case .startTLS(let link):
      if let id = links[link], connections[id] != nil { dispatch(.handshake, toServer: false, id) }
    case .close(let link), .abort(let link):
      guard let id = links[link], connections[id] != nil else { return }
      dispatch(.close, toServer: false, id)
      connections[id]!.isOpen = false
      tell(.closed(link))
    case .read(let link, let wanted):
      guard let id = links[link], connections[id] != nil else { return }
      connections[id]!.isRead = wanted
      guard wanted else { return }
      let waiting = connections[id]!.waiting
      connections[id]!.waiting = []
      for item in waiting { arriveAtServer(id, item) }
    case .commit(let number, let records):
      disk.write(number, records)
      guard !syncScheduled else { return }
      syncScheduled = true
      schedule(.sync, after: pick(.commitTime, 0, settings.commitTime))
    case .load(let key): schedule(.loaded(key, disk.load(key), failures: failedCommits), after: pick(.loadTime, 0, settings.commitTime))
    case .derive(let id, let request): schedule(.derived(id, request), after: pick(.deriveTime, 0, settings.commitTime))
    case .reply(let id, let reply): notices.append(.reply(id, reply))
    case .log: break
    }
  }

  /// What is `early` may overtake what is under way, which is then lost.
  private mutating func dispatch(_ item: Item, toServer: Bool, _ id: ConnectionID, early: Bool = false) {
    let delay = latency(id)
    let last = toServer ? connections[id]!.inbound.lastArrival : connections[id]!.outbound.lastArrival
    let arrival = early ? now + delay : max(now + delay, last)
    if toServer { connections[id]!.inbound.lastArrival = arrival } else { connections[id]!.outbound.lastArrival = arrival }
    schedule(toServer ? .arriveAtServer(id, item) : .arriveOutside(id, item), after: arrival - now)
  }

  private mutating func schedule(_ what: Happening, after delay: Int64, counts: Bool = true) {
    order += 1
    if counts { busy += 1 }
    queue.insert(Entry(time: now + delay, order: order, what: what))
  }

  private mutating func latency(_ id: ConnectionID) -> Int64 { pick(.latency, id.number, settings.latency) }

  private mutating func pick(_ purpose: Choices.Purpose, _ who: UInt64, _ range: ClosedRange<Int64>) -> Int64 {
    range.lowerBound + Int64(choices.draw(purpose, who, below: Int((range.upperBound - range.lowerBound) / 1000) + 1)) * 1000
  }

  /// Cuts a write into pieces at any byte.
  private mutating func split(_ bytes: [UInt8], _ id: ConnectionID) -> [[UInt8]] {
    let count = 1 + choices.draw(.split, id.number, below: settings.pieces)
    guard count > 1, bytes.count > 1 else { return [bytes] }
    let cuts = (1..<count).map { _ in 1 + choices.draw(.split, id.number, below: bytes.count - 1) }.sorted()
    var pieces: [[UInt8]] = []
    var start = 0
    for cut in cuts + [bytes.count] where cut > start {
      pieces.append(Array(bytes[start..<cut]))
      start = cut
    }
    return pieces
  }
}

/// FNV-1a over all that the outside received: two runs that differ anywhere differ here.
public struct Digest: Sendable, Hashable, CustomStringConvertible {
  private var value: UInt64 = 0xCBF2_9CE4_8422_2325
  public init() {}
  public mutating func add(_ bytes: some Sequence<UInt8>) {
    for byte in bytes { value = (value ^ UInt64(byte)) &* 0x100_0000_01B3 }
  }
  public mutating func add(_ number: UInt64) {
    for shift in stride(from: 0, to: 64, by: 8) { add(CollectionOfOne(UInt8(truncatingIfNeeded: number >> UInt64(shift)))) }
  }
  public var description: String {
    let digits = String(value, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }
}
