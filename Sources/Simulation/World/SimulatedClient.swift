internal import ClientCore
internal import OrderedCollections
internal import ServerCore
internal import XML
internal import XMPP

/// One client at the outer end of a simulated network: its connection, and its half of the stream on it.
struct SimulatedClient: Sendable {
  /// The session that the connection is for; without a connection the last one.
  let session: SessionID
  fileprivate(set) var connection: World.SocketID?
  /// The client's half of the stream. `nil` for a client without a connection, and for one that sends bytes of its host's making.
  var stream: Client?
  /// Stanzas that the client received and that its host has not taken, if the host keeps them.
  var inbox: [Element] = []

  var isBound: Bool { stream?.isBound ?? false }
  /// It has a connection and is not logged in, and does not say what its host wants either.
  var isLoggingIn: Bool { connection != nil && !isBound && !(stream?.isSilent ?? false) }
}

/// The clients of one world. Each actor, known by a number, has at most one connection at a time.
struct SimulatedClients {
  private var clients: OrderedDictionary<Int, SimulatedClient> = [:]
  private var actors: OrderedDictionary<World.SocketID, Int> = [:]
  fileprivate let pool = ParserPool()

  /// The client of an actor. An actor that has never connected has one without a connection, whose session is number 0.
  subscript(actor: Int) -> SimulatedClient {
    _read {
      if let place = clients.index(forKey: actor) {
        yield clients.values[place]
      } else {
        yield SimulatedClient(session: SessionID(actor: actor, incarnation: 0))
      }
    }
    _modify { yield &clients[actor, default: SimulatedClient(session: SessionID(actor: actor, incarnation: 0))] }
  }

  func actor(on connection: World.SocketID) -> Int? { actors[connection] }

  /// The session that the actor's next connection is for: sessions of an actor count from 1.
  func nextSession(of actor: Int) -> SessionID { SessionID(actor: actor, incarnation: self[actor].session.incarnation + 1) }

  /// Connections that are open, in the order in which their actors first connected.
  var connections: [World.SocketID] { clients.values.compactMap(\.connection) }

  /// Sessions that are bound, with their addresses, in the order of their actors.
  var bound: [(id: SessionID, jid: JID)] {
    clients.values.compactMap { client in client.stream?.jid.map { (id: client.session, jid: $0) } }.sorted { $0.id < $1.id }
  }

  fileprivate mutating func add(_ client: SimulatedClient, on connection: World.SocketID) {
    forget(client.session.actor)
    clients[client.session.actor] = client
    actors[connection] = client.session.actor
  }

  fileprivate mutating func forget(_ actor: Int) {
    let client = self[actor]
    if let connection = client.connection { actors[connection] = nil }
    clients[actor] = SimulatedClient(session: client.session)
  }
}

extension SessionID {
  /// The label of the session's connection in all choices: no two sessions of a run have the same.
  var label: UInt64 { UInt64(actor + 1) << 24 | UInt64(incarnation) }
  /// A nonce for the session's login.
  var nonce: Text { "n\(actor)x\(incarnation)" }
}

/// A value that drives the clients of a world: a run, a small world, a replay, a script. It decides what the clients do; the extension
/// does what is the same for all clients.
protocol ClientHost {
  var world: World { get set }
  var clients: SimulatedClients { get set }
  /// Whether the host has seen enough, so that nothing more is to happen. False by default.
  var isOver: Bool { get }
  /// Called after each event of the world: delivers its notices, with any checks of the host's own. Only delivers by default.
  mutating func attend()
  mutating func observe(_ observation: Observation)
  /// Bytes came, and have not been parsed yet.
  mutating func arrived(_ bytes: [UInt8], for actor: Int)
  /// The server is ready for the handshake. Completes it by default.
  mutating func shakeHands(_ actor: Int)
  /// A stanza came for a bound session. Goes to the inbox by default.
  mutating func received(_ element: Element, by actor: Int)
  /// The stream ended; `reason` is what was wrong, if anything was. Hangs up by default.
  mutating func streamEnded(_ actor: Int, _ reason: String?)
  /// The connection was closed or broke. Hangs up by default.
  mutating func connectionClosed(_ actor: Int)
  /// The actor has no connection any more.
  mutating func hungUp(_ actor: Int)
  /// A notice that concerns no connection.
  mutating func noticed(_ notice: World.Notice)
}

extension ClientHost {
  var isOver: Bool { false }
  mutating func attend() { deliverNotices() }
  mutating func observe(_ observation: Observation) {}
  mutating func arrived(_ bytes: [UInt8], for actor: Int) {}
  mutating func shakeHands(_ actor: Int) { completeHandshake(actor) }
  mutating func received(_ element: Element, by actor: Int) { clients[actor].inbox.append(element) }
  mutating func streamEnded(_ actor: Int, _ reason: String?) { hangUp(actor) }
  mutating func connectionClosed(_ actor: Int) { hangUp(actor) }
  mutating func hungUp(_ actor: Int) {}
  mutating func noticed(_ notice: World.Notice) {}
}

extension ClientHost {
  /// Lets happen what is under way, until nothing is or the host has seen enough.
  mutating func settle() {
    attend()
    while !isOver, world.advance(untilRest: true) { attend() }
  }

  /// Hands each of the world's notices to the client that it concerns, or to the host.
  mutating func deliverNotices() {
    for notice in world.takeNotices() {
      switch notice {
      case .bytes(let connection, let bytes):
        guard let actor = clients.actor(on: connection) else { continue }
        arrived(bytes, for: actor)
        let pool = clients.pool
        follow(clients[actor].stream?.received(bytes, using: pool) ?? [], actor)
      case .handshake(let connection): if let actor = clients.actor(on: connection) { shakeHands(actor) }
      case .closed(let connection): if let actor = clients.actor(on: connection) { connectionClosed(actor) }
      case .crashed, .restarted, .unreadable, .alarm, .reply: noticed(notice)
      }
    }
  }

  /// Connects an actor. A connection that the actor still has is left to the server.
  ///
  /// - Parameters:
  ///   - label: that of the connection in all choices.
  ///   - stream: begins at once, or behind the handshake; `nil` for a host that sends bytes of its own.
  ///   - server: the number of the server that it goes to.
  ///   - isDirectTLS: the connection of such a host begins with TLS. (A client's stream knows for itself.)
  mutating func open(
    _ session: SessionID, label: UInt64, from origin: SourceNetwork? = nil, as stream: Client? = nil, isDirectTLS: Bool = false,
    to server: Int = 0
  ) {
    let connection = world.connect(label, from: origin, isDirectTLS: stream?.isDirectTLS ?? isDirectTLS, to: server)
    clients.add(SimulatedClient(session: session, connection: connection, stream: stream), on: connection)
    observe(.connected(session))
    follow(clients[session.actor].stream?.begin() ?? [], session.actor)
  }

  mutating func completeHandshake(_ actor: Int, facts: TLSFacts = TLSFacts()) {
    guard let connection = clients[actor].connection else { return }
    world.completeHandshake(on: connection, facts: facts)
    follow(clients[actor].stream?.tlsEstablished() ?? [], actor)
  }

  /// Sends a stanza, if the actor has a connection.
  mutating func write(_ element: Element, as actor: Int) {
    guard let connection = clients[actor].connection else { return }
    observe(.sent(clients[actor].session, element))
    world.send(Client.encode(element), on: connection)
  }

  /// Sends bytes of the host's making, if the actor has a connection.
  mutating func write(_ bytes: [UInt8], as actor: Int) {
    guard let connection = clients[actor].connection, !bytes.isEmpty else { return }
    observe(.wrote(clients[actor].session, bytes))
    world.send(bytes, on: connection)
  }

  /// Ends the actor's side of its stream, and goes on listening.
  mutating func endStream(_ actor: Int) { follow(clients[actor].stream?.close() ?? [], actor) }

  /// Breaks the actor's connection.
  mutating func breakConnection(_ actor: Int) {
    if let connection = clients[actor].connection { world.reset(connection) }
    hangUp(actor)
  }

  /// Closes the actor's connection, unless it is closed already, and forgets it.
  mutating func hangUp(_ actor: Int) {
    guard let connection = clients[actor].connection else { return }
    world.close(connection)
    observe(.ended(clients[actor].session))
    clients.forget(actor)
    hungUp(actor)
  }

  /// Does what a stream wants. Once the actor has hung up, the rest is void.
  private mutating func follow(_ outputs: [Client.Output], _ actor: Int) {
    for output in outputs {
      guard let connection = clients[actor].connection else { return }
      switch output {
      case .bytes(let bytes): world.send(bytes, on: connection)
      case .startTLS: break
      case .ready(let jid): observe(.began(clients[actor].session, jid))
      case .stanza(let element): received(element, by: actor)
      case .ended(let reason): streamEnded(actor, reason)
      }
    }
  }
}
