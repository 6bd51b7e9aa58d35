internal import OrderedCollections
public import Storage
public import XML
internal import XMPP

/// An event for an `Engine`: all that a socket adapter or a simulated world can tell it.
public enum Input: Sendable {
  /// Somebody connected.
  case opened(ConnectionID, Opening)
  case bytes(ConnectionID, [UInt8])
  /// So many bytes of what was to be written were accepted by the system.
  case accepted(ConnectionID, Int)
  /// The TLS handshake is complete. The bytes that come from here on were encrypted.
  case encrypted(ConnectionID, TLSFacts)
  /// The connection ended, from either side.
  case closed(ConnectionID)
  case committed(through: CommitID)
  case commitFailed(from: CommitID)
  case answered(InquiryID, Answer)
  case control(UInt64, ControlRequest)
  case deadline
  case shutdown
}

/// A request of an `Engine` to the world outside. No case leaves a decision to the adapter.
public enum Action: Sendable {
  case write(ConnectionID, [UInt8])
  /// Do the handshake once all is written, then say `encrypted`.
  case startTLS(ConnectionID, TLSStart)
  /// End the connection once all is written, then say `closed`.
  case close(ConnectionID)
  /// End the connection now, and drop what was not written.
  case abort(ConnectionID)
  /// Read from the connection, or leave what comes in the system's buffers.
  case read(ConnectionID, Bool)
  /// Make the changes durable; those of one shard in their order.
  case commit(CommitID, [Change])
  /// The answer comes as `answered`.
  case ask(InquiryID, Question)
  case reply(UInt64, ControlReply)
  case log(LogLevel, String)
  /// End the process at once, without waiting for storage. The reason is for the log.
  case giveUp(String)
}

/// One event that the server handled, for those who check it.
public struct HandledEvent: Sendable {
  public var event: Event
  public var time: Instant
  public var effects: [Effect]
  /// The messages that shards handed to each other because of the event, in order.
  public var passed: [ShardMessage]
  /// The server right after it. A value like any: to keep it costs a copy of what changes next.
  public var server: Server
}

/// A server with its connections: bytes, facts and time go in, bytes and wishes come out. Sockets or a simulated network do the rest.
///
/// A value like its parts: a copy is a snapshot (the parser pool is a cache that copies share, so they stay on one thread).
public struct Engine {
  public private(set) var server: Server
  private(set) var connections = Store<ConnectionID, Connection>()
  private let pool: ParserPool
  let limits: Configuration.Limits
  private let rateLimit: RateLimit?
  /// Connections that are too fast to be read from now.
  private var holds = ThrottledConnections()
  private var heldCount = 0
  private var effects: [Effect] = []
  private var actions: [Action] = []
  /// Connections with something to hand over at the next `flush`.
  private var dirty: [ConnectionID] = []
  /// Connections that were resumed with input left, and connections whose outbox ran over.
  private var resumed: [ConnectionID] = []
  private var overrun: [ConnectionID] = []
  private var isEndingConnections = false
  private(set) var backlogs: Backlogs
  /// Bytes for peers that the next `flush` hands over.
  private var unflushedBytes = 0
  /// How many of them, during an input, were charged to somebody or are nobody's.
  private var charged = 0
  private var scratch: [UInt8] = []
  private var sender: [UInt8] = []
  /// The coverage marks reached between bytes and stanzas.
  public private(set) var connectionMarks = Marks()
  /// Keep the events that the server handles, until `takeEvents`.
  public var keepsEvents = false { didSet { server.keepsPassed = keepsEvents } }
  private var handled: [HandledEvent] = []

  public init(configuration: Configuration, seed: [UInt8], pool: ParserPool = ParserPool()) {
    server = Server(configuration: configuration, seed: seed)
    limits = configuration.limits
    backlogs = Backlogs(limit: limits[.allOutboxesBytes])
    rateLimit = RateLimit(limits)
    self.pool = pool
  }

  /// A server with its connections as they were when nothing was left to be flushed.
  init(server: Server, connections: Store<ConnectionID, Connection>) {
    self.server = server
    self.connections = connections
    limits = server.configuration.limits
    backlogs = Backlogs(limit: limits[.allOutboxesBytes])
    rateLimit = RateLimit(limits)
    pool = ParserPool()
    for connection in connections.sortedKeys() {
      backlogs.all += connections[connection]?.backlog ?? 0
      if let time = connections[connection]?.heldUntil { hold(connection, until: time) }
    }
  }

  /// When `Input.deadline` should come, on the monotonic clock.
  public var nextDeadline: Int64? {
    guard let first = holds.next else { return server.nextDeadline }
    return min(first, server.nextDeadline ?? first)
  }

  /// Whether somebody who spoke too fast is not heard at the moment.
  public var holdsSomebodyBack: Bool { heldCount > 0 }

  /// All that was reached, in connections and server.
  public var marks: Marks {
    var all = server.marks
    all.merge(connectionMarks)
    return all
  }

  /// So much is to be written that an adapter must `flush` before it feeds on, though more may be there: in one turn of its loop thousands may
  /// speak, and each to thousands, whose outboxes would run over though they read.
  public var isFull: Bool { unflushedBytes > min(16 << 20, limits[.allOutboxesBytes] / 4) }

  /// Takes one input. The actions that follow from it are collected until `flush`.
  public mutating func handle(_ input: Input, at now: Instant) {
    charged = unflushedBytes
    switch input {
    case .opened(let connection, let opening):
      connections[connection] = Connection(limits: limits.unauthenticatedStream, role: opening.role)
      tell(.opened(connection, opening), now)
    case .bytes(let connection, let bytes):
      guard connections.modify(connection, { $0.receive(bytes) }) ?? false else { break }
      pump(connection, now)
      charge(connection, bytes.count, now)
    case .accepted(let connection, let count):
      guard let taken = connections.modify(connection, { (bytes: $0.accepted(count), isDrained: $0.isDrained) }) else { break }
      backlogs.all -= taken.bytes
      if taken.isDrained { tell(.drained(connection), now) }
    case .encrypted(let connection, let facts): tell(.encrypted(connection, facts), now)
    case .closed(let connection):
      guard let gone = remove(connection) else { return }
      backlogs.all -= gone.backlog
      tell(.closed(connection), now)
    case .committed(let number): tell(.committed(through: number), now)
    case .commitFailed(let number):
      // A commit that storage has not been asked for yet was made in ignorance of the failure, too.
      actions.removeAll { if case .commit(let later, _) = $0 { number.isSameOrBefore(later) } else { false } }
      tell(.commitFailed(from: number), now)
    case .answered(let id, let answer):
      if case .connected(let connection) = answer {
        guard !connections.contains(connection) else { break }
        connections[connection] = Connection(limits: limits.unauthenticatedStream, role: .outgoingServer)
      }
      tell(.answered(id, answer), now)
    case .control(let id, let request): tell(.control(id, request), now)
    case .deadline:
      release(at: now.monotonic)
      tell(.deadline, now)
    case .shutdown: tell(.shutdown, now)
    }
    while let connection = resumed.popLast() {
      pump(connection, now)
      charge(connection, 0, now)
    }
  }

  /// Charges a connection for the bytes that its peer has sent and for all bytes written since the last charge.
  /// A connection above its rate is not read from for a while.
  private mutating func charge(_ connection: ConnectionID, _ said: Int, _ now: Instant) {
    let cost = RateLimit.cost(of: said, causing: unflushedBytes - charged)
    charged = unflushedBytes
    guard let rateLimit, let time = connections.modify(connection, { $0.charge(cost, rateLimit, at: now.monotonic) }) ?? nil else { return }
    hold(connection, until: time)
  }

  private mutating func hold(_ connection: ConnectionID, until time: Int64) {
    holds.add(connection, until: time)
    heldCount += 1
  }

  /// Those who were too fast and have waited long enough are heard again.
  private mutating func release(at now: Int64) {
    var due: [ConnectionID] = []
    while let connection = holds.popDue(at: now) { due.append(connection) }
    // In an order that a snapshot can't change: it knows when each may be heard, but not for when that was put off.
    for connection in due.sorted() {
      guard let later = connections.modify(connection, { $0.release(at: now) }) else { continue }
      heldCount -= 1
      if let later { hold(connection, until: later) } else { change(connection) { _ in } }
    }
  }

  private mutating func remove(_ connection: ConnectionID) -> Connection? {
    guard let gone = connections.remove(connection) else { return nil }
    if gone.isHeld { heldCount -= 1 }
    return gone
  }

  /// The actions since the last call; each connection's output joined in one write.
  public mutating func flush() -> [Action] {
    var wanted: [Action] = []
    flush(into: &wanted)
    return wanted
  }

  /// The same, for an adapter that has an array whose storage it uses again.
  ///
  /// - Parameter wanted: is empty.
  public mutating func flush(into wanted: inout [Action]) {
    for connection in dirty {
      _ = connections.modify(connection) {
        $0.flush(connection, unprocessedLimit: limits[.unprocessedBytes], into: &actions, &connectionMarks)
      }
    }
    dirty.removeAll(keepingCapacity: dirty.count <= 16)
    unflushedBytes = 0
    swap(&actions, &wanted)
  }

  /// The events that the server handled since the last call, while `keepsEvents`.
  public mutating func takeEvents() -> [HandledEvent] {
    defer { handled = [] }
    return handled
  }

  /// Gives the server what the connection's parser has, one event at a time: each may change how the next is read.
  private mutating func pump(_ connection: ConnectionID, _ now: Instant) {
    while let event = connections.modify(connection, { $0.next(using: pool) }) ?? nil {
      switch event {
      case .header(let header): tell(.header(connection, header), now)
      case .stanza(let element): tell(.stanza(connection, element), now)
      case .end: tell(.streamEnd(connection), now)
      case .failure(let failure): tell(.streamFailure(connection, failure), now)
      }
    }
    if connections.modify(connection, { $0.dirty() }) ?? false { dirty.append(connection) }
  }

  private mutating func tell(_ event: Event, _ now: Instant) {
    server.handle(event, at: now, into: &effects)
    if keepsEvents {
      let passed = server.takePassed()
      handled.append(HandledEvent(event: event, time: now, effects: effects, passed: passed, server: server))
    }
    let todo = effects
    effects = []
    for effect in todo { apply(effect, now) }
    // The end of one connection may be too much for the next: they are worked off here, not one inside the other.
    guard !isEndingConnections else { return }
    isEndingConnections = true
    defer { isEndingConnections = false }
    while let connection = overrun.popLast() {
      guard remove(connection) != nil else { continue }
      actions.append(.abort(connection))
      actions.append(.log(.info, "connection \(connection.number) ended: its peer does not read"))
      tell(.closed(connection), now)
    }
  }

  private mutating func apply(_ effect: Effect, _ now: Instant) {
    switch effect {
    case .write(let element, let from, let addressees): write(element, from, addressees)
    case .openStream(let connection, let opening): change(connection) { $0.open(opening) }
    case .closeStream(let connection): change(connection) { $0.closeStream() }
    case .close(let connection): change(connection) { $0.close() }
    case .startTLS(let connection, let start): change(connection) { $0.startTLS(start) }
    case .restart(let connection, let limits):
      change(connection) {
        $0.parser.restart()
        $0.parser.limits = limits
      }
    case .pause(let connection): change(connection) { $0.isPaused = true }
    case .resume(let connection):
      if connections[connection]?.parser.pendingBytes ?? 0 > 0 { connectionMarks.reach(ConnectionMark.connectionResumedWithInput) }
      change(connection) { $0.isPaused = false }
      resumed.append(connection)
    case .discardInput(let connection):
      if connections[connection]?.parser.pendingBytes ?? 0 > 0 { connectionMarks.reach(TLSMark.tlsInputDiscarded) }
      change(connection) { $0.parser.discardPending() }
    case .charge(let connection):
      charge(connection, 0, now)
      change(connection) { _ in }
    case .commit(let number, let changes): actions.append(.commit(number, changes))
    case .ask(let id, let question): actions.append(.ask(id, question))
    case .reply(let id, let reply): actions.append(.reply(id, reply))
    case .log(let level, let message): actions.append(.log(level, message))
    case .giveUp(let reason): actions.append(.giveUp(reason))
    case .pass: break
    }
  }

  private mutating func change(_ connection: ConnectionID, _ body: (inout Connection) -> Void) {
    let change: (isFirst: Bool, added: Int, all: Int)?? = connections.modify(connection) { connection in
      guard !connection.isDead else { return nil }
      let before = connection.backlog
      body(&connection)
      return (connection.dirty(), connection.backlog - before, connection.backlog)
    }
    guard let change = change ?? nil else { return }
    if change.isFirst { dirty.append(connection) }
    if change.added > 0 {
      unflushedBytes += change.added
      account(connection, change.added, change.all)
    }
  }

  /// Serialises once; only the address differs from connection to connection. Stanzas are in the content namespace of every stream
  /// (`StreamRole.contentNamespace`), which is not written.
  private mutating func write(_ element: Element, _ from: JID?, _ addressees: [Addressee]) {
    scratch.removeAll(keepingCapacity: scratch.capacity <= 64 << 10)
    let writer = Writer(defaultNamespace: NS.client, declaresStreamPrefix: true)
    let splice = writer.write(element, into: &scratch)
    sender.removeAll(keepingCapacity: true)
    if let from { Writer.writeAttribute("from", from.bareText, slash: from.resource, into: &sender) }
    let (stanza, from) = (scratch, sender)
    for addressee in addressees {
      change(addressee.connection) { $0.append(stanza, splice: splice, from: from, to: addressee.to) }
    }
  }

  /// Keeps the budgets: who is over his own ends, and nobody else notices; when all together are over theirs, the one with the most ends,
  /// which may be one that is only waiting to be closed.
  private mutating func account(_ connection: ConnectionID, _ added: Int, _ all: Int) {
    backlogs.all += added
    if all > limits[.outboxBytes] {
      connectionMarks.reach(ConnectionMark.connectionOutboxOverrun)
      kill(connection)
    }
    guard backlogs.isWatched, let largest = backlogs.largestIfTooMuch(connection, all, connections) else { return }
    connectionMarks.reach(ConnectionMark.connectionAllOutboxesOverrun)
    kill(largest)
  }

  /// Frees the bytes that the connection held at once, or the rest of the same broadcast would take other connections along.
  private mutating func kill(_ connection: ConnectionID) {
    let held = connections.modify(connection) { connection in
      defer { connection.die() }
      return connection.backlog
    }
    guard let held else { return }
    backlogs.all -= held
    overrun.append(connection)
  }
}

extension Engine {
  /// Every connection's part of `visitGauges`.
  func visitConnectionGauges(_ body: (_ name: StaticString, _ value: Int, _ limit: Int) -> Void) {
    body("bytes for all peers", backlogs.all, limits[.allOutboxesBytes])
    for id in connections.sortedKeys() {
      guard let connection = connections[id], !connection.isDead else { continue }
      body("bytes for a peer", connection.backlog, limits[.outboxBytes])
      // Bytes that were read before reading stopped come on top, and at least one stanza must have room.
      let stanza = max(connection.parser.limits.stanzaBytes, limits[.unauthenticatedStanzaBytes])
      body("bytes from a peer", connection.parser.pendingBytes, limits[.unprocessedBytes] + stanza + Engine.readAhead)
    }
  }

  /// Bytes that may arrive from one peer before a wish to read no more has an effect; see `ConnectionLoop`, too.
  static let readAhead = 64 << 10
}
