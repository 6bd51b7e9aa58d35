import Testing
import XML
import XMPP

@testable import ServerCore

/// Every field of every form that a room sends is registered, with its type (XEP-0045, 16.5).
@Suite struct RoomFormTests {
  /// The fields registered for each form, in the XEP's order. Those that 6.4 adds to the information are below.
  private static let registry: [(form: Text, fields: [(Text, DataForm.FieldKind)])] = [
    (
      NS.mucRegister,
      [
        ("muc#register_allow", .boolean), ("muc#register_email", .textSingle), ("muc#register_faqentry", .textMulti),
        ("muc#register_first", .textSingle), ("muc#register_last", .textSingle), ("muc#register_roomnick", .textSingle),
        ("muc#register_url", .textSingle),
      ]
    ),
    (NS.mucRequest, [("muc#role", .listSingle), ("muc#jid", .jidSingle), ("muc#roomnick", .textSingle), ("muc#request_allow", .boolean)]),
    (
      NS.mucRoomConfig,
      [
        ("muc#maxhistoryfetch", .textSingle), ("muc#roomconfig_allowpm", .listSingle), ("muc#roomconfig_allowinvites", .boolean),
        ("muc#roomconfig_changesubject", .boolean), ("muc#roomconfig_enablelogging", .boolean),
        ("muc#roomconfig_getmemberlist", .listMulti), ("muc#roomconfig_lang", .textSingle), ("muc#roomconfig_pubsub", .textSingle),
        ("muc#roomconfig_maxusers", .listSingle), ("muc#roomconfig_membersonly", .boolean), ("muc#roomconfig_moderatedroom", .boolean),
        ("muc#roomconfig_passwordprotectedroom", .boolean), ("muc#roomconfig_persistentroom", .boolean),
        ("muc#roomconfig_presencebroadcast", .listMulti), ("muc#roomconfig_publicroom", .boolean),
        ("muc#roomconfig_roomadmins", .jidMulti), ("muc#roomconfig_roomdesc", .textSingle), ("muc#roomconfig_roomname", .textSingle),
        ("muc#roomconfig_roomowners", .jidMulti), ("muc#roomconfig_roomsecret", .textPrivate), ("muc#roomconfig_whois", .listSingle),
      ]
    ),
    (
      NS.mucRoomInfo,
      [
        ("muc#maxhistoryfetch", .textSingle), ("muc#roominfo_contactjid", .jidMulti), ("muc#roominfo_description", .textSingle),
        ("muc#roominfo_lang", .textSingle), ("muc#roominfo_ldapgroup", .textSingle), ("muc#roominfo_logs", .textSingle),
        ("muc#roominfo_occupants", .textSingle), ("muc#roominfo_subject", .textSingle), ("muc#roominfo_subjectmod", .boolean),
      ]
    ),
  ]

  private static func kind(of field: Text, in form: Text) -> DataForm.FieldKind? {
    let forms = form == NS.mucRoomInfo ? [form, NS.mucRoomConfig] : [form]
    for (name, fields) in registry where forms.contains(name) {
      if let found = fields.first(where: { $0.0 == field }) { return found.1 }
    }
    return nil
  }

  /// All forms that a room sends: to members, to moderators, to owners, and to all.
  private func forms() -> [DataForm] {
    var stage = RoomFixture(["moderatedroom": ["1"]])
    stage.affiliate("nurse", "member")
    stage.join("juliet", "Juliet")
    stage.forget()
    stage.register("", by: "nurse", type: "get")
    stage.send("<iq type='get' id='d'><query xmlns='http://jabber.org/protocol/disco#info'/></iq>", by: "nurse")
    stage.send("<iq type='get' id='o'><query xmlns='http://jabber.org/protocol/muc#owner'/></iq>", by: "romeo")
    stage.send(
      "<message><x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE'><value>http://jabber.org/protocol/muc#request</value></field>"
        + "<field var='muc#role'><value>participant</value></field></x></message>", by: "juliet")
    return (stage.takeStanzas("nurse") + stage.takeStanzas("romeo")).compactMap { _, element in
      (element.child("x", NS.dataForms) ?? element.firstChild?.child("x", NS.dataForms)).flatMap { DataForm($0) }
    }
  }

  @Test func everyFieldIsRegistered() {
    let forms = forms()
    #expect(forms.compactMap(\.formType).sorted() == Self.registry.map(\.form).sorted())
    for form in forms {
      #expect(form["FORM_TYPE"]?.kind == .hidden)
      for field in form.fields where field.name != "FORM_TYPE" {
        let name = field.name ?? ""
        #expect(field.kind == Self.kind(of: name, in: form.formType ?? ""), "\(name) in \(form.formType ?? "")")
        guard form.kind == .form, field.kind == .listSingle || field.kind == .listMulti else { continue }
        for value in field.values { #expect(field.options.contains { $0.value == value }, "\(name) offers no \(value)") }
      }
    }
  }

  /// Prosody's name for the length of the history, and the one that this server used when it stored older rooms.
  @Test func theOldNameIsUnderstood() {
    #expect(RoomFixture(["historylength": ["7"]]).room.configuration.historyLength == 7)
    var stage = RoomFixture([:])
    let form = DataForm(
      .submit,
      fields: [
        DataForm.Field(name: "FORM_TYPE", values: [NS.mucRoomConfig]), DataForm.Field(name: "muc#maxhistoryfetch", values: ["9"]),
        DataForm.Field(name: "muc#roomconfig_historylength", values: ["8"]),
      ])
    stage.send("<iq type='set' id='c'><query xmlns='http://jabber.org/protocol/muc#owner'>\(form.element)</query></iq>", by: "romeo")
    #expect(stage.room.configuration.historyLength == 9)
    #expect(stage.room.configuration.submission["muc#roomconfig_historylength"] == nil)
  }
}
