internal import ServerCore
internal import Storage

// Faults that strike at the next event of a world, whatever it is.

extension World {
  enum NextEvent {
    /// The server's next deadline passes.
    case deadline
    case event(SimulatedEvent)

    /// Whether the server hears of it.
    var isServers: Bool {
      switch self {
      case .deadline: true
      case .event(let event): event.server != nil
      }
    }

    var isCommit: Bool { if case .event(.sync) = self { true } else { false } }
    /// The question that it answers.
    var question: Question? { if case .event(.answer(_, _, let question, _, _)) = self { question } else { nil } }

    /// - Parameter name: that of a connection, by its number.
    func words(_ name: (UInt64) -> String) -> String {
      switch self {
      case .deadline: "the server's next time-out passes"
      case .event(let event): event.words(name)
      }
    }
  }

  /// The event that `advance` lets happen next, where the order of events is that of time.
  func next(untilRest: Bool, upTo limit: Int64) -> NextEvent? {
    if untilRest, isAtRest { return nil }
    if deadline(untilRest: untilRest, upTo: limit) != nil { return .deadline }
    return eventQueue.first(upTo: limit).map { .event($0.what) }
  }

  /// Later than anything that is under way takes, and sooner than anything that people wait for.
  private static let late: Int64 = .milliseconds(700)

  /// The next event comes late.
  mutating func postponeNext() {
    guard let entry = eventQueue.next(upTo: .max, &choices) else { return }
    eventQueue.add(entry.what, at: entry.time + World.late)
  }

  /// The next event comes twice.
  mutating func repeatNext() {
    guard let entry = eventQueue.first(upTo: .max) else { return }
    eventQueue.add(entry.what, at: entry.time)
  }

  /// The question that the next event would answer can't be answered.
  ///
  /// - Parameter silently: the server does not hear of it either.
  mutating func refuseNext(silently: Bool) {
    guard let entry = eventQueue.next(upTo: .max, &choices), case .answer(let server, let id, _, _, _) = entry.what else { return }
    notices.append(.unreadable)
    if !silently { tell(.answered(id, .failed("unreadable")), server) }
  }

  /// The first server's process dies once it has done so many more of its actions, and of the pending commits so many are durable.
  mutating func crash(afterActions count: Int, keeping kept: Int) {
    node.keptAtCrash = kept
    crash(afterActions: count)
  }

  /// The client reads no more, and no buffer is left in between: the server's system accepts nothing.
  mutating func stopReading(_ id: SocketID) {
    setSendCapacity(0, to: id)
    setStuck(id, true)
  }

  mutating func readAgain(_ id: SocketID) {
    guard let outside = setSendCapacity(settings.sendBuffer, to: id) else { return }
    setStuck(id, false)
    transmit(to: outside)
  }

  /// Of the server's system, towards the program outside.
  @discardableResult
  private mutating func setSendCapacity(_ bytes: Int, to id: SocketID) -> EndID? {
    guard connections.has(id), let outside = connections[id].outside else { return nil }
    connections[outside].incoming.sendCapacity = bytes
    return outside
  }

  /// Both ends of the connection know at once that it is broken.
  mutating func breakNow(_ id: SocketID) {
    guard connections.has(id), let outside = connections[id].outside else { return }
    connections[outside].isThere = false
    connections[outside].hasFinished = true
    reset(at: connections.other(outside))
  }
}
