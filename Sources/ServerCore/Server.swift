internal import DequeModule
internal import OrderedCollections
internal import Storage
internal import XMPP

/// The whole behaviour of a server as one value: events go in, effects come out.
///
/// It does no I/O, reads no clock and knows no randomness but that of its seed: the same events at the same times give the same
/// effects, in any process. To copy it is to take a snapshot of the world.
///
/// Accounts and rooms are divided among shards by their addresses (`Shard.index`). A stream belongs to one of them by its connection's number, until
/// it claims to be of an account: then it goes to the account's shard. An event is worked off whole: with all that the shards say to each other
/// because of it.
public struct Server: Sendable, Codable {
  var shards: [Shard]
  /// The shard of each stream, where there are several shards.
  private var homes = Table<ConnectionID, Int>()
  /// How many connections there are from where.
  var connectionCounts = Table<SourceNetwork, Int>()
  /// Connections that are not read from until there is less that waits for storage.
  private var throttled: [ConnectionID] = []
  /// Messages between shards that have not been delivered yet: none between two events.
  private var messages: Deque<ShardMessage> = []
  /// Keep the messages that shards hand to each other, until `takePassed`.
  var keepsPassed = false
  private var passed: [ShardMessage] = []

  private enum CodingKeys: CodingKey { case shards, homes, connectionCounts, throttled }

  /// - Parameter seed: the key of all random bytes; 32 bytes of entropy in production.
  public init(configuration: Configuration, seed: [UInt8]) {
    let setting = SharedConfiguration(configuration)
    // A recording that somebody forged may say anything.
    let count = min(max(configuration.limits[.shards], 1), Limit.mostShards)
    shards = (0..<count).map { Shard($0, of: count, setting, seed: seed) }
  }

  public var configuration: Configuration { _read { yield shards[0].setting.configuration } }

  /// When `Event.deadline` should come, on the monotonic clock.
  public var nextDeadline: Int64? {
    var next: Int64?
    for index in shards.indices { if let time = shards[index].nextDeadline { next = min(next ?? time, time) } }
    return next
  }

  /// Why a server that somebody wrote down can't go on; `nil` if it can.
  var problem: String? {
    for shard in shards { if let problem = shard.configuration.problem { return problem } }
    let isSound =
      !shards.isEmpty && shards.count == configuration.limits[.shards]
      && shards.indices.allSatisfy { shards[$0].isSound(as: $0, of: shards.count) }
      && homes.sortedKeys().allSatisfy { shards.indices.contains(homes[$0] ?? -1) }
    return isSound ? nil : "shards do not fit together"
  }

  /// Takes one event, and appends what is to be done, in order.
  public mutating func handle(_ event: Event, at now: Instant, into effects: inout [Effect]) {
    let before = load
    let start = effects.count
    switch event {
    case .opened(let connection, let opening): open(connection, opening, now, &effects)
    case .closed(let connection): close(connection, now, &effects)
    case .committed(let id), .commitFailed(let id):
      if shards.indices.contains(id.shard) { shards[id.shard].handle(event, at: now, into: &effects) }
    case .answered(let id, let answer):
      guard shards.indices.contains(id.shard) else { break }
      if case .connected(let connection) = answer, shards.count > 1 { homes[connection] = id.shard }
      shards[id.shard].handle(event, at: now, into: &effects)
    case .control(_, let request): shards[home(of: request)].handle(event, at: now, into: &effects)
    case .deadline:
      for index in shards.indices where shards.count == 1 || shards[index].nextDeadline ?? .max <= now.monotonic {
        shards[index].handle(event, at: now, into: &effects)
      }
    case .shutdown: shutDown(now, &effects)
    case .header(let connection, _), .stanza(let connection, _), .streamEnd(let connection), .streamFailure(let connection, _),
      .encrypted(let connection, _), .drained(let connection):
      shards[home(of: connection)].handle(event, at: now, into: &effects)
    }
    let causes = exchange(now, since: start, &effects)
    if case .stanza(let connection, _) = event { return throttle(connection, before, &effects) }
    unthrottle(&effects)
    // A stanza that waited to leave its shard may make more wait where it has come to.
    for connection in causes where !throttled.contains(connection) { throttle(connection, before, &effects) }
  }

  func home(of connection: ConnectionID) -> Int { shards.count == 1 ? 0 : homes[connection] ?? 0 }

  /// How many connections have a shard that is written down.
  var homeCount: Int { homes.count }

  private func home(of request: ControlRequest) -> Int {
    switch request {
    case .addAccount(let jid, _), .changePassword(let jid, _), .deleteAccount(let jid), .disableAccount(let jid), .enableAccount(let jid):
      Shard.index(of: jid, of: shards.count)
    case .listAccounts: 0
    }
  }

  // MARK: Connections

  private mutating func open(_ connection: ConnectionID, _ opening: Opening, _ now: Instant, _ effects: inout [Effect]) {
    let index = Int(connection.number % UInt64(shards.count))
    let others = opening.from.map { connectionCounts[$0] ?? 0 } ?? 0
    let isOneTooMany = others >= configuration.limits[.connectionsPerAddress]
    let isTaken = !shards[index].isShuttingDown && (opening.role == .client || shards[index].setting.federates)
    if let origin = opening.from, !isOneTooMany, isTaken { connectionCounts[origin] = others + 1 }
    if shards.count > 1 { homes[connection] = index }
    shards[index].perform(at: now, into: &effects) { shard, transaction in
      shard.open(connection, opening, isOneTooMany: isOneTooMany, &transaction)
    }
  }

  private mutating func close(_ connection: ConnectionID, _ now: Instant, _ effects: inout [Effect]) {
    let index = home(of: connection)
    if let origin = shards[index].origin(of: connection) { forget(origin) }
    shards[index].handle(.closed(connection), at: now, into: &effects)
    if shards.count > 1 { _ = homes.remove(connection) }
  }

  /// A connection that counted is gone.
  private mutating func forget(_ origin: SourceNetwork) {
    let left = (connectionCounts[origin] ?? 1) - 1
    connectionCounts[origin] = left > 0 ? left : nil
  }

  private mutating func shutDown(_ now: Instant, _ effects: inout [Effect]) {
    let start = effects.count
    for index in shards.indices { shards[index].perform(at: now, into: &effects) { $0.closeRooms(&$1) } }
    // Occupants must have their word before they have no session any more that it could go to.
    _ = exchange(now, since: start, &effects)
    for index in shards.indices { shards[index].perform(at: now, into: &effects) { $0.closeStreams(&$1) } }
  }

  // MARK: Between shards

  /// Delivers what shards have said to each other, until there is nothing left. Returns the connections whose stanzas caused it.
  private mutating func exchange(_ now: Instant, since start: Int, _ effects: inout [Effect]) -> OrderedSet<ConnectionID> {
    var causes: OrderedSet<ConnectionID> = []
    guard shards.count > 1 || shards[0].setting.federates else { return causes }
    var start = start
    collect(from: start, &effects)
    while let message = messages.popFirst() {
      start = effects.count
      if keepsPassed { passed.append(message) }
      if case .stream(let connection, let task, let account) = message.content {
        move(connection, to: message.shard, task, account, now, &effects)
      } else {
        if let connection = message.cause.connection { causes.append(connection) }
        shards[message.shard].perform(at: now, for: message.cause, into: &effects) { $0.receive(message, &$1) }
      }
      collect(from: start, &effects)
    }
    return causes
  }

  /// Takes the messages out of what shards want done.
  private mutating func collect(from start: Int, _ effects: inout [Effect]) {
    guard effects[start...].contains(where: { if case .pass = $0 { true } else { false } }) else { return }
    var kept: [Effect] = []
    for effect in effects[start...] { if case .pass(let message) = effect { messages.append(message) } else { kept.append(effect) } }
    effects.replaceSubrange(start..., with: kept)
  }

  private mutating func move(
    _ connection: ConnectionID, to index: Int, _ task: PendingTask, _ account: JID, _ now: Instant, _ effects: inout [Effect]
  ) {
    guard let stream = shards[home(of: connection)].release(connection) else { return }
    homes[connection] = index
    shards[index].perform(at: now, into: &effects) { shard, transaction in shard.adopt(stream, task, of: account, &transaction) }
  }

  /// The messages that shards have handed to each other since the last time, while `keepsPassed`, in order.
  mutating func takePassed() -> [ShardMessage] {
    defer { passed = [] }
    return passed
  }

  // MARK: Sessions that make too much wait for storage

  /// The work that waits for storage.
  private struct Load {
    /// Transactions and tasks.
    var waiting = 0
    var bytes = 0
  }

  private var load: Load {
    var load = Load()
    for index in shards.indices {
      load.waiting += shards[index].waiting
      load.bytes += shards[index].commits.bytes
    }
    return load
  }

  private func bytes(of account: JID) -> Int {
    var sum = 0
    for index in shards.indices { sum += shards[index].commits.bytes(of: account) }
    return sum
  }

  /// A session that has made too much wait for storage is not read from until there is less.
  private mutating func throttle(_ connection: ConnectionID, _ before: Load, _ effects: inout [Effect]) {
    let load = load
    let limits = shards[0].setting.configuration.limits
    // Mostly nothing waits.
    guard load.bytes > 0 || load.waiting > limits[.pendingCommits] else { return }
    let index = home(of: connection)
    guard let account = shards[index].payer(of: connection) else { return }
    let mark: CommitMark
    // Whichever of its sessions speaks, and also one that has just begun.
    if bytes(of: account) > limits[.accountRecordBytes] {
      mark = .outputShareThrottled
    } else if load.bytes > max(limits[.allRecordBytes], before.bytes) {
      mark = .outputBytesThrottled
    } else if load.waiting > max(limits[.pendingCommits], before.waiting) {
      mark = .outputThrottled
    } else {
      return
    }
    shards[index].reach(mark)
    throttled.append(connection)
    effects.append(.pause(connection))
  }

  private mutating func unthrottle(_ effects: inout [Effect]) {
    guard !throttled.isEmpty else { return }
    let limits = configuration.limits
    let load = load
    guard load.waiting <= limits[.pendingCommits] / 2, load.bytes <= limits[.allRecordBytes] / 2 else { return }
    var kept: [ConnectionID] = []
    for connection in throttled {
      let index = home(of: connection)
      guard shards[index].streams.contains(connection) || shards[index].incoming.contains(connection) else { continue }
      if let account = shards[index].payer(of: connection), bytes(of: account) > limits[.accountRecordBytes] / 2 {
        kept.append(connection)
      } else {
        shards[index].reach(CommitMark.outputUnthrottled)
        effects.append(.resume(connection))
      }
    }
    throttled = kept
  }
}
