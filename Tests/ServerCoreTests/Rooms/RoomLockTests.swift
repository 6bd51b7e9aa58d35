import Testing
import XML
import XMPP

@testable import ServerCore

/// A locked room answers as if it did not exist (XEP-0045, 7.2.10, 17.2).
struct RoomLockTests {
  private static let requests: [(type: String, payload: String)] = [
    ("get", "<query xmlns='http://jabber.org/protocol/disco#info'/>"),
    ("get", "<query xmlns='http://jabber.org/protocol/disco#info' node='x-roomuser-item'/>"),
    ("get", "<query xmlns='http://jabber.org/protocol/disco#items'/>"), ("get", "<ping xmlns='urn:xmpp:ping'/>"),
    ("get", "<query xmlns='http://jabber.org/protocol/muc#owner'/>"),
    ("set", "<query xmlns='http://jabber.org/protocol/muc#owner'><x xmlns='jabber:x:data' type='cancel'/></query>"),
    ("get", "<query xmlns='http://jabber.org/protocol/muc#admin'><item affiliation='owner'/></query>"),
    ("set", "<query xmlns='http://jabber.org/protocol/muc#admin'><item nick='owner' role='none'/></query>"),
    ("get", "<query xmlns='jabber:iq:register'/>"), ("set", "<query xmlns='jabber:iq:register'><remove/></query>"),
    ("get", "<vCard xmlns='vcard-temp'/>"), ("result", ""), ("error", "<error type='cancel'/>"),
  ]
  private static let x = "<x xmlns='http://jabber.org/protocol/muc#user'>"

  /// One of each, with `TO` for the room's address or an occupant's.
  static var stanzas: [String] {
    var all = ["TO", "TO/owner"].flatMap { to in
      requests.map { "<iq type='\($0.type)' id='s' to='\(to)'>\($0.payload)</iq>" }
        + ["", "type='chat'", "type='groupchat'", "type='headline'", "type='error'"].flatMap { type in
          ["<body>hi</body>", "<subject>s</subject>", ""].map { "<message \(type) id='s' to='\(to)'>\($0)</message>" }
        }
        + ["unavailable", "error", "probe", "subscribe", "unsubscribed"].map { "<presence type='\($0)' id='s' to='\(to)'/>" }
    }
    all += [
      "<message id='s' to='TO'>\(x)<invite to='romeo@localhost'/></x></message>",
      "<message id='s' to='TO'>\(x)<decline to='TO/owner'/></x></message>",
      "<message id='s' to='TO'><x xmlns='jabber:x:data' type='submit'/></message>", "<presence id='s' to='TO'/>",
      "<presence id='s' to='TO'><x xmlns='http://jabber.org/protocol/muc'/></presence>", "<presence id='s' to='TO/juliet'/>",
      "<presence id='s' to='TO/  '><x xmlns='http://jabber.org/protocol/muc'/></presence>",
    ]
    return all
  }

  @Test func othersHearWhatTheyHearOfARoomThatIsNotThere() {
    var harness = EngineHarness()
    for name in ["romeo", "juliet"] { harness.addAccount(name) }
    let (romeo, juliet) = (harness.session("romeo", resource: "r"), harness.session("juliet", resource: "j"))
    harness.join("tea", as: "owner", on: romeo)
    _ = harness.read(romeo)
    func ask(_ stanza: String, _ room: String, _ harness: inout EngineHarness) -> String {
      harness.send(stanza.replacing("TO", with: room + "@conference.localhost"), on: juliet)
      return harness.read(juliet).replacing(room + "@", with: "ROOM@")
    }
    for stanza in Self.stanzas {
      let (locked, absent) = (ask(stanza, "tea", &harness), ask(stanza, "den", &harness))
      #expect(locked == absent, "\(stanza)")
    }
    #expect(harness.read(romeo) == "", "the creator hears of nothing")
    harness.send(RoomActivationTests.list, on: juliet)
    #expect(!harness.read(juliet).contains("tea"))
  }

  /// For who owns it, the room is there, with whatever client.
  @Test func itsOwnerSeesIt() {
    var stage = RoomFixture()
    stage.join("romeo", "Romeo")
    stage.forget()
    stage.send("<iq type='get' id='d'><query xmlns='http://jabber.org/protocol/disco#info'/></iq>", by: "romeo/phone")
    #expect(stage.take("romeo/phone") == ["iq d result"])
  }

  /// An occupant of a locked room is in it, also when it is another's by now.
  @Test func whoGaveItAwayIsStillInside() {
    var stage = RoomFixture()
    stage.join("romeo", "Romeo")
    stage.affiliate("juliet", "owner")
    stage.join("juliet", "Juliet")
    stage.affiliate("romeo", "none", by: "juliet")
    stage.forget()
    stage.send("<presence type='unavailable'/>", by: "romeo", to: "Romeo")
    #expect(stage.take("romeo") == ["-Romeo none/none <romeo@example.org/pc> 110"])
    #expect(stage.room.occupantList.map(\.nick) == ["Juliet"])
  }
}
