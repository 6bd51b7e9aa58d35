internal import OrderedCollections
public import ServerCore

/// A simulated TCP connection with both its ends. Either end may be gone while bytes are still on their way to the other.
struct SimulatedConnection: Sendable {
  let id: World.SocketID
  let connection: ConnectionID
  let origin: SourceNetwork?
  /// Bytes that its client has sent lately and has not yet worked off at the rate that it may have.
  var spending = Spending()
  var toServer: Pipe
  var toClient: Pipe
  /// The server's end: decides how it ends.
  var closing = CloseSequence()
  var isServerThere = true
  var isRead = true
  var awaitsHandshake = false
  /// The facts of the handshake that the client completes.
  var facts = TLSFacts()
  var patience = 0
  /// The server's end has read that the client will say nothing more.
  var serverSawEnd = false
  var isClientThere = true
  /// The client's program does not read at the moment.
  var isClientStuck = false
  /// The client said that it will write nothing more.
  var clientFinished = false
  /// Nothing passes any more, for ever.
  var hasVanished = false

  enum Direction: Sendable { case toServer, toClient }
  subscript(direction: Direction) -> Pipe {
    _read {
      switch direction {
      case .toServer: yield toServer
      case .toClient: yield toClient
      }
    }
    _modify {
      switch direction {
      case .toServer: yield &toServer
      case .toClient: yield &toClient
      }
    }
  }

  init(_ id: World.SocketID, connection: ConnectionID, from origin: SourceNetwork?, settings: WorldSettings) {
    self.id = id
    self.connection = connection
    self.origin = origin
    toServer = Pipe(sendCapacity: settings.sendBuffer, receiveCapacity: settings.receiveBuffer)
    toClient = toServer
  }
}

// MARK: - What the outside does

extension World {
  /// Opens a connection. `name` is its label in all choices; two connections of a run never have the same.
  ///
  /// - Parameter isDirectTLS: it begins with TLS: the server's half of the handshake is on its way at once.
  public mutating func connect(_ name: UInt64, from origin: SourceNetwork? = nil, isDirectTLS: Bool = false) -> SocketID {
    let id = SocketID(number: name)
    connectionCount += 1
    let connection = ConnectionID(connectionCount)
    connections.add(SimulatedConnection(id, connection: connection, from: origin, settings: settings))
    guard node.isUp else {
      connections[id].isServerThere = false
      schedule(.resetOutside(id), after: latency(id))
      return id
    }
    sockets[connection] = id
    if isDirectTLS { beginHandshake(id) }
    tell(.opened(connection, Opening(from: origin, isDirectTLS: isDirectTLS)))
    return id
  }

  public mutating func send(_ bytes: [UInt8], on id: SocketID) {
    guard connections.has(id), connections[id].isClientThere, !connections[id].clientFinished else { return }
    connections[id].toServer.write(bytes)
    transmit(id, .toServer)
  }

  /// The client's handshake reaches the server in its turn; or an alert, if it does not like the certificate.
  public mutating func completeHandshake(on id: SocketID, fails: Bool = false, facts: TLSFacts = TLSFacts()) {
    guard connections.has(id) else { return }
    connections[id].facts = facts
    connections[id].toServer.write(fails ? .alert : .handshake)
    transmit(id, .toServer)
  }

  /// The client will say nothing more, and goes on reading (half-close).
  public mutating func finish(_ id: SocketID) {
    guard connections.has(id), connections[id].isClientThere, !connections[id].clientFinished else { return }
    connections[id].clientFinished = true
    connections[id].toServer.write(.fin)
    transmit(id, .toServer)
  }

  /// The client's program ends its connection behind all that it has sent. Bytes that it has not read are lost; its system then says so
  /// with a reset.
  public mutating func close(_ id: SocketID) {
    guard connections.has(id), connections[id].isClientThere else { return }
    let hasUnread = !connections[id].toClient.arrived.isEmpty
    if hasUnread { return reset(id) }
    finish(id)
    connections[id].isClientThere = false
    release(id)
  }

  /// The connection breaks: what the client's system had not sent is lost, and what is under way to it.
  public mutating func reset(_ id: SocketID) {
    guard connections.has(id), connections[id].isClientThere else { return }
    connections[id].isClientThere = false
    connections[id].clientFinished = true
    connections[id].toServer.dropQueue()
    // A reset is no segment: it may come before what was sent earlier, which is then lost.
    let isEarly = choices.chance(.connection, id.number, percent: 50)
    schedule(.resetAtServer(id), after: isEarly ? latency(id) : max(connections[id].toServer.lastArrival - now, latency(id)))
  }

  /// The client, or the way to it, is gone without a word: nothing passes any more, and nobody says so.
  public mutating func vanish(_ id: SocketID) {
    guard connections.has(id) else { return }
    connections[id].hasVanished = true
    connections[id].toServer.isClogged = true
    connections[id].toClient.isClogged = true
    connections[id].isClientThere = false
    release(id)
  }

  /// The client's program stops reading, or goes on.
  public mutating func setStuck(_ id: SocketID, _ isStuck: Bool) {
    guard connections.has(id) else { return }
    connections[id].isClientStuck = isStuck
    if !isStuck { readOutside(id, .max) }
  }

  /// A stuck client's program reads a little all the same.
  public mutating func readOutside(_ id: SocketID, _ limit: Int) {
    var left = limit
    while left > 0, connections.has(id), connections[id].isClientThere, let item = connections[id].toClient.read(left) {
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
        connections[id].toClient.dropQueue()
      }
    }
    transmit(id, .toClient)
  }

  /// Nothing passes in these directions for the time being; or it does again.
  public mutating func clog(_ id: SocketID, toServer: Bool?, toClient: Bool?) {
    guard connections.has(id), !connections[id].hasVanished else { return }
    if let toServer { connections[id].toServer.isClogged = toServer }
    if let toClient { connections[id].toClient.isClogged = toClient }
    transmit(id, .toServer)
    transmit(id, .toClient)
  }

  /// Connections of which at least one end is there, in the order in which they were made.
  public var openConnections: [SocketID] { connections.ids }
}

// MARK: - The network

extension World {
  func latency(_ id: SocketID, _ choices: inout Choices) -> Int64 { pick(.latency, id.number, settings.latency, &choices) }
  private mutating func latency(_ id: SocketID) -> Int64 { pick(.latency, id.number, settings.latency, &choices) }

  /// Lets go what may go: segments of any size, as far as buffers have room. Tells the server what its system has taken.
  mutating func transmit(_ id: SocketID, _ direction: SimulatedConnection.Direction) {
    while connections.has(id) {
      let accepted = connections[id][direction].accept()
      let available = connections[id][direction].sendable
      if available > 0 || connections[id][direction].nextIsMark {
        let isShort = available > 1 && choices.chance(.split, id.number, percent: settings.shortPercent)
        let size = isShort ? 1 + choices.draw(.split, id.number, below: available - 1) : max(1, available)
        guard let item = connections[id][direction].takeSegment(size) else { return }
        launch(item, id, direction)
      } else if accepted.isEmpty {
        return
      }
      if direction == .toClient { for count in accepted { wrote(id, count) } }
    }
  }

  private mutating func launch(_ item: Pipe.Item, _ id: SocketID, _ direction: SimulatedConnection.Direction) {
    var delay = latency(id)
    if case .bytes(let bytes) = item { delay += Int64(bytes.count) * settings.timePerByte }
    let arrival = max(now + delay, connections[id][direction].lastArrival)
    connections[id][direction].lastArrival = arrival
    schedule(direction == .toServer ? .arriveAtServer(id, item) : .arriveOutside(id, item), after: arrival - now)
  }

  mutating func arriveOutside(_ id: SocketID, _ item: Pipe.Item) {
    guard connections.has(id) else { return }
    connections[id].toClient.arrive(item)
    guard connections[id].isClientThere else {
      // Its system knows of no such connection any more, and says so.
      if !connections[id].hasVanished { schedule(.resetAtServer(id), after: latency(id)) }
      connections[id].toClient.dropQueue()
      return
    }
    if !connections[id].isClientStuck { readOutside(id, .max) }
    release(id)
  }

  mutating func resetOutside(_ id: SocketID) {
    guard connections.has(id) else { return }
    if connections[id].isClientThere { notices.append(.closed(id)) }
    connections[id].isClientThere = false
    release(id)
  }

  /// Forgets a connection that is of no interest to anybody.
  mutating func release(_ id: SocketID) {
    guard connections.has(id), !connections[id].isServerThere, !connections[id].isClientThere else { return }
    connections.remove(id)
  }
}
