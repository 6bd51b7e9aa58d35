import Storage
import Testing

@testable import ServerCore

/// Storage that takes long, and storage that never answers.
struct CommitDelayTests {
  private static func waiting(shards: Int = 1) -> (EngineHarness, ConnectionID) {
    var harness = EngineHarness { $0.limits[.shards] = shards }
    harness.addAccount("romeo")
    harness.addAccount("juliet")
    let romeo = harness.session("romeo", resource: "r")
    harness.commitsAtOnce = false
    harness.send(OutputCommitTests.set, on: romeo)
    return (harness, romeo)
  }

  private static let slow = ["storage has not finished a commit for long; look whether the disk still works"]

  @Test(arguments: [1, 4])
  func theServerGivesUpACommitThatNeverReturns(shards: Int) {
    var (harness, _) = Self.waiting(shards: shards)
    harness.advance(seconds: 9)
    #expect(harness.log == [])
    harness.advance(seconds: 1)
    #expect(harness.log == Self.slow)
    harness.advance(seconds: 109)
    #expect(harness.gaveUp == nil && harness.log == Self.slow)
    harness.advance(seconds: 1)
    #expect(harness.gaveUp?.hasPrefix("storage has not finished a commit within commit_seconds") == true)
  }

  @Test func aCommitThatReturnsInTimeIsNoReason() {
    var (harness, romeo) = Self.waiting()
    harness.advance(seconds: 119)
    harness.commit()
    #expect(harness.read(romeo).contains("id='s'"))
    // Nothing is pending, and time goes on.
    harness.advance(seconds: 500)
    #expect(harness.gaveUp == nil && harness.log == Self.slow)
    // The next one has all the time that there is, and a warning of its own.
    harness.send(OutputCommitTests.set.replacing("J", with: "K"), on: romeo)
    harness.advance(seconds: 9)
    #expect(harness.log == Self.slow)
    harness.advance(seconds: 110)
    #expect(harness.gaveUp == nil && harness.log == Self.slow + Self.slow)
  }

  /// Storage that finishes one commit after another is slow, and no more: each has its own time.
  @Test func theTimeIsThatOfTheOldestCommit() {
    var (harness, romeo) = Self.waiting()
    for number in 0..<5 {
      harness.advance(seconds: 100)
      harness.send(OutputCommitTests.set.replacing("J", with: "\(number)"), on: romeo)
      harness.input(.committed(through: harness.commits[harness.commits.count - 2].number))
    }
    #expect(harness.gaveUp == nil)
  }

  /// A process that was stopped hears of the time before it hears what storage says.
  @Test func aProcessThatWasStoppedDoesNotGiveUp() {
    var (harness, romeo) = Self.waiting()
    harness.now += 1_000_000_000_000
    harness.input(.deadline)
    #expect(harness.gaveUp == nil && harness.log == Self.slow)
    harness.commit()
    #expect(harness.read(romeo).contains("id='s'"))
    harness.advance(seconds: 500)
    #expect(harness.gaveUp == nil)
  }

  /// A commit that fails ends the wait for it.
  @Test func aCommitThatFailsIsNoReason() {
    var (harness, _) = Self.waiting()
    harness.advance(seconds: 60)
    harness.input(.commitFailed(from: harness.commits.last!.number))
    harness.advance(seconds: 500)
    #expect(harness.gaveUp == nil)
  }
}
