import Testing
import XML
import XMPP

@testable import ServerCore

/// Nobody sees a state that a crash could take back.
struct OutputCommitTests {
  static let set = "<iq type='set' id='s'><query xmlns='jabber:iq:roster'><item jid='juliet@localhost' name='J'/></query></iq>"
  static let ping = "<iq type='get' id='p' to='localhost'><ping xmlns='urn:xmpp:ping'/></iq>"

  private func ready() -> (EngineHarness, LinkID, LinkID) {
    var harness = EngineHarness()
    harness.addAccount("romeo")
    harness.addAccount("juliet")
    let romeo = harness.session("romeo", resource: "r")
    let juliet = harness.session("juliet", resource: "j")
    harness.commitsAtOnce = false
    return (harness, romeo, juliet)
  }

  @Test func theAnswerWaitsForTheDisk() {
    var (harness, romeo, _) = ready()
    harness.send(Self.set, on: romeo)
    #expect(harness.read(romeo) == "")
    harness.commit()
    #expect(harness.read(romeo).contains("id='s'"))
  }

  @Test func nothingPassesAPendingCommit() {
    var (harness, romeo, juliet) = ready()
    harness.send(Self.set, on: romeo)
    harness.send(Self.ping, on: juliet)
    #expect(harness.read(juliet) == "")
    harness.commit()
    #expect(harness.read(juliet).contains("id='p'"))
  }

  @Test func withNothingPendingAnswersLeaveAtOnce() {
    var (harness, _, juliet) = ready()
    harness.send(Self.ping, on: juliet)
    #expect(harness.read(juliet).contains("id='p'"))
  }

  @Test func anEarlierCommitReleasesNoLaterStep() {
    var (harness, romeo, juliet) = ready()
    harness.send(Self.set, on: romeo)
    let first = harness.commits.last!.number
    harness.send(Self.set.replacing("juliet", with: "nurse"), on: juliet)
    harness.input(.committed(through: first))
    #expect(harness.read(romeo).contains("id='s'"))
    #expect(harness.read(juliet) == "")
    harness.commit()
    #expect(harness.read(juliet).contains("id='s'"))
  }

  @Test func aFailedCommitEndsWhoeverWasPromisedSomething() {
    var (harness, romeo, juliet) = ready()
    harness.send(Self.set, on: romeo)
    let failed = harness.commits.last!.number
    harness.input(.commitFailed(from: failed))
    let answer = harness.read(romeo)
    #expect(!answer.contains("id='s'"))
    #expect(answer.contains("<internal-server-error "))
    #expect(harness.closed == [romeo])
    // The other goes on, and the account is read anew: what failed never was.
    harness.send(Self.ping, on: juliet)
    #expect(harness.read(juliet).contains("id='p'"))
    harness.commitsAtOnce = true
    let again = harness.session("romeo", resource: "r")
    harness.send("<iq type='get' id='g'><query xmlns='jabber:iq:roster'/></iq>", on: again)
    #expect(harness.read(again).contains("<query xmlns='jabber:iq:roster'/>"))
  }
}

struct OutboxTests {
  /// features.md, E5: who does not read ends, and nobody else notices.
  @Test func aSlowReaderEndsAlone() {
    var harness = EngineHarness { $0.limits.outboxBytes = 20_000 }
    harness.addAccount("romeo")
    harness.addAccount("juliet")
    let romeo = harness.session("romeo", resource: "r")
    let juliet = harness.session("juliet", resource: "j")
    harness.peersRead = false
    let body = String(repeating: "x", count: 3000)
    for _ in 0..<5 { harness.send("<message to='juliet@localhost/j' type='chat'><body>\(body)</body></message>", on: romeo) }
    #expect(harness.aborted.isEmpty)
    for _ in 0..<3 { harness.send("<message to='juliet@localhost/j' type='chat'><body>\(body)</body></message>", on: romeo) }
    #expect(harness.aborted == [juliet])
    harness.send(OutputCommitTests.ping, on: romeo)
    #expect(harness.read(romeo).contains("id='p'"))
    // The session is gone: the next message is stored.
    harness.send("<message to='juliet@localhost/j' type='chat'><body>later</body></message>", on: romeo)
    #expect(harness.commits.last?.records.count == 1)
  }

  @Test func allOutboxesTogetherAreBounded() {
    var harness = EngineHarness {
      $0.limits.outboxBytes = 1_000_000
      $0.limits.allOutboxesBytes = 30_000
    }
    harness.addAccount("romeo")
    harness.addAccount("juliet")
    let romeo = harness.session("romeo", resource: "r")
    let few = harness.session("juliet", resource: "few")
    let many = harness.session("juliet", resource: "many")
    harness.peersRead = false
    let body = String(repeating: "x", count: 3000)
    harness.send("<message to='juliet@localhost/few' type='chat'><body>\(body)</body></message>", on: romeo)
    for _ in 0..<12 { harness.send("<message to='juliet@localhost/many' type='chat'><body>\(body)</body></message>", on: romeo) }
    #expect(harness.aborted == [many])
    _ = few
  }
}
