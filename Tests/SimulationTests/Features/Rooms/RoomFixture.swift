import ServerCore
import Testing
import XML
import XMPP

@testable import Simulation

/// The model's room with Ada, who owns it, and Ben in it, and a line of talk for what it says.
struct RoomFixture {
  static let jid = JID("tea@conference.localhost")!
  var mailbox = ModelMailbox(Configuration(domains: ["localhost"]))
  var room: RoomModel

  init() throws {
    let entry = Self.letter("<presence><x xmlns='http://jabber.org/protocol/muc'/></presence>", by: "ada", to: "Ada")
    room = try #require(RoomModel(madeBy: entry, at: Instant(monotonic: 0, wall: 0), &mailbox))
    configure([:])
    enter("ben", "Ben")
    _ = heard()
  }

  static func element(_ xml: String) -> Element {
    var parser = StreamParser(limits: .authenticated)
    let pool = ParserPool()
    parser.feed("<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>\(xml)".utf8)
    while let event = parser.next(using: pool) { if case .stanza(let element) = event { return element } }
    preconditionFailure("not an element: \(xml)")
  }
  static func letter(_ xml: String, by who: Text, to nick: Text = "") -> ModelStanza {
    ModelStanza(element: element(xml), from: JID(who + "@localhost/d")!, to: nick.isEmpty ? jid : JID(bare: jid, resource: nick)!)
  }
  mutating func send(_ xml: String, by who: Text, to nick: Text = "") {
    room.receive(Self.letter(xml, by: who, to: nick), &mailbox)
  }
  mutating func enter(_ who: Text, _ nick: Text, _ inside: String = "") {
    send("<presence><x xmlns='http://jabber.org/protocol/muc'>\(inside)</x></presence>", by: who, to: nick)
  }
  mutating func configure(_ fields: [Text: Text]) {
    var form = DataForm(.submit, fields: [DataForm.Field(name: "FORM_TYPE", values: [NS.mucRoomConfig])])
    for (name, value) in fields { form.fields.append(DataForm.Field(name: "muc#roomconfig_" + name, values: [value])) }
    send("<iq type='set' id='c'><query xmlns='http://jabber.org/protocol/muc#owner'>\(form.element)</query></iq>", by: "ada")
  }
  /// A line for each message since this was asked last: the nick that it is from, the user that it is for, and what it says.
  mutating func heard() -> [String] {
    var lines: [String] = []
    while let letter = mailbox.next() {
      let parts = letter.element.children.map { $0.text.isEmpty ? "<\($0.name)>" : "\($0.name) \($0.text)" }
      let error: StanzaError? = StanzaError(letter.element)
      let content = error.map { "!" + $0.condition.rawValue } ?? parts.joined(separator: ", ")
      lines.append("\(letter.from.resource)>\(letter.to.local): \(content)")
    }
    return lines
  }
}
