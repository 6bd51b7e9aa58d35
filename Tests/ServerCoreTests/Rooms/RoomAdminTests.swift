import OrderedCollections
import Testing
import XML
import XMPP

@testable import ServerCore

/// Roles and affiliations as they are changed and told (XEP-0045, 8, 9, 10.3 to 10.8).
@Suite struct RoomAdminTests {
  /// Romeo (owner), Juliet (none), Mercutio (admin), Nurse (member).
  private func staged(_ fields: [Text: [Text]] = [:]) -> RoomFixture {
    var stage = RoomFixture(fields)
    stage.affiliate("mercutio", "admin")
    stage.affiliate("nurse", "member")
    for (who, nick) in [("juliet", "Juliet"), ("mercutio", "Mercutio"), ("nurse", "Nurse")] as [(Text, Text)] { stage.join(who, nick) }
    stage.forget()
    return stage
  }

  // MARK: Presence that everybody sees

  @Test func kick() {
    var stage = staged()
    stage.administer("<item nick='Juliet' role='none'><reason>Avaunt!</reason></item>")
    #expect(stage.take("juliet") == ["-Juliet none/none <juliet@example.org/pc> by Romeo 'Avaunt!' 110 307"])
    #expect(
      stage.take("romeo") == ["iq a result", "-Juliet none/none <juliet@example.org/pc> by Romeo <romeo@example.org/pc> 'Avaunt!' 307"])
    #expect(stage.take("nurse") == ["-Juliet none/none by Romeo 'Avaunt!' 307"])
  }

  @Test func ban() {
    var stage = staged()
    stage.administer("<item affiliation='outcast' jid='juliet@example.org/any'><reason>Treason</reason></item>", by: "mercutio")
    #expect(stage.take("juliet") == ["-Juliet outcast/none <juliet@example.org/pc> by Mercutio 'Treason' 110 301"])
    #expect(stage.take("nurse") == ["-Juliet outcast/none by Mercutio 'Treason' 301"])
    stage.forget()
    stage.administer("<item affiliation='outcast'/>", type: "get")
    #expect(
      stage.takeStanzas("romeo").last?.element.firstChild?.firstChild
        == element(
          "<item xmlns='http://jabber.org/protocol/muc#admin' affiliation='outcast' jid='juliet@example.org'><reason>Treason</reason></item>"
        ))
    stage.join("juliet", "Juliet")
    #expect(stage.take("juliet") == ["!Juliet forbidden by room@conference.example.org"])
  }

  @Test func newModeratorLearnsJIDs() {
    var stage = staged()
    stage.administer("<item nick='Nurse' role='moderator'/>")
    #expect(
      stage.take("nurse") == [
        "+Nurse member/moderator <nurse@example.org/pc> by Romeo 110", "+Romeo owner/moderator <romeo@example.org/pc>",
        "+Juliet none/participant <juliet@example.org/pc>", "+Mercutio admin/moderator <mercutio@example.org/pc>",
      ])
  }

  @Test func rolesFollowAffiliations() {
    var stage = staged(["moderatedroom": ["1"]])
    #expect(stage.room.occupants["Juliet"]?.role == .visitor)
    for (affiliation, role) in [("member", .participant), ("admin", .moderator), ("none", .visitor), ("owner", .moderator)]
      as [(Text, Room.Role)]
    {
      stage.affiliate("juliet", affiliation)
      #expect(stage.room.occupants["Juliet"]?.role == role)
    }
  }

  @Test func lossOfMembershipInMembersOnlyRoom() {
    var stage = staged()
    stage.configure(["membersonly": ["1"]])
    #expect(stage.take("juliet") == ["-Juliet none/none <juliet@example.org/pc> 110 322"])
    #expect(stage.take("nurse") == ["-Juliet none/none 322", "room: 104"])
    stage.affiliate("nurse", "none", by: "mercutio")
    #expect(stage.take("nurse") == ["-Nurse none/none <nurse@example.org/pc> by Mercutio 110 321"])
  }

  // MARK: Requests

  @Test(
    arguments: [
      ("romeo", "<item affiliation='admin' jid='romeo@example.org'/>", "conflict"),
      ("romeo", "<item affiliation='outcast' jid='romeo@example.org'/>", "conflict"),
      ("mercutio", "<item affiliation='outcast' jid='romeo@example.org'/>", "not-allowed"),
      ("mercutio", "<item affiliation='owner' jid='juliet@example.org'/>", "forbidden"),
      ("mercutio", "<item nick='Romeo' role='none'/>", "not-allowed"),
      ("nurse", "<item affiliation='member' jid='juliet@example.org'/>", "forbidden"),
      ("nurse", "<item nick='Juliet' role='none'/>", "forbidden"),
      ("romeo", "<item nick='Juliet' role='none' affiliation='none'/>", "bad-request"),
      ("romeo", "<item nick='Juliet' role='king'/>", "bad-request"),
      ("romeo", "<item jid='juliet@example.org' affiliation='king'/>", "bad-request"),
      ("romeo", "<item nick='Juliet'/>", "bad-request"),
      ("romeo", "<item affiliation='member'/>", "bad-request"),
      ("romeo", "", "bad-request"),
      ("romeo", "<item affiliation='member' jid='@'/>", "jid-malformed"),
      ("romeo", "<item nick='Tybalt' role='none'/>", "item-not-found"),
      ("romeo", "<item affiliation='member' jid='a@b'/><item affiliation='none' jid='a@b'/>", "bad-request"),
      ("romeo", "<item affiliation='member' jid='a@b' nick='N'/><item affiliation='member' jid='c@b' nick='N'/>", "conflict"),
      ("mercutio", "<item affiliation='member' jid='a@b' nick='Romeo'/>", "not-allowed"),
      // One bad item, and nothing happens (9.2).
      ("mercutio", "<item nick='Juliet' role='none'/><item affiliation='outcast' jid='romeo@example.org'/>", "not-allowed"),
    ] as [(Text, String, String)])
  func refusedRequestChangesNothing(_ who: Text, _ items: String, _ condition: String) {
    var stage = staged()
    let before = stage.room.affiliations.sorted.map(\.entry)
    stage.administer(items, by: who)
    #expect(stage.take(who) == ["iq a error \(condition)"])
    #expect(stage.envelopes.count == 1)
    #expect(stage.room.occupantList.count == 4)
    #expect(stage.room.affiliations.sorted.map(\.entry) == before)
  }

  @Test func ownersMayStepDownTogetherWithASuccessor() {
    var stage = staged()
    stage.administer("<item affiliation='none' jid='romeo@example.org'/><item affiliation='owner' jid='juliet@example.org'/>")
    #expect(stage.take("romeo").last == "iq a result")
    #expect(stage.room.affiliations.list(.owner).map(\.jid.local) == ["juliet"])
    #expect(stage.room.occupants["Romeo"]?.role == .participant)
  }

  @Test func nickInPlaceOfJID() {
    var stage = staged()
    stage.administer("<item affiliation='member' nick='Juliet'/>")
    #expect(stage.room.affiliation(of: RoomFixture.address("juliet")) == .member)
  }

  @Test func affiliationsAreBounded() {
    var stage = RoomFixture([:]) { $0[.roomAffiliations] = 3 }
    for index in 1..<3 { stage.room.affiliations.set(JID("a\(index)@b")!, RoomAffiliations.Entry(affiliation: .member)) }
    stage.administer("<item affiliation='member' jid='one@more'/>")
    #expect(stage.take("romeo") == ["iq a error resource-constraint"])
    stage.administer("<item affiliation='none' jid='a1@b'/><item affiliation='member' jid='a2@b'/>")
    #expect(stage.take("romeo").last == "iq a result")
  }

  // MARK: Lists

  @Test func roleList() {
    var stage = staged()
    stage.administer("<item role='moderator'/>", type: "get")
    let items = stage.takeStanzas("romeo").flatMap { Array($0.element.firstChild!.children) }
    #expect(
      items.map { [$0["nick"], $0["role"], $0["affiliation"], $0["jid"]] } == [
        ["Romeo", "moderator", "owner", "romeo@example.org/pc"], ["Mercutio", "moderator", "admin", "mercutio@example.org/pc"],
      ])
    stage.administer("<item role='participant'/>", by: "nurse", type: "get")
    #expect(stage.take("nurse") == ["iq a error forbidden"])
  }

  // MARK: Registration

  @Test func registrationRefusals() {
    var stage = staged()
    stage.affiliate("tybalt", "outcast")
    stage.forget()
    stage.register("", by: "tybalt", type: "get")
    #expect(stage.take("tybalt") == ["iq r error forbidden"])
    stage.reserve("Romeo", by: "nurse")
    stage.register("<username>Nurse</username>", by: "nurse")
    stage.reserve("", by: "nurse")
    #expect(stage.take("nurse") == ["iq r error conflict", "iq r error bad-request", "iq r error bad-request"])
    stage.reserve("Nanny", by: "nurse")
    stage.forget()
    stage.register("", by: "nurse", type: "get")
    #expect(
      stage.takeStanzas("nurse").map { $0.element.firstChild! }
        == [element("<query xmlns='jabber:iq:register'><registered/><username>Nanny</username></query>")])
    stage.reserve("Nanny", by: "mercutio")
    #expect(stage.take("mercutio") == ["iq r error conflict"])
  }

  @Test func adminWhoDeregistersKeepsTheRank() {
    var stage = staged()
    stage.reserve("Queen", by: "mercutio")
    stage.register("<remove/>", by: "mercutio")
    #expect(stage.room.affiliations.entry(RoomFixture.address("mercutio").bare) == RoomAffiliations.Entry(affiliation: .admin))
    #expect(stage.room.affiliations.holder(of: "Queen") == nil)
  }

  @Test func banTakesTheNick() {
    var stage = staged()
    stage.reserve("Nanny", by: "nurse")
    stage.affiliate("nurse", "outcast")
    #expect(stage.room.affiliations.holder(of: "Nanny") == nil)
    stage.forget()
    stage.join("juliet/phone", "Nanny")
    #expect(stage.take("juliet/phone").last == "room# ")
  }
}
