import OrderedCollections
import Storage
import Testing
import XML
import XMPP

@testable import ServerCore

/// Every room has an owner who can act (XEP-0045, 10, 10.4).
@Suite struct RoomSuccessionTests {
  // MARK: Possible owners

  @Test(arguments: ["member", "admin", "owner"], ["elsewhere.example", "elsewhere.example/r"])
  func aDomainIsNothingMore(_ affiliation: String, _ jid: String) {
    var stage = RoomFixture(["persistentroom": ["1"]])
    stage.administer("<item affiliation='\(affiliation)' jid='\(jid)'/>")
    #expect(stage.take("romeo") == ["iq a error not-acceptable"])
    #expect(stage.changes == [] && stage.room.affiliations.count == 1)
    // So nobody can leave the room to one.
    stage.administer("<item affiliation='\(affiliation)' jid='\(jid)'/><item affiliation='none' jid='romeo@example.org'/>")
    #expect(stage.room.affiliation(of: RoomFixture.address("romeo")) == .owner)
  }

  /// A user without an account here, or a room, could not act as an owner.
  @Test(arguments: ["x@elsewhere.example", "room@conference.example.org"])
  func anOwnerIsAUserOfThisServer(_ jid: String) {
    var stage = RoomFixture(["persistentroom": ["1"]])
    stage.administer("<item affiliation='owner' jid='\(jid)'/>")
    #expect(stage.take("romeo") == ["iq a error not-acceptable"])
    stage.administer("<item affiliation='admin' jid='\(jid)'/>")
    #expect(stage.take("romeo").last == "iq a result")
    // Nor does it inherit where somebody of this server can.
    stage.affiliate("juliet", "member")
    let romeo = RoomFixture.address("romeo").bare
    stage.perform { room, transaction in room.forget(romeo, &transaction) }
    #expect(stage.room.affiliations.list(.owner).map(\.jid.local) == ["juliet"])
  }

  @Test(arguments: ["outcast", "none"]) func aDomainCanBeBannedAndPardoned(_ affiliation: String) {
    var stage = RoomFixture(["persistentroom": ["1"]])
    stage.administer("<item affiliation='\(affiliation)' jid='elsewhere.example/r'/>")
    #expect(stage.take("romeo").last == "iq a result")
  }

  @Test func noDomainMakesARoom() {
    var stage = RoomFixture()
    stage.perform { room, transaction in
      let presence = element("<presence><x xmlns='http://jabber.org/protocol/muc'/></presence>")
      room.receive(Stanza(presence, from: JID("elsewhere.example/r")!, to: JID("room@conference.example.org/Bot")!), &transaction)
    }
    #expect(stage.envelopes.compactMap { StanzaError($0.element)?.condition } == [.notAllowed] && stage.room.isGone)
  }

  @Test func aDomainIsNotInvitedAsAMember() {
    var stage = RoomFixture(["membersonly": ["1"]])
    stage.send(
      "<message id='i'><x xmlns='http://jabber.org/protocol/muc#user'><invite to='nurse@example.org'/><invite to='elsewhere.example'/></x></message>",
      by: "romeo")
    #expect(stage.take("romeo") == ["room: not-acceptable by room@conference.example.org"])
    #expect(stage.takeBare("nurse") == [] && stage.room.affiliations.count == 1)
  }

  // MARK: Heirs

  /// The affiliations of those whom the last owner leaves behind, and the owners of the room then.
  @Test(
    arguments: [
      (["admin", "admin", "member"], ["juliet", "mercutio"]), (["member", "member", "outcast"], ["juliet", "mercutio"]),
      (["owner", "admin", "member"], ["juliet"]), (["outcast", "member", "outcast"], ["mercutio"]),
    ] as [([Text], [Text])])
  func theHighestWhoRemainInherit(_ affiliations: [Text], _ heirs: [Text]) {
    var stage = RoomFixture(["persistentroom": ["1"]])
    for (who, affiliation) in zip(["juliet", "mercutio", "tybalt"] as [Text], affiliations) { stage.affiliate(who, affiliation) }
    let romeo = RoomFixture.address("romeo").bare
    stage.perform { room, transaction in room.forget(romeo, &transaction) }
    #expect(stage.room.affiliations.list(.owner).map(\.jid.local) == heirs)
    let isNew = affiliations[0] != "owner"
    #expect(stage.changes.count == (isNew ? heirs.count : 0))
    #expect(stage.changes.allSatisfy { $0.row(AffiliationRow.self)?.affiliation == "owner" })
  }

  @Test func whoIsInsideHearsOfIt() {
    var stage = RoomFixture(["whois": ["anyone"]])
    stage.affiliate("juliet", "admin")
    stage.join("juliet", "Juliet")
    stage.join("nurse", "Nurse")
    stage.forget()
    let romeo = RoomFixture.address("romeo").bare
    stage.perform { room, transaction in room.forget(romeo, &transaction) }
    let line = "+Juliet owner/moderator <juliet@example.org/pc> 'The last owner's account was deleted.'"
    #expect(stage.take("juliet") == [line + " 110"] && stage.take("nurse") == [line])
  }

  @Test func whereNobodyRemainsTheRoomEnds() throws {
    var stage = RoomFixture(["persistentroom": ["1"]])
    stage.affiliate("tybalt", "outcast")
    stage.join("nurse", "Nurse")
    stage.forget()
    let romeo = RoomFixture.address("romeo").bare
    stage.perform { room, transaction in room.forget(romeo, &transaction) }
    #expect(stage.changes == [.deleteOwner(.room(RoomFixture.jid))] && stage.room.isGone)
    #expect(stage.take("nurse").count == 1)
  }

  @Test func aStoredDomainIsForgotten() throws {
    var stage = RoomFixture(["persistentroom": ["1"]])
    let domain = AffiliationRow(jid: JID("elsewhere.example")!, affiliation: "owner")
    stage.room = try Room(restoring: RoomFixture.jid, stage.room.row, [domain], Configuration.Limits())
    stage.perform { room, transaction in
      room.mendList(&transaction)
      room.keepOwner(&transaction)
    }
    #expect(
      stage.changes == [.delete(AffiliationRow.self, key: .jid(domain.jid), of: RoomFixture.jid), .deleteOwner(.room(RoomFixture.jid))])
  }
}

/// The same with accounts that are deleted.
struct RoomSuccessionOfAccountsTests {
  private static let romeo = JID("romeo@localhost")!
  private static let tea = JID("tea@conference.localhost")!

  /// Romeo's room that stays, and Juliet and Nurse with it; it is in memory or not.
  private func room(_ affiliations: [(String, String)], inMemory: Bool) -> (EngineHarness, ConnectionID) {
    var harness = EngineHarness()
    for name in ["romeo", "juliet", "nurse"] { harness.addAccount(name) }
    let (romeo, juliet) = (harness.session("romeo", resource: "r"), harness.session("juliet", resource: "j"))
    harness.makeRoom("tea", isPersistent: true, by: romeo)
    for (name, affiliation) in affiliations {
      harness.administer("tea", "<item affiliation='\(affiliation)' jid='\(name)@localhost'/>", by: romeo)
    }
    if !inMemory {
      harness.send("<presence type='unavailable' to='tea@conference.localhost/owner'/>", on: romeo)
      harness.advance(seconds: 130)
      #expect(harness.engine.server.roomsInMemory.isEmpty)
    }
    _ = harness.read(juliet)
    return (harness, juliet)
  }

  @Test(arguments: [true, false], ["admin", "member"]) func theRoomPassesOn(_ inMemory: Bool, _ affiliation: String) {
    var (harness, juliet) = room([("juliet", affiliation)], inMemory: inMemory)
    harness.input(.control(1, .deleteAccount(Self.romeo)))
    harness.join("tea", as: "juliet", on: juliet)
    #expect(harness.read(juliet).contains("affiliation='owner'"))
    #expect(harness.members(of: "tea", as: juliet).contains("type='result'"))
    // And lastingly so.
    harness.send("<presence type='unavailable' to='tea@conference.localhost/juliet'/>", on: juliet)
    harness.advance(seconds: 130)
    #expect(harness.engine.server.roomsInMemory.isEmpty)
    harness.join("tea", as: "juliet", on: juliet)
    #expect(harness.read(juliet).contains("affiliation='owner'"))
  }

  @Test(arguments: [true, false]) func aRoomWithoutHeirIsGone(_ inMemory: Bool) {
    var (harness, juliet) = room([("nurse", "outcast")], inMemory: inMemory)
    harness.input(.control(1, .deleteAccount(Self.romeo)))
    harness.send(RoomActivationTests.list, on: juliet)
    #expect(!harness.read(juliet).contains("tea@"))
    #expect(harness.engine.server.roomsInMemory.isEmpty)
    harness.join("tea", as: "juliet", on: juliet)
    #expect(harness.read(juliet).contains("<status code='201'/>"))
  }

  /// The room was asked for before the deletion, and the answer comes after it.
  @Test func aRoomOnItsWayPassesOn() {
    var (harness, juliet) = room([("juliet", "member")], inMemory: false)
    harness.loadsAtOnce = false
    harness.join("tea", as: "juliet", on: juliet)
    harness.input(.control(1, .deleteAccount(Self.romeo)))
    while !harness.waitingLoads.isEmpty { harness.answerLoads() }
    #expect(harness.read(juliet).contains("affiliation='owner'"))
  }

  /// The room was read without its owner, and passed on; then both commits fail.
  @Test func aDeletionThatFailsLeavesTheOwner() {
    var (harness, juliet) = room([("juliet", "member")], inMemory: false)
    harness.commitsAtOnce = false
    harness.input(.control(1, .deleteAccount(Self.romeo)))
    let deletion = harness.commits.last!.number
    harness.join("tea", as: "juliet", on: juliet)
    #expect(harness.commits.last!.number.number > deletion.number)
    harness.input(.commitFailed(from: deletion))
    harness.commitsAtOnce = true
    let again = harness.session("juliet", resource: "j")
    harness.join("tea", as: "juliet", on: again)
    #expect(harness.read(again).contains("affiliation='member'"))
  }

  /// A crash between the deletion and the next look at the room changes nothing: the rule depends on the stored list alone.
  @Test func aRoomThatIsPassedOnInVainIsPassedOnAgain() {
    var (harness, juliet) = room([("juliet", "member")], inMemory: false)
    harness.input(.control(1, .deleteAccount(Self.romeo)))
    harness.commitsAtOnce = false
    harness.join("tea", as: "juliet", on: juliet)
    harness.input(.commitFailed(from: harness.commits.last!.number))
    // The end of her session has woken the room up.
    harness.commit()
    harness.commitsAtOnce = true
    let again = harness.session("juliet", resource: "j")
    harness.join("tea", as: "juliet", on: again)
    #expect(harness.read(again).contains("affiliation='owner'"))
  }
}
