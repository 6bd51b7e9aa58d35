internal import DequeModule
internal import OrderedCollections
internal import Storage
internal import XMPP

/// Holds back what a transaction says until what it did is durable.
///
/// Steps leave in one order, and none passes a commit that is pending: so nobody, on whatever connection, can see a state that a crash
/// could take back. With nothing pending a transaction's outputs leave at once.
struct OutputCommit: Sendable, Codable {
  private struct Held: Sendable, Codable {
    var commit: UInt64
    var outputs: [Effect]
    var touched: [JID]
    var cause: Cause
    var bytes = 0

    /// The messages that leave for other shards when the commits before it are durable.
    var messages: [ShardMessage] { outputs.compactMap { if case .pass(let message) = $0 { message } else { nil } } }
  }
  let shard: Int
  private var held: Deque<Held> = []
  private var lastCommit: UInt64 = 0
  /// Bytes of changes that are not durable yet, and of stanzas for other shards that wait behind them: those may become changes all at once.
  private(set) var bytes = 0
  private var bytesByAccount = Table<JID, Int>()

  init(shard: Int) { self.shard = shard }

  /// Transactions that wait.
  var depth: Int { held.count }

  /// Takes what a transaction produced; appends what may leave now.
  ///
  /// - Parameters:
  ///   - transaction: its outputs are closed, and may be taken from it.
  ///   - cause: the session whose stanza the transaction was for.
  mutating func add(_ transaction: inout Transaction, _ cause: Cause, into effects: inout [Effect], _ marks: inout Marks) {
    // Mostly nothing changes and nothing waits: then nothing is copied.
    if transaction.changes.isEmpty, held.isEmpty, !transaction.hasMessages {
      effects.append(contentsOf: transaction.immediate)
      return transaction.outputs.move(into: &effects)
    }
    if !transaction.changes.isEmpty {
      lastCommit += 1
      effects.append(.commit(CommitID(shard: shard, lastCommit), transaction.changes))
    }
    // Behind the commit: what the transaction asks of storage must be answered with what the transaction itself did. An account that it
    // removed and then had something for would come back to life.
    effects.append(contentsOf: transaction.immediate)
    var outputs = transaction.outputs.effects
    if transaction.hasMessages { outputs = OutputCommit.charging(cause, for: outputs) }
    if transaction.changes.isEmpty {
      if held.isEmpty { return effects.append(contentsOf: outputs) }
      if outputs.isEmpty, transaction.touched.isEmpty { return }
      marks.reach(CommitMark.outputHeldBehind)
    } else {
      marks.reach(CommitMark.outputHeld)
    }
    var entry = Held(
      commit: lastCommit, outputs: outputs, touched: transaction.touched, cause: cause, bytes: transaction.changedBytes)
    if transaction.hasMessages { entry.bytes += entry.messages.reduce(0) { $0 + $1.weight } }
    if entry.bytes == 0 { entry.cause.payer = nil }
    held.append(entry)
    count(entry, entry.bytes)
  }

  private static func charging(_ cause: Cause, for outputs: [Effect]) -> [Effect] {
    outputs.map { output in
      guard case .pass(var message) = output else { return output }
      message.cause = cause
      return .pass(message)
    }
  }

  private mutating func count(_ transaction: Held, _ change: Int) {
    bytes += change
    guard let payer = transaction.cause.payer else { return }
    let sum = (bytesByAccount[payer] ?? 0) + change
    bytesByAccount[payer] = sum > 0 ? sum : nil
  }

  /// Bytes that wait, as `bytes`, because of what sessions of an account (bare) said.
  func bytes(of account: JID) -> Int { bytesByAccount[account] ?? 0 }

  /// Commits up to and with `number` are durable.
  mutating func committed(through number: UInt64, into effects: inout [Effect], _ marks: inout Marks) {
    if let first = held.first, first.commit < number { marks.reach(CommitMark.outputReleasedTogether) }
    while let first = held.first, first.commit <= number {
      effects.append(contentsOf: first.outputs)
      if let cause = first.cause.connection { effects.append(.charge(cause)) }
      held.removeFirst()
      count(first, -first.bytes)
    }
  }

  var waitingMessages: [ShardMessage] { held.flatMap(\.messages) }

  /// The effects and owners that a failed commit takes down with it.
  struct Loss {
    /// Accounts and rooms whose memory runs ahead of the disk.
    var touched: OrderedSet<JID> = []
    /// Connections that were to be written to: their streams have a hole now.
    var connections: OrderedSet<ConnectionID> = []
    var controls: [UInt64] = []
    /// On their way to other shards, in the order in which they would have left.
    var messages: [ShardMessage] = []
  }

  mutating func failed(from number: UInt64, _ marks: inout Marks) -> Loss {
    var loss = Loss()
    if let last = held.last, last.commit > number { marks.reach(CommitMark.outputFailedTogether) }
    while let last = held.last, last.commit >= number {
      held.removeLast()
      count(last, -last.bytes)
      loss.touched.append(contentsOf: last.touched)
      loss.messages.append(contentsOf: last.messages.reversed())
      for output in last.outputs {
        switch output {
        case .write(_, _, let addressees): loss.connections.append(contentsOf: addressees.map(\.connection))
        case .openStream(let connection, _), .closeStream(let connection), .close(let connection), .startTLS(let connection, _):
          loss.connections.append(connection)
        case .reply(let id, _): loss.controls.append(id)
        case .pass(let message):
          if case .stream(let connection, _, _) = message.content { loss.connections.append(connection) }
        case .restart, .pause, .resume, .discardInput, .commit, .ask, .charge, .log: break
        }
      }
    }
    // The last transaction came first. Errors that come back must not overtake each other.
    loss.messages.reverse()
    return loss
  }

  /// Adds up what waits, for `Backlog`.
  func addUp(_ backlog: inout Backlog) {
    backlog.bytes += bytes
    var largest: OrderedDictionary<JID, OrderedDictionary<ConnectionID, Int>> = [:]
    for transaction in held {
      guard let payer = transaction.cause.payer, let cause = transaction.cause.connection else {
        backlog.ofNobody += transaction.bytes
        continue
      }
      largest[payer, default: [:]][cause, default: 0] = max(largest[payer]?[cause] ?? 0, transaction.bytes)
    }
    for (payer, sessions) in largest {
      backlog.accounts[payer, default: (0, 0)].bytes += bytes(of: payer)
      backlog.accounts[payer]!.beyond += sessions.values.reduce(0, +)
    }
  }

  /// Bytes of changes that are not durable, of several shards. Each session, also one that has ended since, can have added one transaction to
  /// each shard beyond a limit, after which it was read from no more.
  struct Backlog {
    var bytes = 0
    var ofNobody = 0
    /// Of each account that waits, and how many may be beyond its limit.
    var accounts: OrderedDictionary<JID, (bytes: Int, beyond: Int)> = [:]

    func visitGauges(_ limits: Configuration.Limits, _ body: (_ name: StaticString, _ value: Int, _ limit: Int) -> Void) {
      let beyond = accounts.values.reduce(0) { $0 + $1.beyond }
      body("bytes of records on their way", bytes, limits[.allRecordBytes] + ofNobody + beyond)
      for account in accounts.values {
        body("bytes of records because of an account", account.bytes, limits[.accountRecordBytes] + account.beyond)
      }
    }
  }
}

extension Area {
  static let outputCommit = Area(
    name: "output commit", marks: [CommitMark.self], limits: [.pendingCommits, .accountRecordBytes, .allRecordBytes])
}

extension Limit {
  /// Steps and stanzas that wait for storage, all together; beyond it, sessions that cause more are not read from until half is done.
  public static let pendingCommits = count(
    "pending_commits", 1_000, settable: 1...,
    effect: "sessions that cause more are not read from until storage has caught up by half; nothing is lost", trial: .low(62, 5, 1),
    formerName: "held_steps")
  /// Bytes on their way to storage because of one account; beyond it, its sessions are not read from until half is done.
  public static let accountRecordBytes = bytes(
    "account_record_bytes", 1 << 20, settable: 1...,
    effect: "sessions of the account are not read from until half of what it made wait for storage is stored; nothing is lost",
    trial: .low(91, 1_000, 1))
  /// The same of all accounts; beyond it, sessions that cause more are not read from until half is done.
  public static let allRecordBytes = bytes(
    "all_record_bytes", 64 << 20, settable: 1...,
    effect: "sessions that cause more are not read from until half of it is stored; nothing is lost", trial: .low(92, 2_000, 1))
}

/// Marks: output commit: what waits for storage, and what is lost with it.
public enum CommitMark: UInt16, CoverageMark {
  case outputHeld, outputHeldBehind, outputReleasedTogether
  case outputFailed, outputFailedTogether
  case outputLostSession, outputLostStream, outputLostEnd, outputLostControl, outputLostAccount
  case outputThrottled, outputUnthrottled, outputShareThrottled, outputBytesThrottled

  public static let offset = Mark.offset(of: CommitMark.self)

  public var clause: String {
    switch self {
    case .outputHeld, .outputHeldBehind, .outputReleasedTogether, .outputFailed, .outputFailedTogether, .outputLostSession,
      .outputLostStream, .outputLostEnd, .outputLostControl, .outputLostAccount:
      "output commit"
    case .outputThrottled, .outputUnthrottled: "output commit; \(Limit.pendingCommits)"
    case .outputShareThrottled: "output commit; \(Limit.accountRecordBytes)"
    case .outputBytesThrottled: "output commit; \(Limit.allRecordBytes)"
    }
  }
}
