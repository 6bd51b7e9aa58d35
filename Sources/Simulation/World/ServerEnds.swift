internal import ServerCore

// What servers do with their ends of connections. How a connection ends is decided by the same `CloseSequence` as at sockets.

extension World {
  mutating func write(_ bytes: [UInt8], from end: EndID) {
    let other = connections.other(end)
    connections[other].incoming.write(bytes)
    transmit(to: other)
  }

  mutating func write(_ item: Pipe.Item, from end: EndID) {
    let other = connections.other(end)
    connections[other].incoming.write(item)
    transmit(to: other)
  }

  /// The server's half of the handshake goes out behind all that was written.
  mutating func beginHandshake(_ end: EndID) {
    connections[end].awaitsHandshake = true
    write(.handshake, from: end)
  }

  private func isThere(_ end: EndID) -> Bool { connections.has(end.socket) && connections[end].isThere }

  /// A server that has the end hears of its connection.
  private mutating func tell(_ end: EndID, _ input: (ConnectionID) -> Input) {
    if let server = end.server, let connection = connections[end].connection { tell(input(connection), server) }
  }

  /// A write was accepted whole by the system.
  mutating func wrote(_ end: EndID, _ count: Int) {
    guard isThere(end) else { return }
    let actions = connections[end].closing.wrote()
    tell(end) { .accepted($0, count) }
    follow(actions, end)
  }

  mutating func follow(_ actions: [CloseSequence.Action], _ end: EndID) {
    for action in actions {
      guard isThere(end) else { return }
      switch action {
      case .read:
        connections[end].isRead = true
        readAtServer(end)
      case .endOutput:
        // Ended on both sides, it is over.
        if connections[end].sawEnd { return serverCloses(end) }
        write(.fin, from: end)
      case .wait(let time):
        connections[end].patience += 1
        schedule(.patience(end, connections[end].patience), after: time)
      case .abort: serverCloses(end)
      }
    }
  }

  mutating func patienceEnds(_ end: EndID, _ number: Int) {
    guard isThere(end), connections[end].patience == number else { return }
    follow(connections[end].closing.timedOut(), end)
  }

  /// A server's end of the connection is closed at once. Its system still sends what it has accepted, unless there is something
  /// that was not read: then it sends a reset.
  private mutating func serverCloses(_ end: EndID) {
    guard let server = end.server, let connection = connections[end].connection else { return }
    leave(end, withReset: !connections[end].incoming.arrived.isEmpty)
    tell(.closed(connection), server)
  }

  /// The process is gone; to its connections it is as if it had closed them.
  mutating func serverDies(_ end: EndID, _ server: Int) {
    guard isThere(end) else { return }
    leave(end, withReset: !connections[end].incoming.arrived.isEmpty || choices.chance(.crash, Node.label(server, 4), percent: 30))
  }

  private mutating func leave(_ end: EndID, withReset: Bool) {
    forget(end)
    let other = connections.other(end)
    if withReset {
      connections[other].incoming.dropQueue()
      schedule(.reset(other), after: latency(end.socket))
    } else {
      connections[other].incoming.dropUnaccepted()
      connections[other].incoming.write(.fin)
      transmit(to: other)
    }
    release(end.socket)
  }

  private mutating func forget(_ end: EndID) {
    if let server = end.server, let connection = connections[end].connection { nodes[server].ends[connection] = nil }
    connections[end].closing.closed()
    connections[end].isThere = false
  }

  /// The peer, or its system, broke the connection: what was not yet read is lost.
  mutating func resetAtServer(_ end: EndID) {
    connections[end].incoming.dropQueue()
    if connections[end].isThere {
      forget(end)
      tell(end) { .closed($0) }
    }
    release(end.socket)
  }

  mutating func arriveAtServer(_ end: EndID) {
    guard connections[end].isThere else {
      let other = connections.other(end)
      if connections[other].isThere { schedule(.reset(other), after: latency(end.socket)) }
      return
    }
    readAtServer(end)
  }

  mutating func readAtServer(_ end: EndID) {
    let id = end.socket
    while isThere(end), connections[end].isRead {
      let isShort = choices.chance(.reading, id.number, percent: settings.shortPercent)
      let size = isShort ? 1 + choices.draw(.reading, id.number, below: settings.readSize) : settings.readSize
      guard let item = connections[end].incoming.read(size) else { break }
      hear(item, end)
    }
    transmit(to: end)
  }

  private mutating func hear(_ item: Pipe.Item, _ end: EndID) {
    guard let server = end.server, let connection = connections[end].connection else { return }
    switch item {
    case .bytes where connections[end].awaitsHandshake, .alert: follow(connections[end].closing.abort(), end)
    case .bytes(let bytes):
      guard connections[end].closing.isOpen else { return }
      watchPace(end, bytes.count, server)
      tell(.bytes(connection, Array(bytes)), server)
    case .handshake:
      let isBetweenServers = connections.other(end).server != nil
      if isBetweenServers, !connections[end].awaitsHandshake { return follow(connections[end].closing.abort(), end) }
      connections[end].awaitsHandshake = false
      if isBetweenServers, end.side == .acceptor { write(.handshake, from: end) }
      tell(.encrypted(connection, facts(for: end)), server)
    case .fin:
      connections[end].sawEnd = true
      follow(connections[end].closing.peerHalfClosed(), end)
    }
  }
}
