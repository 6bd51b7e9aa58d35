internal import ServerCore

/// The end of a connection at which it was opened, or the one that took it.
enum Side: Sendable, Hashable {
  case dialer, acceptor
  var other: Side { self == .dialer ? .acceptor : .dialer }
}

/// One end of a connection.
struct EndID: Hashable, Sendable {
  let socket: World.SocketID
  let side: Side
  /// The number of the server that has the end; `nil` for a program outside of all servers.
  let server: Int?
}

/// A simulated TCP connection with both its ends. Either end may be gone while bytes are still on their way to the other.
struct SimulatedConnection: Sendable {
  let id: World.SocketID
  let origin: SourceNetwork?
  private var dialer: End
  private var acceptor: End
  /// Nothing passes any more, for ever.
  var hasVanished = false

  /// The state of the connection at one end: of the program there and of its system.
  struct End: Sendable {
    let server: Int?
    /// By which a server's process knows it.
    let connection: ConnectionID?
    /// The bytes on their way here.
    var incoming: Pipe
    var isThere = true
    /// Its program will write nothing more.
    var hasFinished = false

    // Of a server's end.

    /// Decides how it ends.
    var closing = CloseSequence()
    var isRead = true
    var awaitsHandshake = false
    /// The facts of the handshake that the other side completes.
    var facts = TLSFacts()
    /// TLS begins with the first byte.
    var isDirectTLS = false
    var patience = 0
    /// It has been read that the other side will say nothing more.
    var sawEnd = false
    /// Bytes that the other side has sent lately and that have not yet been worked off at the rate that it may have.
    var spending = Spending()

    // Of a program's outside.

    /// It does not read at the moment.
    var isStuck = false
  }

  subscript(side: Side) -> End {
    _read {
      switch side {
      case .dialer: yield dialer
      case .acceptor: yield acceptor
      }
    }
    _modify {
      switch side {
      case .dialer: yield &dialer
      case .acceptor: yield &acceptor
      }
    }
  }

  func id(of side: Side) -> EndID { EndID(socket: id, side: side, server: self[side].server) }

  /// The end that a program outside has, if one has.
  var outside: EndID? {
    if dialer.server == nil { return id(of: .dialer) }
    return acceptor.server == nil ? id(of: .acceptor) : nil
  }

  /// Opened by a program outside, towards a server.
  init(_ id: World.SocketID, to server: Int, as connection: ConnectionID, from origin: SourceNetwork?, settings: WorldSettings) {
    self.id = id
    self.origin = origin
    let pipe = Pipe(sendCapacity: settings.sendBuffer, receiveCapacity: settings.receiveBuffer)
    dialer = End(server: nil, connection: nil, incoming: pipe)
    acceptor = End(server: server, connection: connection, incoming: pipe)
  }

  /// From one server to another.
  init(
    _ id: World.SocketID, from dialer: (server: Int, connection: ConnectionID), to acceptor: (server: Int, connection: ConnectionID),
    origin: SourceNetwork?, settings: WorldSettings
  ) {
    self.id = id
    self.origin = origin
    let pipe = Pipe(sendCapacity: settings.sendBuffer, receiveCapacity: settings.receiveBuffer)
    self.dialer = End(server: dialer.server, connection: dialer.connection, incoming: pipe)
    self.acceptor = End(server: acceptor.server, connection: acceptor.connection, incoming: pipe)
  }
}

// MARK: - The network

extension World {
  func latency(_ id: SocketID, _ choices: inout Choices) -> Int64 { pick(.latency, id.number, settings.latency, &choices) }
  mutating func latency(_ id: SocketID) -> Int64 { pick(.latency, id.number, settings.latency, &choices) }

  /// Lets go towards an end what may go: segments of any size, as far as buffers have room. Tells a server at the other end what its
  /// system has taken.
  mutating func transmit(to end: EndID) {
    let id = end.socket
    while connections.has(id) {
      let accepted = connections[end].incoming.accept()
      let available = connections[end].incoming.sendable
      if available > 0 || connections[end].incoming.nextIsMark {
        let isShort = available > 1 && choices.chance(.split, id.number, percent: settings.shortPercent)
        let size = isShort ? 1 + choices.draw(.split, id.number, below: available - 1) : max(1, available)
        guard let item = connections[end].incoming.takeSegment(size) else { return }
        launch(item, to: end)
      } else if accepted.isEmpty {
        return
      }
      guard !accepted.isEmpty else { continue }
      let sender = connections.other(end)
      if sender.server != nil { for count in accepted { wrote(sender, count) } }
    }
  }

  private mutating func launch(_ item: Pipe.Item, to end: EndID) {
    var delay = latency(end.socket)
    if case .bytes(let bytes) = item { delay += Int64(bytes.count) * settings.timePerByte }
    let arrival = max(now + delay, connections[end].incoming.lastArrival)
    connections[end].incoming.lastArrival = arrival
    schedule(.arrive(end, item), after: arrival - now)
  }

  mutating func arrive(_ item: Pipe.Item, at end: EndID) {
    guard connections.has(end.socket) else { return }
    connections[end].incoming.arrive(item)
    if end.server != nil { arriveAtServer(end) } else { arriveOutside(end) }
  }

  /// The system at the other side says that the connection is no more.
  mutating func reset(at end: EndID) {
    guard connections.has(end.socket) else { return }
    if end.server != nil { resetAtServer(end) } else { resetOutside(end) }
  }

  /// Forgets a connection that is of no interest to anybody.
  mutating func release(_ id: SocketID) {
    guard connections.has(id), !connections[id][.dialer].isThere, !connections[id][.acceptor].isThere else { return }
    connections.remove(id)
  }
}
