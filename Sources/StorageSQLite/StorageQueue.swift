internal import Dispatch
public import Storage
internal import Synchronization

/// A report of storage to the core.
public enum StorageAnswer: Sendable {
  /// Of one shard, as `CommitID` says.
  case committed(through: CommitID)
  /// The reason is for the log.
  case commitFailed(from: CommitID, reason: String)
  /// The answer to the question that was asked under this number.
  case answered(UInt64, Result<QueryResult, StorageError>)
}

/// Storage on a thread of its own: takes commits and questions in order, and joins all that wait in one transaction.
///
/// While a transaction is on its way to the disk the next ones gather, and share the next. A question between commits is answered
/// inside the transaction, so it sees each commit before it and none after; its answer leaves when the transaction is durable.
///
/// **When a transaction fails**, its commits are tried one by one, so that one commit that storage rejects takes none before it along, and none
/// of another shard. All commits of its shard from the first that fails again have failed, and so must every later one: their changes build on
/// what is lost now. The core stops counting on them when it is told of the failure, and what it emits from then on builds on what the disk
/// holds. The queue can't tell the one kind from the other by number, so that moment must be marked in the queue itself:
///
/// 1. The queue answers `commitFailed(from: n)`, and from then on drops each commit of that shard that it takes out.
/// 2. The adapter tells the core, which takes back what it had not handed over yet, calls `resumeAfterFailure(ofShard:)`, and only then
///    hands over what the core emits; all on one thread. So the mark stands behind the last commit that was built on
///    the loss, and before the first one that was not.
/// 3. The queue takes out the mark, and commits again.
///
/// Questions are answered throughout, from what the disk holds: in a failed transaction they are read anew, and answered after the failure.
public final class StorageQueue: Sendable {
  private enum Request: Sendable {
    case commit(CommitID, [Change])
    case ask(UInt64, Query)
    case resume(shard: Int)
  }
  private struct Waiting {
    var requests: [Request] = []
    var isScheduled = false
  }
  private let waiting = Mutex(Waiting())
  private let thread: DispatchQueue
  private let worker: Worker

  /// - Parameter receive: called on the queue's thread, with answers in order.
  public init(_ storage: sending SQLiteStorage, receive: @escaping @Sendable ([StorageAnswer]) -> Void) {
    thread = DispatchQueue(label: "spondee.storage")
    worker = Worker(storage, receive)
  }

  /// - Parameter id: its number is greater than those of earlier commits of the same shard.
  public func commit(_ id: CommitID, _ changes: [Change]) { add(.commit(id, changes)) }
  /// - Parameter number: comes back with the answer.
  public func ask(_ number: UInt64, _ query: Query) { add(.ask(number, query)) }
  /// The core knows of the failed commit: what is handed over from now on was made in that knowledge.
  public func resumeAfterFailure(ofShard shard: Int = 0) { add(.resume(shard: shard)) }

  /// Returns when all that was handed over has been done and answered. Not to be called from `receive`.
  public func drain() { thread.sync {} }

  private func add(_ request: Request) {
    let mustSchedule = waiting.withLock { waiting in
      waiting.requests.append(request)
      defer { waiting.isScheduled = true }
      return !waiting.isScheduled
    }
    if mustSchedule { thread.async { self.work() } }
  }

  private func work() {
    while true {
      let requests = waiting.withLock { waiting in
        defer { waiting.requests = [] }
        if waiting.requests.isEmpty { waiting.isScheduled = false }
        return waiting.requests
      }
      guard !requests.isEmpty else { return }
      worker.perform(requests)
    }
  }

  /// The state that only the queue's thread touches: that is why it may be shared.
  private final class Worker: @unchecked Sendable {
    private let storage: SQLiteStorage
    private let receive: @Sendable ([StorageAnswer]) -> Void
    /// Shards whose commits are dropped until their core knows of a failure.
    private var failed: Set<Int> = []

    init(_ storage: sending SQLiteStorage, _ receive: @escaping @Sendable ([StorageAnswer]) -> Void) {
      self.storage = storage
      self.receive = receive
    }

    func perform(_ requests: [Request]) {
      var rest = requests[...]
      while !rest.isEmpty {
        // A mark divides: what comes behind it must not share the fate of what comes before.
        let mark = rest.firstIndex { if case .resume = $0 { true } else { false } } ?? rest.endIndex
        perform(together: rest[..<mark])
        if mark < rest.endIndex, case .resume(let shard) = rest[mark] { failed.remove(shard) }
        rest = rest[mark...].dropFirst()
      }
    }

    private func perform(together requests: ArraySlice<Request>) {
      let kept = requests.filter { if case .commit(let id, _) = $0 { !failed.contains(id.shard) } else { true } }
      let commits = kept.compactMap { if case .commit(let id, _) = $0 { id } else { nil } }
      guard !commits.isEmpty else { return read(kept[...]) }
      do throws(StorageError) {
        let answers = try write(kept[...])
        receive(Worker.last(commits) + answers)
      } catch {
        // One of several commits may be to blame: the others are good.
        if commits.count > 1 { return performSingly(kept) }
        fail(commits[0], error)
        read(kept[...])
      }
    }

    /// That the commits are durable: the last of each shard stands for those before it.
    private static func last(_ commits: [CommitID]) -> [StorageAnswer] {
      guard let first = commits.first, commits.contains(where: { $0.shard != first.shard }) else {
        return commits.suffix(1).map { .committed(through: $0) }
      }
      var lasts: [Int: CommitID] = [:]
      for commit in commits { lasts[commit.shard] = commit }
      return lasts.values.sorted { $0.shard < $1.shard }.map { .committed(through: $0) }
    }

    /// All in one transaction. Returns the answers to the questions among them.
    private func write(_ requests: ArraySlice<Request>) throws(StorageError) -> [StorageAnswer] {
      var answers: [StorageAnswer] = []
      try storage.transaction { rows in
        for request in requests {
          switch request {
          case .commit(_, let changes): try rows.write(changes)
          case .ask(let number, let query): answers.append(.answered(number, Self.answer(query, rows)))
          case .resume: break
          }
        }
      }
      return answers
    }

    /// A transaction for each commit. After the first of a shard that fails, those of the same shard fail with it.
    private func performSingly(_ requests: [Request]) {
      // Questions are answered behind all commits that came before them, and those of a shard that failed behind the failure.
      for request in requests {
        guard case .commit(let id, _) = request else {
          read([request])
          continue
        }
        guard !failed.contains(id.shard) else { continue }
        do throws(StorageError) {
          _ = try write([request])
          receive([.committed(through: id)])
        } catch {
          fail(id, error)
        }
      }
    }

    /// The commit failed, and so do all of its shard behind it.
    private func fail(_ first: CommitID, _ error: StorageError) {
      failed.insert(first.shard)
      receive([.commitFailed(from: first, reason: error.description)])
    }

    /// Answers the questions, from what is durable.
    private func read(_ requests: ArraySlice<Request>) {
      var answers: [StorageAnswer] = []
      for case .ask(let number, let query) in requests {
        answers.append(.answered(number, Result { () throws(StorageError) in try storage.answer(query) }))
      }
      if !answers.isEmpty { receive(answers) }
    }

    /// Data that can't be read are not a reason to fail those who write.
    private static func answer(_ query: Query, _ rows: RowStorage) -> Result<QueryResult, StorageError> {
      do { return .success(try rows.answer(query)) } catch { return .failure(StorageError("\(error)")) }
    }
  }
}
