import Storage
import Testing
import XML
import XMPP

@testable import ServerCore

/// Nobody sees a state that a crash could take back.
struct OutputCommitTests {
  static let set = "<iq type='set' id='s'><query xmlns='jabber:iq:roster'><item jid='juliet@localhost' name='J'/></query></iq>"
  static let ping = "<iq type='get' id='p' to='localhost'><ping xmlns='urn:xmpp:ping'/></iq>"

  private func ready() -> (EngineHarness, ConnectionID, ConnectionID) {
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

  /// A client need not wait for the header before it binds a resource. Where the header is lost, an error would come outside of any stream (RFC 6120,
  /// 4.9.1.2; found by simulation).
  @Test func nothingIsSaidBehindALostHeader() {
    var (harness, romeo, _) = ready()
    let third = harness.openStream()
    _ = harness.scram("juliet", "secret", on: third)
    harness.send(Self.set, on: romeo)
    let failed = harness.commits.last!.number
    harness.send(EngineHarness.header, on: third)
    harness.send("<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>", on: third)
    harness.send(Self.set.replacing("juliet", with: "nurse"), on: third)
    #expect(harness.engine.server.sessions(of: JID("juliet@localhost")!).count == 2)
    harness.input(.commitFailed(from: failed))
    #expect(harness.read(third) == "")
    #expect(harness.closed.contains(third))
    #expect(harness.engine.server.sessions(of: JID("juliet@localhost")!).isEmpty)
  }

  /// An adapter hears of a failure before it has handed over what the core made in the same turn: that may never become durable.
  @Test func whatStorageWasNotAskedForYetIsTakenBack() {
    var (harness, romeo, juliet) = ready()
    harness.send(Self.set, on: romeo)
    let failed = harness.commits.last!.number
    let now = Instant(monotonic: 0, wall: 0)
    harness.engine.handle(.bytes(juliet, Array(Self.set.replacing("juliet", with: "nurse").utf8)), at: now)
    harness.engine.handle(.commitFailed(from: failed), at: now)
    let commits = harness.engine.flush().filter { if case .commit = $0 { true } else { false } }
    #expect(commits.isEmpty)
  }
}

/// A stanza that waits until its addressee is loaded has not been said either.
struct ParkedBehindCommitTests {
  private let subscribe = "<presence type='subscribe' to='juliet@localhost'/>"

  /// Romeo and the nurse are there, and nothing is loaded or durable before the test says so. Juliet is not in memory.
  private func ready() -> (EngineHarness, romeo: ConnectionID, nurse: ConnectionID) {
    var harness = EngineHarness()
    for name in ["romeo", "nurse", "juliet"] { harness.addAccount(name) }
    harness.advance(seconds: 200)
    let romeo = harness.session("romeo", resource: "r")
    let nurse = harness.session("nurse", resource: "n")
    (harness.commitsAtOnce, harness.loadsAtOnce) = (false, false)
    return (harness, romeo, nurse)
  }

  private func requests(_ harness: EngineHarness) -> [RosterItem] { harness.engine.server.roster(of: JID("juliet@localhost")!) }

  @Test func aRequestWaitsAndComes() {
    var (harness, romeo, _) = ready()
    harness.send(subscribe, on: romeo)
    #expect(harness.waitingLoads.count == 1)
    harness.commit()
    harness.answerLoads()
    #expect(requests(harness).count == 1)
  }

  @Test func aRequestThatFailedIsNotMade() {
    var (harness, romeo, _) = ready()
    harness.send(subscribe, on: romeo)
    let failed = harness.commits.last!.number
    harness.input(.commitFailed(from: failed))
    harness.answerLoads()
    #expect(requests(harness).isEmpty)
    #expect(harness.commits.last!.number == failed)
    harness.loadsAtOnce = true
    harness.answerLoads()
    #expect(harness.engine.server.shards[0].parkedCount == 0)
    #expect(harness.engine.server.marks.count(of: CommitMark.outputLostParked) == 1)
  }

  /// The second request changes nothing, and is as void as the first; so is what else their sender says meanwhile.
  @Test func aRequestLikeOneThatFailedIsNotMade() {
    var (harness, romeo, _) = ready()
    harness.send(subscribe + subscribe + EngineHarness.chat(to: "juliet@localhost", "come"), on: romeo)
    #expect(harness.engine.server.shards[0].parkedCount == 3)
    harness.input(.commitFailed(from: harness.commits.last!.number))
    harness.loadsAtOnce = true
    harness.answerLoads()
    #expect(requests(harness).isEmpty)
    #expect(harness.stored(for: "juliet").isEmpty)
    #expect(harness.engine.server.marks.count(of: CommitMark.outputLostParked) == 3)
  }

  /// The nurse has changed nothing: the failure of somebody else's commit loses nothing that she said.
  @Test func aMessageOfSomebodyElseStays() {
    var (harness, romeo, nurse) = ready()
    harness.send(subscribe, on: romeo)
    let failed = harness.commits.last!.number
    harness.send(EngineHarness.chat(to: "juliet@localhost", "come"), on: nurse)
    harness.input(.commitFailed(from: failed))
    harness.answerLoads()
    #expect(harness.stored(for: "juliet") == ["come"])
  }

  /// Rooms are loaded like accounts: romeo's account has gone with a commit that fails, and the room does not lose him for that.
  @Test func aDepartureStays() {
    var parked = Shard.Loadable<Room>(awaiting: InquiryID(1))
    let departure = Stanza(
      Element("presence", NS.client, ["type": "unavailable"]), from: JID("romeo@localhost/r")!, to: JID("tea@conference.localhost/r")!)
    let message = Stanza(Element("message", NS.client), from: departure.from, to: departure.to)
    for (stanza, commit) in [(departure, 4), (message, 4), (message, 3), (message, 0)] as [(Stanza, UInt64)] {
      #expect(parked.park(ParkedTask(task: .stanza(stanza), commit: commit), limit: 9) == 1)
    }
    #expect(parked.withdraw(from: 4).map(\.kind) == [.message])
    #expect(parked.parked.map(\.commit) == [4, 3, 0])
  }
}

struct HeldStepsTests {
  /// A session that causes more than may wait for the disk is left until half of it is done.
  @Test func whoCausesTooMuchWaits() {
    var harness = EngineHarness { $0.limits[.pendingCommits] = 4 }
    harness.addAccount("romeo")
    let romeo = harness.session("romeo", resource: "r")
    harness.commitsAtOnce = false
    let before = harness.commits.count
    let requests = (0..<8).map { OutputCommitTests.set.replacing("juliet", with: "contact\($0)") }
    harness.send(requests.joined(), on: romeo)
    #expect(harness.commits.count == before + 5)
    harness.input(.committed(through: harness.commits[before + 1].number))
    #expect(harness.commits.count == before + 5)
    harness.input(.committed(through: harness.commits[before + 2].number))
    #expect(harness.commits.count == before + 8)
    harness.commit()
    #expect(harness.read(romeo).matches(of: /id='s'/).count == 8)
  }

  /// Stanzas that wait until their addressees are loaded keep nobody else from being read.
  @Test func whoCausesNothingIsRead() {
    var harness = EngineHarness { $0.limits[.pendingCommits] = 4 }
    harness.addAccount("romeo")
    harness.addAccount("juliet")
    let romeo = harness.session("romeo", resource: "r")
    let juliet = harness.session("juliet", resource: "j")
    harness.loadsAtOnce = false
    for index in 0..<8 { harness.send("<message to='absent\(index)@localhost' type='chat'><body>x</body></message>", on: romeo) }
    harness.send(OutputCommitTests.ping + OutputCommitTests.ping, on: juliet)
    #expect(harness.read(juliet).matches(of: /id='p'/).count == 2)
  }
}

struct OutboxTests {
  /// features.md, E5: who does not read ends, and nobody else notices.
  @Test func aSlowReaderEndsAlone() {
    var harness = EngineHarness { $0.limits[.outboxBytes] = 20_000 }
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
    #expect(harness.commits.last?.changes.count == 1)
  }

  @Test func allOutboxesTogetherAreBounded() {
    var harness = EngineHarness {
      $0.limits[.outboxBytes] = 1_000_000
      $0.limits[.allOutboxesBytes] = 30_000
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

  /// One broadcast goes beyond what all may hold together: the one with the most ends, which leaves room for the rest.
  @Test func aBroadcastEndsOnlyWhomItMust() {
    var (harness, romeo, sessions) = audience(of: 10) { $0.limits[.allOutboxesBytes] = 34_000 }
    harness.send(EngineHarness.chat(to: "juliet@localhost/3", String(repeating: "x", count: 12_000)), on: romeo)
    let body = String(repeating: "x", count: 3000)
    harness.send("<message to='juliet@localhost' type='headline'><body>\(body)</body></message>", on: romeo)
    #expect(harness.aborted == [sessions[3]])
    #expect(harness.engine.overLimit == nil)
  }

  /// A connection that ends for its own outbox frees the bytes that it held before the limit of all outboxes is looked at.
  @Test func whoEndsForItselfTakesNobodyAlong() {
    var (harness, romeo, sessions) = audience(of: 2) {
      $0.limits[.outboxBytes] = 20_000
      $0.limits[.allOutboxesBytes] = 30_000
    }
    harness.send(EngineHarness.chat(to: "juliet@localhost/0", String(repeating: "x", count: 9_000)), on: romeo)
    harness.send(EngineHarness.chat(to: "juliet@localhost/1", String(repeating: "x", count: 18_000)), on: romeo)
    #expect(harness.aborted.isEmpty)
    harness.send(EngineHarness.chat(to: "juliet@localhost/1", String(repeating: "x", count: 4_000)), on: romeo)
    #expect(harness.aborted == [sessions[1]])
  }

  /// A connection that is only waiting to be closed holds bytes like any other.
  @Test func whoIsAboutToCloseEndsBeforeOthers() {
    var (harness, romeo, sessions) = audience(of: 2) { $0.limits[.allOutboxesBytes] = 30_000 }
    harness.send(EngineHarness.chat(to: "juliet@localhost/1", String(repeating: "x", count: 20_000)), on: romeo)
    harness.send("</stream:stream>", on: sessions[1])
    #expect(harness.closed == [sessions[1]])
    for _ in 0..<4 { harness.send(EngineHarness.chat(to: "juliet@localhost/0", String(repeating: "x", count: 4_000)), on: romeo) }
    #expect(harness.aborted == [sessions[1]])
  }

  /// Romeo, and Juliet's available sessions `0`, `1` and so on, none of which reads any more.
  private func audience(of count: Int, _ change: (inout Configuration) -> Void) -> (EngineHarness, ConnectionID, [ConnectionID]) {
    var harness = EngineHarness(change)
    harness.addAccount("romeo")
    harness.addAccount("juliet")
    let romeo = harness.session("romeo", resource: "r")
    let sessions = (0..<count).map { harness.session("juliet", resource: "\($0)") }
    for session in sessions { harness.send("<presence/>", on: session) }
    harness.peersRead = false
    return (harness, romeo, sessions)
  }
}
