import Storage
import Testing
import XML
import XMPP

@testable import ServerCore

struct RoomActivationTests {
  static let list = "<iq type='get' id='l' to='conference.localhost'><query xmlns='http://jabber.org/protocol/disco#items'/></iq>"

  /// Requests for a list that storage is slow to give wait in memory: only so many may.
  @Test func whoWaitsForTheListOfRoomsIsCounted() {
    var harness = EngineHarness { $0.limits[.queuedWhileLoading] = 2 }
    harness.addAccount("romeo")
    let romeo = harness.session("romeo", resource: "r")
    harness.loadsAtOnce = false
    for _ in 0..<2 { harness.send(Self.list, on: romeo) }
    #expect(harness.read(romeo) == "")
    #expect(harness.engine.server.shards[0].parkedCount == 2)
    harness.send(Self.list, on: romeo)
    #expect(harness.read(romeo).contains("<internal-server-error "))
    #expect(harness.engine.server.shards[0].parkedCount == 2 && harness.engine.overLimit == nil)
    harness.answerLoads()
    #expect(harness.read(romeo).matches(of: /type='result'/).count == 2)
    #expect(harness.engine.server.shards[0].parkedCount == 0)
  }

  /// Storage was asked before the room was hidden, and answers as it was then.
  @Test func aRoomThatIsHiddenMeanwhileIsNotListed() {
    var harness = EngineHarness()
    harness.addAccount("romeo")
    let romeo = harness.session("romeo", resource: "r")
    harness.makeRoom("tea", isPersistent: true, by: romeo)
    harness.makeRoom("den", isPersistent: true, by: romeo)
    _ = harness.read(romeo)
    harness.loadsAtOnce = false
    harness.send(Self.list, on: romeo)
    let field = "<field var='muc#roomconfig_publicroom'><value>0</value></field>"
    let type = "<field var='FORM_TYPE'><value>http://jabber.org/protocol/muc#roomconfig</value></field>"
    let form = "<x xmlns='jabber:x:data' type='submit'>\(type)\(field)</x>"
    harness.send(
      "<iq type='set' id='c' to='tea@conference.localhost'><query xmlns='http://jabber.org/protocol/muc#owner'>\(form)</query></iq>",
      on: romeo)
    #expect(harness.read(romeo).contains("type='result' id='c'"))
    harness.answerLoads()
    let items = harness.read(romeo)
    #expect(items.contains("jid='den@conference.localhost'") && !items.contains("tea@"), "\(items)")
  }

  @Test func whoWaitsForTheListOfAccountsIsCounted() {
    var harness = EngineHarness { $0.limits[.queuedWhileLoading] = 2 }
    harness.loadsAtOnce = false
    for number in 0..<3 as Range<UInt64> { harness.input(.control(number, .listAccounts)) }
    #expect(harness.replies.count == 1)
    harness.answerLoads()
    #expect(harness.replies.count == 3)
    #expect(harness.replies.filter { $0 == .accounts([]) }.count == 2)
    #expect(harness.engine.server.shards[0].parkedCount == 0)
  }
}

/// XEP-0045, 11.2.
struct RoomShutdownTests {
  @Test func occupantsHearOfTheEndBeforeTheirStreamsDo() throws {
    var harness = EngineHarness()
    harness.addAccount("romeo")
    harness.addAccount("juliet")
    let (romeo, juliet) = (harness.session("romeo", resource: "r"), harness.session("juliet", resource: "j"))
    for (room, isPersistent) in [("tea", false), ("den", true)] {
      harness.makeRoom(room, isPersistent: isPersistent, by: romeo)
      harness.join(room, as: "juliet", on: juliet)
    }
    harness.loadsAtOnce = false
    let commits = harness.commits.count
    for connection in [romeo, juliet] { _ = harness.read(connection) }
    harness.input(.shutdown)
    for (connection, nick) in [(romeo, "owner"), (juliet, "juliet")] {
      let heard = harness.read(connection)
      for room in ["tea", "den"] {
        let own = heard.split(separator: "<presence ").filter { $0.contains(" from='\(room)@conference.localhost/\(nick)'") }
        #expect(own.count == 1 && own[0].contains("type='unavailable'"), "\(heard)")
        #expect(own.allSatisfy { $0.contains("<status code='110'/><status code='332'/>") })
      }
      #expect(try #require(heard.firstRange(of: "'332'")).upperBound < #require(heard.firstRange(of: "<system-shutdown ")).lowerBound)
      #expect(heard.hasSuffix("</stream:stream>"))
    }
    // That the sessions end wakes no room up again, and a room that was stored stays stored.
    #expect(harness.waitingLoads.isEmpty)
    #expect(harness.commits.count == commits)
    #expect(harness.engine.server.roomsInMemory.isEmpty)
  }
}

/// How long a room that nobody is in stays in memory, and its history with it (limit idleTime).
struct RoomIdleTests {
  private static let leave = "<presence type='unavailable' to='tea@conference.localhost/owner'/>"

  /// The timer of an earlier use must not end a later one early.
  @Test(arguments: [30, 59] as [Int64]) func anOlderTimerShortensNothing(_ seconds: Int64) {
    var harness = EngineHarness()
    harness.addAccount("romeo")
    let romeo = harness.session("romeo", resource: "r")
    harness.makeRoom("tea", isPersistent: true, by: romeo)
    harness.send(Self.leave, on: romeo)
    harness.advance(seconds: seconds)
    harness.join("tea", as: "owner", on: romeo)
    harness.send("<message type='groupchat' to='tea@conference.localhost'><body>remember</body></message>", on: romeo)
    harness.send(Self.leave, on: romeo)
    harness.advance(seconds: 59)
    _ = harness.read(romeo)
    harness.join("tea", as: "owner", on: romeo)
    #expect(harness.read(romeo).contains("remember"))
    harness.send(Self.leave, on: romeo)
    harness.advance(seconds: 61)
    #expect(harness.engine.server.roomsInMemory.isEmpty)
  }
}
