import Storage
import Testing
import XML
import XMPP

@testable import ServerCore

/// Messages that line up behind stored ones while those are on their way from storage.
struct OfflineMessagesTests {
  private static let juliet = JID("juliet@localhost")!

  /// Juliet has a stored message, and a session that waits for it to be read.
  private func waiting(_ change: (inout Configuration) -> Void = { _ in }) -> (EngineHarness, romeo: ConnectionID, juliet: ConnectionID) {
    var harness = EngineHarness(change)
    harness.addAccount("romeo")
    harness.addAccount("juliet")
    let romeo = harness.session("romeo", resource: "r")
    harness.send(EngineHarness.chat(to: "juliet@localhost", "stored"), on: romeo)
    harness.loadsAtOnce = false
    let juliet = login(&harness)
    return (harness, romeo, juliet)
  }

  private func login(_ harness: inout EngineHarness) -> ConnectionID {
    harness.loadsAtOnce = true
    let connection = harness.session("juliet", resource: "j")
    harness.loadsAtOnce = false
    harness.send("<presence/>", on: connection)
    _ = harness.read(connection)
    return connection
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
    #expect(!harness.engine.server.shards[0].accounts.contains(Self.juliet))
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

  /// Storage's answer for an account that is gone is not for the next one of its name.
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
    let page = Page([OfflineMessage(sequence: 1, stanza: stanza)], of: Self.juliet)
    harness.input(.answered(InquiryID(shard: 0, 1), .result(.page(page))))
    #expect(harness.read(juliet) == "")
  }

  /// The line is as long in bytes as what may be stored.
  @Test func theLineIsBoundedInBytes() {
    var (harness, romeo, juliet) = waiting { $0.limits[.offlineBytes] = 20_000 }
    let body = String(repeating: "x", count: 8000)
    for number in 0..<3 {
      harness.send("<message to='juliet@localhost' type='chat' id='\(number)'><body>\(body)</body></message>", on: romeo)
    }
    let bounced = harness.read(romeo)
    #expect(!bounced.contains("id='1'"))
    #expect(bounced.contains("id='2'") && bounced.contains("<resource-constraint "))
    harness.answerLoads()
    #expect(harness.read(juliet).matches(of: /xxx<\/body>/).count == 2)
    #expect(harness.engine.server.shards[0].accounts[Self.juliet]?.entity?.states.waiting.isEmpty == true)
  }
}

/// A message that a program sends by itself (XEP-0085, XEP-0184, XEP-0333) is no reason for an error, wherever there is no room for it.
struct SignalTests {
  static let signals = [
    "<active xmlns='http://jabber.org/protocol/chatstates'/>",
    "<composing xmlns='http://jabber.org/protocol/chatstates'/><thread>t</thread>",
    "<received xmlns='urn:xmpp:receipts' id='1'/>", "<displayed xmlns='urn:xmpp:chat-markers:0' id='1'/>",
    "<acknowledged xmlns='urn:xmpp:chat-markers:0' id='1'/><store xmlns='urn:xmpp:hints'/>",
    "<received xmlns='urn:xmpp:receipts' id='1'/><origin-id xmlns='urn:xmpp:sid:0' id='2'/>",
    "<received xmlns='urn:xmpp:receipts' id='1'/><x xmlns='jabber:x:event'><composing/></x>",
  ]

  private func answer(_ content: String, type: String, _ change: (inout Configuration) -> Void) -> String {
    var harness = EngineHarness(change)
    harness.addAccount("romeo")
    harness.addAccount("juliet")
    let romeo = harness.session("romeo", resource: "r")
    harness.send("<message to='juliet@localhost' type='\(type)'>\(content)</message>", on: romeo)
    return harness.read(romeo)
  }

  @Test(arguments: signals, ["chat", "normal"])
  func noSignalIsBounced(_ signal: String, _ type: String) {
    #expect(answer(signal, type: type) { $0[flag: .offlineMessages] = false } == "")
    #expect(answer(signal, type: type) { $0.limits[.offlineMessages] = 0 } == "")
    #expect(answer(signal, type: type) { $0.limits[.offlineBytes] = 0 } == "")
    #expect(answer(signal, type: type) { _ in } == "")
  }

  @Test(arguments: [
    "<body>hi</body>", "<body>hi</body><request xmlns='urn:xmpp:receipts'/>", "<subject>hi</subject>",
    "<encrypted xmlns='eu.siacs.conversations.axolotl'/>",
  ])
  func whatIsForPeopleIs(_ content: String) {
    #expect(answer(content, type: "chat") { $0[flag: .offlineMessages] = false }.contains("<service-unavailable "))
    #expect(answer(content, type: "chat") { $0.limits[.offlineMessages] = 0 }.contains("<service-unavailable "))
  }

  /// A receipt is worth keeping where there is room, a state is not.
  @Test func whatIsKept() {
    var harness = EngineHarness()
    harness.addAccount("romeo")
    harness.addAccount("juliet")
    let romeo = harness.session("romeo", resource: "r")
    for signal in Self.signals { harness.send("<message to='juliet@localhost' type='chat'>\(signal)</message>", on: romeo) }
    let kept = harness.commits.flatMap(\.changes).compactMap { $0.row(OfflineMessage.self) }
    #expect(kept.count == 5)
  }

  /// The unit is the same in memory, after a load, and when the messages have been handed over.
  @Test func storedMessagesHaveOneSize() throws {
    var harness = EngineHarness()
    harness.addAccount("romeo")
    harness.addAccount("juliet")
    let romeo = harness.session("romeo", resource: "r")
    func size() -> Int { harness.gauges("offline bytes").first?.value ?? 0 }
    for number in 0..<3 {
      harness.send(EngineHarness.chat(to: "juliet@localhost", "message <\(number)>".replacing("<", with: "&lt;")), on: romeo)
    }
    let before = size()
    let bytes = harness.commits.flatMap(\.changes).compactMap { $0.row(OfflineMessage.self) }
      .reduce(0) { $0 + $1.stanza.serialized(defaultNamespace: NS.client).count }
    #expect(before == bytes)
    harness.advance(seconds: 200)
    #expect(size() == 0, "the account has left memory")
    let juliet = harness.session("juliet", resource: "j")
    #expect(size() == before)
    harness.send("<presence/>", on: juliet)
    #expect(harness.read(juliet).matches(of: /<body>/).count == 3)
    #expect(size() == 0)
  }
}
