import SASL
import Storage
import Testing
import XML
import XMPP

@testable import ServerCore

/// The things that go with an account, and those that must not.
struct AccountManagementTests {
  private static let juliet = JID("juliet@localhost")!
  private static let tea = JID("tea@conference.localhost")!

  /// Romeo in a room of his, of which Juliet is a member.
  private func room(isPersistent: Bool) -> (EngineHarness, ConnectionID) {
    var harness = EngineHarness()
    harness.addAccount("romeo")
    harness.addAccount("juliet")
    let romeo = harness.session("romeo", resource: "r")
    harness.makeRoom("tea", isPersistent: isPersistent, by: romeo)
    harness.administer("tea", "<item affiliation='member' jid='juliet@localhost'/>", by: romeo)
    #expect(harness.members(of: "tea", as: romeo).contains("jid='juliet@localhost'"))
    return (harness, romeo)
  }

  /// RFC 6121, 8.5.1: what waited for the account is answered as what comes after its end.
  @Test func whatLinedUpIsAnswered() {
    var harness = EngineHarness()
    harness.addAccount("romeo")
    harness.addAccount("juliet")
    let (romeo, juliet) = (harness.session("romeo", resource: "r"), harness.session("juliet", resource: "j"))
    harness.send(EngineHarness.chat(to: "juliet@localhost", "stored"), on: romeo)
    harness.loadsAtOnce = false
    harness.send("<presence/>", on: juliet)
    harness.send("<message id='m' to='juliet@localhost' type='chat'><body>lined up</body></message>", on: romeo)
    #expect(harness.read(romeo) == "")
    harness.input(.control(1, .deleteAccount(Self.juliet)))
    let answer = harness.read(romeo)
    #expect(answer.contains("id='m'") && answer.contains("<service-unavailable "))
  }

  @Test func aFailedDeletionLeavesTheRankInAStoredRoom() {
    var (harness, romeo) = room(isPersistent: true)
    failToDelete(&harness)
    // Everybody is out of a room that is read anew (XEP-0045, 11.1).
    #expect(harness.read(romeo).contains("<status code='333'/>"))
    harness.join("tea", as: "owner", on: romeo)
    #expect(harness.members(of: "tea", as: romeo).contains("jid='juliet@localhost'"))
  }

  /// A room that lives in memory alone can't be read anew. It ends, rather than go on with ranks that are not so.
  @Test func aFailedDeletionEndsAnUnstoredRoom() {
    var (harness, romeo) = room(isPersistent: false)
    failToDelete(&harness)
    #expect(harness.read(romeo).contains("<status code='333'/>"))
    #expect(harness.engine.server.roomsInMemory.isEmpty)
  }

  /// The room was asked for before the deletion, and the answer comes after it.
  @Test func aRoomOnItsWayKeepsNoRankOfAnAccountThatIsGone() {
    var (harness, romeo) = room(isPersistent: true)
    rest(&harness, romeo)
    harness.loadsAtOnce = false
    harness.join("tea", as: "owner", on: romeo)
    harness.input(.control(1, .deleteAccount(Self.juliet)))
    harness.answerLoads { $0 == .account(Self.juliet) }
    // The second question counts.
    #expect(harness.waitingLoads == [.room(Self.tea), .room(Self.tea)])
    while !harness.waitingLoads.isEmpty { harness.answerLoads() }
    let members = harness.members(of: "tea", as: romeo)
    #expect(members.contains("type='result'") && !members.contains("juliet"))
  }

  /// The room was asked for before a deletion that fails before the answer comes.
  @Test func aRoomOnItsWayKeepsTheRankIfTheDeletionFails() {
    var (harness, romeo) = room(isPersistent: true)
    rest(&harness, romeo)
    harness.loadsAtOnce = false
    harness.join("tea", as: "owner", on: romeo)
    failToDelete(&harness)
    while !harness.waitingLoads.isEmpty { harness.answerLoads() }
    #expect(harness.members(of: "tea", as: romeo).contains("jid='juliet@localhost'"))
  }

  /// The room was read with the deletion in it, which then fails.
  @Test func aRoomThatWasReadWithAFailedDeletionIsReadAnew() {
    var (harness, romeo) = room(isPersistent: true)
    rest(&harness, romeo)
    harness.commitsAtOnce = false
    harness.input(.control(1, .deleteAccount(Self.juliet)))
    harness.join("tea", as: "owner", on: romeo)
    #expect(harness.engine.server.shards[0].rooms[Self.tea]?.entity?.affiliations.entry(Self.juliet) == nil)
    harness.input(.commitFailed(from: harness.commits.last!.number))
    harness.commitsAtOnce = true
    let again = harness.session("romeo", resource: "r")
    harness.join("tea", as: "owner", on: again)
    #expect(harness.members(of: "tea", as: again).contains("jid='juliet@localhost'"))
  }

  /// The new password was shown to a login, is not stored after all, and the account has left memory meanwhile (seed 83).
  @Test func aLoginThatSawALostPasswordIsCutOff() {
    var harness = EngineHarness { $0.limits[time: .idleTime] = .seconds(1) }
    harness.addAccount("juliet")
    let connection = harness.openStream()
    harness.send("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>", on: connection)
    harness.input(.encrypted(connection, TLSFacts()))
    harness.send(EngineHarness.header, on: connection)
    _ = harness.read(connection)
    (harness.commitsAtOnce, harness.derivesAtOnce) = (false, false)
    harness.input(.control(1, .changePassword(Self.juliet, password: Secret(Array("other".utf8)))))
    harness.derive()
    // The first message of PLAIN, which the server answers when it has derived the keys.
    let first = Base64.encode(Array("\0juliet\0other".utf8))
    harness.send("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>\(first)</auth>", on: connection)
    harness.advance(seconds: 5)
    #expect(harness.engine.server.shards[0].accounts[Self.juliet] == nil)
    harness.input(.commitFailed(from: harness.commits.last!.number))
    #expect(harness.read(connection).contains("storage failed"))
    harness.derive()
    #expect(harness.read(connection) == "")
  }

  private func failToDelete(_ harness: inout EngineHarness) {
    harness.commitsAtOnce = false
    harness.input(.control(1, .deleteAccount(Self.juliet)))
    harness.answerLoads { $0 == .account(Self.juliet) }
    harness.input(.commitFailed(from: harness.commits.last!.number))
    harness.commitsAtOnce = true
  }

  /// The room goes out of memory.
  private func rest(_ harness: inout EngineHarness, _ owner: ConnectionID) {
    harness.send("<presence type='unavailable' to='tea@conference.localhost/owner'/>", on: owner)
    harness.advance(seconds: 61)
    #expect(harness.engine.server.roomsInMemory.isEmpty)
    _ = harness.read(owner)
  }
}
