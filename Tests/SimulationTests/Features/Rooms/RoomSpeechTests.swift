import ServerCore
import Testing
import XML
import XMPP

@testable import Simulation

/// The messages of the model's room and their addressees, and faults in presence.
struct RoomSpeechTests {
  private static let jid = JID("tea@conference.localhost")!
  private var mailbox = ModelMailbox(Configuration(domains: ["localhost"]))
  private var room: RoomModel

  /// Ada owns the room and Ben is in it.
  init() throws {
    let entry = Self.letter("<presence><x xmlns='http://jabber.org/protocol/muc'/></presence>", by: "ada", to: "Ada")
    room = try #require(RoomModel(madeBy: entry, at: Instant(monotonic: 0, wall: 0), &mailbox))
    configure([:])
    enter("ben", "Ben")
    _ = heard()
  }

  private static func element(_ xml: String) -> Element {
    var parser = StreamParser(limits: .authenticated)
    let pool = ParserPool()
    parser.feed("<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>\(xml)".utf8)
    while let event = parser.next(using: pool) { if case .stanza(let element) = event { return element } }
    preconditionFailure("not an element: \(xml)")
  }
  private static func letter(_ xml: String, by who: Text, to nick: Text = "") -> ModelStanza {
    ModelStanza(element: element(xml), from: JID(who + "@localhost/d")!, to: nick.isEmpty ? jid : JID(bare: jid, resource: nick)!)
  }
  private mutating func send(_ xml: String, by who: Text, to nick: Text = "") {
    room.receive(Self.letter(xml, by: who, to: nick), &mailbox)
  }
  private mutating func enter(_ who: Text, _ nick: Text, _ inside: String = "") {
    send("<presence><x xmlns='http://jabber.org/protocol/muc'>\(inside)</x></presence>", by: who, to: nick)
  }
  private mutating func configure(_ fields: [Text: Text]) {
    var form = DataForm(.submit, fields: [DataForm.Field(name: "FORM_TYPE", values: [NS.mucRoomConfig])])
    for (name, value) in fields { form.fields.append(DataForm.Field(name: "muc#roomconfig_" + name, values: [value])) }
    send("<iq type='set' id='c'><query xmlns='http://jabber.org/protocol/muc#owner'>\(form.element)</query></iq>", by: "ada")
  }
  /// A line for each message since this was asked last: the nick that it is from, the user that it is for, and what it says.
  private mutating func heard() -> [String] {
    var lines: [String] = []
    while let letter = mailbox.next() {
      let parts = letter.element.children.map { $0.text.isEmpty ? "<\($0.name)>" : "\($0.name) \($0.text)" }
      let error: StanzaError? = StanzaError(letter.element)
      let content = error.map { "!" + $0.condition.rawValue } ?? parts.joined(separator: ", ")
      lines.append("\(letter.from.resource)>\(letter.to.local): \(content)")
    }
    return lines
  }

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
    var copy = self
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
    var copy = self
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
    var copy = self
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
    let presence = Self.element("<presence><x xmlns='http://jabber.org/protocol/muc#user'>\(item)</x></presence>")
    let found = room.fault(in: presence, of: nick, to: JID(viewer + "@localhost/d")!, before: room)
    #expect(fault.isEmpty ? found == nil : found?.hasPrefix(fault) ?? false)
  }

  /// The change that opens the room does not expose who has to go with it.
  @Test func departureIsJudgedByTheRoomBefore() {
    var copy = self
    copy.configure(["whois": "anyone", "membersonly": "1"])
    let x = "<x xmlns='http://jabber.org/protocol/muc#user'><item affiliation='none' role='none' jid='ben@localhost/d'/></x>"
    let presence = Self.element("<presence type='unavailable'>\(x)</presence>")
    let viewer = JID("cleo@localhost/d")!
    #expect(copy.room.fault(in: presence, of: "Ben", to: viewer, before: room)?.hasPrefix("cleo@localhost/d may not see") ?? false)
    #expect(copy.room.fault(in: presence, of: "Ben", to: viewer, before: copy.room) != nil)
  }
}
