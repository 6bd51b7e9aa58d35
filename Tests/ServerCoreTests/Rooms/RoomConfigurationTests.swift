import OrderedCollections
import Storage
import Testing
import XML
import XMPP

@testable import ServerCore

/// Configuration, persistence, destruction and disco (XEP-0045, 6, 10.1, 10.2, 10.9).
@Suite struct RoomConfigurationTests {
  /// 10.2: who is hidden and expelled by the same submission was seen until then, and is seen to go.
  @Test func whoIsHiddenAndExpelledAtOnceIsSeenToGo() {
    var stage = RoomFixture(["presencebroadcast": ["moderator", "participant", "visitor"]])
    stage.join("juliet", "Juliet")
    stage.join("nurse", "Nurse")
    stage.affiliate("nurse", "member")
    stage.forget()
    stage.configure(["presencebroadcast": ["moderator"], "membersonly": ["1"]])
    #expect(stage.take("romeo").contains { $0.hasPrefix("-Juliet") })
  }

  /// 10.2.1: occupants hear last that the room shows real JIDs. An occupant who has to leave by the same submission, or is hidden by it, stays unknown.
  @Test(arguments: [["membersonly": ["1"]], ["presencebroadcast": ["moderator"]]] as [[Text: [Text]]])
  func whoGoesWhenRealJIDsAreShownStaysUnknown(_ fields: [Text: [Text]]) {
    var stage = RoomFixture([:])
    stage.join("juliet", "Juliet")
    stage.affiliate("juliet", "member")
    stage.join("nurse", "Nurse")
    stage.forget()
    stage.configure(["whois": ["anyone"]].merging(fields) { $1 })
    let departure = stage.takeStanzas("juliet").first { $0.from.resource == "Nurse" }?.element
    #expect(departure?.type == "unavailable")
    #expect(departure?.child("x", NS.mucUser)?.child("item", NS.mucUser)?["jid"] == nil)
  }

  // MARK: The form

  @Test func submissionReadsBack() throws {
    var configuration = RoomConfiguration()
    configuration.name = "Verona"
    configuration.description = "A street & a <balcony>"
    configuration.isPublic = false
    configuration.isPersistent = true
    configuration.isMembersOnly = true
    configuration.secret = "s"
    configuration.isModerated = true
    configuration.isNonAnonymous = true
    configuration.participantsChangeSubject = true
    configuration.historyLength = 7
    configuration.broadcast = [.moderator, .unavailable]
    configuration.privateMessages = .none
    for one in [configuration, RoomConfiguration()] {
      var read = RoomConfiguration()
      try read.apply(try #require(DataForm(one.submission.element)))
      #expect(read == one)
      try read.apply(DataForm(.submit))
      #expect(read == one)
    }
  }

  @Test(
    arguments: [
      (nil, nil, nil, nil), (nil, "s", nil, "s"), ("s", "", nil, nil), ("s", nil, nil, "s"), ("s", nil, "0", nil), ("s", nil, "1", "s"),
      (nil, "s", "0", nil), (nil, "s", "1", "s"), ("s", "t", "1", "t"),
    ] as [(Text?, Text?, Text?, Text?)])
  func secret(_ before: Text?, _ secret: Text?, _ flag: Text?, _ after: Text?) throws {
    var configuration = RoomConfiguration()
    configuration.secret = before
    var form = DataForm(.submit, fields: [DataForm.Field(name: "FORM_TYPE", values: [NS.mucRoomConfig])])
    if let secret { form.fields.append(DataForm.Field(name: "muc#roomconfig_roomsecret", values: [secret])) }
    if let flag { form.fields.append(DataForm.Field(name: "muc#roomconfig_passwordprotectedroom", values: [flag])) }
    try configuration.apply(form)
    #expect(configuration.secret == after)
    #expect(configuration.accepts(nil) == (after == nil))
    #expect(configuration.accepts("t") == (after == nil || after == "t"))
    #expect(configuration.accepts(after))
  }

  @Test(
    arguments: [
      ["whois": ["nobody"]], ["historylength": ["many"]], ["historylength": ["-1"]], ["membersonly": ["maybe"]],
      ["passwordprotectedroom": ["1"]], ["passwordprotectedroom": ["1"], "roomsecret": [""]], ["presencebroadcast": ["everyone"]],
      ["allowpm": ["owners"]], ["roomname": [Text(String(repeating: "x", count: 257))]],
    ] as [[Text: [Text]]])
  func unacceptableValue(_ fields: [Text: [Text]]) {
    var stage = RoomFixture([:])
    var with = fields
    with["changesubject"] = ["1"]
    stage.configure(with)
    #expect(stage.take("romeo") == ["iq c error not-acceptable"])
    #expect(stage.room.configuration == RoomConfiguration())
  }

  /// A default in place of a part that can't be read could open the room.
  @Test(arguments: [
    ("members", "<field var='muc#roomconfig_membersonly'><value>perhaps</value></field>", "member"),
    ("anonymity", "<field var='muc#roomconfig_whois'><value>nobody</value></field>", "member"), ("ban", "", "exile"),
  ])
  func unreadableRoomStaysShut(_ name: String, _ field: String, _ affiliation: Text) throws {
    let type = "<field var='FORM_TYPE'><value>http://jabber.org/protocol/muc#roomconfig</value></field>"
    let stored = RoomRow(
      name: "tea", isPublic: true, configuration: element("<x xmlns='jabber:x:data' type='submit'>\(type)\(field)</x>"),
      subject: nil)
    let entry = AffiliationRow(jid: JID("juliet@localhost")!, affiliation: affiliation)
    #expect(throws: RowProblem.self, "\(name)") { try Room(restoring: RoomFixture.jid, stored, [entry], Configuration.Limits()) }
  }

  @Test func historyLengthIsBounded() throws {
    #expect(RoomFixture(["historylength": ["1000000"]]).room.configuration.historyLength == 100)
    // The default length is bounded too, and so is one that was stored under other limits.
    var stage = RoomFixture([:]) { $0[.roomHistoryMessages] = 3 }
    #expect(stage.room.configuration.historyLength == 3)
    stage.send("<iq type='get' id='f'><query xmlns='http://jabber.org/protocol/muc#owner'/></iq>", by: "romeo")
    #expect(stage.takeStanzas("romeo").last?.element.description.contains("At most 3 messages") == true)
    let stored = RoomFixture(["historylength": ["50"]]).room.row
    var limits = Configuration.Limits()
    limits[.roomHistoryMessages] = 3
    #expect(try Room(restoring: RoomFixture.jid, stored, [], limits).configuration.historyLength == 3)
  }

  @Test func formOfSomethingElse() {
    var stage = RoomFixture([:])
    let other = "<x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE'><value>other</value></field></x>"
    stage.send("<iq type='set' id='c'><query xmlns='http://jabber.org/protocol/muc#owner'>\(other)</query></iq>", by: "romeo")
    stage.send("<iq type='set' id='c'><query xmlns='http://jabber.org/protocol/muc#owner'/></iq>", by: "romeo")
    #expect(stage.take("romeo") == ["iq c error bad-request", "iq c error bad-request"])
  }

  @Test func onlyOwnersConfigure() {
    var stage = RoomFixture([:])
    stage.affiliate("mercutio", "admin")
    stage.configure([:], by: "mercutio")
    stage.send("<iq type='get' id='c'><query xmlns='http://jabber.org/protocol/muc#owner'/></iq>", by: "mercutio")
    #expect(stage.take("mercutio") == ["iq c error forbidden", "iq c error forbidden"])
  }

  // MARK: Notices

  @Test(
    arguments: [
      ([:], []), (["changesubject": ["0"]], []), (["changesubject": ["1"]], ["room: 104"]), (["whois": ["anyone"]], ["room: 172"]),
      (["presencebroadcast": ["none", "visitor", "participant", "moderator"]], ["room: 102"]),
      (["whois": ["anyone"], "roomname": ["Verona"]], ["room: 172", "room: 104"]),
    ] as [([Text: [Text]], [String])])
  func notices(_ fields: [Text: [Text]], _ expected: [String]) {
    var stage = RoomFixture([:])
    stage.join("juliet", "Juliet")
    stage.forget()
    stage.configure(fields)
    #expect(stage.take("juliet") == expected)
    #expect(stage.take("romeo") == ["iq c result"] + expected)
  }

  @Test func noticesOfReturn() {
    var stage = RoomFixture(["whois": ["anyone"], "presencebroadcast": ["none", "moderator"]])
    stage.configure(["whois": ["moderators"], "presencebroadcast": ["moderator"]])
    #expect(stage.take("romeo") == ["iq c result", "room: 103", "room: 173"])
  }

  @Test func visibilityChangesAtOnce() {
    var stage = RoomFixture([:])
    stage.join("juliet", "Juliet")
    stage.forget()
    stage.configure(["presencebroadcast": ["moderator"]])
    #expect(stage.take("romeo") == ["iq c result", "-Juliet none/none <juliet@example.org/pc>", "room: 104"])
    #expect(stage.take("juliet") == ["room: 104"])
    stage.configure(["presencebroadcast": ["moderator", "participant"]])
    #expect(stage.take("romeo") == ["iq c result", "+Juliet none/participant <juliet@example.org/pc>", "room: 104"])
  }

  // MARK: Persistence

  @Test func temporaryRoomEmitsNoRecords() {
    var stage = RoomFixture([:])
    stage.affiliate("juliet", "member")
    #expect(stage.changes.isEmpty)
    stage.send("<message type='groupchat'><subject>a</subject></message>", by: "romeo")
    #expect(stage.changes.isEmpty)
    stage.configure(["roomname": ["Verona"]])
    #expect(stage.changes.isEmpty)
  }

  @Test func persistentRoomEmitsWhatMustSurvive() throws {
    var stage = RoomFixture([:])
    stage.administer("<item affiliation='member' jid='juliet@example.org' nick='Juliet'/>")
    stage.configure(["persistentroom": ["1"], "roomname": ["Verona"]])
    let juliet = RoomFixture.address("juliet").bare, romeo = RoomFixture.address("romeo").bare
    #expect(
      stage.changes == [
        .put(stage.room.row, of: RoomFixture.jid),
        .put(AffiliationRow(jid: juliet, affiliation: "member", nick: "Juliet"), of: RoomFixture.jid),
        .put(AffiliationRow(jid: romeo, affiliation: "owner"), of: RoomFixture.jid),
      ])
    stage.configure([:])
    #expect(stage.changes.isEmpty)
    stage.administer("<item affiliation='outcast' jid='juliet@example.org'><reason>why</reason></item>")
    #expect(
      stage.changes == [.put(AffiliationRow(jid: juliet, affiliation: "outcast", reason: "why"), of: RoomFixture.jid)])
    stage.affiliate("juliet", "none")
    #expect(stage.changes == [.delete(AffiliationRow.self, key: .jid(juliet), of: RoomFixture.jid)])
    stage.configure(["persistentroom": ["0"]])
    #expect(stage.changes == [.deleteOwner(.room(RoomFixture.jid))])
    #expect(!stage.room.isGone)
  }

  @Test func ownerOutsideEndsEmptyRoomByMakingItTemporary() {
    var stage = RoomFixture(["persistentroom": ["1"]])
    stage.leave("romeo")
    stage.configure(["persistentroom": ["0"]])
    #expect(stage.changes == [.deleteOwner(.room(RoomFixture.jid))])
    #expect(stage.room.isGone)
  }

  // MARK: Destruction

  @Test func destruction() {
    var stage = RoomFixture(["persistentroom": ["1"]])
    stage.join("juliet", "Juliet")
    stage.forget()
    let destroy = "<destroy jid='other@conference.example.org'><reason>Macbeth doth come.</reason></destroy>"
    let request = "<iq type='set' id='d'><query xmlns='http://jabber.org/protocol/muc#owner'>\(destroy)</query></iq>"
    stage.send(request, by: "juliet")
    #expect(stage.take("juliet") == ["iq d error forbidden"])
    stage.send(request, by: "romeo")
    #expect(stage.changes == [.deleteOwner(.room(RoomFixture.jid))])
    let told =
      "<destroy xmlns='http://jabber.org/protocol/muc#user' jid='other@conference.example.org'><reason>Macbeth doth come.</reason></destroy>"
    #expect(stage.take("juliet") == ["-Juliet none/none <juliet@example.org/pc> 110 \(told)"])
    #expect(stage.take("romeo") == ["-Romeo none/none <romeo@example.org/pc> 110 \(told)", "iq d result"])
    #expect(stage.room.isGone && stage.room.listing == nil && stage.room.nextDeadline == nil)
  }

  // MARK: Disco

  @Test(
    arguments: [
      ([:], ["muc_unsecured", "muc_public", "muc_temporary", "muc_open", "muc_unmoderated", "muc_semianonymous"]),
      (
        [
          "roomsecret": ["s"], "publicroom": ["0"], "persistentroom": ["1"], "membersonly": ["1"], "moderatedroom": ["1"],
          "whois": ["anyone"],
        ], ["muc_passwordprotected", "muc_hidden", "muc_persistent", "muc_membersonly", "muc_moderated", "muc_nonanonymous"]
      ),
    ] as [([Text: [Text]], [Text])])
  func features(_ fields: [Text: [Text]], _ expected: [Text]) throws {
    var stage = RoomFixture(fields)
    stage.send("<iq type='get' id='d'><query xmlns='http://jabber.org/protocol/disco#info'/></iq>", by: "nurse")
    let query = try #require(stage.takeStanzas("nurse").first?.element.firstChild)
    let features = query.children.filter { $0.has(name: "feature") }.compactMap { $0["var"] }
    #expect(features.suffix(6) == expected)
    #expect(features.contains(NS.muc) && Set(features).count == features.count)
    let form = try #require(query.child("x", NS.dataForms).flatMap { DataForm($0) })
    #expect(form.formType == NS.mucRoomInfo && form.value("muc#roominfo_occupants") == "1")
  }

  @Test(
    arguments: [
      ([:], "nurse", 1), ([:], "romeo", 1), (["publicroom": ["0"]], "nurse", 0), (["publicroom": ["0"]], "romeo", 1),
      (["roomsecret": ["s"]], "nurse", 0),
    ] as [([Text: [Text]], Text, Int)])
  func items(_ fields: [Text: [Text]], _ who: Text, _ expected: Int) throws {
    var stage = RoomFixture(fields)
    stage.send("<iq type='get' id='d'><query xmlns='http://jabber.org/protocol/disco#items'/></iq>", by: who)
    let query = try #require(stage.takeStanzas(who).first?.element.firstChild)
    #expect(Array(query.children).count == expected)
  }

  @Test func serviceListsLiveOverStored() {
    func listing(_ room: Text, _ name: Text) -> RoomListing { RoomListing(jid: JID(room + "@c.example.org")!, name: name) }
    let query = RoomService.list([listing("b", "old"), listing("a", ""), listing("b", "new")], for: Element("query", NS.discoItems))
    #expect(query.children.map { [$0["jid"], $0["name"]] } == [["a@c.example.org", "a"], ["b@c.example.org", "new"]])
  }

  @Test func listing() {
    #expect(RoomFixture(["roomname": ["Verona"]]).room.listing == RoomListing(jid: RoomFixture.jid, name: "Verona"))
    #expect(RoomFixture(["publicroom": ["0"]]).room.listing == nil)
  }
}
