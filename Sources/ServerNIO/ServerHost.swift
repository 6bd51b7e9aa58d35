internal import Logging
internal import NIOCore
internal import ServerCore
internal import Storage
internal import StorageSQLite
internal import Synchronization

/// Owns the engine and does what it wishes: the only place where the core meets the system.
///
/// Everything here happens on one event loop, which is why it may be passed around; other threads come in by `loop.execute`. Connections
/// may have loops of their own (`ConnectionLoop`).
final class ServerHost: @unchecked Sendable {
  let loop: any EventLoop
  private var driver: EngineDriver
  private var storage: StorageQueue!
  private let logger: Logger

  private(set) var connectionLoops: [ConnectionLoop] = []
  /// Whether connections have loops of their own.
  private let handsOver: Bool
  private let connectionCount = Atomic<UInt64>(0)
  private var requests: [UInt64: @Sendable (ControlReply) -> Void] = [:]
  private var requestCount: UInt64 = 0
  private var storageRequestCount: UInt64 = 0
  private var deadline: Scheduled<Void>?
  /// When it comes; never if there is none.
  private var deadlineTime = Int64.max
  private var isFlushScheduled = false
  private var isFlushing = false
  /// Storage for the engine's actions, between two flushes.
  private var spareActions: [Action] = []
  private var shutdown: EventLoopPromise<Void>?
  /// Ends the process.
  private let giveUp: @Sendable () -> Void

  /// - Parameters:
  ///   - connectionLoops: where connections are; may be the same as `loop`, or it and others.
  ///   - giveUp: ends the process at once (`Action.giveUp`).
  init(
    loop: any EventLoop, connectionLoops: [any EventLoop], engine: Engine, storage: sending SQLiteStorage, logger: Logger,
    giveUp: @escaping @Sendable () -> Void
  ) {
    self.loop = loop
    driver = EngineDriver(engine, logger)
    self.logger = logger
    self.giveUp = giveUp
    handsOver = !(connectionLoops.count == 1 && connectionLoops[0] === loop)
    self.storage = StorageQueue(storage) { [unowned self] answers in
      // The queue is drained before the host goes.
      loop.execute { self.receive(answers) }
    }
    self.connectionLoops = connectionLoops.map { ConnectionLoop($0, host: self) }
  }

  /// To be called before anything happens.
  func record(into folder: consuming RecordingFolder) { driver.record(into: folder) }

  // MARK: In

  /// Tells the engine; what follows from it is done once for all that happens in this turn of the loop, or when it has become much.
  func handle(_ input: Input) {
    loop.preconditionInEventLoop()
    flushSoon()
    driver.feed(input)
    if !isFlushing, driver.engine.isFull {
      flush()
      driver.now = .now()
    }
  }

  /// Begins a turn, if none has begun: reads the clock, and schedules the flush at the turn's end.
  private func flushSoon() {
    guard !isFlushScheduled, !isFlushing else { return }
    driver.now = .now()
    isFlushScheduled = true
    loop.execute {
      self.isFlushScheduled = false
      self.flush()
    }
  }

  /// From any thread.
  func nextConnection() -> ConnectionID { ConnectionID(connectionCount.add(1, ordering: .relaxed).newValue) }

  /// Receives an event of a connection, on this loop. Ends that come to light while the engine's actions are carried out are handled after
  /// them, too.
  func receive(_ event: ConnectionLoop.ConnectionEvent) {
    flushSoon()
    // Bytes that the system has accepted are accounted for at once, ahead of input that still waits for the engine.
    if case .accepted(let connection, let count) = event { return driver.accepted(connection, count) }
    if driver.add(event) { flush() }
  }

  /// Asks the engine on behalf of somebody with authority over the server. The answer comes on the loop.
  func control(_ request: ControlRequest, _ answer: @escaping @Sendable (ControlReply) -> Void) {
    requestCount += 1
    requests[requestCount] = answer
    handle(.control(requestCount, request))
  }

  private func receive(_ answers: [StorageAnswer]) {
    for answer in answers {
      switch answer {
      case .committed(let number):
        handle(.committed(through: number))
      case .commitFailed(let number, let reason):
        logger.error("storage: \(reason)")
        // Commits that the core makes after it has learnt of the failure must not reach the queue before the mark: see `StorageQueue`.
        driver.now = .now()
        driver.feed(.commitFailed(from: number))
        storage.resumeAfterFailure(ofShard: number.shard)
        flush()
      case .answered(let number, .success(let result)): handle(.answered(InquiryID(number), .result(result)))
      case .answered(let number, .failure(let error)):
        logger.error("storage: \(error)")
        handle(.answered(InquiryID(number), .failed(error.description)))
      }
    }
  }

  // MARK: Out

  /// Tells the engine what was said and does what it wants, until it wants no more: a write that is accepted at once is an input too.
  private func flush() {
    guard !isFlushing else { return }
    isFlushing = true
    var actions = spareActions
    spareActions = []
    while true {
      if driver.processPending() { shutdown?.succeed() }
      driver.takeActions(&actions)
      for action in actions { perform(action) }
      actions.removeAll(keepingCapacity: actions.count <= 64)
      if handsOver { for connectionLoop in connectionLoops { connectionLoop.flush() } }
      if driver.hasPendingEvents { driver.now = .now() }
      guard !driver.isPending else { continue }
      let answered = driver.takeFinished()
      if answered.isEmpty { break }
      for handler in answered { handler.home.perform(.finish, handler) }
    }
    spareActions = actions
    isFlushing = false
    schedule()
  }

  private func perform(_ action: Action) {
    switch action {
    case .write(let connection, let bytes):
      if let handler = driver.handler(of: connection) { handler.home.write(bytes, connection, handler) }
    case .startTLS(let connection, _), .close(let connection), .abort(let connection), .read(let connection, _):
      if let handler = driver.handler(of: connection) { handler.home.perform(.action(action), handler) }
    case .commit(let number, let changes):
      storageRequestCount += 1
      storage.commit(number, changes)
    case .ask(let id, .query(let query)):
      storageRequestCount += 1
      storage.ask(id.serial, query)
    case .ask(let id, .deriveKeys(let request)):
      KeyDerivation.derive(request) { credentials in
        self.loop.execute { self.handle(.answered(id, .keys(credentials))) }
      }
    case .ask(let id, .resolve), .ask(let id, .connect), .ask(let id, .verify):
      handle(.answered(id, .failed("there is no federation")))
    case .reply(let id, let reply): requests.removeValue(forKey: id)?(reply)
    case .log(let level, let message): logger.log(level: level.loggerLevel, "\(message)")
    case .giveUp(let reason):
      logger.critical("\(reason)")
      giveUp()
    }
  }

  /// One task for the next deadline. One that comes too early does no harm, so it is moved only to come earlier.
  private func schedule() {
    guard let next = driver.nextDeadline, next < deadlineTime else { return }
    deadline?.cancel()
    deadlineTime = next
    deadline = loop.scheduleTask(deadline: .uptimeNanoseconds(UInt64(max(next, 0)))) {
      self.deadline = nil
      self.deadlineTime = .max
      self.driver.now = .now()
      self.driver.feed(.deadline)
      self.flush()
    }
  }

  // MARK: End

  /// Closes every stream. The future succeeds when all connections are gone, or after `patience`.
  func shutDown(patience: TimeAmount) -> EventLoopFuture<Void> {
    if let shutdown { return shutdown.futureResult }
    let promise = loop.makePromise(of: Void.self)
    shutdown = promise
    handle(.shutdown)
    if driver.connections.isEmpty { promise.succeed() }
    let timeout = loop.scheduleTask(in: patience) {
      for (number, handler) in self.driver.connections { handler.home.perform(.action(.abort(ConnectionID(number))), handler) }
      for connectionLoop in self.connectionLoops { connectionLoop.flush() }
      promise.succeed()
    }
    promise.futureResult.whenComplete { _ in timeout.cancel() }
    return promise.futureResult
  }

  /// Returns when storage has done all that it was told, and its answers were heard. Not to be called on the loop.
  func drainStorage() throws {
    KeyDerivation.drain()
    var before: UInt64
    var after: UInt64 = 0
    repeat {
      before = after
      storage.drain()
      // An answer of storage may make the core ask for more.
      after = try loop.submit {
        self.driver.now = .now()
        self.flush()
        return self.storageRequestCount
      }.wait()
    } while after != before
    ControlSocket.drain()
    try loop.submit {
      self.deadline?.cancel()
      self.deadline = nil
    }.wait()
  }
}

extension ServerCore.LogLevel {
  var loggerLevel: Logger.Level {
    switch self {
    case .debug: .debug
    case .info: .info
    case .warning: .warning
    case .error: .error
    }
  }
}
