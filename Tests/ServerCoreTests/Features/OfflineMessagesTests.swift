import Testing
import XML
import XMPP

@testable import ServerCore

/// Messages that line up behind stored ones while those are on their way from storage.
struct OfflineMessagesTests {
  private static let juliet = JID("juliet@localhost")!

  /// Juliet has a stored message, and a session that waits for it to be read.
  private func waiting(_ change: (inout Configuration) -> Void = { _ in }) -> (EngineHarness, romeo: LinkID, juliet: LinkID) {
    var harness = EngineHarness(change)
    harness.addAccount("romeo")
    harness.addAccount("juliet")
    let romeo = harness.session("romeo", resource: "r")
    harness.send(EngineHarness.chat(to: "juliet@localhost", "stored"), on: romeo)
    harness.loadsAtOnce = false
    let juliet = login(&harness)
    return (harness, romeo, juliet)
  }

  private func login(_ harness: inout EngineHarness) -> LinkID {
    harness.loadsAtOnce = true
    let link = harness.session("juliet", resource: "j")
    harness.loadsAtOnce = false
    harness.send("<presence/>", on: link)
    _ = harness.read(link)
    return link
  }

  /// RFC 6121, 8.5.2.2: who was told nothing may believe that the message is kept.
  @Test func whatLinedUpOutlivesTheSession() {
    var (harness, romeo, juliet) = waiting()
    harness.send(EngineHarness.chat(to: "juliet@localhost", "lined up"), on: romeo)
    harness.input(.closed(juliet))
    harness.advance(seconds: 200)
    harness.answerLoads()
    #expect(harness.stored(for: "juliet") == ["stored", "lined up"])
    // Nothing holds the account in memory any more.
    harness.advance(seconds: 61)
    #expect(!harness.engine.server.accounts.contains(Self.juliet))
    harness.loadsAtOnce = true
    let again = harness.session("juliet", resource: "j")
    harness.send("<presence/>", on: again)
    let heard = harness.read(again)
    #expect(heard.contains("<body>stored</body>") && heard.contains("<body>lined up</body>"))
  }

  /// The account is read anew after a failure, and asks again while the old question is still open.
  @Test func anOldAnswerIsNotForTheNewQuestion() {
    var (harness, _, juliet) = waiting()
    harness.commitsAtOnce = false
    harness.send(OutputCommitTests.set.replacing("juliet", with: "nurse"), on: juliet)
    harness.input(.commitFailed(from: harness.commits.last!.number))
    harness.commitsAtOnce = true
    let again = login(&harness)
    while !harness.waitingLoads.isEmpty { harness.answerLoads() }
    #expect(harness.read(again).matches(of: /<body>stored<\/body>/).count == 1)
  }

  /// What storage says of an account that is gone is not for the next one of its name.
  @Test func aSuccessorGetsNothingOfItsPredecessor() {
    var (harness, romeo, _) = waiting()
    harness.input(.control(1, .deleteAccount(Self.juliet)))
    harness.loadsAtOnce = true
    harness.addAccount("juliet")
    harness.send(EngineHarness.chat(to: "juliet@localhost", "for the successor"), on: romeo)
    harness.loadsAtOnce = false
    let successor = login(&harness)
    while !harness.waitingLoads.isEmpty { harness.answerLoads() }
    let heard = harness.read(successor)
    #expect(!heard.contains("<body>stored</body>"))
    #expect(heard.contains("<body>for the successor</body>"))
  }

  @Test func whatNobodyWaitsForIsNotHandedOver() {
    var harness = EngineHarness()
    harness.addAccount("juliet")
    let juliet = harness.session("juliet", resource: "j")
    harness.send("<presence/>", on: juliet)
    _ = harness.read(juliet)
    let stanza = Element("message", NS.client, ["from": "romeo@localhost", "to": "juliet@localhost"])
    harness.input(.loaded(.offline(Self.juliet), .offline([OfflineMessage(sequence: 1, stanza: stanza)])))
    #expect(harness.read(juliet) == "")
  }

  /// The line is as long in bytes as what may be stored.
  @Test func theLineIsBoundedInBytes() {
    var (harness, romeo, juliet) = waiting { $0.limits.offlineBytes = 20_000 }
    let body = String(repeating: "x", count: 8000)
    for number in 0..<3 {
      harness.send("<message to='juliet@localhost' type='chat' id='\(number)'><body>\(body)</body></message>", on: romeo)
    }
    let bounced = harness.read(romeo)
    #expect(!bounced.contains("id='1'"))
    #expect(bounced.contains("id='2'") && bounced.contains("<resource-constraint "))
    harness.answerLoads()
    #expect(harness.read(juliet).matches(of: /xxx<\/body>/).count == 2)
    #expect(harness.engine.server.accounts[Self.juliet]?.entity?.linedUp.isEmpty == true)
  }
}
