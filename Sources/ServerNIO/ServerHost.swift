internal import Logging
internal import NIOCore
internal import ServerCore
internal import Storage
internal import StorageSQLite
internal import Synchronization

/// Owns the engine and does what it wishes: the only place where the core meets the system.
///
/// Everything here happens on one event loop, which is why it may be passed around; other threads come in by `loop.execute`. Connections
/// may have loops of their own (`LinkLoop`).
final class ServerHost: @unchecked Sendable {
  let loop: any EventLoop
  private var engine: Engine
  private var recording: RecordingFolder?
  private var storage: StorageQueue!
  private let logger: Logger

  private(set) var linkLoops: [LinkLoop] = []
  private var links: [LinkID: LinkHandler] = [:]
  /// What connections have said in this turn of the loop. The engine hears it at the turn's end, all together: between two system calls it
  /// takes longer, as the processor has to fetch anew what a stanza needs (one by itself 25 µs, six in a turn 16 each).
  private var unheard = CircularBuffer<LinkLoop.Saying>()
  private var unheardBytes = 0
  /// Connections whose peers will say nothing more, since the last flush.
  private var finished: [LinkHandler] = []
  private let linkCount = Atomic<UInt64>(0)
  private var requests: [UInt64: @Sendable (ControlReply) -> Void] = [:]
  private var requestCount: UInt64 = 0
  private var storageRequestCount: UInt64 = 0
  private var deadline: (time: Int64, task: Scheduled<Void>)?
  private var isFlushScheduled = false
  /// When this turn of the loop began, or the last one.
  private var now = Instant.now()
  private var isFlushing = false
  private var shutdown: EventLoopPromise<Void>?

  /// - Parameter linkLoops: where connections are; may be the same as `loop`, or it and others.
  init(loop: any EventLoop, linkLoops: [any EventLoop], engine: Engine, storage: sending SQLiteStorage, logger: Logger) {
    self.loop = loop
    self.engine = engine
    self.logger = logger
    self.storage = StorageQueue(storage) { [unowned self] answers in
      // The queue is drained before the host goes.
      loop.execute { self.receive(answers) }
    }
    self.linkLoops = linkLoops.map { LinkLoop($0, host: self) }
  }

  /// To be called before anything happens.
  func record(into folder: consuming RecordingFolder) { recording = consume folder }

  // MARK: In

  /// What the engine is fed: nothing else reaches it. What happens in one turn of the loop happens at one time; a message would be two looks
  /// at the clocks otherwise, one of them for the acceptance of its copy.
  private func feed(_ input: Input) {
    if recording?.input(input, at: now, before: engine) == false { endRecording() }
    engine.handle(input, at: now)
  }

  private func takeActions() -> [Action] {
    let actions = engine.flush()
    if recording?.outputs(actions, of: engine, at: now) == false { endRecording() }
    return actions
  }

  private func endRecording() {
    recording = nil
    logger.warning("recording: there is no room on the disk, or no file can be made; it ends here")
  }

  /// Tells the engine; what follows from it is done once for all that happens in this turn of the loop, or when it has become much.
  func handle(_ input: Input) {
    loop.preconditionInEventLoop()
    flushSoon()
    feed(input)
    if !isFlushing, engine.isFull {
      flush()
      now = .now()
    }
  }

  /// Where a turn begins, and time comes in.
  private func flushSoon() {
    guard !isFlushScheduled, !isFlushing else { return }
    now = .now()
    isFlushScheduled = true
    loop.execute {
      self.isFlushScheduled = false
      self.flush()
    }
  }

  /// From any thread.
  func nextLink() -> LinkID { LinkID(linkCount.add(1, ordering: .relaxed).newValue) }

  /// Bytes that may wait for the end of a turn.
  private static let mostUnheard = 256 << 10

  /// What a connection says, on this loop. Ends that come to light while the engine's actions are being done are heard after them, too.
  func hear(_ saying: LinkLoop.Saying) {
    flushSoon()
    // What the system has taken counts no more, however much is still to be heard.
    if case .input(.accepted(let link, let count)) = saying { return feed(.accepted(link, count)) }
    unheard.append(saying)
    unheardBytes += saying.byteCount
    if unheardBytes > ServerHost.mostUnheard { flush() }
  }

  /// Tells the engine what was said, or as much of it as there is room for what follows from it.
  private func listen() {
    while !engine.isFull, let saying = unheard.popFirst() {
      unheardBytes -= saying.byteCount
      switch saying {
      case .opened(let handler, let link, let origin):
        links[link] = handler
        feed(.opened(link, from: origin))
      case .input(.closed(let link)):
        guard links.removeValue(forKey: link) != nil else { continue }
        feed(.closed(link))
        if links.isEmpty { shutdown?.succeed() }
      case .input(let input): feed(input)
      // What its peer said last may have an answer, which goes out first.
      case .finished(let handler): finished.append(handler)
      }
    }
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
        // What the core makes after it has heard must not reach the queue before the mark: see `StorageQueue`.
        now = .now()
        feed(.commitFailed(from: number))
        storage.resumeAfterFailure()
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
    while true {
      listen()
      let actions = takeActions()
      for action in actions { perform(action) }
      for linkLoop in linkLoops { linkLoop.flush() }
      if !unheard.isEmpty { now = .now() }
      guard actions.isEmpty, unheard.isEmpty else { continue }
      if finished.isEmpty { break }
      let answered = finished
      finished = []
      for handler in answered { handler.home.perform(.finish, handler) }
    }
    isFlushing = false
    schedule()
  }

  private func perform(_ action: Action) {
    switch action {
    case .write(let link, _), .startTLS(let link, _), .close(let link), .abort(let link), .read(let link, _):
      if let handler = links[link] { handler.home.perform(.action(action), handler) }
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
    case .reply(let id, let reply): requests.removeValue(forKey: id)?(reply)
    case .log(let level, let message): logger.log(level: level.loggerLevel, "\(message)")
    }
  }

  /// One task for the next deadline. One that comes too early does no harm, so it is moved only to come earlier.
  private func schedule() {
    guard let next = engine.nextDeadline else { return }
    if let deadline {
      guard next < deadline.time else { return }
      deadline.task.cancel()
    }
    let task = loop.scheduleTask(deadline: .uptimeNanoseconds(UInt64(max(next, 0)))) {
      self.deadline = nil
      self.now = .now()
      self.feed(.deadline)
      self.flush()
    }
    deadline = (next, task)
  }

  // MARK: End

  /// Closes every stream. The future succeeds when all links are gone, or after `patience`.
  func shutDown(patience: TimeAmount) -> EventLoopFuture<Void> {
    if let shutdown { return shutdown.futureResult }
    let promise = loop.makePromise(of: Void.self)
    shutdown = promise
    handle(.shutdown)
    if links.isEmpty { promise.succeed() }
    let timeout = loop.scheduleTask(in: patience) {
      for (link, handler) in self.links { handler.home.perform(.action(.abort(link)), handler) }
      for linkLoop in self.linkLoops { linkLoop.flush() }
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
      // What storage answered may make the core ask for more.
      after = try loop.submit {
        self.now = .now()
        self.flush()
        return self.storageRequestCount
      }.wait()
    } while after != before
    ControlSocket.drain()
    try loop.submit {
      self.deadline?.task.cancel()
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
