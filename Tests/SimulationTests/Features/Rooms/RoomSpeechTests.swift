import ServerCore
import Testing
import XML
import XMPP

@testable import Simulation

/// The messages of the model's room and their addressees, and faults in presence.
struct RoomSpeechTests {
  /// Ada owns the room and Ben is in it.
  private let fixture: RoomFixture

  init() throws { fixture = try RoomFixture() }

  @Test(arguments: [
    ("<message type='groupchat' id='1'><body>Hi</body></message>", "ben", "", ["Ben>ada: body Hi", "Ben>ben: body Hi"]),
    ("<message type='groupchat' id='1'><body>Hi</body></message>", "eve", "", [">eve: !not-acceptable"]),
    ("<message type='groupchat'><subject>S</subject></message>", "ben", "", [">ben: !forbidden"]),
    ("<message type='groupchat'><subject>S</subject></message>", "ada", "", ["Ada>ada: subject S", "Ada>ben: subject S"]),
    // With a body it is no change of the subject (8.1).
    (
      "<message type='groupchat'><subject>S</subject><body>B</body></message>", "ben", "",
      ["Ben>ada: subject S, body B", "Ben>ben: subject S, body B"]
    ),
    ("<message type='chat'><body>Psst</body></message>", "ben", "Ada", ["Ben>ada: body Psst, <x>"]),
    ("<message type='chat'><body>Psst</body></message>", "ben", "Nobody", ["Nobody>ben: !item-not-found"]),
    ("<message type='groupchat'><body>Psst</body></message>", "ben", "Ada", ["Ada>ben: !bad-request"]),
    ("<message><body>?</body></message>", "ben", "", [">ben: !feature-not-implemented"]),
    ("<message type='error'><error type='cancel'><gone xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>", "eve", "", []),
    (
      "<message><x xmlns='http://jabber.org/protocol/muc#user'><decline to='tea@conference.localhost/Ada'/></x></message>", "eve", "",
      [">eve: !not-acceptable"]
    ),
  ])
  func message(_ xml: String, _ who: Text, _ nick: Text, _ expected: [String]) {
    var copy = fixture
    copy.send(xml, by: who, to: nick)
    #expect(copy.heard() == expected)
  }

  @Test(arguments: [
    ("", ["body 1", "body 2", "body 3"]), ("<history maxstanzas='2'/>", ["body 2", "body 3"]), ("<history maxchars='0'/>", []),
    ("<history seconds='5'/>", ["body 3"]), ("<history since='1970-01-01T00:00:10Z'/>", ["body 2", "body 3"]),
    ("<history since='1970-01-01T00:00:10Z' maxstanzas='1'/>", ["body 3"]), ("<history seconds='x'/>", ["body 1", "body 2", "body 3"]),
    ("<history seconds='9223372036854775807'/>", ["body 1", "body 2", "body 3"]), ("<history maxstanzas='-1'/>", []),
  ])
  func history(_ wanted: String, _ expected: [String]) {
    var copy = fixture
    for number in 1...3 {
      copy.mailbox.wall = Int64(number - 1) * .seconds(10)
      copy.send("<message type='groupchat'><body>\(number)</body></message>", by: "ben")
    }
    _ = copy.heard()
    copy.mailbox.wall = .seconds(22)
    copy.enter("cleo", "Cleo", wanted)
    #expect(copy.heard() == expected.map { "Ben>cleo: \($0), <delay>" } + [">cleo: <subject>"])
  }

  /// Only who sees real JIDs learns of the rank of somebody who is not there.
  @Test(arguments: [("moderators", [">ada: <x>"]), ("anyone", [">ada: <x>", ">ben: <x>"])])
  func rankOfAbsentUser(_ whois: String, _ expected: [String]) {
    var copy = fixture
    copy.configure(["whois": Text(whois)])
    _ = copy.heard()
    let item = "<item affiliation='member' jid='dora@localhost'/>"
    copy.send("<iq type='set' id='a'><query xmlns='http://jabber.org/protocol/muc#admin'>\(item)</query></iq>", by: "ada")
    #expect(copy.heard() == expected)
  }

  @Test(arguments: [
    // A participant sees no real JID, a moderator sees all, and nobody another's.
    ("<item affiliation='none' role='participant'/>", "Ben", "ada", "ada@localhost/d does not see the real JID of Ben in"),
    ("<item affiliation='none' role='participant' jid='ben@localhost/d'/>", "Ben", "ada", ""),
    ("<item affiliation='none' role='participant' jid='eve@localhost/d'/>", "Ben", "ada", "eve@localhost is shown as Ben of"),
    (
      "<item affiliation='owner' role='moderator' jid='ada@localhost/d'/>", "Ada", "ben",
      "ben@localhost/d may not see the real JID of Ada in"
    ),
    ("<item affiliation='owner' role='moderator'/>", "Ada", "ben", ""),
    ("<item affiliation='owner' role='participant'/>", "Ada", "ben", "Ada in"),
    ("<item affiliation='admin' role='moderator'/>", "Ada", "ben", "Ada in"),
  ])
  func exposure(_ item: String, _ nick: Text, _ viewer: Text, _ fault: String) {
    let presence = RoomFixture.element("<presence><x xmlns='http://jabber.org/protocol/muc#user'>\(item)</x></presence>")
    let found = fixture.room.fault(in: presence, of: nick, to: JID(viewer + "@localhost/d")!, before: fixture.room)
    #expect(fault.isEmpty ? found == nil : found?.hasPrefix(fault) ?? false)
  }

  /// The change that opens the room does not expose who has to go with it.
  @Test func departureIsJudgedByTheRoomBefore() {
    var copy = fixture
    copy.configure(["whois": "anyone", "membersonly": "1"])
    let x = "<x xmlns='http://jabber.org/protocol/muc#user'><item affiliation='none' role='none' jid='ben@localhost/d'/></x>"
    let presence = RoomFixture.element("<presence type='unavailable'>\(x)</presence>")
    let viewer = JID("cleo@localhost/d")!
    #expect(copy.room.fault(in: presence, of: "Ben", to: viewer, before: fixture.room)?.hasPrefix("cleo@localhost/d may not see") ?? false)
    #expect(copy.room.fault(in: presence, of: "Ben", to: viewer, before: copy.room) != nil)
  }

  /// 7.8.2: from whom, with the reason and the password; and nobody who may not invite does.
  @Test(
    arguments: [
      ("ben", ["whois": "moderators"], "tea@conference.localhost/Ben", ""), ("ben", ["whois": "anyone"], "ben@localhost/d", ""),
      ("ben", ["roomsecret": "pw"], "tea@conference.localhost/Ben", "<password>pw</password>"),
    ] as [(Text, [Text: Text], String, String)])
  func invitation(_ who: Text, _ settings: [Text: Text], _ from: String, _ password: String) {
    var copy = fixture
    copy.configure(settings)
    let given = "<invite to='eve@localhost'><reason>come</reason><other/></invite>"
    copy.send("<message id='i'><x xmlns='http://jabber.org/protocol/muc#user'>\(given)</x></message>", by: who)
    func written(_ from: String, _ reason: String, _ password: String) -> IssuedMessage {
      let invite = "<invite from='\(from)'>\(reason)</invite>\(password)"
      let message = "<message id='i'><x xmlns='http://jabber.org/protocol/muc#user'>\(invite)</x></message>"
      return IssuedMessage(RoomFixture.element(message), from: RoomFixture.jid, to: JID("eve@localhost/x")!, ["localhost"])
    }
    let issued = copy.mailbox.takeIssued()
    #expect(issued == [written(from, "<reason>come</reason>", password)])
    #expect(issued != [written(from, "", password)])
    #expect(issued != [written("eve@localhost", "<reason>come</reason>", password)])
    copy.configure(["membersonly": "1"])
    copy.send("<message id='i'><x xmlns='http://jabber.org/protocol/muc#user'>\(given)</x></message>", by: who)
    #expect(copy.mailbox.takeIssued().isEmpty)
  }

  /// 7.13 and 8.6: moderators hear of it, by the nick and the address of who asks, in whatever words.
  @Test func voice() {
    var copy = fixture
    copy.configure(["moderatedroom": "1"])
    copy.enter("cleo", "Cleo")
    _ = copy.heard()
    func form(_ fields: String, _ type: String) -> String {
      let kind = "<field var='FORM_TYPE'><value>http://jabber.org/protocol/muc#request</value></field>"
      return
        "<message><x xmlns='jabber:x:data' type='\(type)'>\(kind)<field var='muc#role'><value>participant</value></field>\(fields)</x></message>"
    }
    copy.send(form("", "submit"), by: "cleo")
    let letter = copy.mailbox.next()
    #expect(letter?.to == JID("ada@localhost/d"))
    #expect(copy.mailbox.next() == nil)
    func asked(_ nick: String, _ address: String) -> Element {
      let fields = [("jid", "jid-single", address), ("roomnick", "text-single", nick), ("request_allow", "boolean", "0")]
      let rest = fields.map { "<field var='muc#\($0)' type='\($1)' label='any'><value>\($2)</value></field>" }.joined()
      return RoomModel.essence(
        of: RoomFixture.element(form(rest, "form").replacing("<field var='FORM", with: "<title>T</title><field var='FORM")))
    }
    #expect(letter?.element == asked("Cleo", "cleo@localhost/d"))
    #expect(letter?.element != asked("Ben", "cleo@localhost/d"))
    #expect(letter?.element != asked("Cleo", "ben@localhost/d"))
    // A participant has nothing to ask for.
    copy.send(form("", "submit"), by: "ben")
    #expect(copy.heard() == [])
  }
}
