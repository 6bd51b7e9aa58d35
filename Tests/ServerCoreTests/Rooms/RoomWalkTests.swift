import OrderedCollections
import Storage
import Testing
import XML
import XMPP

@testable import ServerCore

/// Long random walks through a room's life, with what must hold after every transaction.
@Suite struct RoomWalkTests {
  private static let people: [Text] = ["romeo", "romeo/phone", "juliet", "nurse", "mercutio", "tybalt"]
  private static let nicks: [Text] = ["Romeo", "Juliet", "Nurse", "Mercutio", "Tybalt"]

  @Test(arguments: UInt8(0)..<12)
  func walk(_ seed: UInt8) throws {
    var walk = Walk(seed: seed)
    for _ in 0..<400 {
      try walk.transaction()
      if walk.stage.room.isGone { walk.begin() }
    }
    // The walk went somewhere: it lived through ends of rooms, or through states that storage had to know.
    #expect(walk.rooms + walk.restores > 10)
  }

  private struct Walk {
    var stage = RoomFixture()
    var dice: RandomSource
    var rooms = 0
    var restores = 0
    /// The rows that storage would hold.
    var stored = MemoryDatabase(.server)

    init(seed: UInt8) {
      dice = RandomSource(key: [seed])
      begin()
    }

    mutating func begin() {
      stage = RoomFixture()
      stage.join("romeo", "Romeo")
      stored = MemoryDatabase(.server)
      rooms += 1
    }

    private mutating func pick<T>(_ choices: [T]) -> T { choices[Int(dice.next()) % choices.count] }

    mutating func transaction() throws {
      let before = stage.room
      act()
      stored.apply(stage.changes)
      try check(since: before)
      stage.forget()
    }

    // MARK: Acting

    private mutating func act() {
      let who = pick(people), nick = pick(nicks), other = RoomFixture.address(pick(people)).bare
      let affiliation = pick(Room.Affiliation.allCases).text, role = pick(Room.Role.allCases).text
      stage.now.wall += .seconds(1)
      stage.now.monotonic += .seconds(1)
      switch dice.next() % 16 {
      case 0, 1, 2: stage.join(who, nick, pick(["", "<password>s</password>"]))
      case 3: stage.send("<presence><show>away</show></presence>", by: who, to: pick([nick, ""]))
      case 4: pick([0, 1, 2]) == 0 ? stage.leave(who) : stage.say("hello", by: who)
      case 5: stage.send("<message type='groupchat'><subject>\(nick)</subject></message>", by: who)
      case 6: stage.send("<message type='chat'><body>psst</body></message>", by: who, to: nick)
      case 7, 8: stage.administer("<item affiliation='\(affiliation)' jid='\(other)'/>", by: pick([owner, who]))
      case 9: stage.administer("<item affiliation='\(affiliation)' jid='\(other)' nick='\(nick)'/>", by: pick([owner, who]))
      case 10: stage.administer("<item role='\(role)' nick='\(nick)'/>", by: pick([owner, who]))
      case 11: stage.reserve(nick, by: who)
      case 12: stage.register("<remove/>", by: who)
      case 13: configureSomething()
      case 14: stage.send("<iq type='get' id='v'><query xmlns='jabber:iq:version'/></iq>", by: who, to: nick)
      default:
        let error = "<error type='cancel'><\(pick(["gone", "conflict"])) xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>"
        stage.send("<message type='error'>\(error)</message>", by: who, to: nick)
      }
    }

    private mutating func configureSomething() {
      let flag: Text = pick(["0", "1"])
      switch dice.next() % 6 {
      case 0: stage.configure(["membersonly": [flag]], by: owner)
      case 1: stage.configure(["moderatedroom": [flag], "persistentroom": ["1"]], by: owner)
      case 2: stage.configure(["persistentroom": [flag]], by: owner)
      case 3: stage.configure(["roomsecret": [pick(["", "s"])]], by: owner)
      case 4:
        let roles: [Text] = pick([["moderator"], ["none", "participant"], ["visitor", "participant", "moderator"]])
        stage.configure(["presencebroadcast": roles], by: owner)
      default: stage.configure(["whois": [pick(["anyone", "moderators", "moderators"])]], by: owner)
      }
    }

    // MARK: Storage

    // MARK: Checking

    private mutating func check(since before: Room) throws {
      let room = stage.room
      // Nobody is in the room twice or half.
      #expect(room.nicks.count == room.occupantList.count)
      for (nick, occupant) in room.occupants {
        #expect(occupant.nick == nick && !occupant.sessions.isEmpty && occupant.role > .none)
        for session in occupant.sessions.keys { #expect(room.nicks[session] == nick && session.bare == occupant.user) }
        let affiliation = room.affiliation(of: occupant.user)
        #expect(affiliation != .outcast && (affiliation < .admin || occupant.role == .moderator))
        if room.configuration.isMembersOnly { #expect(affiliation >= .member) }
        if let holder = room.affiliations.holder(of: nick) { #expect(holder == occupant.user) }
      }
      if !room.isGone { #expect(room.affiliations.ownerCount == room.affiliations.list(.owner).count && room.affiliations.ownerCount > 0) }
      try checkStorage(room)
      checkPrivacy(before, room)
    }

    /// The emitted changes make the room again; a temporary room left none.
    private mutating func checkStorage(_ room: Room) throws {
      let rows = stored.rows(RoomRow.self, of: RoomFixture.jid)
      guard room.isPersisted else { return #expect(rows.isEmpty) }
      let entries = stored.rows(AffiliationRow.self, of: RoomFixture.jid)
      let again = try Room(restoring: RoomFixture.jid, try #require(rows.first), entries, Configuration.Limits())
      #expect(again.configuration == room.configuration && again.subject == room.subject)
      #expect(again.affiliations.sorted.map(\.jid) == room.affiliations.sorted.map(\.jid))
      #expect(again.affiliations.sorted.map(\.entry) == room.affiliations.sorted.map(\.entry))
      restores += 1
    }

    /// In a semi-anonymous room nobody but a moderator sees another's JID (7.2.4), and every stanza comes from the room.
    private func checkPrivacy(_ before: Room, _ after: Room) {
      for envelope in stage.envelopes {
        #expect(envelope.from.bare == RoomFixture.jid)
        guard !before.configuration.isNonAnonymous, !after.configuration.isNonAnonymous, envelope.element.name != "iq" else { continue }
        let jids = envelope.element.description.utf8.split(separator: UInt8(ascii: "'")).compactMap { JID(Text(utf8: Array($0))) }
        for to in envelope.to where [before, after].allSatisfy({ $0.occupant(of: to)?.role != .moderator }) && to.isFull {
          let others = jids.filter { $0.domain == "example.org" && !$0.local.isEmpty && $0.bare != to.bare }
          #expect(others.isEmpty, "\(to) sees \(envelope.element)")
        }
      }
    }

    /// Somebody who may do everything.
    private var owner: Text { stage.room.affiliations.list(.owner).first?.jid.local ?? "romeo" }
    private var people: [Text] { RoomWalkTests.people }
    private var nicks: [Text] { RoomWalkTests.nicks }
  }
}
