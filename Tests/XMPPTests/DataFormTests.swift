import Testing
import XML
import XMPP

@Suite struct DataFormTests {
  private let form = DataForm(
    .form, title: "Room", instructions: ["One", "Two"],
    fields: [
      DataForm.Field(name: "FORM_TYPE", kind: .hidden, values: [NS.mucRoomConfig]),
      DataForm.Field(kind: .fixed, values: ["A heading"]),
      DataForm.Field(name: "public", kind: .boolean, label: "Public?", values: ["1"], isRequired: true, description: "Who sees it"),
      DataForm.Field(
        name: "whois", kind: .listSingle, values: ["anyone"],
        options: [.init(label: "Anyone", value: "anyone"), .init(value: "moderators")]),
      DataForm.Field(name: "admins", kind: .jidMulti, values: ["a@b", "c@d", ""]),
      DataForm.Field(name: "empty", kind: .textPrivate),
    ])

  @Test func readsBackWhatItWrites() {
    #expect(DataForm(form.element) == form)
  }

  @Test func writesAttributesAndChildrenInOrder() {
    let field = DataForm(.submit, fields: [form.fields[2]]).element
    #expect(
      field.description == "<x xmlns='jabber:x:data' type='submit'><field var='public' type='boolean' label='Public?'>"
        + "<desc>Who sees it</desc><required/><value>1</value></field></x>")
    let list = DataForm(.form, fields: [form.fields[3]]).element
    #expect(
      list.description == "<x xmlns='jabber:x:data' type='form'><field var='whois' type='list-single'><value>anyone</value>"
        + "<option label='Anyone'><value>anyone</value></option><option><value>moderators</value></option></field></x>")
  }

  @Test func looksUp() {
    #expect(form.formType == NS.mucRoomConfig)
    #expect(form["admins"]?.values.count == 3)
    #expect(form["none"] == nil)
    #expect(form.value("whois") == "anyone")
    #expect(form.value("empty") == nil)
    #expect(form.flag("public") == true)
    #expect(form.flag("whois") == nil)
    #expect(form.flag("none") == nil)
  }

  @Test(
    arguments: [("1", true), ("0", false), ("true", true), ("false", false), ("TRUE", nil), ("", nil), ("yes", nil), (" 1\n", true)]
      as [(Text, Bool?)])
  func booleans(_ text: Text, _ value: Bool?) {
    #expect(DataForm(.submit, fields: [.init(name: "x", values: [text])]).flag("x") == value)
  }

  @Test func refusesWhatIsNoForm() {
    #expect(DataForm(Element("x", NS.dataForms)) == nil)
    #expect(DataForm(Element("x", NS.dataForms, ["type": "odd"])) == nil)
    #expect(DataForm(Element("x", NS.muc, ["type": "form"])) == nil)
    #expect(DataForm(Element("y", NS.dataForms, ["type": "form"])) == nil)
    #expect(DataForm(Element("x", NS.dataForms, ["type": "cancel"])) == DataForm(.cancel))
  }

  @Test func fieldsOfUnknownTypeAreText() {
    let field = Element("field", NS.dataForms, ["var": "a", "type": "colour"], children: [Element("value", NS.dataForms, text: "red")])
    let form = DataForm(Element("x", NS.dataForms, ["type": "submit"], children: [field, Element("field", "other", ["var": "b"])]))
    #expect(form?.fields == [DataForm.Field(name: "a", kind: .textSingle, values: ["red"])])
  }
}
