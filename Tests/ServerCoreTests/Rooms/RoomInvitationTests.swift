import OrderedCollections
import Testing
import XML
import XMPP

@testable import ServerCore

/// Invitations and how they are declined (XEP-0045, 7.8.2, 9.5).
@Suite struct RoomInvitationTests {
  private func stage(_ fields: [Text: [Text]] = [:], limits: (inout Configuration.Limits) -> Void = { _ in }) -> RoomFixture {
    var stage = RoomFixture(fields, limits: limits)
    stage.affiliate("juliet", "admin")
    stage.join("juliet", "Juliet")
    stage.forget()
    return stage
  }
  private func invite(_ who: String, by inviter: Text, _ stage: inout RoomFixture) {
    stage.send("<message id='i'><x xmlns='http://jabber.org/protocol/muc#user'><invite to='\(who)'/></x></message>", by: inviter)
    _ = stage.takeBare("nobody")
  }
  private func decline(_ to: String, by who: Text, _ stage: inout RoomFixture) {
    stage.send("<message id='d'><x xmlns='http://jabber.org/protocol/muc#user'><decline to='\(to)'/></x></message>", by: who)
  }
  private let declined = "room: <decline xmlns='http://jabber.org/protocol/muc#user' from='nurse@example.org'/>"
  private let refused = ["room: not-acceptable by room@conference.example.org"]
  private let juliet = "room@conference.example.org/Juliet"

  @Test func whoWasNotInvitedDeclinesNothing() {
    var stage = stage()
    decline(juliet, by: "nurse", &stage)
    #expect(stage.take("nurse") == refused && stage.take("juliet") == [])
    // Nor does an occupant.
    decline("room@conference.example.org/Romeo", by: "juliet", &stage)
    #expect(stage.take("juliet") == refused && stage.take("romeo") == [])
  }

  @Test func aDeclineGoesToTheOneWhoInvited() {
    var stage = stage()
    invite("nurse@example.org", by: "juliet", &stage)
    decline("room@conference.example.org/Romeo", by: "nurse", &stage)
    // The real address is not for the invitee to find out.
    decline("juliet@example.org", by: "nurse", &stage)
    #expect(stage.take("nurse") == [] && stage.take("juliet") == [] && stage.take("romeo") == [])
    decline(juliet, by: "nurse/phone", &stage)
    #expect(stage.take("juliet") == [declined] && stage.take("romeo") == [])
    // Once.
    decline(juliet, by: "nurse", &stage)
    #expect(stage.take("nurse") == refused && stage.take("juliet") == [])
  }

  @Test func whoeverHasTheNickMeanwhileHearsNothing() {
    var stage = stage()
    invite("nurse@example.org", by: "juliet", &stage)
    stage.send("<presence/>", by: "juliet", to: "Capulet")
    stage.join("tybalt", "Juliet")
    stage.forget()
    decline(juliet, by: "nurse", &stage)
    #expect(stage.take("tybalt") == [] && stage.take("juliet") == [declined])
  }

  @Test func whoHasLeftIsToldAtHome() {
    var stage = stage()
    invite("nurse@example.org", by: "juliet", &stage)
    stage.leave("juliet")
    stage.forget()
    decline(juliet, by: "nurse", &stage)
    #expect(stage.envelopes.map(\.to) == [[RoomFixture.address("juliet").bare]])
  }

  @Test func theRealAddressCountsWhereAllSeeIt() {
    var stage = stage(["whois": ["anyone"]])
    invite("nurse@example.org", by: "juliet", &stage)
    decline("juliet@example.org", by: "nurse", &stage)
    #expect(stage.take("juliet") == [declined])
  }

  @Test func whoHasComeOrIsBannedDeclinesNothing() {
    var stage = stage()
    invite("nurse@example.org", by: "juliet", &stage)
    stage.join("nurse", "Nurse")
    stage.forget()
    decline(juliet, by: "nurse", &stage)
    #expect(stage.take("nurse") == refused && stage.take("juliet") == [])
    invite("tybalt@example.org", by: "juliet", &stage)
    stage.affiliate("tybalt", "outcast")
    stage.forget()
    decline(juliet, by: "tybalt", &stage)
    #expect(stage.take("juliet") == [] && stage.take("tybalt") == [])
  }

  /// 9.5: a new member of a members-only room was invited, too.
  @Test func aNewMemberDeclines() {
    var stage = stage(["membersonly": ["1"]])
    stage.affiliate("nurse", "member", by: "juliet")
    stage.forget()
    decline(juliet, by: "nurse", &stage)
    #expect(stage.take("juliet") == [declined])
  }

  /// 7.8.2: reason and thread go on to the invitee, and nothing else that stands in the invitation.
  @Test func anInvitationIsPassedOn() {
    var stage = RoomFixture([:])
    let passed = "<reason>Come!</reason><continue thread='t'/>"
    stage.send(
      "<message id='i'><x xmlns='http://jabber.org/protocol/muc#user'><invite to='nurse@example.org'>\(passed)<status code='110'/><evil xmlns='urn:example'/></invite></x></message>",
      by: "romeo")
    let invite = "<invite from='room@conference.example.org/Romeo'>\(passed)</invite>"
    #expect(
      stage.envelopes.map { "\($0.to[0]) \($0.element)" } == [
        "nurse@example.org <message id='i'><x xmlns='http://jabber.org/protocol/muc#user'>\(invite)</x></message>"
      ])
  }

  @Test func theOldestInvitationIsForgotten() {
    var stage = stage { $0[.roomOpenInvitations] = 2 }
    for who in ["nurse", "tybalt", "mercutio"] { invite("\(who)@example.org", by: "juliet", &stage) }
    // An invitee who is invited again comes last.
    invite("tybalt@example.org", by: "juliet", &stage)
    invite("paris@example.org", by: "juliet", &stage)
    #expect(stage.room.invitations.count == 2)
    for (who, isKnown) in [("nurse", false), ("mercutio", false), ("tybalt", true), ("paris", true)] as [(Text, Bool)] {
      decline(juliet, by: who, &stage)
      #expect(stage.take(who) == (isKnown ? [] : refused))
    }
  }

  /// An invitee to an open room gets no place in its list.
  @Test func anOpenRoomWithAFullListInvites() {
    var open = stage { $0[.roomAffiliations] = 2 }
    invite("nurse@example.org", by: "juliet", &open)
    #expect(open.take("juliet") == [] && open.room.invitations.count == 1)
    var closed = stage(["membersonly": ["1"]]) { $0[.roomAffiliations] = 2 }
    invite("nurse@example.org", by: "juliet", &closed)
    #expect(closed.take("juliet") == ["room: resource-constraint by room@conference.example.org"])
    // A user who is in the list already needs no place.
    invite("romeo@example.org", by: "juliet", &closed)
    #expect(closed.take("juliet") == [] && closed.room.affiliations.count == 2)
  }
}
