import Storage
import Testing
import XML
import XMPP

@testable import ServerCore

/// Limits that hold for all shards together, recordings of several shards, and their shutdown.
struct ShardLimitTests {
  @Test func whatWaitsIsCountedOverAllShards() {
    var harness = EngineHarness {
      $0.limits[.shards] = 2
      $0.limits[.accountRecordBytes] = 300
    }
    for name in [ShardTests.here, ShardTests.there] { harness.addAccount(name) }
    let first = harness.session(ShardTests.here, resource: "a")
    harness.commitsAtOnce = false
    // The other user's account stores it, in the other shard; the sender pays.
    for number in 0..<3 { harness.send(EngineHarness.chat(to: "\(ShardTests.there)@localhost", "message \(number)"), on: first) }
    #expect(harness.gauges("bytes of records because of an account").count == 1)
    harness.send(String(repeating: EngineHarness.chat(to: "\(ShardTests.there)@localhost", "more"), count: 400), on: first)
    #expect(harness.stored(for: ShardTests.there).count < 10)
    harness.commitsAtOnce = true
    harness.commit()
    #expect(harness.stored(for: ShardTests.there).count == 403)
  }

  /// Stanzas that wait in the sender's shard change nothing yet. They must not all become changes of another when they are let go.
  @Test func whatWaitsForAnotherShardIsCounted() {
    var harness = EngineHarness {
      $0.limits[.shards] = 2
      $0.limits[.accountRecordBytes] = 2_000
      $0.limits[.unprocessedBytes] = 1_000
    }
    for name in [ShardTests.here, ShardTests.there] { harness.addAccount(name) }
    let first = harness.session(ShardTests.here, resource: "a")
    harness.commitsAtOnce = false
    harness.send(ShardTests.push, on: first)
    for number in 0..<40 { harness.send(EngineHarness.chat(to: "\(ShardTests.there)@localhost", "message \(number)"), on: first) }
    #expect(harness.paused.contains(first))
    #expect(harness.engine.overLimit == nil)
    harness.commit()
    #expect(harness.engine.overLimit == nil)
    harness.commitsAtOnce = true
    harness.commit()
    #expect(harness.stored(for: ShardTests.there).count == 40)
    #expect(!harness.paused.contains(first) && harness.gauges("bytes of records on their way") == [])
  }

  /// A session has sent one stanza beyond the limit, and that may cause several transactions, also in a shard that is not its own.
  @Test func theTransactionsOfOneStanzaCountAsOne() {
    var harness = EngineHarness {
      $0.limits[.shards] = 2
      ($0.limits[.accountRecordBytes], $0.limits[.allRecordBytes]) = (1, 1)
    }
    let room = Server.shard(of: JID("tea@conference.localhost")!, of: 2)
    let elsewhere = (0..<20).map { "user\($0)" }.filter { Server.shard(of: JID(Text("\($0)@localhost"))!, of: 2) != room }
    for name in ["romeo"] + elsewhere { harness.addAccount(name) }
    let romeo = harness.session("romeo", resource: "a")
    harness.makeRoom("tea", isPersistent: false, by: romeo)
    harness.commitsAtOnce = false
    let invitations = elsewhere.prefix(3).map { "<invite to='\($0)@localhost'/>" }.joined()
    harness.send(
      "<message to='tea@conference.localhost'><x xmlns='http://jabber.org/protocol/muc#user'>\(invitations)</x></message>", on: romeo)
    #expect(harness.gauges("bytes of records because of an account").map { $0.value > 1_000 } == [true])
    #expect(harness.engine.overLimit == nil)
    harness.commitsAtOnce = true
    harness.commit()
    for name in elsewhere.prefix(3) { #expect(harness.rows(OfflineMessage.self, of: JID(Text("\(name)@localhost"))!).count == 1) }
  }

  /// A recording that a stranger made holds values that nobody has checked.
  @Test func shardsThatDoNotFitAreRefused() {
    var (harness, first, _) = ShardTests.pair()
    harness.commitsAtOnce = false
    harness.send(ShardTests.push, on: first)
    harness.send(EngineHarness.chat(to: "\(ShardTests.there)@localhost", "hello"), on: first)
    func problem(_ change: (inout Server) -> Void) -> String? {
      var server = harness.engine.server
      change(&server)
      return server.problem
    }
    let wrong = "shards do not fit together"
    #expect(problem { _ in } == nil)
    #expect(problem { $0.shards = [] } == wrong)
    #expect(problem { $0.shards.removeLast() } == wrong)
    #expect(problem { $0.shards.swapAt(0, 1) } == wrong)
    let stanza = Stanza(Element("iq", NS.client), from: JID("a@localhost")!, to: JID("localhost")!)
    for message in [
      ShardMessage(.accountRemoved(JID("a@localhost")!), to: 2), ShardMessage(.accountRemoved(JID("a@localhost")!), to: -1),
      ShardMessage(.roomList(stanza, [], askedBy: 2), to: 1),
    ] {
      #expect(
        problem { server in
          var effects: [Effect] = []
          server.shards[0].perform(at: Instant(monotonic: 0, wall: 0), into: &effects) { $1.pass(message.content, to: message.shard) }
        } == wrong)
    }
  }

  /// Transactions that wait are counted over all shards, too: the second user is held up although its own shard has room.
  @Test func transactionsThatWaitAreCountedOverAllShards() {
    var harness = EngineHarness {
      $0.limits[.shards] = 2
      $0.limits[.pendingCommits] = 3
    }
    for name in [ShardTests.here, ShardTests.there] { harness.addAccount(name) }
    let (first, second) = (harness.session(ShardTests.here, resource: "a"), harness.session(ShardTests.there, resource: "a"))
    harness.commitsAtOnce = false
    let before = harness.commits.count
    for connection in [first, second] {
      for number in 0..<3 { harness.send(ShardTests.push.replacing("friend", with: "friend\(number)"), on: connection) }
    }
    // The fourth transaction is the first beyond the limit, after which its session is not heard.
    #expect(harness.commits.dropFirst(before).map(\.number.shard) == [0, 0, 0, 1])
  }

  @Test func shutdownReachesEveryShard() {
    var (harness, first, second) = ShardTests.pair()
    harness.input(.shutdown)
    for connection in [first, second] { #expect(harness.read(connection).contains("<system-shutdown ")) }
    for connection in [harness.open(), harness.open()] { #expect(harness.closed.contains(connection)) }
  }

  /// XEP-0045, 11.2.
  @Test func occupantsInOtherShardsHearOfAShutdown() {
    var (harness, first, second) = ShardTests.pair()
    harness.makeRoom(ShardTests.roomThere, isPersistent: false, by: second)
    harness.join(ShardTests.roomThere, as: "guest", on: first)
    _ = harness.read(first)
    harness.input(.shutdown)
    #expect(harness.read(first).contains(#/<presence type='unavailable'.*<status code='332'/>.*<system-shutdown /#))
  }
}
