internal import OrderedCollections
internal import ServerCore
internal import Storage

// The events of a run in words.

extension Run {
  /// The first thing that was observed during an event, or else the last before it, as a place in the history.
  func observation(at event: UInt64) -> Int? {
    history.firstIndex { $0.event == event } ?? history.lastIndex { $0.event < event }
  }

  /// The event itself, what clients sent and received because of it, and what the server did.
  func words(forEvent number: UInt64) -> String {
    guard let entry = world.eventLog?[number] else { return "the beginning" }
    var parts = [entry.event.map { words(for: $0) } ?? "the server's next time-out passes"]
    let seen = history.filter { $0.event == number }.map { Run.shortened("\($0.observation)") }
    parts += seen.prefix(3)
    if seen.count > 3 { parts.append("and \(seen.count - 3) observations more") }
    return (parts + doings(entry)).joined(separator: "; ")
  }

  private func words(for event: World.SimulatedEvent) -> String {
    switch event {
    case .alarm(let id) where id == Run.weatherAlarm: "the next chance for faults comes"
    case .alarm(let id) where id >= Run.readAlarm: "\(actorName(Int(id - Run.readAlarm))) reads again"
    case .alarm(let id): "\(actorName(Int(id))) acts"
    default: event.words { name(of: $0) }
    }
  }

  /// The kinds of the server's actions, each once.
  private func doings(_ entry: EventLog.Entry) -> [String] {
    var writes: OrderedSet<String> = []
    var commits: OrderedSet<String> = []
    var closed: OrderedSet<String> = []
    for (action, connection) in entry.actions {
      let client = connection.map { name(of: $0.number) } ?? "a client that is gone"
      switch action {
      case .write: writes.append(client)
      case .commit(_, let changes): commits.append(contentsOf: changes.map { $0.words })
      case .close, .abort: closed.append(client)
      case .startTLS, .read, .ask, .reply, .log, .giveUp: break
      }
    }
    return [("commits", commits), ("writes to", writes), ("ends the connection of", closed)].compactMap { verb, things in
      guard !things.isEmpty else { return nil }
      let more = things.count > 3 ? " and \(things.count - 3) more" : ""
      return "the server \(verb) \(things.prefix(3).joined(separator: ", "))\(more)"
    }
  }

  static func shortened(_ text: String) -> String { text.count > 160 ? text.prefix(159) + "…" : text }

  // MARK: Names

  func actorName(_ index: Int) -> String { actors.indices.contains(index) ? actors[index].name : "client \(index)" }

  /// The session whose connection has this number (`SessionID.label`).
  func name(of connection: UInt64) -> String { actorName(Int(connection >> 24) - 1) }
}

extension World.SimulatedEvent {
  /// - Parameter name: that of the client whose connection has a number.
  func words(_ name: (UInt64) -> String) -> String {
    switch self {
    case .arrive(let end, let item) where end.server != nil: "\(item.words) from \(name(end.socket.number)) arrives at the server"
    case .arrive(let end, let item): "\(item.words) from the server arrives at \(name(end.socket.number))"
    case .reset(let end) where end.server != nil: "the server's system learns that \(name(end.socket.number)) is gone"
    case .reset(let end): "the connection of \(name(end.socket.number)) is reset"
    case .patience(let end, _): "the server's wait for \(name(end.socket.number)) to close its connection ends"
    case .flush: "the server handles its batch of input"
    case .sync: "the disk ends a transaction"
    case .answer(_, _, .query(let query), _, _): "storage answers the query of \(query.words)"
    case .answer(_, _, .deriveKeys, _, _): "a derivation of keys ends"
    case .answer(_, _, .resolve, _, _): "DNS answers"
    case .answer(_, _, .connect, _, _): "an attempt to connect ends"
    case .answer(_, _, .verify, _, _): "a certificate is verified"
    case .restart: "the server starts again"
    case .stop: "the time that the server had to end is over"
    case .alarm(let id): "alarm \(id) comes"
    }
  }
}

extension Pipe.Item {
  fileprivate var words: String {
    switch self {
    case .bytes(let bytes): "a segment of \(bytes.count) bytes"
    case .handshake: "a TLS handshake"
    case .alert: "a TLS alert"
    case .fin: "the end of the output"
    }
  }
}

extension Query {
  fileprivate var words: String {
    switch self {
    case .owner(let owner): owner.words
    case .rows(let rows): "table \(rows.table)"
    }
  }
}

extension Owner {
  fileprivate var words: String { "\(kind) \(jid)" }
}

extension Change {
  fileprivate var words: String {
    switch self {
    case .put(let table, let owner, _): "a row of \(table) of \(owner.words)"
    case .delete(let table, let owner, _), .deleteRange(let table, let owner, _): "a deletion in \(table) of \(owner.words)"
    case .deleteOwner(let owner): "the deletion of \(owner.words)"
    }
  }
}
