import Testing
import XML
import XMPP

@testable import ServerCore

/// What strangers send to make a server grow. Each was found by reading, and is kept here.
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
    let link = harness.openStream()
    _ = harness.scram("romeo", "secret", on: link)
    let long = String(repeating: "x", count: 5000)
    harness.send(EngineHarness.header.dropLast() + " xmlns:p='\(long)'>", on: link)
    #expect(harness.read(link).contains("<policy-violation "))
  }

  @Test func aLongLanguageIsNotPassedOn() {
    var harness = EngineHarness()
    harness.addAccount("romeo")
    let link = harness.open()
    harness.send(EngineHarness.header.dropLast() + " xml:lang='\(String(repeating: "x", count: 100))'>", on: link)
    #expect(harness.read(link).contains(" xml:lang='en'"))
  }

  /// Stored messages are bounded in bytes: they will stand in one outbox.
  @Test func storedMessagesAreBoundedInBytes() {
    var harness = EngineHarness { $0.limits.offlineBytes = 20_000 }
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

  /// A stranger's request is kept small.
  @Test func aRequestIsKeptSmall() {
    var harness = EngineHarness()
    harness.addAccount("romeo")
    harness.addAccount("juliet")
    let romeo = harness.session("romeo", resource: "r")
    let long = String(repeating: "x", count: 100_000)
    harness.send(
      "<presence to='juliet@localhost' type='subscribe'><status>please</status><x xmlns='urn:x'>\(long)</x></presence>", on: romeo)
    let kept = harness.commits.flatMap(\.records).compactMap { record in
      if case .rosterItem(_, let item) = record { item.request } else { nil }
    }
    #expect(kept.count == 1)
    #expect(kept.allSatisfy { $0.weight < 5000 && $0.child("status", NS.client)?.text == "please" })
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
    var harness = EngineHarness { $0.limits.derivations = 0 }
    harness.addAccount("romeo")
    #expect(harness.replies.contains { if case .refused = $0 { true } else { false } })
  }
}
