import Foundation
import ServerCore
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
    let storage = try SQLiteStorage(path: folder.database)
    try storage.execute("CREATE TRIGGER t BEFORE INSERT ON account WHEN new.jid = 'bad@example.org' BEGIN SELECT raise(ABORT, 'no'); END")
    let answers = answers
    let held = release != nil
    let queue = StorageQueue(storage) { list in
      answers.add(list)
      // The first answer is to the commit with which the test occupies the thread.
      if held, case .committed(through: 1) = list.first { release?.wait() }
    }
    if held { queue.commit(1, [.account(account(user(1)))]) }
    return queue
  }

  @Test func commitsThatWaitShareATransaction() throws {
    let release = DispatchSemaphore(value: 0)
    let queue = try queue(heldBy: release)
    while answers.summary.isEmpty { usleep(100) }
    for number in 2...100 { queue.commit(UInt64(number), [.account(account(user(number)))]) }
    release.signal()
    queue.drain()
    #expect(answers.summary == "c1 c100")
  }

  @Test func aLoadSeesWhatWasCommittedBeforeItAndNothingElse() throws {
    let release = DispatchSemaphore(value: 0)
    let queue = try queue(heldBy: release)
    while answers.summary.isEmpty { usleep(100) }
    queue.commit(2, [.account(account(romeo))])
    queue.load(.account(romeo))
    queue.commit(3, [.deleteAccount(romeo)])
    queue.load(.account(romeo))
    release.signal()
    queue.drain()
    #expect(answers.summary == "c1 c3 l l")
    let snapshot = AccountSnapshot(record: account(romeo), roster: [], blocklist: [], offlineCount: 0, lastOffline: 0)
    #expect(answers.loaded == [.account(snapshot), .account(nil)])
  }

  @Test func afterAFailureCommitsAreDroppedUntilTheCoreKnows() throws {
    let queue = try queue()
    queue.commit(1, [.account(account(user(1)))])
    queue.drain()
    queue.commit(2, [.account(account(bad))])
    queue.drain()
    // Emitted before the core heard.
    queue.commit(3, [.account(account(user(3)))])
    queue.load(.accounts)
    queue.drain()
    queue.resumeAfterFailure()
    queue.commit(4, [.account(account(user(4)))])
    queue.load(.accounts)
    queue.drain()
    #expect(answers.summary == "c1 f2 l c4 l")
    #expect(answers.loaded == [listing(1), listing(1, 4)])
  }

  @Test func aMarkDividesWhatWaits() throws {
    let release = DispatchSemaphore(value: 0)
    let queue = try queue(heldBy: release)
    while answers.summary.isEmpty { usleep(100) }
    queue.commit(2, [.account(account(user(2)))])
    queue.load(.accounts)
    queue.commit(3, [.account(account(bad))])
    queue.resumeAfterFailure()
    queue.commit(4, [.account(account(user(4)))])
    queue.load(.accounts)
    release.signal()
    queue.drain()
    // The first load was answered from what is durable once commit 2 had been taken down with commit 3.
    #expect(answers.summary == "c1 f2 l c4 l")
    #expect(answers.loaded == [listing(1), listing(1, 4)])
  }

  private func listing(_ numbers: Int...) -> Loaded {
    .accounts(numbers.map { AccountListing(jid: user($0), isDisabled: false) })
  }
}
