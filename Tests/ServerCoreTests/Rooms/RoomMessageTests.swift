import OrderedCollections
import Storage
import Testing
import XML
import XMPP

@testable import ServerCore

/// Messages, the subject, the history, private messages and what else goes through a room (XEP-0045, 7.2.13 to 7.2.15, 7.4, 7.5,
/// 7.8, 8.1, 8.6, 17.4).
@Suite struct RoomMessageTests {
  private func pair(
    _ fields: [Text: [Text]] = [:], limits: (inout Configuration.Limits) -> Void = { _ in }
  ) -> RoomFixture {
    var stage = RoomFixture(fields, limits: limits)
    stage.join("juliet", "Juliet")
    stage.forget()
    return stage
  }

  // MARK: To all

  @Test func groupchatIsOneMessageToAll() throws {
    var stage = pair()
    stage.send(
      "<message type='groupchat' id='m1'><body>hi</body><x xmlns='http://jabber.org/protocol/muc#user'/>"
        + "<delay xmlns='urn:xmpp:delay' from='room@conference.example.org' stamp='2002-10-13T23:58:37Z'/><a xmlns='b'/></message>",
      by: "juliet")
    #expect(stage.envelopes.count == 1)
    let envelope = try #require(stage.envelopes.first)
    #expect(envelope.to == [RoomFixture.address("romeo"), RoomFixture.address("juliet")])
    #expect(envelope.element == element("<message type='groupchat' id='m1'><body>hi</body><a xmlns='b'/></message>"))
    stage.send("<message type='groupchat'><body>hi</body></message>", by: "juliet")
    #expect(stage.envelopes.first?.element.id != nil)
  }

  @Test(
    arguments: [
      ("<message type='groupchat' id='e'><body>a</body></message>", "", "room: not-acceptable by room@conference.example.org"),
      ("<message type='chat' id='e'><body>a</body></message>", "Romeo", "Romeo: not-acceptable by room@conference.example.org"),
    ] as [(String, Text, String)])
  func outsidersAreRefused(_ xml: String, _ nick: Text, _ expected: String) {
    var stage = pair()
    stage.send(xml, by: "nurse", to: nick)
    #expect(stage.take("nurse") == [expected])
    #expect(stage.take("romeo") == [])
  }

  @Test func visitorsAreSilent() {
    var stage = pair(["moderatedroom": ["1"]])
    stage.say("let me speak", by: "juliet")
    #expect(stage.take("juliet") == ["room: forbidden by room@conference.example.org"])
    #expect(stage.take("romeo") == [])
  }

  @Test func voiceIsRequestedAndGranted() {
    var stage = pair(["moderatedroom": ["1"]])
    stage.join("nurse", "Nurse")
    stage.forget()
    let type = "<field var='FORM_TYPE'><value>http://jabber.org/protocol/muc#request</value></field>"
    let form = "<x xmlns='jabber:x:data' type='submit'>\(type)<field var='muc#role'><value>participant</value></field>"
    stage.send("<message>\(form)</x></message>", by: "juliet")
    #expect(stage.envelopes.map(\.to) == [[RoomFixture.address("romeo")]])
    let approval =
      form + "<field var='muc#roomnick'><value>Juliet</value></field><field var='muc#request_allow'><value>true</value></field></x>"
    stage.send("<message>\(approval)</message>", by: "nurse")
    #expect(stage.room.occupants["Juliet"]?.role == .visitor)
    stage.forget()
    stage.send("<message>\(approval)</message>", by: "romeo")
    #expect(stage.take("juliet") == ["+Juliet none/participant <juliet@example.org/pc> by Romeo 110"])
  }

  // MARK: Subject

  @Test(arguments: [(false, false), (true, true)])
  func participantsAndTheSubject(_ isAllowed: Bool, _ expected: Bool) {
    var stage = pair(["changesubject": [isAllowed ? "1" : "0"]])
    stage.send("<message type='groupchat'><subject>Balconies</subject></message>", by: "juliet")
    #expect(stage.take("romeo") == (expected ? ["Juliet# Balconies"] : []))
    #expect(stage.take("juliet") == (expected ? ["Juliet# Balconies"] : ["room: forbidden by room@conference.example.org"]))
  }

  @Test func subjectComesLastAndIsStored() throws {
    var stage = pair(["persistentroom": ["1"]])
    stage.say("first", by: "juliet")
    stage.send("<message type='groupchat'><subject>Balconies</subject></message>", by: "romeo")
    #expect(stage.changes == [.put(stage.room.row, of: RoomFixture.jid)])
    stage.forget()
    stage.join("nurse", "Nurse")
    #expect(stage.take("nurse").suffix(2) == ["Juliet: first (2023-11-14T22:13:20Z)", "Romeo# Balconies (2023-11-14T22:13:20Z)"])

    stage.room = try Room(restoring: RoomFixture.jid, stage.room.row, [], Configuration.Limits())
    stage.join("nurse", "Nurse")
    #expect(stage.take("nurse").last == "Romeo# Balconies (2023-11-14T22:13:20Z)")
  }

  /// The subject that late-comers get is the one that the others got, in its language and with its id.
  @Test func aSubjectIsKeptAsItWasSaid() {
    var stage = pair()
    stage.send(
      "<message type='groupchat' id='s' xml:lang='it'><subject>Balconi</subject><subject xml:lang='en'>Balconies</subject></message>",
      by: "romeo")
    let subjects = "<subject>Balconi</subject><subject xml:lang='en'>Balconies</subject>"
    #expect(
      stage.takeStanzas("juliet").map { "\($0.element)" } == ["<message type='groupchat' id='s' xml:lang='it'>\(subjects)</message>"])
    stage.join("nurse", "Nurse")
    let delay = "<delay xmlns='urn:xmpp:delay' from='room@conference.example.org' stamp='2023-11-14T22:13:20Z'/>"
    #expect(
      stage.takeStanzas("nurse").last.map { "\($0.element)" }
        == "<message xml:lang='it' id='s' type='groupchat'>\(subjects)\(delay)</message>")
  }

  /// 7.4 and 7.14: only the room itself says in its own namespace and that it held a message back; others may say so of themselves.
  @Test func nobodySpeaksForTheRoom() {
    var stage = pair()
    let forged =
      "<x xmlns='http://jabber.org/protocol/muc#user'><status code='110'/></x>"
      + "<delay xmlns='urn:xmpp:delay' from='room@conference.example.org' stamp='2000-01-01T00:00:00Z'/>"
    let kept =
      "<delay xmlns='urn:xmpp:delay' from='juliet@example.org' stamp='2000-01-01T00:00:00Z'/><delay xmlns='urn:xmpp:delay' stamp='2000-01-01T00:00:00Z'/>"
      + "<wait xmlns='urn:example' from='room@conference.example.org'/>"
    stage.send("<message type='groupchat' id='m'><body>hello</body>\(forged)\(kept)</message>", by: "juliet")
    #expect(
      stage.takeStanzas("romeo").map { "\($0.element)" } == ["<message type='groupchat' id='m'><body>hello</body>\(kept)</message>"])
  }

  @Test func subjectWithBodyIsAMessage() {
    var stage = pair()
    stage.send("<message type='groupchat'><subject>a</subject><body>b</body></message>", by: "juliet")
    #expect(stage.take("romeo") == ["Juliet: b"])
    #expect(stage.room.subject == nil)
  }

  // MARK: History

  /// Ten messages a minute apart, the last one at the time of joining. Each is a stanza of 227 characters.
  @Test(
    arguments: [
      ("", 8), ("<history maxstanzas='3'/>", 3), ("<history maxstanzas='0'/>", 0), ("<history maxchars='0'/>", 0),
      ("<history maxchars='453'/>", 1), ("<history maxchars='454'/>", 2), ("<history seconds='120'/>", 3), ("<history seconds='0'/>", 1),
      ("<history since='2023-11-14T22:20:20Z'/>", 3), ("<history since='2023-11-14T22:20:20Z' maxstanzas='2'/>", 2),
      ("<history seconds='9223372036854775807'/>", 8), ("<history maxstanzas='-1'/>", 0), ("<history maxstanzas='many'/>", 8),
      ("<history since='yesterday'/>", 8),
    ])
  func history(_ request: String, _ expected: Int) {
    var stage = pair(["historylength": ["8"]])
    for index in 0..<10 {
      stage.now.wall = .seconds(1_700_000_000 + Int64(index) * 60)
      stage.say("number \(index)", by: "juliet")
    }
    stage.join("nurse", "Nurse", request)
    let lines = stage.take("nurse").filter { $0.utf8.starts(with: "Juliet: number".utf8) }
    #expect(lines.count == expected)
    if expected > 0 { #expect(lines.last?.utf8.starts(with: "Juliet: number 9 (2023-11-14T22:22:20Z)".utf8) == true) }
  }

  @Test func historyIsBoundedInBytes() {
    var stage = pair(["historylength": ["100"]]) { $0[.roomHistoryBytes] = 10_000 }
    for _ in 0..<40 { stage.say(String(repeating: "x", count: 800), by: "juliet") }
    let weight = stage.room.history.entries.reduce(0) { $0 + $1.element.weight }
    #expect(weight <= 10_000 && weight > 5_000 && weight == stage.room.history.bytes)
  }

  // MARK: Private messages

  @Test func privateMessage() throws {
    var stage = pair()
    stage.join("romeo/phone", "Romeo")
    stage.forget()
    stage.send("<message type='chat' id='p'><body>psst</body></message>", by: "juliet", to: "Romeo")
    let envelope = try #require(stage.envelopes.first)
    #expect(stage.envelopes.count == 1 && envelope.to == [RoomFixture.address("romeo"), RoomFixture.address("romeo/phone")])
    #expect(
      envelope.element == element("<message type='chat' id='p'><body>psst</body><x xmlns='http://jabber.org/protocol/muc#user'/></message>")
    )
    stage.forget()
    stage.send("<message type='groupchat' id='p'><body>psst</body></message>", by: "juliet", to: "Romeo")
    stage.send("<message type='chat' id='p'><body>psst</body></message>", by: "juliet", to: "Tybalt")
    stage.configure(["allowpm": ["moderators"]])
    stage.forget()
    stage.send("<message type='chat' id='p'><body>psst</body></message>", by: "juliet", to: "Romeo")
    #expect(stage.take("juliet") == ["Romeo: forbidden by room@conference.example.org"])
  }

  @Test func privateMessageRefusals() {
    var stage = pair()
    stage.send("<message type='groupchat' id='p'><body>psst</body></message>", by: "juliet", to: "Romeo")
    stage.send("<message type='chat' id='p'><body>psst</body></message>", by: "juliet", to: "Tybalt")
    #expect(
      stage.take("juliet") == [
        "Romeo: bad-request by room@conference.example.org", "Tybalt: item-not-found by room@conference.example.org",
      ])
  }

  @Test func errorOfPrivateMessageHidesWhoFoundIt() {
    var stage = pair()
    let error = "<error type='modify' by='romeo@example.org'><not-acceptable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>"
    stage.send("<message type='error' id='p'>\(error)</message>", by: "romeo", to: "Juliet")
    #expect(stage.take("juliet") == ["Romeo: not-acceptable"])
  }

  // MARK: IQ between occupants

  @Test func requestAndAnswerAreRelayed() throws {
    var stage = pair()
    stage.send("<iq type='get' id='v'><query xmlns='jabber:iq:version'/></iq>", by: "juliet", to: "Romeo")
    let (from, request) = try #require(stage.takeStanzas("romeo").first)
    #expect(from.resource == "Juliet" && request.id != "v" && request.firstChild?.namespace == NS.version)
    let answer = "<iq type='result' id='\(request.id!)'><query xmlns='jabber:iq:version'/></iq>"
    // Not by somebody else, and not twice.
    stage.send(answer, by: "nurse", to: "Juliet")
    #expect(stage.take("juliet") == [])
    stage.send(answer, by: "romeo", to: "Juliet")
    stage.send(answer, by: "romeo", to: "Juliet")
    #expect(stage.take("juliet") == ["iq v result"])
  }

  @Test func vCardIsAskedOfTheAccount() {
    var stage = pair()
    stage.send("<iq type='get' id='v'><vCard xmlns='vcard-temp'/></iq>", by: "juliet", to: "Romeo")
    #expect(stage.envelopes.map(\.to) == [[RoomFixture.address("romeo").bare]])
  }

  @Test func unansweredRequestsAreBounded() {
    var stage = pair { $0[.roomPendingIQs] = 3 }
    for index in 0...3 {
      stage.send("<iq type='get' id='v\(index)'><query xmlns='jabber:iq:version'/></iq>", by: "juliet", to: "Romeo")
    }
    #expect(stage.take("juliet") == ["iq v0 error remote-server-timeout by room@conference.example.org"])
  }

  @Test(
    arguments: [
      ("juliet", "Juliet", "urn:xmpp:ping", "iq i result"),
      ("juliet", "Tybalt", "urn:xmpp:ping", "iq i error item-not-found by room@conference.example.org"),
      ("nurse", "Romeo", "urn:xmpp:ping", "iq i error not-acceptable by room@conference.example.org"),
      ("nurse", "Romeo", "http://jabber.org/protocol/disco#info", "iq i error bad-request by room@conference.example.org"),
      ("nurse", "", "urn:xmpp:ping", "iq i result"), ("nurse", "", "jabber:iq:version", "iq i error service-unavailable"),
    ] as [(Text, Text, String, String)])
  func simpleRequests(_ who: Text, _ nick: Text, _ namespace: String, _ expected: String) {
    var stage = pair()
    stage.send("<iq type='get' id='i'><ping xmlns='\(namespace)'/></iq>", by: who, to: nick)
    #expect(stage.take(who) == [expected])
    #expect(stage.take("romeo") == [])
  }

  // MARK: Invitations

  private let invitation =
    "<message id='i'><x xmlns='http://jabber.org/protocol/muc#user'><invite to='nurse@example.org'><reason>Come.</reason></invite></x></message>"

  @Test func invitation_ofAnOpenRoom() {
    var stage = pair(["roomsecret": ["s"]])
    stage.join("juliet", "Juliet", "<password>s</password>")
    stage.forget()
    stage.send(invitation, by: "juliet")
    #expect(
      stage.takeBare("nurse") == [
        "room: <invite xmlns='http://jabber.org/protocol/muc#user' from='room@conference.example.org/Juliet'><reason>Come.</reason></invite>"
          + " <password xmlns='http://jabber.org/protocol/muc#user'>s</password>"
      ])
    stage.send(
      "<message><x xmlns='http://jabber.org/protocol/muc#user'><decline to='room@conference.example.org/Juliet'/></x></message>",
      by: "nurse")
    #expect(
      stage.take("juliet") == ["room: <decline xmlns='http://jabber.org/protocol/muc#user' from='nurse@example.org'/>"])
  }

  @Test func invitationToMembersOnlyRoomTakesAnAdmin() {
    var stage = pair()
    stage.affiliate("juliet", "member")
    stage.configure(["membersonly": ["1"]])
    stage.forget()
    stage.send(invitation, by: "juliet")
    #expect(stage.take("juliet") == ["room: forbidden by room@conference.example.org"])
    stage.send(invitation, by: "romeo")
    #expect(stage.take("romeo") == ["room: member <nurse@example.org>"])
    #expect(stage.room.affiliation(of: RoomFixture.address("nurse")) == .member)
    #expect(stage.takeBare("nurse").count == 1)
  }

  @Test func newMemberOfMembersOnlyRoomIsInvited() {
    var stage = pair(["membersonly": ["1"]])
    stage.affiliate("nurse", "member")
    #expect(
      stage.takeBare("nurse") == ["room: <invite xmlns='http://jabber.org/protocol/muc#user' from='room@conference.example.org/Romeo'/>"])
    stage.affiliate("nurse", "member")
    #expect(stage.takeBare("nurse") == [])
  }
}
