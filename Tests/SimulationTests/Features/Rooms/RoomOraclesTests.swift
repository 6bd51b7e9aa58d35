import OrderedCollections
import Testing
import XML
import XMPP

@testable import Simulation

/// The complaints of the rules about rooms, tried with stanzas that are sent and received.
struct RoomOraclesTests {
  private static let sessions: [Substring: SessionID] = [
    "romeo": SessionID(actor: 0, incarnation: 1), "juliet": SessionID(actor: 1, incarnation: 1),
  ]

  /// Lines are `who > stanza` for what is sent and `who < stanza` for the rest. Returns the first complaint.
  private func play(_ oracle: some Oracle, _ lines: [String]) throws -> String? {
    var oracle = oracle
    for (name, session) in Self.sessions.sorted(by: { $0.value < $1.value }) {
      _ = oracle.observe(.began(session, JID("\(name)@localhost/x")!), at: 0)
    }
    for line in lines {
      let words = line.split(separator: " ", maxSplits: 2)
      let session = try #require(Self.sessions[words[0]])
      let element = try #require(parse(String(words[2])))
      if let problem = oracle.observe(words[1] == ">" ? .sent(session, element) : .received(session, element), at: 0) { return problem }
    }
    return nil
  }

  private func parse(_ text: String) -> Element? {
    var parser = StreamParser(limits: .authenticated)
    parser.feed(Array("<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>\(text)".utf8))
    let pool = ParserPool()
    while let event = parser.next(using: pool) { if case .stanza(let element) = event { return element } }
    return nil
  }

  private static func user(_ content: String) -> String { "<x xmlns='http://jabber.org/protocol/muc#user'>\(content)</x>" }

  @Test func declines() throws {
    let decline = "romeo < <message from='tea@conference.localhost'>\(Self.user("<decline from='juliet@localhost'/>"))</message>"
    #expect(try play(DeclinesAreInvited(), [decline]) != nil)
    let invite = "romeo > <message to='tea@conference.localhost'>\(Self.user("<invite to='juliet@localhost/x'/>"))</message>"
    #expect(try play(DeclinesAreInvited(), [invite, decline]) == nil)
    #expect(try play(DeclinesAreInvited(), [invite.replacing("tea@", with: "den@"), decline]) != nil)
    let other = invite.replacing("romeo >", with: "juliet >").replacing("to='juliet@", with: "to='nurse@")
    #expect(try play(DeclinesAreInvited(), [other, decline]) != nil)
    let member = "<query xmlns='http://jabber.org/protocol/muc#admin'><item affiliation='member' jid='juliet@localhost'/></query>"
    #expect(try play(DeclinesAreInvited(), ["romeo > <iq type='set' id='a' to='tea@conference.localhost'>\(member)</iq>", decline]) == nil)
  }

  @Test func forms() throws {
    func form(_ field: String, _ type: String = "form") -> [String] {
      let hidden = "<field var='FORM_TYPE' type='hidden'><value>http://jabber.org/protocol/muc#request</value></field>"
      return ["romeo < <message from='tea@conference.localhost'><x xmlns='jabber:x:data' type='\(type)'>\(hidden)\(field)</x></message>"]
    }
    let role = "<value>participant</value><option><value>participant</value></option>"
    #expect(try play(FormsAreRegistered(), form("<field var='muc#role' type='list-single'>\(role)</field>")) == nil)
    #expect(try play(FormsAreRegistered(), form("<field var='muc#role' type='text-single'>\(role)</field>")) != nil)
    #expect(try play(FormsAreRegistered(), form("<field var='muc#role' type='list-single'><value>participant</value></field>")) != nil)
    #expect(try play(FormsAreRegistered(), form("<field var='muc#rank' type='list-single'/>")) != nil)
    // A client's own.
    #expect(try play(FormsAreRegistered(), form("<field var='muc#rank'/>", "submit")) == nil)
  }

  @Test func ids() throws {
    let out = "romeo > <presence id='out' type='unavailable' to='tea@conference.localhost/r'/>"
    func gone(_ id: String, _ more: String = "") -> String {
      "romeo < <presence \(id) type='unavailable' from='tea@conference.localhost/r'>\(Self.user("<status code='110'/>\(more)"))</presence>"
    }
    let inside = "romeo < <presence from='tea@conference.localhost/r'>\(Self.user("<status code='110'/>"))</presence>"
    #expect(try play(EntriesAreAnswered(), [inside, out, gone("id='out'")]) == nil)
    #expect(try play(EntriesAreAnswered(), [inside, out, gone("")]) != nil)
    #expect(try play(EntriesAreAnswered(), [inside, out, gone("id='other'")]) != nil)
    #expect(try play(EntriesAreAnswered(), [inside, "romeo > <presence type='unavailable'/>", out, gone("")]) == nil)
    // An earlier presence to leave had no id (seed 18756); its answer stands for one only.
    let bare = "romeo > <presence to='tea@conference.localhost/Romeo' type='unavailable'/>"
    #expect(try play(EntriesAreAnswered(), [inside, bare, inside, out, gone("")]) == nil)
    #expect(try play(EntriesAreAnswered(), [inside, bare, gone(""), inside, out, gone("")]) != nil)
    // A presence that was under way when the session left looks as if it were inside again (seed 3207).
    let again = out.replacing("'out'", with: "'again'")
    #expect(try play(EntriesAreAnswered(), [inside, out, inside, again, gone("id='out'")]) == nil)
    #expect(try play(EntriesAreAnswered(), [inside, out, gone("id='out'"), inside, again, gone("id='out'")]) != nil)
    #expect(try play(EntriesAreAnswered(), [gone("", "<status code='307'/>")]) == nil)
    #expect(try play(EntriesAreAnswered(), [gone("", "<destroy/>")]) == nil)
  }

  @Test func owners() {
    let (romeo, domain) = (JID("romeo@localhost")!, JID("elsewhere.example")!)
    #expect(RoomsHaveOwners.problem([(romeo, "owner"), (domain, "outcast")], isLive: true) == nil)
    #expect(RoomsHaveOwners.problem([(romeo, "admin")], isLive: true) != nil)
    #expect(RoomsHaveOwners.problem([(romeo, "admin")], isLive: false) == nil)
    #expect(RoomsHaveOwners.problem([(romeo, "outcast")], isLive: false) != nil)
    #expect(RoomsHaveOwners.problem([(domain, "owner")], isLive: true) != nil)
  }
}
