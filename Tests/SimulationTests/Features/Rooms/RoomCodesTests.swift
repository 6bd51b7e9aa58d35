import Testing
import XML
import XMPP

@testable import Simulation

/// The status codes, the actor, the reason and the content of presence in a room: what the model takes for right and what it does not.
struct RoomCodesTests {
  private let fixture: RoomFixture

  init() throws { fixture = try RoomFixture() }

  /// The fault in a presence of a nick to a user, after something was done in the room.
  private func fault(
    _ presence: String, of nick: Text, to viewer: Text, _ settings: [Text: Text] = [:], after deed: (inout RoomFixture) -> Void
  ) -> String? {
    var before = fixture
    if !settings.isEmpty { before.configure(settings) }
    before.enter("cleo", "Cleo")
    var after = before
    deed(&after)
    return after.room.fault(in: RoomFixture.element(presence), of: nick, to: JID(viewer + "@localhost/d")!, before: before.room)
  }

  private static func presence(_ item: String, _ codes: [Int] = [], type: String? = "unavailable", _ more: String = "") -> String {
    let statuses = codes.map { "<status code='\($0)'/>" }.joined()
    let type = type.map { " type='\($0)'" } ?? ""
    return "<presence\(type)>\(more)<x xmlns='http://jabber.org/protocol/muc#user'>\(item)\(statuses)</x></presence>"
  }
  private static func admin(_ item: String) -> String {
    "<iq type='set' id='a'><query xmlns='http://jabber.org/protocol/muc#admin'>\(item)</query></iq>"
  }
  private static let gone = "<item affiliation='none' role='none'/>"

  // MARK: Departures

  @Test(
    arguments: [
      ("<item nick='Ben' role='none'/>", "none", [307], nil),
      ("<item nick='Ben' role='none'/>", "none", [], "an actor, and nothing was done"),
      ("<item nick='Ben' role='none'/>", "none", [301], "301, and nobody is banned"),
      ("<item nick='Ben' role='none'/>", "none", [303], "303, and the nick is as before"),
      ("<item nick='Ben' role='none'/>", "none", [321], "321, and no membership was lost"),
      ("<item nick='Ben' role='none'/>", "none", [322], "322, and the room was not closed"),
      ("<item nick='Ben' role='none'/>", "none", [307, 307], "has the code 307"),
      ("<item nick='Ben' role='none'/>", "none", [201], "has the code 201"),
      ("<item nick='Ben' role='none'/>", "none", [110, 307], "110 for somebody else's presence"),
      ("<item nick='Ben' role='none'/>", "participant", [307], "the role participant of who has gone"),
      ("<item jid='ben@localhost' affiliation='outcast'/>", "none", [301], nil),
      ("<item jid='ben@localhost' affiliation='outcast'/>", "none", [307], "no 301 for who is banned"),
      ("<item jid='localhost' affiliation='outcast'/>", "none", [301], nil),
    ] as [(String, String, [Int], String?)])
  func departures(_ item: String, _ role: String, _ codes: [Int], _ fault: String?) {
    let affiliation = item.contains("outcast") ? "outcast" : "none"
    let shown = "<item affiliation='\(affiliation)' role='\(role)'><actor nick='Ada'/></item>"
    let found = self.fault(Self.presence(shown, codes), of: "Ben", to: "cleo") { $0.send(Self.admin(item), by: "ada") }
    if let fault { #expect(found?.contains(fault) ?? false, "\(found ?? "nothing")") } else { #expect(found == nil) }
  }

  /// In a members-only room the loss of membership sends a member away (9.4), and the change to such a room all others (10.2).
  @Test(arguments: [([321], true), ([307], false), ([], false)] as [([Int], Bool)])
  func lostMembership(_ codes: [Int], _ isRight: Bool) {
    var before = fixture
    before.send(Self.admin("<item jid='ben@localhost' affiliation='member'/>"), by: "ada")
    before.configure(["membersonly": "1"])
    var after = before
    after.send(Self.admin("<item jid='ben@localhost' affiliation='none'/>"), by: "ada")
    let item = "<item affiliation='none' role='none' jid='ben@localhost/d'><actor nick='Ada' jid='ada@localhost/d'/></item>"
    let presence = RoomFixture.element(Self.presence(item, codes))
    let found = after.room.fault(in: presence, of: "Ben", to: JID("ada@localhost/d")!, before: before.room)
    #expect((found == nil) == isRight, "\(found ?? "nothing")")
  }

  @Test(arguments: [([322], true), ([321], false), ([301], false)] as [([Int], Bool)])
  func closedRoom(_ codes: [Int], _ isRight: Bool) {
    let found = fault(Self.presence("<item affiliation='none' role='none' jid='ben@localhost/d'/>", codes), of: "Ben", to: "ada") {
      $0.configure(["membersonly": "1"])
    }
    #expect((found == nil) == isRight, "\(found ?? "nothing")")
  }

  /// 7.6.
  @Test(
    arguments: [
      ("nick='Benjamin' role='participant'", [303], nil), ("nick='Benjamin' role='participant'", [], "the role participant of who"),
      ("nick='Other' role='participant'", [303], "303, and the nick is Benjamin"), ("role='none'", [], "no 303 for another nick"),
      ("nick='Benjamin' role='none'", [303], "303, and the nick is Benjamin"),
    ] as [(String, [Int], String?)])
  func anotherNick(_ attributes: String, _ codes: [Int], _ fault: String?) {
    let found = self.fault(Self.presence("<item affiliation='none' \(attributes)/>", codes), of: "Ben", to: "cleo") {
      $0.send("<presence/>", by: "ben", to: "Benjamin")
    }
    if let fault { #expect(found?.contains(fault) ?? false, "\(found ?? "nothing")") } else { #expect(found == nil) }
  }

  // MARK: Entries

  @Test(arguments: [
    ([110], nil), ([110, 201], "201, and nobody created the room"), ([100, 110], "100, which"),
  ])
  func entries(_ codes: [Int], _ fault: String?) {
    let item = "<item affiliation='none' role='participant' jid='dora@localhost/d'/>"
    let found = self.fault(Self.presence(item, codes, type: nil), of: "Dora", to: "dora") { $0.enter("dora", "Dora") }
    if let fault { #expect(found?.contains(fault) ?? false, "\(found ?? "nothing")") } else { #expect(found == nil) }
  }

  /// 16.6.2.
  @Test(arguments: [([110], true), ([], false)] as [([Int], Bool)])
  func ownPresence(_ codes: [Int], _ isRight: Bool) {
    let item = "<item affiliation='none' role='participant' jid='ben@localhost/d'/>"
    let found = fault(Self.presence(item, codes, type: nil), of: "Ben", to: "ben") { $0.send("<presence/>", by: "ben", to: "Ben") }
    #expect(isRight ? found == nil : found?.contains("no 110 for the own presence") ?? false, "\(found ?? "nothing")")
  }

  /// 7.2.3.
  @Test(arguments: [([100, 110], true), ([110], false)] as [([Int], Bool)])
  func entryOfARoomThatShowsAddresses(_ codes: [Int], _ isRight: Bool) {
    let item = "<item affiliation='none' role='participant' jid='dora@localhost/d'/>"
    let found = fault(Self.presence(item, codes, type: nil), of: "Dora", to: "dora", ["whois": "anyone"]) { $0.enter("dora", "Dora") }
    #expect((found == nil) == isRight, "\(found ?? "nothing")")
  }

  /// 7.7: the content is what a client of the occupant sent, without what only the room may say.
  @Test(arguments: [("<show>away</show>", true), ("<show>dnd</show>", false), ("<x xmlns='urn:x'/>", false)])
  func content(_ shown: String, _ isRight: Bool) {
    let presence = Self.presence("<item affiliation='none' role='participant'/>", type: nil, shown)
    let sent = "<presence><show>away</show><x xmlns='http://jabber.org/protocol/muc#user'/></presence>"
    let found = fault(presence, of: "Ben", to: "cleo") { $0.send(sent, by: "ben", to: "Ben") }
    #expect((found == nil) == isRight, "\(found ?? "nothing")")
  }

  // MARK: Reasons

  private static let orders: [(item: String, affiliation: String, role: String, code: Int?)] = [
    ("nick='Ben' role='none'", "none", "none", 307), ("nick='Ben' role='visitor'", "none", "visitor", nil),
    ("nick='Ben' role='moderator'", "none", "moderator", nil), ("jid='ben@localhost' affiliation='outcast'", "outcast", "none", 301),
    ("jid='ben@localhost' affiliation='member'", "member", "participant", nil),
    ("jid='ben@localhost' affiliation='admin'", "admin", "moderator", nil),
    ("jid='localhost' affiliation='outcast'", "outcast", "none", 301),
  ]

  private static let texts: [(given: String, shown: String, isRight: Bool)] = [
    ("<reason>so</reason>", "<actor nick='Ada'/><reason>so</reason>", true), ("<reason>so</reason>", "<actor nick='Ada'/>", false),
    ("<reason>so</reason>", "<actor nick='Ada'/><reason>other</reason>", false), ("", "<actor nick='Ada'/>", true),
    ("", "<actor nick='Ada'/><reason>so</reason>", false), ("", "", false), ("", "<actor nick='Cleo'/>", false), ("", "<actor/>", false),
  ]

  /// 8.2 to 8.4, 9.1 to 9.6 and 10.6: the reason that was given, and the one who gave it.
  @Test(arguments: orders.indices, texts.indices)
  func reasons(_ order: Int, _ text: Int) {
    let text = Self.texts[text]
    let order = Self.orders[order]
    let item = "<item affiliation='\(order.affiliation)' role='\(order.role)'>\(text.shown)</item>"
    let presence = Self.presence(item, order.code.map { [$0] } ?? [], type: order.code == nil ? nil : "unavailable")
    let found = fault(presence, of: "Ben", to: "cleo") { $0.send(Self.admin("<item \(order.item)>\(text.given)</item>"), by: "ada") }
    #expect((found == nil) == text.isRight, "\(found ?? "nothing")")
  }

  /// An occupant who was not meant has no reason, and neither has one who goes.
  @Test(arguments: ["<reason>so</reason>", "<actor nick='Ada'/>"])
  func reasonsOfNobody(_ content: String) {
    let item = "<item affiliation='none' role='none'>\(content)</item>"
    func left(_ item: String) -> String? {
      fault(Self.presence(item), of: "Ben", to: "cleo") { $0.send("<presence type='unavailable'/>", by: "ben", to: "Ben") }
    }
    #expect(left(Self.gone) == nil)
    #expect(left(item) != nil)
  }

  /// A user with two nicks becomes a moderator under both: the one is shown the other as it was until then, since it sees addresses now (seed 90).
  @Test(arguments: ["ben", "cleo"])
  func whoIsShownAgain(_ viewer: Text) {
    var before = fixture
    before.room.receive(
      ModelStanza(
        element: RoomFixture.element("<presence><x xmlns='http://jabber.org/protocol/muc'/></presence>"), from: JID("ben@localhost/e")!,
        to: JID("tea@conference.localhost/Ben2")!), &before.mailbox)
    before.enter("cleo", "Cleo")
    var after = before
    after.send(Self.admin("<item jid='ben@localhost' affiliation='admin'><reason>so</reason></item>"), by: "ada")
    let address = viewer == "ben" ? " jid='ben@localhost/e'" : ""
    let presence = RoomFixture.element(Self.presence("<item affiliation='admin' role='participant'\(address)/>", type: nil))
    let found = after.room.fault(in: presence, of: "Ben2", to: JID(viewer + "@localhost/d")!, before: before.room)
    #expect((found == nil) == (viewer == "ben"), "\(found ?? "nothing")")
  }

  /// 7.10: the room itself sends away who sits on a nick that becomes another's.
  @Test(arguments: [("<reason>reserved</reason>", true), ("", true), ("<actor nick='Ada'/>", false)])
  func theSeatOfAnother(_ content: String, _ isRight: Bool) {
    let presence = Self.presence("<item affiliation='none' role='none'>\(content)</item>", [307])
    let found = fault(presence, of: "Ben", to: "cleo") {
      $0.send(Self.admin("<item jid='dora@localhost' affiliation='member' nick='Ben'><reason>so</reason></item>"), by: "ada")
    }
    #expect((found == nil) == isRight, "\(found ?? "nothing")")
  }

  /// 10.9: alternative, password and reason as the owner gave them.
  @Test(arguments: [
    ("<destroy jid='b@c.localhost'><password>p</password><reason>r</reason></destroy>", true), ("<destroy jid='b@c.localhost'/>", false),
    ("<destroy><password>p</password><reason>r</reason></destroy>", false), ("", false),
    ("<destroy jid='b@c.localhost'><password>p</password><reason>R</reason></destroy>", false),
  ])
  func destruction(_ shown: String, _ isRight: Bool) {
    let request = "<destroy jid='B@c.localhost'><reason>r</reason><password>p</password></destroy>"
    let presence = Self.presence("<item affiliation='none' role='none' jid='ben@localhost/d'/>\(shown)", [110])
    let found = fault(presence, of: "Ben", to: "ben") {
      $0.send("<iq type='set' id='d'><query xmlns='http://jabber.org/protocol/muc#owner'>\(request)</query></iq>", by: "ada")
    }
    #expect((found == nil) == isRight, "\(found ?? "nothing")")
    let early = fault(presence, of: "Ben", to: "ben") { $0.send("<presence type='unavailable'/>", by: "ben", to: "Ben") }
    #expect((early == nil) == shown.isEmpty)
  }
}
