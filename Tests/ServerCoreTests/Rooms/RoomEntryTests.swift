import OrderedCollections
import Storage
import Testing
import XML
import XMPP

@testable import ServerCore

/// Entering, being there and leaving (XEP-0045, 7.2, 7.6, 7.7, 7.14, 10.1).
@Suite struct RoomEntryTests {
  // MARK: Creation and lock

  @Test func lockedRoomAdmitsItsOwnerAlone() {
    var stage = RoomFixture()
    stage.join("romeo", "Romeo")
    stage.join("juliet", "Juliet")
    #expect(stage.take("juliet") == ["!Juliet item-not-found by room@conference.example.org"])
    stage.send("<iq type='get' id='d'><query xmlns='http://jabber.org/protocol/disco#info'/></iq>", by: "juliet")
    #expect(stage.take("juliet") == ["iq d error item-not-found"])
    #expect(stage.room.listing == nil)
    stage.forget()
    stage.join("romeo/phone", "Romeo")
    #expect(stage.take("romeo/phone") == ["+Romeo owner/moderator <romeo@example.org/phone> 110", "room# "])
  }

  @Test func creatorWhoLeavesGivesUpTheRoom() {
    var stage = RoomFixture()
    stage.join("romeo", "Romeo")
    stage.forget()
    stage.leave("romeo")
    let destroy =
      "<destroy xmlns='http://jabber.org/protocol/muc#user'><reason>The room was left before it was configured.</reason></destroy>"
    #expect(stage.take("romeo") == ["-Romeo none/none <romeo@example.org/pc> 110 \(destroy)"])
    #expect(stage.room.isGone)
  }

  /// 11.2: each hears of its own end, and nothing that is stored is taken back.
  @Test func everybodyHearsThatTheServiceShutsDown() {
    var stage = RoomFixture(["persistentroom": ["1"]])
    stage.join("juliet", "Juliet")
    stage.join("juliet/phone", "Juliet")
    stage.forget()
    stage.perform { room, transaction in room.shutDown(&transaction) }
    #expect(stage.take("romeo") == ["-Romeo owner/none <romeo@example.org/pc> 110 332"])
    #expect(stage.take("juliet") == ["-Juliet none/none <juliet@example.org/phone> 110 332"])
    #expect(stage.take("juliet/phone") == ["-Juliet none/none <juliet@example.org/phone> 110 332"])
    #expect(stage.changes == [] && stage.room.isGone)
  }

  /// 7.2.9.
  @Test func clientsAreBounded() {
    var stage = RoomFixture([:]) {
      $0[.roomSessions] = 2
      $0[.roomAdminSessions] = 1
    }
    stage.join("juliet", "Juliet")
    stage.forget()
    stage.join("nurse", "Nurse")
    #expect(stage.take("nurse") == ["!Nurse service-unavailable by room@conference.example.org"])
    stage.join("romeo/phone", "Romeo")
    stage.join("romeo/tablet", "Romeo")
    #expect(stage.take("romeo/tablet") == ["!Romeo service-unavailable by room@conference.example.org"])
    #expect(stage.room.sessionCount == 3)
  }

  @Test func cancelledConfigurationDestroys() {
    var stage = RoomFixture()
    stage.join("romeo", "Romeo")
    stage.forget()
    let cancel =
      "<iq type='set' id='x'><query xmlns='http://jabber.org/protocol/muc#owner'><x xmlns='jabber:x:data' type='cancel'/></query></iq>"
    stage.send(cancel, by: "romeo")
    #expect(
      stage.take("romeo") == [
        "-Romeo none/none <romeo@example.org/pc> 110 <destroy xmlns='http://jabber.org/protocol/muc#user'/>", "iq x result",
      ])
    #expect(stage.room.isGone)

    var configured = RoomFixture([:])
    configured.send(cancel, by: "romeo")
    #expect(configured.take("romeo") == ["iq x result"])
    #expect(!configured.room.isGone)
  }

  @Test func lockTimesOut() {
    var stage = RoomFixture()
    stage.join("romeo", "Romeo")
    stage.forget()
    #expect(stage.room.nextDeadline == Int64.seconds(300))
    stage.now.monotonic = Int64.seconds(300) - 1
    stage.perform { room, transaction in room.deadlinePassed(&transaction) }
    #expect(!stage.room.isGone)
    stage.now.monotonic += 1
    stage.perform { room, transaction in room.deadlinePassed(&transaction) }
    #expect(stage.room.isGone)
    #expect(stage.take("romeo").count == 1)
    #expect(RoomFixture([:]).room.nextDeadline == nil)
  }

  @Test func presenceWithoutJoinIsDismissed() {
    var stage = RoomFixture()
    stage.send("<presence/>", by: "romeo", to: "Romeo")
    #expect(stage.take("romeo") == ["-Romeo none/none <romeo@example.org/pc> 'You are not in the room.' 110 307 333"])
    #expect(stage.room.isGone)
  }

  @Test(
    arguments: [
      ("<presence/>", "Romeo", true), ("<presence><x xmlns='http://jabber.org/protocol/muc'/></presence>", "Romeo", true),
      ("<presence/>", "", false), ("<presence type='unavailable'/>", "Romeo", false), ("<message/>", "Romeo", false),
      ("<iq type='get'/>", "Romeo", false),
    ] as [(String, Text, Bool)])
  func creation(_ xml: String, _ nick: Text, _ expected: Bool) {
    let to = JID(bare: RoomFixture.jid, resource: nick)!
    #expect(Room.isCreation(Stanza(element(xml), from: RoomFixture.address("romeo"), to: to)) == expected)
  }

  // MARK: Refusals

  @Test func refusals() {
    var stage = RoomFixture(["roomsecret": ["s"]])
    stage.affiliate("tybalt", "outcast")
    stage.forget()
    stage.join("juliet", "")
    stage.join("tybalt", "Tybalt", "<password>s</password>")
    stage.join("juliet", "Romeo")
    stage.join("juliet", "Romeo", "<password>s</password>")
    #expect(stage.take("tybalt") == ["!Tybalt forbidden by room@conference.example.org"])
    #expect(
      stage.take("juliet") == [
        "!room jid-malformed by room@conference.example.org", "!Romeo not-authorized by room@conference.example.org",
        "!Romeo conflict by room@conference.example.org",
      ])
    stage.configure(["membersonly": ["1"]])
    stage.join("juliet", "Juliet", "<password>s</password>")
    #expect(stage.take("juliet") == ["!Juliet registration-required by room@conference.example.org"])
  }

  @Test func bannedDomain() {
    var stage = RoomFixture([:])
    stage.join("juliet", "Juliet")
    stage.affiliate("mercutio", "member")
    stage.join("mercutio", "Mercutio")
    stage.forget()
    stage.administer("<item affiliation='outcast' jid='example.org'/>")
    #expect(stage.take("juliet") == ["-Juliet outcast/none <juliet@example.org/pc> by Romeo 110 301"])
    #expect(stage.room.occupantList.map(\.nick) == ["Romeo", "Mercutio"])
    stage.join("juliet", "Juliet")
    #expect(stage.take("juliet") == ["!Juliet forbidden by room@conference.example.org"])
    stage.administer("<item affiliation='none' jid='example.org'/>")
    stage.join("juliet", "Juliet")
    #expect(stage.take("juliet").count == 4)
  }

  /// A member of a banned domain who stops being a member is banned (9.1, 9.2), in a room that is open to everybody and in one for members.
  @Test(arguments: ["0", "1"])
  func whoLosesMembershipIsBannedWithTheDomain(_ membersOnly: Text) {
    var stage = RoomFixture(["membersonly": [membersOnly]])
    stage.affiliate("mercutio", "member")
    stage.join("mercutio", "Mercutio")
    stage.administer("<item affiliation='outcast' jid='example.org'/>")
    #expect(stage.room.occupantList.map(\.nick) == ["Romeo", "Mercutio"])
    stage.forget()
    stage.affiliate("mercutio", "none")
    #expect(stage.take("mercutio") == ["-Mercutio outcast/none <mercutio@example.org/pc> by Romeo 110 301"])
    #expect(stage.room.occupantList.map(\.nick) == ["Romeo"])
  }

  // MARK: Inside

  @Test func nonAnonymousRoomWarns() {
    var stage = RoomFixture(["whois": ["anyone"]])
    stage.join("juliet", "Juliet")
    #expect(
      stage.take("juliet") == [
        "+Romeo owner/moderator <romeo@example.org/pc>", "+Juliet none/participant <juliet@example.org/pc> 100 110", "room# ",
      ])
  }

  @Test func equalPresenceGoesOutOnce() {
    var stage = RoomFixture([:])
    for who: Text in ["juliet", "nurse", "mercutio"] { stage.join(who, who) }
    stage.forget()
    stage.send("<presence><show>away</show><status>asleep</status></presence>", by: "mercutio", to: "mercutio")
    #expect(stage.envelopes.map { $0.to.map(\.local) } == [["mercutio"], ["romeo"], ["juliet", "nurse"]])
    #expect(stage.take("juliet") == ["+mercutio away asleep none/participant"])
    #expect(stage.take("romeo") == ["+mercutio away asleep none/participant <mercutio@example.org/pc>"])
    stage.leave("mercutio")
    #expect(stage.envelopes.map { $0.to.map(\.local) } == [["mercutio"], ["romeo"], ["juliet", "nurse"]])
  }

  @Test func latecomersSeePresenceButNoClaims() {
    var stage = RoomFixture([:])
    stage.join("juliet", "Juliet")
    stage.send(
      "<presence id='p'><show>dnd</show><x xmlns='http://jabber.org/protocol/muc#user'><item role='moderator'/></x></presence>",
      by: "juliet",
      to: "Juliet")
    stage.join("nurse", "Nurse")
    #expect(stage.take("nurse")[1] == "+Juliet dnd none/participant")
  }

  @Test func heavyPresenceIsCutToItsCore() {
    var stage = RoomFixture([:])
    let padding = String(repeating: "x", count: Room.Limits.presenceWeight)
    stage.send(
      "<presence><x xmlns='http://jabber.org/protocol/muc'/><show>away</show><a xmlns='b'>\(padding)</a></presence>", by: "juliet",
      to: "Juliet")
    #expect(stage.take("romeo") == ["+Juliet away none/participant <juliet@example.org/pc>"])
    #expect(stage.room.occupants["Juliet"]!.presence.weight < 1_000)
  }

  @Test func repeatedJoinGivesEverythingAgain() {
    var stage = RoomFixture([:])
    stage.join("juliet", "Juliet")
    let first = stage.take("juliet")
    stage.join("juliet", "Juliet")
    #expect(stage.take("juliet") == first)
    #expect(stage.room.occupantList.count == 2)
  }

  @Test func nickChange() {
    var stage = RoomFixture([:])
    stage.join("juliet", "Juliet")
    stage.forget()
    stage.send("<presence/>", by: "juliet", to: "Capulet")
    #expect(
      stage.take("juliet") == [
        "-Juliet none/participant <juliet@example.org/pc> nick=Capulet 110 303", "+Capulet none/participant <juliet@example.org/pc> 110",
      ])
    #expect(
      stage.take("romeo") == [
        "-Juliet none/participant <juliet@example.org/pc> nick=Capulet 303", "+Capulet none/participant <juliet@example.org/pc>",
      ])
    stage.send("<presence/>", by: "juliet", to: "Romeo")
    #expect(stage.take("juliet") == ["!Romeo conflict by room@conference.example.org"])
    stage.reserve("Montague", by: "romeo")
    stage.forget()
    stage.send("<presence/>", by: "juliet", to: "Montague")
    #expect(stage.take("juliet") == ["!Montague conflict by room@conference.example.org"])
    #expect(stage.room.occupantList.map(\.nick) == ["Romeo", "Capulet"])
    stage.say("still here", by: "juliet")
    #expect(stage.take("romeo") == ["Capulet: still here"])
  }

  // MARK: Two clients, one nick

  @Test func secondClientSharesTheNick() {
    var stage = RoomFixture([:])
    stage.join("juliet", "Juliet")
    stage.forget()
    stage.join("juliet/phone", "Juliet")
    #expect(
      stage.take("juliet/phone") == ["+Romeo owner/moderator", "+Juliet none/participant <juliet@example.org/phone> 110", "room# "])
    #expect(stage.take("juliet") == ["+Juliet none/participant <juliet@example.org/phone> 110"])
    #expect(stage.take("romeo") == ["+Juliet none/participant <juliet@example.org/phone>"])
    stage.say("hello", by: "juliet")
    #expect(stage.take("juliet/phone") == ["Juliet: hello"])
    stage.forget()
    stage.leave("juliet/phone")
    #expect(stage.take("juliet/phone") == ["-Juliet none/none <juliet@example.org/phone> 110"])
    #expect(stage.take("romeo") == ["+Juliet none/participant <juliet@example.org/pc>"])
    #expect(stage.room.occupantList.map(\.jid) == [RoomFixture.address("romeo"), RoomFixture.address("juliet")])
  }

  @Test func kickEndsAllClients() {
    var stage = RoomFixture([:])
    stage.join("juliet", "Juliet")
    stage.join("juliet/phone", "Juliet")
    stage.forget()
    stage.administer("<item nick='Juliet' role='none'/>")
    #expect(stage.take("juliet") == ["-Juliet none/none <juliet@example.org/phone> by Romeo 110 307"])
    #expect(stage.take("juliet/phone").count == 1)
    #expect(stage.room.occupantList.count == 1)
  }

  // MARK: Leaving

  @Test func lastToLeaveEndsTemporaryRoom() {
    var stage = RoomFixture([:])
    stage.leave("romeo")
    #expect(stage.room.isGone && !stage.room.isIdle)
    #expect(stage.changes.isEmpty)
    var persistent = RoomFixture(["persistentroom": ["1"]])
    persistent.leave("romeo")
    #expect(!persistent.room.isGone && persistent.room.isIdle)
  }

  @Test(
    arguments: [
      (
        "<presence type='error'><error type='cancel'><remote-server-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></presence>",
        true
      ),
      (
        "<message type='error'><error type='cancel'><service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>",
        true
      ),
      ("<message type='error'><error type='modify'><not-acceptable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>", false),
    ] as [(String, Bool)])
  func unreachableClientIsRemoved(_ xml: String, _ expected: Bool) {
    var stage = RoomFixture([:])
    stage.join("juliet", "Juliet")
    stage.forget()
    stage.send(xml, by: "juliet", to: "Romeo")
    #expect(stage.room.occupantList.count == (expected ? 1 : 2))
    if expected { #expect(stage.take("romeo") == ["-Juliet none/none <juliet@example.org/pc> 333"]) }
  }

  @Test func abandonedRoomTellsEverybody() {
    var stage = RoomFixture(["persistentroom": ["1"]])
    stage.join("juliet", "Juliet")
    stage.forget()
    stage.perform { room, transaction in room.abandon(&transaction) }
    #expect(stage.changes.isEmpty)
    #expect(stage.take("romeo") == ["-Romeo owner/none <romeo@example.org/pc> 110 333"])
    #expect(stage.take("juliet") == ["-Juliet none/none <juliet@example.org/pc> 110 333"])
    #expect(stage.room.isGone)
  }

  @Test func hiddenVisitors() {
    var stage = RoomFixture(["moderatedroom": ["1"], "presencebroadcast": ["moderator", "participant"]])
    stage.join("juliet", "Juliet")
    #expect(stage.take("romeo") == [])
    #expect(stage.take("juliet") == ["+Romeo owner/moderator", "+Juliet none/visitor <juliet@example.org/pc> 110", "room# "])
    stage.administer("<item nick='Juliet' role='participant'/>")
    #expect(stage.take("romeo") == ["iq a result", "+Juliet none/participant <juliet@example.org/pc> by Romeo <romeo@example.org/pc>"])
    stage.administer("<item nick='Juliet' role='visitor'/>")
    #expect(stage.take("romeo") == ["iq a result", "-Juliet none/none <juliet@example.org/pc>"])
    stage.leave("juliet")
    #expect(stage.take("romeo") == [])
  }
}
