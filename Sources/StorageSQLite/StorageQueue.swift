internal import Dispatch
public import Storage
internal import Synchronization

/// What storage tells the core.
public enum StorageAnswer: Sendable {
  case committed(through: UInt64)
  /// The reason is for the log.
  case commitFailed(from: UInt64, reason: String)
  /// The answer to the question that was asked under this number.
  case answered(UInt64, Result<QueryResult, StorageError>)
}

/// Storage on a thread of its own: takes commits and questions in order, and joins all that wait in one transaction.
///
/// While a transaction is on its way to the disk the next ones gather, and share the next. A question between commits is answered
/// inside the transaction, so it sees each commit before it and none after; its answer leaves when the transaction is durable.
///
/// **When a transaction fails**, its commits are tried one by one, so that one commit that storage rejects takes none before it along. All from
/// the first that fails again have failed, and so must every later one: their changes build on what is lost now. The
/// core stops counting on them when it hears of the failure, and what it emits from then on builds on what the disk holds. The
/// queue can't tell the one kind from the other by number, so the moment at which the core heard must be marked in the queue itself:
///
/// 1. The queue answers `commitFailed(from: n)`, and from then on drops each commit that it takes out.
/// 2. The adapter tells the core, which takes back what it had not handed over yet, calls `resumeAfterFailure()`, and only then
///    hands over what the core emits; all on one thread. So the mark stands behind the last commit that was built on
///    the loss, and before the first one that was not.
/// 3. The queue takes out the mark, and commits again.
///
/// Questions are answered throughout, from what the disk holds: in a failed transaction they are read anew, and answered after the failure.
public final class StorageQueue: Sendable {
  private enum Request: Sendable {
    case commit(UInt64, [Change])
    case ask(UInt64, Query)
    case resume
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

  /// Numbers grow.
  public func commit(_ number: UInt64, _ changes: [Change]) { add(.commit(number, changes)) }
  /// - Parameter number: comes back with the answer.
  public func ask(_ number: UInt64, _ query: Query) { add(.ask(number, query)) }
  /// The core knows of the failed commit: what is handed over from now on was made in that knowledge.
  public func resumeAfterFailure() { add(.resume) }

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

  /// What only the queue's thread touches: that is why it may be shared.
  private final class Worker: @unchecked Sendable {
    private let storage: SQLiteStorage
    private let receive: @Sendable ([StorageAnswer]) -> Void
    private var hasFailed = false

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
        if mark < rest.endIndex { hasFailed = false }
        rest = rest[mark...].dropFirst()
      }
    }

    private func perform(together requests: ArraySlice<Request>) {
      var last: UInt64?
      var count = 0
      if !hasFailed {
        for case .commit(let number, _) in requests {
          last = number
          count += 1
        }
      }
      guard let last else { return read(requests) }
      do throws(StorageError) {
        let answers = try write(requests)
        receive([.committed(through: last)] + answers)
      } catch {
        // One of several commits may be to blame: those before it are good.
        if count > 1 { return performSingly(requests) }
        fail(requests, error)
      }
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

    /// A transaction for each commit, until one fails.
    private func performSingly(_ requests: ArraySlice<Request>) {
      var rest = requests
      while let request = rest.first {
        do throws(StorageError) {
          let answers = try write(rest.prefix(1))
          if case .commit(let number, _) = request { receive([.committed(through: number)]) } else { receive(answers) }
          rest = rest.dropFirst()
        } catch {
          return fail(rest, error)
        }
      }
    }

    /// The first commit among the requests failed, and so do all behind it.
    private func fail(_ requests: ArraySlice<Request>, _ error: StorageError) {
      hasFailed = true
      if case .commit(let number, _)? = requests.first(where: { if case .commit = $0 { true } else { false } }) {
        receive([.commitFailed(from: number, reason: error.description)])
      }
      read(requests)
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
