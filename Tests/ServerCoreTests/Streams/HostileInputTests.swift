import Storage
import Testing
import XML
import XMPP

@testable import ServerCore

/// Input that strangers send to make a server grow. Each was found by reading, and is kept here.
struct HostileInputTests {
  /// A long namespace that many elements share is kept once, also in a copy.
  @Test func aLongNamespaceIsCopiedOnce() {
    let namespace = Text(String(repeating: "n", count: 100_000))
    var payload = Element("a", namespace)
    for _ in 0..<500 { payload.append(Element("b", namespace, ["c": ""])) }
    var stanza = Element("presence", NS.client)
    stanza.append(payload)
    #expect(stanza.serialized(defaultNamespace: NS.client).count < 150_000)
    let copy = stanza.removingChildren { $0.has(name: "none") }.errorReply(StanzaError(.conflict), payload: true)
    #expect(copy.weight < 200_000)
  }

  /// Every stanza pays for what the header binds.
  @Test func aHeaderIsShortAlsoAfterLogin() {
    var harness = EngineHarness()
    harness.addAccount("romeo")
    let connection = harness.openStream()
    _ = harness.scram("romeo", "secret", on: connection)
    let long = String(repeating: "x", count: 5000)
    harness.send(EngineHarness.header.dropLast() + " xmlns:p='\(long)'>", on: connection)
    #expect(harness.read(connection).contains("<policy-violation "))
  }

  /// Stored messages are bounded in bytes: they will stand in one outbox.
  @Test func storedMessagesAreBoundedInBytes() {
    var harness = EngineHarness { $0.limits[.offlineBytes] = 20_000 }
    harness.addAccount("romeo")
    harness.addAccount("juliet")
    let romeo = harness.session("romeo", resource: "r")
    let body = String(repeating: "x", count: 8000)
    for number in 0..<3 {
      harness.send("<message to='juliet@localhost' type='chat' id='\(number)'><body>\(body)</body></message>", on: romeo)
    }
    let answer = harness.read(romeo)
    #expect(!answer.contains("id='1'"))
    #expect(answer.contains("id='2'") && answer.contains("<service-unavailable "))
  }

  /// A stranger's request is kept whole, or not sent at all: not in parts.
  @Test func aRequestIsKeptWholeOrRefused() {
    var harness = EngineHarness()
    harness.addAccount("romeo")
    harness.addAccount("juliet")
    let romeo = harness.session("romeo", resource: "r")
    func ask(_ name: String, _ length: Int) -> String {
      let long = String(repeating: "x", count: length)
      harness.send("<presence to='\(name)@localhost' type='subscribe' id='\(name)'><x xmlns='urn:x'>\(long)</x></presence>", on: romeo)
      return harness.read(romeo)
    }
    for name in ["juliet", "nobody"] {
      let answer = ask(name, 100_000)
      #expect(answer.contains("type='error'") && answer.contains("<policy-violation "), "whether the account is there does not show")
    }
    #expect(harness.commits.flatMap(\.changes).allSatisfy { $0.row(RosterItem.self) == nil })
    #expect(!ask("juliet", 8000).contains("error"))
    let kept = harness.commits.flatMap(\.changes).compactMap { $0.row(RosterItem.self)?.request }
    #expect(kept.map { $0.child("x", "urn:x")?.text.count } == [8000])
    #expect(kept.first?.id == "juliet")
  }

  /// Looking at one thing again and again makes one timer.
  @Test func timersDoNotPileUp() {
    var timers = Timers()
    let jid = JID("room@conference.localhost")!
    for time in 0..<1000 { timers.wake(.room(jid), at: Int64(1000 + time)) }
    timers.wake(.room(jid), at: 500)
    #expect(timers.next == 500)
    #expect(timers.popDue(at: 499) == nil)
    #expect(timers.popDue(at: 5000) == .room(jid))
    #expect(timers.popDue(at: 5000) == nil)
  }

  /// Keys cost a lot on purpose: only so many are derived at a time, and the rest is told to come again.
  @Test func derivationsAreBounded() {
    var harness = EngineHarness { $0.limits[.concurrentKeyDerivations] = 0 }
    harness.addAccount("romeo")
    #expect(harness.replies.contains { if case .refused = $0 { true } else { false } })
  }
}
