import Testing
import XML
import XMPP

@testable import ServerCore

struct RoomActivationTests {
  static let list = "<iq type='get' id='l' to='conference.localhost'><query xmlns='http://jabber.org/protocol/disco#items'/></iq>"

  /// Who asks for a list that storage is slow to give waits in memory: only so many may.
  @Test func whoWaitsForTheListOfRoomsIsCounted() {
    var harness = EngineHarness { $0.limits.parkedStanzas = 2 }
    harness.addAccount("romeo")
    let romeo = harness.session("romeo", resource: "r")
    harness.loadsAtOnce = false
    for _ in 0..<2 { harness.send(Self.list, on: romeo) }
    #expect(harness.read(romeo) == "")
    #expect(harness.engine.server.parkedCount == 2)
    harness.send(Self.list, on: romeo)
    #expect(harness.read(romeo).contains("<internal-server-error "))
    #expect(harness.engine.server.parkedCount == 2 && harness.engine.overLimit == nil)
    harness.answerLoads()
    #expect(harness.read(romeo).matches(of: /type='result'/).count == 2)
    #expect(harness.engine.server.parkedCount == 0)
  }

  @Test func whoWaitsForTheListOfAccountsIsCounted() {
    var harness = EngineHarness { $0.limits.parkedStanzas = 2 }
    harness.loadsAtOnce = false
    for number in 0..<3 as Range<UInt64> { harness.input(.control(number, .listAccounts)) }
    #expect(harness.replies.count == 1)
    harness.answerLoads()
    #expect(harness.replies.count == 3)
    #expect(harness.replies.filter { $0 == .accounts([]) }.count == 2)
    #expect(harness.engine.server.parkedCount == 0)
  }
}
