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
    /// When it came, on the monotonic clock: the first that waits made the oldest pending commit.
    var since: Int64

    /// The messages that leave for other shards when the commits before it are durable.
    var messages: [ShardMessage] { outputs.compactMap { if case .pass(let message) = $0 { message } else { nil } } }
  }
  let shard: Int
  private var held: Deque<Held> = []
  private var lastCommit: UInt64 = 0
  /// Bytes of changes that are not durable yet, and of stanzas for other shards that wait behind them: those may become changes all at once.
  private(set) var bytes = 0
  private var bytesByAccount = Table<JID, Int>()
  /// The commit of which the log says that it takes too long, and since when.
  private var warning: Warning?

  private struct Warning: Sendable, Codable {
    var commit: UInt64
    var time: Int64
  }

  init(shard: Int) { self.shard = shard }

  /// The number of the commit that the next transaction with changes makes.
  var next: UInt64 { lastCommit + 1 }

  /// The last pending commit that was to change an account or room; 0 if there is none.
  func last(touching jid: JID) -> UInt64 { held.last { $0.touched.contains(jid) }?.commit ?? 0 }

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
      commit: lastCommit, outputs: outputs, touched: transaction.touched, cause: cause, bytes: transaction.changedBytes,
      since: transaction.now.monotonic)
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
    if let warning, warning.commit <= number { self.warning = nil }
    while let first = held.first, first.commit <= number {
      effects.append(contentsOf: first.outputs)
      if let cause = first.cause.connection { effects.append(.charge(cause)) }
      held.removeFirst()
      count(first, -first.bytes)
    }
  }

  /// How long the oldest commit has been pending.
  enum Delay {
    /// Not too long. When to look again, on the monotonic clock; `nil` if nothing is pending.
    case bearable(until: Int64?)
    /// Too long, for the first time. When to look again.
    case long(until: Int64)
    case endless
  }

  /// Storage may be slow. It may also never answer, and then everybody waits for ever.
  ///
  /// The process may have been stopped for a long time itself: so the time that counts begins with the warning, which comes first.
  ///
  /// - Parameter limit: in nanoseconds; half of it before the warning, but 10 s at most, and the rest after it.
  mutating func delay(at now: Int64, limit: Int64) -> Delay {
    guard let first = held.first else { return .bearable(until: nil) }
    let patience = min(limit / 2, .seconds(10))
    if let warning, warning.commit == first.commit {
      let end = warning.time + limit - patience
      return now < end ? .bearable(until: end) : .endless
    }
    let due = first.since + patience
    guard now >= due else { return .bearable(until: due) }
    warning = Warning(commit: first.commit, time: now)
    return .long(until: now + limit - patience)
  }

  /// When to look at `delay` next, if nobody looks yet.
  func nextLook(limit: Int64) -> Int64? { held.first.map { $0.since + min(limit / 2, .seconds(10)) } }

  /// All that waits.
  var volume: Volume { held.reduce(Volume()) { $1.outputs.reduce($0) { $0 + $1.volume } } }

  var waitingMessages: [ShardMessage] { held.flatMap(\.messages) }

  /// The effects and owners that a failed commit takes down with it.
  struct Loss {
    /// Accounts and rooms whose memory runs ahead of the disk.
    var touched: OrderedSet<JID> = []
    /// Connections that were to be written to: their streams have a hole now.
    var connections: OrderedSet<ConnectionID> = []
    /// Those of them whose stream header is lost: their clients are in no stream in which something could be said.
    var headers: OrderedSet<ConnectionID> = []
    var controls: [UInt64] = []
    /// The first commit that failed.
    var first: UInt64
    /// On their way to other shards, in the order in which they would have left.
    var messages: [ShardMessage] = []
  }

  mutating func failed(from number: UInt64, _ marks: inout Marks) -> Loss {
    var loss = Loss(first: number)
    if let last = held.last, last.commit > number { marks.reach(CommitMark.outputFailedTogether) }
    if let warning, warning.commit >= number { self.warning = nil }
    while let last = held.last, last.commit >= number {
      held.removeLast()
      count(last, -last.bytes)
      loss.touched.append(contentsOf: last.touched)
      loss.messages.append(contentsOf: last.messages.reversed())
      for output in last.outputs {
        switch output {
        case .write(_, _, let addressees): loss.connections.append(contentsOf: addressees.map(\.connection))
        case .openStream(let connection, _):
          loss.connections.append(connection)
          loss.headers.append(connection)
        case .closeStream(let connection), .close(let connection), .startTLS(let connection, _):
          loss.connections.append(connection)
        case .reply(let id, _): loss.controls.append(id)
        case .pass(let message):
          if case .stream(let connection, _, _) = message.content { loss.connections.append(connection) }
        case .restart, .pause, .resume, .discardInput, .commit, .ask, .charge, .log, .giveUp: break
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
    var payers: OrderedSet<JID> = []
    for transaction in held where transaction.bytes > 0 {
      guard let payer = transaction.cause.payer, transaction.cause.connection != nil else {
        backlog.ofNobody += transaction.bytes
        continue
      }
      payers.append(payer)
      backlog.accounts[payer, default: (0, [])].transactions.append((transaction.cause, transaction.bytes))
    }
    for payer in payers { backlog.accounts[payer]!.bytes += bytes(of: payer) }
  }

  /// Bytes of changes that are not durable, of all shards. Each session, also one that has ended since, can have sent one stanza beyond a limit, after
  /// which it was read from no more. The transactions that one stanza causes, in several shards and one after another, count as one.
  struct Backlog {
    var bytes = 0
    var ofNobody = 0
    /// Of each account that waits: the bytes that throttling goes by, and its transactions.
    var accounts: OrderedDictionary<JID, (bytes: Int, transactions: [(cause: Cause, bytes: Int)])> = [:]

    /// How many bytes may be beyond a limit: for each session, those of the stanza that caused the most.
    private func beyond(_ transactions: [(cause: Cause, bytes: Int)]) -> Int {
      var stanzas: OrderedDictionary<ConnectionID, OrderedDictionary<UInt64, Int>> = [:]
      for (cause, bytes) in transactions {
        if let connection = cause.connection { stanzas[connection, default: [:]][cause.serial, default: 0] += bytes }
      }
      return stanzas.values.reduce(0) { $0 + ($1.values.max() ?? 0) }
    }

    func visitGauges(_ limits: Configuration.Limits, _ body: (_ name: StaticString, _ value: Int, _ limit: Int) -> Void) {
      var allBeyond = 0
      for account in accounts.values {
        let beyond = beyond(account.transactions)
        allBeyond += beyond
        body("bytes of records because of an account", account.bytes, limits[.accountRecordBytes] + beyond)
      }
      body("bytes of records on their way", bytes, limits[.allRecordBytes] + ofNobody + allBeyond)
    }
  }
}

extension Area {
  static let outputCommit = Area(
    name: "output commit", marks: [CommitMark.self], limits: [.pendingCommits, .accountRecordBytes, .allRecordBytes, .commitTime])
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
  /// How long a commit may take. The log says before that storage is slow: after half of it, and after 10 s at most.
  public static let commitTime = time(
    "commit_seconds", seconds: 120, settable: 2...31_536_000,
    effect:
      "the server ends at once, with exit status 74, to be started anew: storage will not answer any more; nothing acknowledged is lost")
}

/// Marks: output commit: what waits for storage, and what is lost with it.
public enum CommitMark: UInt16, CoverageMark {
  case outputHeld, outputHeldBehind, outputReleasedTogether
  case outputFailed, outputFailedTogether
  case outputLostSession, outputLostStream, outputLostEnd, outputLostControl, outputLostAccount, outputLostParked
  case commitSlow, commitGivenUp
  case outputThrottled, outputUnthrottled, outputShareThrottled, outputBytesThrottled

  public static let offset = Mark.offset(of: CommitMark.self)

  public var clause: String {
    switch self {
    case .outputHeld, .outputHeldBehind, .outputReleasedTogether, .outputFailed, .outputFailedTogether, .outputLostSession,
      .outputLostStream, .outputLostEnd, .outputLostControl, .outputLostAccount, .outputLostParked:
      "output commit"
    case .commitSlow, .commitGivenUp: "output commit; \(Limit.commitTime)"
    case .outputThrottled, .outputUnthrottled: "output commit; \(Limit.pendingCommits)"
    case .outputShareThrottled: "output commit; \(Limit.accountRecordBytes)"
    case .outputBytesThrottled: "output commit; \(Limit.allRecordBytes)"
    }
  }
}
