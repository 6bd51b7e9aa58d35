internal import OrderedCollections
internal import SASL
internal import ServerCore
internal import Storage

// The counterpart of the socket adapter: it hands on events, and carries out the engine's actions. How a connection ends is
// decided by the same `CloseSequence`.

extension World {
  mutating func tell(_ input: Input) {
    guard node.isUp else { return }
    // Ends that come to light while it does what it is told are heard after that.
    if node.isFlushing, case .closed = input { return node.ended.append(input) }
    take(input)
    guard !node.isFlushing else { return }
    if node.engine.isFull || hasReadEnough(input) { return flush() }
    guard !node.isFlushScheduled else { return }
    if choices.chance(.tie, percent: settings.batchPercent) {
      node.isFlushScheduled = true
      schedule(.flush, after: Int64(choices.draw(.tie, below: 1000)) * 1000)
    } else {
      flush()
    }
  }

  private mutating func take(_ input: Input) {
    var steps = 0
    for input in mutant?.distort(input) ?? [input] {
      login?.hear(input, at: now)
      cost?.begin()
      feed(input)
      steps += cost?.taken() ?? 0
    }
    let events = node.engine.takeEvents()
    cost?.judge(input, steps, events, node.engine.server)
    for handled in events {
      model?.handle(handled, durable: node.disk.durable)
      login?.follow(handled)
      pairs?.note(handled)
    }
    pairs?.note(connections: node.engine.connectionMarks)
    login?.settle(node.engine.server)
    watchLimits()
  }

  /// An adapter reads only so much of a connection before it does what it is told.
  private mutating func hasReadEnough(_ input: Input) -> Bool {
    guard case .bytes(let connection, let bytes) = input, let id = sockets[connection] else { return false }
    node.readInTurn[id, default: 0] += bytes.count
    return node.readInTurn[id]! > World.mostInTurn
  }

  private mutating func feed(_ input: Input) {
    let now = instant
    node.tape?.input(input, at: now, before: node.engine)
    mutant?.trap(at: input)
    node.engine.handle(input, at: now)
  }

  private static let mostInTurn = 16 << 10

  mutating func flushNow() {
    node.isFlushScheduled = false
    flush()
  }

  /// Does what the engine wants, until it wants no more: a write that is accepted at once is an input too. The process may die on
  /// the way.
  private mutating func flush() {
    let closing = node.incarnation
    node.isFlushing = true
    node.readInTurn = [:]
    while true {
      cost?.begin()
      let actions = node.engine.flush()
      if let steps = cost?.taken() { cost?.judgeFlush(actions, steps) }
      let now = instant
      node.tape?.outputs(actions, of: node.engine, at: now)
      guard !actions.isEmpty || !node.ended.isEmpty else { break }
      for action in mutant == nil ? actions : sabotaged(actions) {
        act(action)
        guard node.incarnation == closing else { return }
        if node.diesAtCommit, case .commit = action { return crash() }
        guard let left = node.actionsLeft else { continue }
        node.actionsLeft = left - 1
        if left <= 1 { return crash() }
      }
      while !node.engine.isFull, let input = node.ended.popLast() { take(input) }
    }
    node.isFlushing = false
    while !node.readers.isEmpty { readAtServer(node.readers.removeFirst()) }
  }

  private mutating func sabotaged(_ actions: [Action]) -> [Action] {
    let distorted = actions.flatMap { action in
      let instead = mutant!.distort(action)
      if let (connection, count) = mutant!.debt(of: action, for: instead) { feed(.accepted(connection, count)) }
      return instead
    }
    return mutant!.reorder(distorted)
  }

  private mutating func act(_ action: Action) {
    if eventLog != nil { eventLog?.add(action, on: action.connection.flatMap { sockets[$0] }) }
    switch action {
    case .write(let connection, let bytes):
      guard let id = sockets[connection], connections[id].closing.isOpen else { return }
      connections[id].closing.writes()
      connections[id].toClient.write(bytes)
      transmit(id, .toClient)
    case .startTLS(let connection, _):
      guard let id = sockets[connection], connections[id].closing.isOpen else { return }
      beginHandshake(id)
    case .close(let connection): if let id = sockets[connection] { follow(connections[id].closing.close(), id) }
    case .abort(let connection): if let id = sockets[connection] { follow(connections[id].closing.abort(), id) }
    case .read(let connection, let wanted):
      guard let id = sockets[connection], connections[id].closing.isOpen else { return }
      connections[id].isRead = wanted
      // Not at once: nothing that comes of it could be done while this is being done.
      if wanted { node.readers.append(id) }
    case .commit(let number, let changes):
      node.disk.write(number, mutant?.distort(changes) ?? changes)
      scheduleSync()
      if mutant?.kind == .syncPromised { tell(.committed(through: number)) }
    case .ask(let id, .query(let query)):
      let time = pick(.loadTime, 0, settings.loadTime ?? settings.commitTime, &choices) * node.slowness
      // By then the server has given up.
      if time >= settings.configuration.limits[time: .inquiryTime] { notices.append(.unreadable) }
      schedule(.answer(id, .query(query), found: node.disk.answer(query), failures: node.failedCommits), after: time)
    case .ask(let id, let question):
      let time = pick(.deriveTime, 0, settings.commitTime, &choices)
      schedule(.answer(id, question, found: nil, failures: node.failedCommits), after: time)
    case .reply(let id, let reply): notices.append(.reply(id, reply))
    case .log: break
    case .giveUp: crash()
    }
  }

  // MARK: Connections

  /// The server's half of the handshake goes out behind all that was written.
  mutating func beginHandshake(_ id: SocketID) {
    connections[id].awaitsHandshake = true
    connections[id].toClient.write(.handshake)
    transmit(id, .toClient)
  }

  /// A write was accepted whole by the system.
  mutating func wrote(_ id: SocketID, _ count: Int) {
    guard connections.has(id), connections[id].isServerThere else { return }
    let actions = connections[id].closing.wrote()
    tell(.accepted(connections[id].connection, count))
    follow(actions, id)
  }

  private mutating func follow(_ actions: [CloseSequence.Action], _ id: SocketID) {
    for action in actions {
      guard connections.has(id), connections[id].isServerThere else { return }
      switch action {
      case .read:
        connections[id].isRead = true
        readAtServer(id)
      case .endOutput:
        // Ended on both sides, it is over.
        if connections[id].serverSawEnd { return serverCloses(id) }
        connections[id].toClient.write(.fin)
        transmit(id, .toClient)
      case .wait(let time):
        connections[id].patience += 1
        schedule(.patience(id, connections[id].patience), after: time)
      case .abort: serverCloses(id)
      }
    }
  }

  mutating func patienceEnds(_ id: SocketID, _ number: Int) {
    guard connections.has(id), connections[id].isServerThere, connections[id].patience == number else { return }
    follow(connections[id].closing.timedOut(), id)
  }

  /// The server's end of the connection is closed at once. Its system still sends what it has accepted, unless there is something
  /// that was not read: then it sends a reset.
  private mutating func serverCloses(_ id: SocketID) {
    let connection = connections[id].connection
    leave(id, withReset: !connections[id].toServer.arrived.isEmpty)
    tell(.closed(connection))
  }

  /// The process is gone; to its connections it is as if it had closed them.
  mutating func serverDies(_ id: SocketID) {
    guard connections.has(id), connections[id].isServerThere else { return }
    leave(id, withReset: !connections[id].toServer.arrived.isEmpty || choices.chance(.crash, 4, percent: 30))
  }

  private mutating func leave(_ id: SocketID, withReset: Bool) {
    sockets[connections[id].connection] = nil
    connections[id].closing.closed()
    connections[id].isServerThere = false
    if withReset {
      connections[id].toClient.dropQueue()
      schedule(.resetOutside(id), after: latency(id, &choices))
    } else {
      connections[id].toClient.dropUnaccepted()
      connections[id].toClient.write(.fin)
      transmit(id, .toClient)
    }
    release(id)
  }

  /// The peer, or its system, broke the connection: what was not yet read is lost.
  mutating func resetAtServer(_ id: SocketID) {
    guard connections.has(id) else { return }
    connections[id].toServer.dropQueue()
    if connections[id].isServerThere {
      sockets[connections[id].connection] = nil
      connections[id].closing.closed()
      connections[id].isServerThere = false
      tell(.closed(connections[id].connection))
    }
    release(id)
  }

  mutating func arriveAtServer(_ id: SocketID, _ item: Pipe.Item) {
    guard connections.has(id) else { return }
    connections[id].toServer.arrive(item)
    guard connections[id].isServerThere else {
      if connections[id].isClientThere { schedule(.resetOutside(id), after: latency(id, &choices)) }
      return
    }
    readAtServer(id)
  }

  private mutating func readAtServer(_ id: SocketID) {
    while connections.has(id), connections[id].isServerThere, connections[id].isRead {
      let isShort = choices.chance(.reading, id.number, percent: settings.shortPercent)
      let size = isShort ? 1 + choices.draw(.reading, id.number, below: settings.readSize) : settings.readSize
      guard let item = connections[id].toServer.read(size) else { break }
      hear(item, id, connections[id].connection)
    }
    transmit(id, .toServer)
  }

  private mutating func hear(_ item: Pipe.Item, _ id: SocketID, _ connection: ConnectionID) {
    switch item {
    case .bytes where connections[id].awaitsHandshake, .alert: follow(connections[id].closing.abort(), id)
    case .bytes(let bytes):
      guard connections[id].closing.isOpen else { return }
      watchPace(id, bytes.count)
      tell(.bytes(connection, Array(bytes)))
    case .handshake:
      connections[id].awaitsHandshake = false
      tell(.encrypted(connection, connections[id].facts))
    case .fin:
      connections[id].serverSawEnd = true
      follow(connections[id].closing.peerHalfClosed(), id)
    }
  }

  // MARK: Storage

  private mutating func scheduleSync() {
    guard !node.isSyncScheduled else { return }
    node.isSyncScheduled = true
    schedule(.sync, after: pick(.commitTime, 0, settings.commitTime, &choices) * node.slowness)
  }

  mutating func sync() {
    node.isSyncScheduled = false
    if node.isDiskHung { return }
    if node.failingCommits > 0 {
      node.failingCommits -= 1
      return failCommit()
    }
    if node.isDiskFull, mutant?.kind != .fullDiskUnheard { return failCommit() }
    if node.isDiskFull { return promise() }
    if mutant?.kind == .crashForgets { node.durableBefore = node.disk.durable }
    // Shards commit independently: one may be durable before another whose commits were made earlier.
    let shards = node.disk.shards
    if shards.count > 1, choices.chance(.commitTime, 1, percent: 50) {
      let shard = shards[choices.draw(.commitTime, 2, below: shards.count)]
      guard let last = node.disk.pending.last(where: { $0.id.shard == shard })?.id else { return }
      node.disk.sync(through: last)
      scheduleSync()
      return tell(.committed(through: last))
    }
    for last in node.disk.sync() { tell(.committed(through: last)) }
  }

  /// All that is pending is confirmed, and none of it is written.
  private mutating func promise() {
    let lasts = node.disk.shards.compactMap { shard in node.disk.pending.last { $0.id.shard == shard }?.id }
    _ = node.disk.fail()
    for last in lasts { tell(.committed(through: last)) }
  }

  /// The transaction in preparation fails; the process lives on.
  public mutating func failCommit() {
    guard node.isUp else { return }
    let firsts = node.disk.fail()
    guard !firsts.isEmpty else { return }
    node.failedCommits += 1
    for first in firsts {
      // Commits that the failure of another shard has made this one write meanwhile build on what is lost, too.
      node.disk.fail(from: first)
      tell(.commitFailed(from: first))
    }
  }

  /// A question is answered, unless a fault is in the way: it may fail, be answered twice, too late or never.
  mutating func answer(_ id: InquiryID, _ question: Question, _ found: QueryResult?, _ failures: Int) {
    if case .query = question, node.isDiskHung { return notices.append(.unreadable) }
    guard choices.chance(.inquiryFault, percent: settings.inquiryFailurePercent) else {
      return tell(.answered(id, answer(to: question, found, failures)))
    }
    notices.append(.unreadable)
    switch choices.draw(.inquiryFault, 1, below: 4) {
    case 0: tell(.answered(id, .failed("unreadable")))
    case 1: break
    case 2:
      tell(.answered(id, answer(to: question, found, failures)))
      if node.isUp { tell(.answered(id, answer(to: question, found, failures))) }
    default:
      let late = settings.configuration.limits[time: .inquiryTime] * 2
      schedule(.answer(id, question, found: found, failures: failures), after: late)
    }
  }

  private mutating func answer(to question: Question, _ found: QueryResult?, _ failures: Int) -> Answer {
    switch question {
    case .deriveKeys(let request): return .keys(Scram.derive(request))
    case .query(let query):
      // Rows that a failed commit took back are read anew, as storage does it.
      var result = failures == node.failedCommits ? found ?? node.disk.answer(query) : node.disk.answer(query)
      if let distorted = mutant?.distort(result) { result = distorted }
      if mutant?.kind == .loadStale { result = node.disk.durable.answer(query) }
      return .result(result)
    }
  }

  /// The next transaction fails when it is to become durable; the process lives on.
  mutating func failNextCommit() { node.failingCommits += 1 }

  /// Storage answers nothing any more, for as long as the process lives. A disk for which nobody waits may be well again.
  public mutating func hangDisk(_ isHung: Bool) {
    if isHung || node.disk.pending.isEmpty { node.isDiskHung = isHung }
  }
  public var isDiskHung: Bool { node.isDiskHung }
  /// The disk is full, slow, or hangs.
  var isDiskBad: Bool { node.isDiskFull || node.isDiskHung || node.slowness > 1 }

  /// The disk has no room for anything new, or has again.
  public mutating func setDisk(full: Bool, slowness: Int64) { (node.isDiskFull, node.slowness) = (full, max(1, slowness)) }

  // MARK: Limits

  /// Nobody is heard for long who speaks faster than he may.
  private mutating func watchPace(_ id: SocketID, _ count: Int) {
    let limits = settings.configuration.limits
    guard limits[.bytesPerSecond] > 0 else { return }
    let spent = connections[id].spending.add(count, at: now, bytesPerSecond: limits[.bytesPerSecond])
    // One read more than what was free, and what is read before the server's wish to read no more is carried out. The server counts whole
    // nanoseconds, which may be worth a byte.
    let most = 1 + limits[.burstBytes] + settings.readSize + (settings.batchPercent > 0 ? World.mostInTurn : 0)
    if spent > most, overLimit == nil { overLimit = Gauge(name: "bytes said too fast", value: spent, limit: most) }
  }

  /// More connections from one address than the server should have let stay.
  var crowd: Gauge? {
    let there = connections.ids.filter { connections[$0].isServerThere && connections[$0].closing.isOpen }
    let origins = there.compactMap { connections[$0].origin }
    let most = settings.configuration.limits[.connectionsPerAddress]
    let counts = OrderedSet(origins).map { origin in origins.count { $0 == origin } }
    return counts.first { $0 > most }.map { Gauge(name: "connections from an address", value: $0, limit: most) }
  }

  /// No buffer or queue of the server's may ever hold more than it is allowed to.
  mutating func watchLimits() {
    // Looking at all of them costs as much as an event: where limits are far away, now and then is enough.
    guard overLimit == nil, settings.watchesLimitsClosely || happenings >= nextWatch else { return }
    nextWatch = happenings + 64 + UInt64(sockets.count)
    overLimit = node.engine.overLimit
  }
}
