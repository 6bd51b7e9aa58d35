import Testing
import XML

struct LanguageRemovalTests {
  @Test func wrongLanguagesGoAndAllElseStays() throws {
    var element = try stanza(
      "<message xml:lang='!' id='1'><body xml:lang='de' lang='!'>x</body><a xmlns='y' xml:lang='!' c='d'><b xml:lang='!'/>t</a></message>")
    let changed = element.removeLanguages { $0 == "!" }
    #expect(changed)
    #expect(
      "\(element)" == "<message id='1'><body xml:lang='de' lang='!'>x</body><a xmlns='y' c='d'><b/>t</a></message>")
    // The resulting element can be changed like any.
    element["id"] = nil
    element.append("end", "jabber:client")
    #expect("\(element)" == "<message><body xml:lang='de' lang='!'>x</body><a xmlns='y' c='d'><b/>t</a><end/></message>")
  }

  @Test func anAttributeOfAnotherNamespaceIsNoLanguage() throws {
    var element = try stanza("<message xmlns:o='other' o:lang='!'/>")
    let changed = element.removeLanguages { _ in true }
    #expect(!changed)
  }

  @Test func aChildIsChangedWithoutItsParent() throws {
    let parent = try stanza("<message xml:lang='!'><body xml:lang='!'>x</body></message>")
    var child = try #require(parent.firstChild)
    child.removeLanguages { $0 == "!" }
    #expect("\(child)" == "<body>x</body>")
    #expect(parent.lang == "!" && parent.firstChild?.lang == "!")
  }
}
