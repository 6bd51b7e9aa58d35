public import ServerCore

// What programs outside of all servers do with their ends of connections.

extension World {
  /// Opens a connection. `name` is its label in all choices; two connections of a run never have the same.
  ///
  /// - Parameters:
  ///   - isDirectTLS: it begins with TLS: the server's half of the handshake is on its way at once.
  ///   - server: the number of the server that it goes to.
  public mutating func connect(
    _ name: UInt64, from origin: SourceNetwork? = nil, isDirectTLS: Bool = false, to server: Int = 0
  ) -> SocketID {
    let id = SocketID(number: name)
    let connection = nodes[server].nextConnection()
    connections.add(SimulatedConnection(id, to: server, as: connection, from: origin, settings: settings))
    let end = connections[id].id(of: .acceptor)
    guard nodes[server].isUp else {
      connections[end].isThere = false
      schedule(.reset(connections.other(end)), after: latency(id))
      return id
    }
    nodes[server].ends[connection] = end
    if isDirectTLS { beginHandshake(end) }
    tell(.opened(connection, Opening(from: origin, isDirectTLS: isDirectTLS)), server)
    return id
  }

  /// The end that a program outside has of a connection that somebody still knows.
  private func outsideEnd(_ id: SocketID) -> EndID? { connections.has(id) ? connections[id].outside : nil }

  /// The same, if the program has not given it up.
  private func openEnd(_ id: SocketID) -> EndID? { outsideEnd(id).flatMap { connections[$0].isThere ? $0 : nil } }

  /// The same, if the program may still write.
  private func writableEnd(_ id: SocketID) -> EndID? { openEnd(id).flatMap { connections[$0].hasFinished ? nil : $0 } }

  public mutating func send(_ bytes: [UInt8], on id: SocketID) {
    guard let end = writableEnd(id).map(connections.other) else { return }
    connections[end].incoming.write(bytes)
    transmit(to: end)
  }

  /// The client's handshake reaches the server in its turn; or an alert, if it does not like the certificate.
  public mutating func completeHandshake(on id: SocketID, fails: Bool = false, facts: TLSFacts = TLSFacts()) {
    guard let end = outsideEnd(id).map(connections.other) else { return }
    connections[end].facts = facts
    connections[end].incoming.write(fails ? .alert : .handshake)
    transmit(to: end)
  }

  /// The client will say nothing more, and goes on reading (half-close).
  public mutating func finish(_ id: SocketID) {
    guard let outside = writableEnd(id) else { return }
    let end = connections.other(outside)
    connections[outside].hasFinished = true
    connections[end].incoming.write(.fin)
    transmit(to: end)
  }

  /// The client's program ends its connection behind all that it has sent. Bytes that it has not read are lost; its system then says so
  /// with a reset.
  public mutating func close(_ id: SocketID) {
    guard let outside = openEnd(id) else { return }
    let hasUnread = !connections[outside].incoming.arrived.isEmpty
    if hasUnread { return reset(id) }
    finish(id)
    connections[outside].isThere = false
    release(id)
  }

  /// The connection breaks: what the client's system had not sent is lost, and what is under way to it.
  public mutating func reset(_ id: SocketID) {
    guard let outside = openEnd(id) else { return }
    let end = connections.other(outside)
    connections[outside].isThere = false
    connections[outside].hasFinished = true
    connections[end].incoming.dropQueue()
    // A reset is no segment: it may come before what was sent earlier, which is then lost.
    let isEarly = choices.chance(.connection, id.number, percent: 50)
    schedule(.reset(end), after: isEarly ? latency(id) : max(connections[end].incoming.lastArrival - now, latency(id)))
  }

  /// The client, or the way to it, is gone without a word: nothing passes any more, and nobody says so.
  public mutating func vanish(_ id: SocketID) {
    guard let outside = outsideEnd(id) else { return }
    connections[id].hasVanished = true
    connections[id][.dialer].incoming.isClogged = true
    connections[id][.acceptor].incoming.isClogged = true
    connections[outside].isThere = false
    release(id)
  }

  /// The client's program stops reading, or goes on.
  public mutating func setStuck(_ id: SocketID, _ isStuck: Bool) {
    guard let outside = outsideEnd(id) else { return }
    connections[outside].isStuck = isStuck
    if !isStuck { readOutside(id, .max) }
  }

  /// A stuck client's program reads a little all the same.
  public mutating func readOutside(_ id: SocketID, _ limit: Int) {
    guard let outside = outsideEnd(id) else { return }
    var left = limit
    while left > 0, connections.has(id), connections[outside].isThere, let item = connections[outside].incoming.read(left) {
      switch item {
      case .bytes(let bytes):
        left -= bytes.count
        digest.add(id.number)
        digest.add(bytes)
        notices.append(.bytes(id, Array(bytes)))
      case .handshake: notices.append(.handshake(id))
      case .alert: break
      case .fin:
        notices.append(.closed(id))
        connections[outside].incoming.dropQueue()
      }
    }
    transmit(to: outside)
  }

  /// Nothing passes in these directions for the time being; or it does again.
  public mutating func clog(_ id: SocketID, toAcceptor: Bool?, toDialer: Bool?) {
    guard connections.has(id), !connections[id].hasVanished else { return }
    if let toAcceptor { connections[id][.acceptor].incoming.isClogged = toAcceptor }
    if let toDialer { connections[id][.dialer].incoming.isClogged = toDialer }
    let (acceptor, dialer) = (connections[id].id(of: .acceptor), connections[id].id(of: .dialer))
    transmit(to: acceptor)
    transmit(to: dialer)
  }

  /// Connections of which at least one end is there, in the order in which they were made.
  public var openConnections: [SocketID] { connections.ids }

  mutating func arriveOutside(_ end: EndID) {
    guard connections[end].isThere else {
      // Its system knows of no such connection any more, and says so.
      if !connections[end.socket].hasVanished { schedule(.reset(connections.other(end)), after: latency(end.socket)) }
      connections[end].incoming.dropQueue()
      return
    }
    if !connections[end].isStuck { readOutside(end.socket, .max) }
    release(end.socket)
  }

  mutating func resetOutside(_ end: EndID) {
    if connections[end].isThere { notices.append(.closed(end.socket)) }
    connections[end].isThere = false
    release(end.socket)
  }
}
