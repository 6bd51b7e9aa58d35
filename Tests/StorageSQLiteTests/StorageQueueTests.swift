import Foundation
import ServerCore
import Storage
import Testing
import XML
import XMPP

@testable import StorageSQLite

@Suite struct StorageQueueTests {
  let folder = TemporaryFolder()
  let answers = Answers()
  let romeo = JID("romeo@example.org")!
  let bad = JID("bad@example.org")!

  private func user(_ number: Int) -> JID { JID("user\(number)@example.org")! }

  /// A queue over a database that refuses the account `bad`, busy until `release` is signalled.
  private func queue(heldBy release: DispatchSemaphore? = nil) throws -> StorageQueue {
    let storage = try SQLiteStorage(path: folder.database, .server)
    try storage.execute("CREATE TRIGGER t BEFORE INSERT ON account WHEN new.jid = 'bad@example.org' BEGIN SELECT raise(ABORT, 'no'); END")
    let answers = answers
    let held = release != nil
    let queue = StorageQueue(storage) { list in
      answers.add(list)
      // The first answer is to the commit with which the test occupies the thread.
      if held, case .committed(through: 1) = list.first { release?.wait() }
    }
    if held { queue.commit(1, account(user(1))) }
    return queue
  }

  @Test func commitsThatWaitShareATransaction() throws {
    let release = DispatchSemaphore(value: 0)
    let queue = try queue(heldBy: release)
    while answers.summary.isEmpty { usleep(100) }
    for number in 2...100 { queue.commit(CommitID(UInt64(number)), account(user(number))) }
    release.signal()
    queue.drain()
    #expect(answers.summary == "c1 c100")
  }

  @Test func aLoadSeesWhatWasCommittedBeforeItAndNothingElse() throws {
    let release = DispatchSemaphore(value: 0)
    let queue = try queue(heldBy: release)
    while answers.summary.isEmpty { usleep(100) }
    queue.commit(2, account(romeo))
    queue.ask(0, .account(romeo))
    queue.commit(3, [.deleteOwner(.account(romeo))])
    queue.ask(0, .account(romeo))
    release.signal()
    queue.drain()
    #expect(answers.summary == "c1 c3 l l")
    var expected = MemoryDatabase(.server)
    expected.apply(account(romeo))
    #expect(answers.results == [expected.answer(.account(romeo)), .owner(nil)])
  }

  @Test func afterAFailureCommitsAreDroppedUntilTheCoreKnows() throws {
    let queue = try queue()
    queue.commit(1, account(user(1)))
    queue.drain()
    queue.commit(2, account(bad))
    queue.drain()
    // Emitted before the core heard.
    queue.commit(3, account(user(3)))
    queue.ask(0, everybody)
    queue.drain()
    queue.resumeAfterFailure()
    queue.commit(4, account(user(4)))
    queue.ask(0, everybody)
    queue.drain()
    #expect(answers.summary == "c1 f2 l c4 l")
    #expect(answers.results == [listing(1), listing(1, 4)])
  }

  @Test func aMarkDividesWhatWaits() throws {
    let release = DispatchSemaphore(value: 0)
    let queue = try queue(heldBy: release)
    while answers.summary.isEmpty { usleep(100) }
    queue.commit(2, account(user(2)))
    queue.ask(0, everybody)
    queue.commit(3, account(bad))
    queue.resumeAfterFailure()
    queue.commit(4, account(user(4)))
    queue.ask(0, everybody)
    release.signal()
    queue.drain()
    // Commit 3 alone is to blame.
    #expect(answers.summary == "c1 c2 l f3 c4 l")
    #expect(answers.results == [listing(1, 2), listing(1, 2, 4)])
  }

  /// A commit that storage rejects takes those behind it along, and none before it.
  @Test func oneRejectedCommitTakesNoneBeforeItAlong() throws {
    let release = DispatchSemaphore(value: 0)
    let queue = try queue(heldBy: release)
    while answers.summary.isEmpty { usleep(100) }
    queue.ask(0, everybody)
    for number in 2...4 { queue.commit(CommitID(UInt64(number)), number == 3 ? account(bad) : account(user(number))) }
    queue.ask(0, everybody)
    release.signal()
    queue.drain()
    #expect(answers.summary == "c1 l c2 f3 l")
    #expect(answers.results == [listing(1), listing(1, 2)])
  }

  /// Shards commit independently: one that storage rejects takes none of another shard along.
  @Test func aRejectedCommitLeavesOtherShardsAlone() throws {
    let release = DispatchSemaphore(value: 0)
    let queue = try queue(heldBy: release)
    while answers.summary.isEmpty { usleep(100) }
    queue.commit(CommitID(shard: 1, 1), account(bad))
    queue.commit(2, account(user(2)))
    queue.commit(CommitID(shard: 1, 2), account(user(3)))
    queue.ask(0, everybody)
    release.signal()
    queue.drain()
    queue.commit(CommitID(shard: 1, 3), account(user(4)))
    queue.commit(3, account(user(5)))
    queue.drain()
    queue.resumeAfterFailure(ofShard: 1)
    queue.commit(CommitID(shard: 1, 4), account(user(6)))
    queue.drain()
    #expect(answers.summary == "c1 f1/1 c2 l c3 c4/1")
    queue.ask(0, everybody)
    queue.drain()
    #expect(answers.results == [listing(1, 2), listing(1, 2, 5, 6)])
  }

  @Test func eachShardHearsOfATransactionThatTheyShared() throws {
    let release = DispatchSemaphore(value: 0)
    let queue = try queue(heldBy: release)
    while answers.summary.isEmpty { usleep(100) }
    queue.commit(CommitID(shard: 1, 1), account(user(2)))
    queue.commit(2, account(user(3)))
    queue.commit(CommitID(shard: 1, 2), account(user(4)))
    release.signal()
    queue.drain()
    #expect(answers.summary == "c1 c2 c2/1")
  }

  private let everybody = Query.rows(RowQuery(AccountRow.self, .everywhere))

  private func listing(_ numbers: Int...) -> QueryResult {
    let entries = numbers.map { Page.Entry(owner: user($0), values: AccountRow().values) }
    return .page(Page(table: AccountRow.table.name, entries: entries, hasMore: false))
  }
}
