internal import OrderedCollections
internal import ServerCore
internal import Storage

// The counterpart of the socket adapter: it hands on events, and carries out the engines' actions. Servers are known by their numbers.

extension World {
  mutating func tell(_ input: Input, _ server: Int) {
    guard nodes[server].isUp else { return }
    // Ends that come to light while it does what it is told are heard after that.
    if nodes[server].isFlushing, case .closed = input { return nodes[server].ended.append(input) }
    take(input, server)
    guard !nodes[server].isFlushing else { return }
    if nodes[server].engine.isFull || hasReadEnough(input, server) { return flush(server) }
    guard !nodes[server].isFlushScheduled else { return }
    if choices.chance(.tie, Node.label(server), percent: settings.batchPercent) {
      nodes[server].isFlushScheduled = true
      schedule(.flush(server), after: Int64(choices.draw(.tie, Node.label(server), below: 1000)) * 1000)
    } else {
      flush(server)
    }
  }

  private mutating func take(_ input: Input, _ server: Int) {
    nodes[server].take(input, at: instant(of: server))
    watchLimits(server)
  }

  /// An adapter reads only so much of a connection before it does what it is told.
  private mutating func hasReadEnough(_ input: Input, _ server: Int) -> Bool {
    guard case .bytes(let connection, let bytes) = input, let end = nodes[server].ends[connection] else { return false }
    nodes[server].readInTurn[end, default: 0] += bytes.count
    return nodes[server].readInTurn[end]! > World.mostInTurn
  }

  static let mostInTurn = 16 << 10

  mutating func flushNow(_ server: Int) {
    nodes[server].isFlushScheduled = false
    flush(server)
  }

  /// Does what the engine wants, until it wants no more: a write that is accepted at once is an input too. The process may die on
  /// the way.
  private mutating func flush(_ server: Int) {
    let life = nodes[server].incarnation
    nodes[server].isFlushing = true
    nodes[server].readInTurn = [:]
    while true {
      let actions = nodes[server].flush(at: instant(of: server))
      guard !actions.isEmpty || !nodes[server].ended.isEmpty else { break }
      for action in nodes[server].mutant == nil ? actions : sabotaged(actions, server) {
        act(action, server)
        guard nodes[server].incarnation == life else { return }
        if nodes[server].diesAtCommit, case .commit = action { return crash(server) }
        guard let left = nodes[server].actionsLeft else { continue }
        nodes[server].actionsLeft = left - 1
        if left <= 1 { return crash(server) }
      }
      while !nodes[server].engine.isFull, let input = nodes[server].ended.popLast() { take(input, server) }
    }
    nodes[server].isFlushing = false
    while !nodes[server].readers.isEmpty { readAtServer(nodes[server].readers.removeFirst()) }
  }

  private mutating func sabotaged(_ actions: [Action], _ server: Int) -> [Action] {
    let now = instant(of: server)
    let distorted = actions.flatMap { action in
      let instead = nodes[server].mutant!.distort(action)
      if let (connection, count) = nodes[server].mutant!.debt(of: action, for: instead) {
        nodes[server].feed(.accepted(connection, count), at: now)
      }
      return instead
    }
    return nodes[server].mutant!.reorder(distorted)
  }

  private mutating func act(_ action: Action, _ server: Int) {
    let end = action.connection.flatMap { nodes[server].ends[$0] }
    eventLog?.add(action, on: end?.socket)
    switch action {
    case .write(_, let bytes):
      guard let end, connections[end].closing.isOpen else { return }
      connections[end].closing.writes()
      write(bytes, from: end)
    case .startTLS(_, let start):
      guard let end, connections[end].closing.isOpen else { return }
      if connections.other(end).server == nil { beginHandshake(end) } else { begin(start, between: end) }
    case .close: if let end { follow(connections[end].closing.close(), end) }
    case .abort: if let end { follow(connections[end].closing.abort(), end) }
    case .read(_, let wanted):
      guard let end, connections[end].closing.isOpen else { return }
      connections[end].isRead = wanted
      // Not at once: nothing that comes of it could be done while this is being done.
      if wanted { nodes[server].readers.append(end) }
    case .commit(let number, let changes): commit(number, changes, server)
    case .ask(let id, let question): ask(id, question, server)
    case .reply(let id, let reply): notices.append(.reply(id, reply))
    case .log: break
    case .giveUp: crash(server)
    }
  }

  // MARK: Limits

  /// Nobody is heard for long who speaks faster than he may.
  mutating func watchPace(_ end: EndID, _ count: Int, _ server: Int) {
    let limits = nodes[server].configuration.limits
    guard limits[.bytesPerSecond] > 0 else { return }
    let spent = connections[end].spending.add(count, at: now, bytesPerSecond: limits[.bytesPerSecond])
    // One read more than what was free, and what is read before the server's wish to read no more is carried out. The server counts whole
    // nanoseconds, which may be worth a byte.
    let most = 1 + limits[.burstBytes] + settings.readSize + (settings.batchPercent > 0 ? World.mostInTurn : 0)
    if spent > most, overLimit == nil { overLimit = Gauge(name: "bytes said too fast", value: spent, limit: most) }
  }

  /// More connections from one address than a server should have let stay.
  var crowd: Gauge? { nodes.indices.lazy.compactMap { crowd(at: $0) }.first }

  private func crowd(at server: Int) -> Gauge? {
    let there = connections.ids.filter { id in
      let end = connections[id][.acceptor]
      return end.server == server && end.isThere && end.closing.isOpen
    }
    let origins = there.compactMap { connections[$0].origin }
    let most = nodes[server].configuration.limits[.connectionsPerAddress]
    let counts = OrderedSet(origins).map { origin in origins.count { $0 == origin } }
    return counts.first { $0 > most }.map { Gauge(name: "connections from an address", value: $0, limit: most) }
  }

  /// No buffer or queue of a server's may ever hold more than it is allowed to.
  private mutating func watchLimits(_ server: Int) {
    // Looking at all of them costs as much as an event: where limits are far away, now and then is enough.
    guard overLimit == nil, settings.watchesLimitsClosely || happenings >= nodes[server].nextWatch else { return }
    nodes[server].nextWatch = happenings + 64 + UInt64(nodes[server].ends.count)
    overLimit = nodes[server].engine.overLimit
  }
}
