import Testing
import XML
import XMPP

@testable import ServerCore

/// Complete answers of rooms and of the service that they live at (XEP-0045, 6).
struct RoomAnswersTests {
  private static let common = [
    "http://jabber.org/protocol/disco#info", "http://jabber.org/protocol/disco#items", "http://jabber.org/protocol/muc",
    "http://jabber.org/protocol/muc#stable_id", "urn:xmpp:ping",
  ]

  private func answer(_ request: String, by who: Text, _ stage: inout RoomFixture) -> [String] {
    stage.send(request, by: who)
    return stage.takeStanzas(who).map { "\($0.element)" }
  }
  private static func info(_ node: String = "") -> String {
    "<iq type='get' id='d'><query xmlns='http://jabber.org/protocol/disco#info'\(node)/></iq>"
  }
  private static func items(_ node: String = "") -> String {
    "<iq type='get' id='d'><query xmlns='http://jabber.org/protocol/disco#items'\(node)/></iq>"
  }
  private static func error(_ condition: String, id: String = "d") -> String {
    "<iq type='error' id='\(id)'>\(EngineHarness.error("cancel", condition))</iq>"
  }
  private static func field(_ name: String, _ kind: String, _ label: String, _ value: String) -> String {
    "<field var='\(name)' type='\(kind)' label='\(label)'><value>\(value)</value></field>"
  }
  private static func features(_ names: [String]) -> String { names.map { "<feature var='\($0)'/>" }.joined() }

  @Test(
    arguments: [
      ([:], "room", "0", "20", ["muc_unsecured", "muc_public", "muc_temporary", "muc_open", "muc_unmoderated", "muc_semianonymous"]),
      (
        ["roomname": ["Verona"], "roomdesc": ["Two houses"], "changesubject": ["1"], "membersonly": ["1"], "historylength": ["7"]],
        "Verona", "1", "7",
        ["muc_unsecured", "muc_public", "muc_temporary", "muc_membersonly", "muc_unmoderated", "muc_semianonymous"]
      ),
    ] as [([Text: [Text]], String, String, String, [String])])
  func roomInfo(_ fields: [Text: [Text]], _ name: String, _ changesSubject: String, _ history: String, _ features: [String]) {
    var stage = RoomFixture(fields)
    let registered = [
      "jabber:iq:register", "http://jabber.org/protocol/muc#register", "http://jabber.org/protocol/muc#roomconfig",
      "http://jabber.org/protocol/muc#roominfo", "http://jabber.org/protocol/muc#request",
      "http://jabber.org/protocol/muc#self-ping-optimization",
    ]
    let description = fields["roomdesc"]?.first?.string ?? ""
    let form =
      "<field var='FORM_TYPE' type='hidden'><value>http://jabber.org/protocol/muc#roominfo</value></field>"
      + (description.isEmpty
        ? "<field var='muc#roominfo_description' type='text-single' label='Description'><value/></field>"
        : Self.field("muc#roominfo_description", "text-single", "Description", description))
      + Self.field("muc#roominfo_occupants", "text-single", "Number of occupants", "1")
      + Self.field("muc#roominfo_subjectmod", "boolean", "Participants may change the subject", changesSubject)
      + Self.field("muc#roomconfig_changesubject", "boolean", "Participants may change the subject", changesSubject)
      + Self.field("muc#maxhistoryfetch", "text-single", "Messages shown to who joins", history)
    let query =
      "<query xmlns='http://jabber.org/protocol/disco#info'><identity category='conference' name='\(name)' type='text'/>"
      + Self.features(Self.common + registered + features) + "<x xmlns='jabber:x:data' type='result'>\(form)</x></query>"
    #expect(answer(Self.info(), by: "nurse", &stage) == ["<iq type='result' id='d'>\(query)</iq>"])
  }

  @Test(arguments: [
    (info(" node='x'"), error("item-not-found")), (info(" node='http://jabber.org/protocol/muc#traffic'"), error("service-unavailable")),
    (
      info(" node='x-roomuser-item'"),
      "<iq type='result' id='d'><query xmlns='http://jabber.org/protocol/disco#info' node='x-roomuser-item'/></iq>"
    ),
    (items(" node='x'"), error("item-not-found")),
    (
      items(),
      "<iq type='result' id='d'><query xmlns='http://jabber.org/protocol/disco#items'><item jid='room@conference.example.org/Romeo'/></query></iq>"
    ),
    ("<iq type='get' id='d'><ping xmlns='urn:xmpp:ping'/></iq>", "<iq type='result' id='d'/>"),
  ])
  func answersToAStranger(_ request: String, _ expected: String) {
    var stage = RoomFixture([:])
    #expect(answer(request, by: "nurse", &stage) == [expected])
  }

  /// 6.5: the occupants of a room that is hidden, for members only, or has a password are not for strangers, nor those of any room for the banned.
  @Test(
    arguments: [
      (["publicroom": ["0"]], "nurse"), (["membersonly": ["1"]], "nurse"), (["roomsecret": ["s"]], "nurse"), ([:], "tybalt"),
    ] as [([Text: [Text]], Text)])
  func occupantsAreHidden(_ fields: [Text: [Text]], _ who: Text) {
    var stage = RoomFixture(fields)
    stage.affiliate("tybalt", "outcast")
    stage.forget()
    let nobody = "<iq type='result' id='d'><query xmlns='http://jabber.org/protocol/disco#items'/></iq>"
    #expect(answer(Self.items(), by: who, &stage) == [nobody])
    #expect(answer(Self.items(), by: "romeo", &stage) != [nobody])
  }

  // MARK: Destruction (10.9)

  @Test(arguments: [
    ("<reason>\(String(repeating: "r", count: Room.Limits.reasonBytes))</reason>", true),
    ("<reason>\(String(repeating: "r", count: Room.Limits.reasonBytes + 1))</reason>", false),
    ("<password>\(String(repeating: "p", count: Room.Limits.secretBytes))</password>", true),
    ("<password>\(String(repeating: "p", count: Room.Limits.secretBytes + 1))</password>", false), ("", true),
  ])
  func destruction(_ content: String, _ isDone: Bool) {
    var stage = RoomFixture([:])
    let answer = answer(
      "<iq type='set' id='d'><query xmlns='http://jabber.org/protocol/muc#owner'><destroy>\(content)</destroy></query></iq>", by: "romeo",
      &stage)
    #expect(stage.room.isGone == isDone)
    let gone =
      "<presence type='unavailable'><x xmlns='http://jabber.org/protocol/muc#user'><item jid='romeo@example.org/pc' affiliation='none' role='none'/><destroy>\(content)</destroy>"
      + "<status code='110'/></x></presence>"
    #expect(
      answer
        == (isDone
          ? [gone.replacing("<destroy></destroy>", with: "<destroy/>"), "<iq type='result' id='d'/>"]
          : ["<iq type='error' id='d'>\(EngineHarness.error("modify", "not-acceptable"))</iq>"]))
  }

  // MARK: The service

  @Test(arguments: [
    (
      "<iq type='get' id='d' TO><query xmlns='http://jabber.org/protocol/disco#info'/></iq>",
      "<iq type='result' id='d' FROM><query xmlns='http://jabber.org/protocol/disco#info'>"
        + "<identity category='conference' name='Chat rooms' type='text'/>\(features(common))</query></iq>"
    ),
    ("<iq type='get' id='d' TO><query xmlns='http://jabber.org/protocol/disco#info' node='n'/></iq>", refused("item-not-found")),
    (
      "<iq type='get' id='d' TO><query xmlns='http://jabber.org/protocol/disco#items'/></iq>",
      "<iq type='result' id='d' FROM><query xmlns='http://jabber.org/protocol/disco#items'/></iq>"
    ),
    ("<iq type='get' id='d' TO><query xmlns='http://jabber.org/protocol/disco#items' node='n'/></iq>", refused("item-not-found")),
    ("<iq type='set' id='d' TO><query xmlns='http://jabber.org/protocol/disco#items'/></iq>", refused("service-unavailable")),
    ("<iq type='get' id='d' TO><ping xmlns='urn:xmpp:ping'/></iq>", "<iq type='result' id='d' FROM/>"),
    ("<iq type='set' id='d' TO><ping xmlns='urn:xmpp:ping'/></iq>", refused("service-unavailable")),
    ("<iq type='get' id='d' TO><query xmlns='jabber:iq:version'/></iq>", refused("service-unavailable")),
    ("<iq type='result' id='d' TO/>", ""), ("<presence TO/>", ""),
    (
      "<message id='d' TO><body>hello</body></message>",
      "<message type='error' id='d' FROM>\(EngineHarness.error("cancel", "service-unavailable"))</message>"
    ),
  ])
  func service(_ request: String, _ expected: String) {
    var harness = EngineHarness()
    harness.addAccount("romeo")
    let romeo = harness.session("romeo", resource: "r")
    let answer = harness.ask(request.replacing("TO", with: "to='conference.localhost'"), on: romeo)
    #expect(answer == expected.replacing("FROM", with: "from='conference.localhost' to='romeo@localhost/r'"))
  }
  private static func refused(_ condition: String) -> String {
    "<iq type='error' id='d' FROM>\(EngineHarness.error("cancel", condition))</iq>"
  }

  // MARK: Addresses that nobody has

  /// RFC 6121, 3.1.3: by the bare address, to the bare address.
  @Test(arguments: [
    (
      "<presence type='subscribe' id='s' to='nobody@localhost'/>",
      "<presence type='unavailable' from='nobody@localhost' to='romeo@localhost'/>"
    ),
    ("<presence to='nobody@localhost'/>", ""), ("<presence type='unavailable' to='nobody@localhost'/>", ""),
  ])
  func nobody(_ stanza: String, _ expected: String) {
    var harness = EngineHarness()
    harness.addAccount("romeo")
    let romeo = harness.available("romeo", resource: "r")
    let answer = harness.ask(stanza, on: romeo)
    #expect(answer.replacing(#/<iq type='set'.*?<\/iq>/#, with: "") == expected)
  }
}
