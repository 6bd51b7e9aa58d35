import OrderedCollections
import Storage
import Testing
import XML
import XMPP

@testable import ServerCore

/// Nicks that nobody can see, on all ways on which a nick comes (XEP-0045, 17.1).
@Suite struct RoomNickTests {
  /// Spaces, a space that preparation turns into one, a blank symbol, and both.
  static let unseen: [Text] = [" ", "   ", "\u{A0}", "\u{2003}\u{3000}", "\u{2800}", "\u{2800} \u{2800}"]

  private static func shown(_ nick: Text) -> String { JID(bare: RoomFixture.jid, resource: nick)!.resource.string }

  @Test(arguments: unseen) func nobodyComesWithOne(_ nick: Text) {
    var stage = RoomFixture([:])
    stage.join("juliet", nick)
    #expect(stage.take("juliet") == ["!\(Self.shown(nick)) jid-malformed by room@conference.example.org"])
    stage.send("<presence/>", by: "juliet", to: nick)
    #expect(stage.take("juliet") == ["!\(Self.shown(nick)) jid-malformed by room@conference.example.org"])
    #expect(stage.room.occupants.count == 1 && stage.take("romeo") == [])
  }

  @Test(arguments: unseen) func nobodyTakesOne(_ nick: Text) {
    var stage = RoomFixture([:])
    stage.join("juliet", "Juliet")
    stage.forget()
    for content in ["", "<x xmlns='http://jabber.org/protocol/muc'/>"] {
      stage.send("<presence id='n'>\(content)</presence>", by: "juliet", to: nick)
      #expect(stage.take("juliet") == ["!\(Self.shown(nick)) jid-malformed by room@conference.example.org"])
    }
    #expect(stage.room.occupantList.map(\.nick) == ["Romeo", "Juliet"] && stage.take("romeo") == [])
  }

  @Test(arguments: unseen) func nobodyReservesOne(_ nick: Text) {
    var stage = RoomFixture(["persistentroom": ["1"]])
    stage.affiliate("juliet", "member")
    stage.forget()
    stage.reserve(nick, by: "juliet")
    #expect(stage.take("juliet") == ["iq r error jid-malformed"])
    stage.administer("<item affiliation='member' jid='juliet@example.org' nick='\(nick)'/>")
    #expect(stage.take("romeo") == ["iq a error jid-malformed"])
    #expect(stage.changes == [] && stage.room.affiliations.registered.isEmpty)
  }

  @Test(arguments: unseen) func noRoomBeginsWithOne(_ nick: Text) {
    var harness = EngineHarness()
    harness.addAccount("romeo")
    let romeo = harness.session("romeo", resource: "r")
    harness.join("tea", as: nick.string, on: romeo)
    let answer = harness.read(romeo)
    #expect(answer.contains("type='error'") && answer.contains("<jid-malformed "), "\(answer)")
    #expect(harness.engine.server.roomsInMemory.isEmpty)
  }

  /// XEP-0045, 7.2.1.
  @Test func aJoinWithoutNickIsMalformedWhetherTheRoomIsThereOrNot() {
    var harness = EngineHarness()
    for name in ["romeo", "juliet"] { harness.addAccount(name) }
    let (romeo, juliet) = (harness.session("romeo", resource: "r"), harness.session("juliet", resource: "j"))
    let join = "<presence id='in' to='tea@conference.localhost'><x xmlns='http://jabber.org/protocol/muc'/></presence>"
    var answers: [String] = []
    harness.send(join, on: juliet)
    answers.append(harness.read(juliet))
    harness.join("tea", as: "owner", on: romeo)
    harness.send(join, on: juliet)
    answers.append(harness.read(juliet))
    harness.makeRoom("tea", isPersistent: false, by: romeo)
    harness.send(join, on: juliet)
    answers.append(harness.read(juliet))
    harness.join("tea", as: "juliet", on: juliet)
    _ = harness.read(juliet)
    harness.send(join, on: juliet)
    answers.append(harness.read(juliet))
    #expect(Set(answers).count == 1)
    #expect(answers[0].contains("<error type='modify' by='tea@conference.localhost'><jid-malformed "), "\(answers[0])")
    #expect(answers[0].contains(" id='in'") && answers[0].contains("<x xmlns='http://jabber.org/protocol/muc'/>"))
  }

  /// The list was stored by an older version.
  @Test func aStoredNickThatNobodySeesIsForgotten() throws {
    var stage = RoomFixture(["persistentroom": ["1"]])
    let entries = [
      AffiliationRow(jid: JID("juliet@example.org")!, affiliation: "member", nick: "  "),
      AffiliationRow(jid: JID("romeo@example.org")!, affiliation: "owner", nick: "Romeo"),
    ]
    stage.room = try Room(restoring: RoomFixture.jid, stage.room.row, entries, Configuration.Limits())
    stage.perform { room, transaction in room.mendList(&transaction) }
    #expect(stage.changes == [.put(AffiliationRow(jid: entries[0].jid, affiliation: "member"), of: RoomFixture.jid)])
    #expect(stage.room.affiliations.registered.map(\.jid) == [entries[1].jid])
  }
}
