import Storage
import Testing
import XML
import XMPP

@testable import ServerCore

/// Two shards: what passes between them, when, and what becomes of it when a commit fails.
struct ShardTests {
  /// Names of accounts, and of rooms, that belong to these shards.
  static func name(_ shard: Int, _ prefix: String = "user", at domain: String = "localhost") -> String {
    (0...).lazy.map { "\(prefix)\($0)" }.first { Shard.index(of: JID("\($0)@\(domain)")!, of: 2) == shard }!
  }
  static let (here, there) = (name(0), name(1))
  static let roomThere = name(1, "room", at: "conference.localhost")
  static let push = "<iq type='set' id='r'><query xmlns='jabber:iq:roster'><item jid='friend@localhost'/></query></iq>"

  /// Both users are there and available.
  static func pair() -> (EngineHarness, ConnectionID, ConnectionID) {
    var harness = EngineHarness { $0.limits[.shards] = 2 }
    for name in [here, there] { harness.addAccount(name) }
    let first = harness.session(here, resource: "a")
    let second = harness.session(there, resource: "a")
    for connection in [first, second] {
      harness.send("<presence/>", on: connection)
      _ = harness.read(connection)
    }
    return (harness, first, second)
  }

  @Test func addressesSpreadOverTheShards() {
    var counts = [0, 0, 0, 0]
    for number in 0..<4000 { counts[Shard.index(of: JID("user\(number)@localhost")!, of: 4)] += 1 }
    #expect(counts.allSatisfy { 900...1100 ~= $0 }, "\(counts)")
    // A recording made by one process is replayed by another: the function may never change.
    #expect([Self.here, Self.there, Self.roomThere] == ["user0", "user4", "room0"])
    #expect(Shard.index(of: JID("user1@localhost/phone")!, of: 2) == Shard.index(of: JID("user1@localhost")!, of: 2))
  }

  @Test func aSessionIsInTheShardOfItsAccount() {
    let (harness, first, second) = Self.pair()
    let shards = harness.engine.server.shards
    #expect(shards[0].streams.sortedKeys() == [first] && shards[1].streams.sortedKeys() == [second])
    #expect(harness.engine.server.openConnections == [first, second])
  }

  @Test func aStanzaForAnotherShardWaitsForTheCommitsOfItsOwn() {
    var (harness, first, second) = Self.pair()
    harness.commitsAtOnce = false
    harness.send(Self.push, on: first)
    harness.send(EngineHarness.chat(to: "\(Self.there)@localhost", "hello"), on: first)
    #expect(harness.read(second) == "")
    harness.commit()
    let from = "from='\(Self.here)@localhost/a' to='\(Self.there)@localhost'"
    #expect(harness.read(second) == "<message type='chat' \(from)><body>hello</body></message>")
  }

  @Test func aCommitHoldsBackNothingOfAnotherShard() {
    var (harness, first, second) = Self.pair()
    harness.commitsAtOnce = false
    harness.send(Self.push, on: first)
    harness.send("<iq type='get' id='p'><ping xmlns='urn:xmpp:ping'/></iq>", on: second)
    let jid = "\(Self.there)@localhost"
    #expect(harness.read(second) == "<iq type='result' id='p' from='\(jid)' to='\(jid)/a'/>")
    #expect(harness.read(first) == "")
  }

  /// The numbers of the second shard's commits are greater than that of the first one's.
  @Test func aCommitReleasesAndFailsNothingOfAnotherShard() {
    func push(_ number: Int) -> String { Self.push.replacing("friend", with: "friend\(number)") }
    var (harness, first, second) = Self.pair()
    for number in 0..<5 { harness.send(push(number), on: second) }
    _ = harness.read(second)
    harness.commitsAtOnce = false
    harness.send(Self.push, on: first)
    harness.send(push(5), on: second)
    let numbers = harness.commits.suffix(2).map(\.number)
    #expect(numbers.map(\.shard) == [0, 1] && numbers[0].number < numbers[1].number)
    harness.input(.committed(through: numbers[1]))
    #expect(harness.read(first) == "" && harness.read(second).contains("<iq type='result' id='r'"))
    // Of the second shard, too, there is a commit that storage has not been asked for yet.
    let now = Instant(monotonic: 0, wall: 0)
    harness.engine.handle(.bytes(second, Array(push(6).utf8)), at: now)
    harness.engine.handle(.commitFailed(from: numbers[0]), at: now)
    let commits = harness.engine.flush().compactMap { if case .commit(let id, _) = $0 { id } else { nil } }
    #expect(commits == [CommitID(shard: 1, numbers[1].number + 1)])
  }

  /// A third user, of the first one's shard, has nothing to do with the commit that fails, but its words wait behind it.
  static func three() -> (EngineHarness, first: ConnectionID, second: ConnectionID, third: ConnectionID, thirdName: String) {
    var (harness, first, second) = pair()
    let name = name(0, "third")
    harness.addAccount(name)
    let third = harness.session(name, resource: "a")
    return (harness, first, second, third, name)
  }

  @Test func aMessageThatACommitTakesDownComesBack() {
    var (harness, first, second, third, name) = Self.three()
    harness.commitsAtOnce = false
    harness.send(Self.push, on: first)
    harness.send("<message to='\(Self.there)@localhost' id='m' type='chat'><body>hello</body></message>", on: third)
    harness.input(.commitFailed(from: harness.commits.last!.number))
    #expect(harness.read(second) == "")
    let addresses = "from='\(Self.there)@localhost' to='\(name)@localhost/a'"
    let error = "<error type='wait'><internal-server-error xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>"
    #expect(harness.read(third) == "<message type='error' id='m' \(addresses)>\(error)</message>")
  }

  @Test func whoeverWaitsForALostAnswerIsCutOff() {
    var (harness, first, second, third, name) = Self.three()
    let query = "<query xmlns='jabber:iq:version'/>"
    harness.send("<iq type='get' id='v' to='\(name)@localhost/a'>\(query)</iq>", on: second)
    #expect(harness.read(third).contains(query))
    harness.commitsAtOnce = false
    harness.send(Self.push, on: first)
    harness.send("<iq type='result' id='v' to='\(Self.there)@localhost/a'>\(query)</iq>", on: third)
    harness.input(.commitFailed(from: harness.commits.last!.number))
    let text = "<text xmlns='urn:ietf:params:xml:ns:xmpp-streams' xml:lang='en'>storage failed</text>"
    let error = "<internal-server-error xmlns='urn:ietf:params:xml:ns:xmpp-streams'/>\(text)"
    #expect(harness.read(second) == "<stream:error>\(error)</stream:error></stream:stream>")
    #expect(harness.read(third) == "")
  }

  @Test func whatComesBackKeepsItsOrder() {
    var (harness, first, _, third, _) = Self.three()
    harness.commitsAtOnce = false
    harness.send(Self.push, on: first)
    for id in 1...3 { harness.send("<message to='\(Self.there)@localhost' id='\(id)' type='chat'><body>hello</body></message>", on: third) }
    harness.input(.commitFailed(from: harness.commits.last!.number))
    #expect(harness.read(third).matches(of: /id='(\d)'/).map(\.1) == ["1", "2", "3"])
  }

  /// An error to the contact would leave the one who asked believing that the contact is away.
  @Test func whoeverWaitsForALostPresenceIsCutOff() {
    var (harness, first, second, third, _) = Self.three()
    harness.send("<presence type='subscribe' to='\(Self.here)@localhost'/>", on: second)
    harness.send("<presence type='subscribed' to='\(Self.there)@localhost'/>", on: first)
    for connection in [first, second] { _ = harness.read(connection) }
    harness.commitsAtOnce = false
    harness.send(Self.push, on: third)
    harness.send("<presence type='probe' to='\(Self.here)@localhost'/>", on: second)
    #expect(harness.read(second) == "")
    harness.input(.commitFailed(from: harness.commits.last!.number))
    let text = "<text xmlns='urn:ietf:params:xml:ns:xmpp-streams' xml:lang='en'>storage failed</text>"
    let error = "<internal-server-error xmlns='urn:ietf:params:xml:ns:xmpp-streams'/>\(text)"
    #expect(harness.read(second) == "<stream:error>\(error)</stream:error></stream:stream>")
    #expect(harness.read(first) == "")
  }

  /// An error for the room's message would reach whoever spoke, as if an occupant had sent it (seed 102031).
  @Test func whoeverLosesWhatIsSaidInARoomIsCutOff() {
    var (harness, first, second) = Self.pair()
    harness.makeRoom(Self.roomThere, isPersistent: false, by: second)
    harness.join(Self.roomThere, as: "guest", on: first)
    for connection in [first, second] { _ = harness.read(connection) }
    harness.commitsAtOnce = false
    harness.send(Self.push, on: second)
    harness.send("<message to='\(Self.roomThere)@conference.localhost' id='m' type='groupchat'><body>hello</body></message>", on: second)
    #expect(harness.read(first) == "")
    harness.input(.commitFailed(from: harness.commits.last!.number))
    let text = "<text xmlns='urn:ietf:params:xml:ns:xmpp-streams' xml:lang='en'>storage failed</text>"
    let error = "<internal-server-error xmlns='urn:ietf:params:xml:ns:xmpp-streams'/>\(text)"
    #expect(harness.read(first).hasSuffix("<stream:error>\(error)</stream:error></stream:stream>"))
    #expect(!harness.read(second).contains("type='error'"))
  }

  @Test func aDepartureIsNeverLost() {
    var (harness, first, second) = Self.pair()
    harness.makeRoom(Self.roomThere, isPersistent: false, by: second)
    harness.join(Self.roomThere, as: "guest", on: first)
    let room = JID("\(Self.roomThere)@conference.localhost")!
    #expect(harness.engine.server.occupants(of: room).map(\.nick) == ["owner", "guest"])
    harness.commitsAtOnce = false
    harness.send(Self.push, on: first)
    harness.input(.closed(first))
    #expect(harness.engine.server.occupants(of: room).map(\.nick) == ["owner", "guest"])
    harness.input(.commitFailed(from: harness.commits.last!.number))
    #expect(harness.engine.server.occupants(of: room).map(\.nick) == ["owner"])
  }

  @Test func aStreamGoesBehindWhatItsOldShardSaid() {
    var harness = EngineHarness { $0.limits[.shards] = 2 }
    for name in [Self.here, Self.there] { harness.addAccount(name) }
    let first = harness.session(Self.here, resource: "a")
    harness.commitsAtOnce = false
    harness.send(Self.push, on: first)
    // An even number: it begins in the shard of the first user, whose commit is pending.
    let stranger = harness.open()
    #expect(stranger.number % 2 == 0)
    harness.send(EngineHarness.header, on: stranger)
    harness.send(
      "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='SCRAM-SHA-1'>\(Base64.encode(Array("n,,n=\(Self.there),r=abc".utf8)))</auth>",
      on: stranger)
    #expect(harness.read(stranger) == "")
    #expect(harness.engine.server.shards[0].streams.contains(stranger))
    harness.commit()
    #expect(harness.read(stranger).contains("<challenge "))
    #expect(harness.engine.server.shards[1].streams.contains(stranger))
  }

  @Test func aStreamThatClosesOnItsWayLeavesNothing() {
    var harness = EngineHarness { $0.limits[.shards] = 2 }
    for name in [Self.here, Self.there] { harness.addAccount(name) }
    let first = harness.session(Self.here, resource: "a")
    harness.commitsAtOnce = false
    harness.send(Self.push, on: first)
    let stranger = harness.open(from: SourceNetwork(address: [10, 0, 0, 1]))
    harness.send(EngineHarness.header, on: stranger)
    harness.send(
      "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='SCRAM-SHA-1'>\(Base64.encode(Array("n,,n=\(Self.there),r=abc".utf8)))</auth>",
      on: stranger)
    harness.input(.closed(stranger))
    harness.commit()
    #expect(harness.engine.server.openConnections == [first])
    #expect(harness.engine.server.connectionCounts.count == 0)
  }

  /// A stream that has begun in one shard and claims to be of an account of the other, where it is now.
  private static func moved() -> (EngineHarness, ConnectionID) {
    var harness = EngineHarness { $0.limits[.shards] = 2 }
    harness.addAccount(there)
    let first = harness.open(from: SourceNetwork(address: [10, 0, 0, 1]))
    let stranger = harness.open(from: SourceNetwork(address: [10, 0, 0, 1]))
    harness.input(.closed(first))
    harness.send(EngineHarness.header, on: stranger)
    harness.send(
      "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='SCRAM-SHA-1'>\(Base64.encode(Array("n,,n=\(there),r=abc".utf8)))</auth>",
      on: stranger)
    _ = harness.read(stranger)
    return (harness, stranger)
  }

  @Test func aStreamThatHasMovedIsCountedUntilItCloses() {
    var (harness, stranger) = Self.moved()
    #expect(harness.engine.server.shards[1].streams.contains(stranger))
    #expect(harness.engine.server.connectionCounts.count == 1 && harness.engine.server.homeCount == 1)
    harness.input(.closed(stranger))
    #expect(harness.engine.server.connectionCounts.count == 0 && harness.engine.server.homeCount == 0)
  }

  @Test func aStreamThatHasMovedHasOnlySoMuchTime() {
    var (harness, stranger) = Self.moved()
    harness.advance(seconds: 600)
    #expect(harness.read(stranger).contains("<connection-timeout "))
  }

  @Test func aStreamThatHasMovedIsCutWithItsAccount() {
    var (harness, stranger) = Self.moved()
    harness.input(.control(1, .disableAccount(JID("\(Self.there)@localhost")!)))
    #expect(harness.read(stranger).contains("<not-authorized xmlns='urn:ietf:params:xml:ns:xmpp-streams'/>"))
  }

  /// The deadline of the second shard comes first.
  @Test func theServerLooksAgainWhenAnyShardWantsIt() {
    var harness = EngineHarness { $0.limits[.shards] = 2 }
    _ = harness.open()
    harness.advance(seconds: 1)
    _ = harness.open()
    let wanted = harness.engine.server.shards.map { $0.nextDeadline ?? 0 }
    #expect(0 < wanted[1] && wanted[1] < wanted[0])
    #expect(harness.engine.server.nextDeadline == wanted[1])
  }

  @Test func shardsDrawDifferentNumbers() {
    var harness = EngineHarness { $0.limits[.shards] = 2 }
    let ids = [harness.openStream(), harness.openStream()].map { harness.read($0).firstMatch(of: #/ id='([^']*)'/#)?.1 }
    #expect(ids[0] != nil && ids[1] != nil && ids[0] != ids[1])
  }

  @Test func roomsOfOtherShardsForgetADeletedAccount() {
    var (harness, _, second) = Self.pair()
    harness.makeRoom(Self.roomThere, isPersistent: true, by: second)
    let user = "\(Self.here)@localhost"
    harness.administer(Self.roomThere, "<item affiliation='admin' jid='\(user)'/>", by: second)
    let room = JID("\(Self.roomThere)@conference.localhost")!
    #expect(harness.engine.server.affiliations(of: room).map(\.jid).contains(JID("\(user)")!))
    harness.commitsAtOnce = false
    harness.input(.control(1, .deleteAccount(JID("\(user)")!)))
    #expect(harness.engine.server.affiliations(of: room).map(\.jid).contains(JID("\(user)")!))
    harness.commit()
    #expect(!harness.engine.server.affiliations(of: room).map(\.jid).contains(JID("\(user)")!))
    #expect(harness.commits.last?.changes.map(\.owner) == [.room(room)])
  }

  /// The answer to the first question was true when it was given.
  @Test func aRoomThatIsBeingLoadedForgetsADeletedAccountOfAnotherShard() {
    var (harness, _, second) = Self.pair()
    harness.makeRoom(Self.roomThere, isPersistent: true, by: second)
    harness.administer(Self.roomThere, "<item affiliation='admin' jid='\(Self.here)@localhost'/>", by: second)
    harness.send("<presence type='unavailable' to='\(Self.roomThere)@conference.localhost/owner'/>", on: second)
    harness.advance(seconds: 120)
    #expect(harness.engine.server.roomsInMemory == [])
    harness.loadsAtOnce = false
    harness.join(Self.roomThere, as: "owner", on: second)
    harness.input(.control(1, .deleteAccount(JID("\(Self.here)@localhost")!)))
    harness.answerLoads()
    let room = JID("\(Self.roomThere)@conference.localhost")!
    #expect(harness.engine.server.affiliations(of: room).map(\.jid) == [JID("\(Self.there)@localhost")!])
  }

  /// Storage drops a room with the account that alone keeps it, and the room's shard does not know yet when it hears of a member.
  @Test func aRoomThatHasAnHeirOutlivesItsOwnerOnDiskToo() {
    var (harness, first, _) = Self.pair()
    harness.makeRoom(Self.roomThere, isPersistent: true, by: first)
    harness.commitsAtOnce = false
    harness.send(Self.push, on: first)
    harness.administer(Self.roomThere, "<item affiliation='member' jid='\(Self.there)@localhost'/>", by: first)
    harness.input(.control(1, .deleteAccount(JID("\(Self.here)@localhost")!)))
    harness.commit()
    harness.commit()
    let room = JID("\(Self.roomThere)@conference.localhost")!
    let heir = AffiliationRow(
      jid: JID("\(Self.there)@localhost")!, affiliation: "owner", reason: "The last owner's account was deleted.")
    #expect(harness.engine.server.affiliations(of: room) == [heir])
    #expect(harness.rows(AffiliationRow.self, of: room) == [heir])
  }

  @Test func theListOfRoomsHasThoseOfAllShards() {
    var (harness, first, second) = Self.pair()
    let names = [Self.name(0, "room", at: "conference.localhost"), Self.roomThere]
    for name in names { harness.makeRoom(name, isPersistent: false, by: second) }
    _ = harness.read(first)
    harness.send("<iq type='get' id='l' to='conference.localhost'><query xmlns='http://jabber.org/protocol/disco#items'/></iq>", on: first)
    let items = names.sorted().map { "<item jid='\($0)@conference.localhost' name='\($0)'/>" }.joined()
    #expect(
      harness.read(first)
        == "<iq type='result' id='l' from='conference.localhost' to='\(Self.here)@localhost/a'><query xmlns='http://jabber.org/protocol/disco#items'>\(items)</query></iq>"
    )
  }
}
