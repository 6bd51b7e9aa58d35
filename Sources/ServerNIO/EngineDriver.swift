internal import Logging
internal import NIOCore
internal import ServerCore

/// The engine, what connections have said that it has not heard, and who writes down what it is fed: nothing else reaches it.
///
/// One value, because a message looks at each part several times, and Swift checks each look at a property of an object for conflicts.
struct EngineDriver: ~Copyable {
  private(set) var engine: Engine
  private var recording: RecordingFolder?
  private let logger: Logger

  /// When this turn of the loop began, or the last one.
  var now = Instant.now()
  /// By the numbers of their connections.
  private(set) var connections: [UInt64: ConnectionHandler] = [:]
  /// Input of connections in this turn of the loop. The engine hears it at the turn's end, all together: between two system calls it
  /// takes longer, as the processor has to fetch anew what a stanza needs (one by itself 25 µs, six in a turn 16 each).
  private var pending: [ConnectionLoop.ConnectionEvent] = []
  /// How many of them were heard, where there was no room for what followed from more.
  private var processed = 0
  private var pendingBytes = 0
  /// Connections whose peers will say nothing more, since they were last answered.
  private var finished: [ConnectionHandler] = []
  /// The engine may want more than what it was asked for last.
  private var hasNews = false

  init(_ engine: Engine, _ logger: Logger) {
    self.engine = engine
    self.logger = logger
  }

  /// To be called before anything happens.
  mutating func record(into folder: consuming RecordingFolder) { recording = consume folder }

  /// Whether the engine may want something.
  var isPending: Bool { hasNews || processed < pending.count }
  var nextDeadline: Int64? { engine.nextDeadline }
  var hasPendingEvents: Bool { processed < pending.count }
  func handler(of connection: ConnectionID) -> ConnectionHandler? { connections[connection.number] }

  /// All events of one turn of the loop have one time; a message would be two looks at the clocks otherwise.
  mutating func feed(_ input: Input) {
    hasNews = true
    pass(input)
  }

  /// Bytes that the system has taken: nothing follows from them.
  mutating func accepted(_ connection: ConnectionID, _ count: Int) { pass(.accepted(connection, count)) }

  private mutating func pass(_ input: Input) {
    if recording?.input(input, at: now, before: engine) == false { endRecording() }
    engine.handle(input, at: now)
  }

  private mutating func endRecording() {
    recording = nil
    logger.warning("recording: there is no room on the disk, or no file can be made; it ends here")
  }

  /// Puts the engine's actions into the array, which is empty.
  mutating func takeActions(_ actions: inout [Action]) {
    engine.flush(into: &actions)
    // A recording's next file begins where the engine wants nothing, so it is asked until then.
    hasNews = recording != nil && !actions.isEmpty
    if recording?.outputs(actions, of: engine, at: now) == false { endRecording() }
  }

  /// Bytes that may wait for the end of a turn.
  private static let mostPendingBytes = 256 << 10

  /// Keeps what a connection says. Returns whether it is time to listen.
  mutating func add(_ event: ConnectionLoop.ConnectionEvent) -> Bool {
    pendingBytes += event.byteCount
    pending.append(event)
    return pendingBytes > EngineDriver.mostPendingBytes
  }

  /// Tells the engine what was said, or as much of it as there is room for what follows from it. Returns whether the last connection went.
  mutating func processPending() -> Bool {
    var isLast = false
    while processed < pending.count, !engine.isFull {
      let event = pending[processed]
      processed += 1
      switch event {
      case .opened(let handler, let connection, let opening):
        connections[connection.number] = handler
        feed(.opened(connection, opening))
      case .bytes(let connection, let bytes):
        pendingBytes -= bytes.count
        feed(.bytes(connection, bytes))
      case .accepted(let connection, let count): accepted(connection, count)
      case .encrypted(let connection, let facts): feed(.encrypted(connection, facts))
      case .closed(let connection):
        guard connections.removeValue(forKey: connection.number) != nil else { continue }
        feed(.closed(connection))
        isLast = connections.isEmpty
      // The peer's last words may have an answer, which goes out first.
      case .finished(let handler): finished.append(handler)
      }
    }
    if processed == pending.count {
      pending.removeAll(keepingCapacity: processed <= 1024)
      processed = 0
    }
    return isLast
  }

  /// Those whose peers will say nothing more, once.
  mutating func takeFinished() -> [ConnectionHandler] {
    defer { finished = [] }
    return finished
  }
}
