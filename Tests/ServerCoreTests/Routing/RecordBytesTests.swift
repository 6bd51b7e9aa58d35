import Testing
import XML
import XMPP

@testable import ServerCore

/// Changes that wait for storage are counted in bytes, for each account and in all. A session that makes too many wait is not read from.
struct RecordBytesTests {
  private static func block(_ count: Int, _ id: String) -> String {
    let items = (0..<count).map { "<item jid='contact\($0)@elsewhere.example'/>" }.joined()
    return "<iq type='set' id='\(id)'><block xmlns='urn:xmpp:blocking'>\(items)</block></iq>"
  }
  /// 100 addresses are blocked and unblocked: 46 kB of changes.
  private static let toggle =
    block(100, "t") + block(100, "u").replacing("block ", with: "unblock ").replacing("/block>", with: "/unblock>")

  private func ready(_ change: (inout Configuration.Limits) -> Void) -> (EngineHarness, ConnectionID, ConnectionID) {
    var harness = EngineHarness {
      $0.limits[.bytesPerSecond] = 0
      $0.limits[.unprocessedBytes] = 1_000
      change(&$0.limits)
    }
    harness.addAccount("mallory")
    harness.addAccount("romeo")
    let mallory = harness.session("mallory", resource: "m")
    let romeo = harness.session("romeo", resource: "r")
    harness.commitsAtOnce = false
    return (harness, mallory, romeo)
  }

  private func onTheirWay(_ harness: EngineHarness) -> Int { harness.gauges("bytes of records on their way").first?.value ?? 0 }

  /// The bytes that wait stay below twice the share, however much is asked for.
  @Test func whoExceedsItsShareIsNotReadFrom() {
    var (harness, mallory, romeo) = ready { $0[.accountRecordBytes] = 40_000 }
    for _ in 0..<12 { harness.send(Self.toggle, on: mallory) }
    let waiting = onTheirWay(harness)
    #expect(waiting > 40_000 && waiting < 80_000)
    #expect(harness.paused.contains(mallory))
    #expect(harness.gauges("bytes of records because of an account").map(\.value) == [waiting])
    // Others are heard.
    harness.send(OutputCommitTests.set, on: romeo)
    #expect(!harness.paused.contains(romeo))
    // All is done in the end, in pieces.
    for _ in 0..<200 where onTheirWay(harness) > 0 {
      #expect(onTheirWay(harness) < 80_000)
      harness.commit()
    }
    #expect(onTheirWay(harness) == 0)
    #expect(harness.read(mallory).matches(of: /id='u'/).count == 12)
    #expect(!harness.paused.contains(mallory))
  }

  /// A session more does not help.
  @Test func theShareIsTheAccounts() {
    var (harness, mallory, _) = ready { $0[.accountRecordBytes] = 40_000 }
    let other = harness.session("mallory", resource: "other")
    for _ in 0..<12 { harness.send(Self.toggle, on: mallory) }
    let waiting = onTheirWay(harness)
    #expect(harness.engine.marks.count(of: CommitMark.outputShareThrottled) == 1)
    // Another session of the account is held back with its first stanza, though that changes nothing.
    harness.send(OutputCommitTests.ping, on: other)
    #expect(harness.engine.marks.count(of: CommitMark.outputShareThrottled) == 2)
    harness.send(Self.toggle, on: other)
    #expect(onTheirWay(harness) == waiting)
    for connection in [mallory, other] { harness.input(.closed(connection)) }
    #expect(onTheirWay(harness) == waiting, "what is on its way stays until it has arrived")
    harness.commit()
    #expect(onTheirWay(harness) == 0)
  }

  @Test func allTogetherAreBounded() {
    var (harness, mallory, romeo) = ready { $0[.allRecordBytes] = 20_000 }
    for _ in 0..<10 { harness.send(Self.toggle, on: mallory) }
    #expect(harness.paused.contains(mallory) || harness.engine.marks.count(of: CommitMark.outputBytesThrottled) == 1)
    // Also who adds little is not read from then, and comes to no harm.
    harness.send(OutputCommitTests.set, on: romeo)
    #expect(harness.engine.marks.count(of: CommitMark.outputBytesThrottled) == 2)
    harness.send(OutputCommitTests.ping, on: romeo)
    while onTheirWay(harness) > 0 { harness.commit() }
    let heard = harness.read(romeo)
    #expect(heard.contains("id='s'") && heard.contains("id='p'"))
  }

  @Test func aFailedCommitTakesItsBytesBack() {
    var (harness, mallory, _) = ready { $0[.accountRecordBytes] = 1 }
    harness.send(Self.toggle, on: mallory)
    #expect(onTheirWay(harness) > 0)
    harness.input(.commitFailed(from: harness.commits.last!.number))
    #expect(onTheirWay(harness) == 0)
    #expect(harness.gauges("bytes of records because of an account").isEmpty)
  }
}
