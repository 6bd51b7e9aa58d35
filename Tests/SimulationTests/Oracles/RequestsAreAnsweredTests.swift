import ServerCore
import Testing
import XML
import XMPP

@testable import Simulation

/// The complaints about answers, tried with requests and answers of one session.
struct RequestsAreAnsweredTests {
  private static let session = SessionID(actor: 0, incarnation: 1)
  private static let jid = JID("romeo@localhost/x")!

  private func parse(_ text: String) throws -> Element { try Element(parsing: Array(text.utf8), defaultNamespace: NS.client) }

  /// The oracle once the session has sent these requests.
  private func oracle(_ requests: String...) throws -> RequestsAreAnswered {
    var oracle = RequestsAreAnswered()
    oracle.begin(with: Configuration(domains: ["localhost"]))
    _ = oracle.observe(.began(Self.session, Self.jid), at: 0)
    for request in requests { #expect(oracle.observe(.sent(Self.session, try parse(request)), at: 0) == nil) }
    return oracle
  }

  private func complaint(_ request: String, _ answers: String...) throws -> String? {
    var oracle = try oracle(request)
    for answer in answers {
      if let problem = oracle.observe(.received(Self.session, try parse(answer)), at: 0) { return problem }
    }
    return nil
  }

  private static let ping = "<iq type='get' id='q1' to='localhost'><ping xmlns='urn:xmpp:ping'/></iq>"
  private static let pong = "<iq type='result' id='q1' from='localhost'/>"

  private static func error(_ condition: String, _ kind: String, from: String? = nil) -> String {
    let error = "<error type='\(kind)'><\(condition) xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>"
    return "<iq type='error' id='q1'\(from.map { " from='\($0)'" } ?? "")>\(error)</iq>"
  }

  private static func iq(_ type: String, to: String?, _ payload: String) -> String {
    "<iq type='\(type)' id='q1'\(to.map { " to='\($0)'" } ?? "")>\(payload)</iq>"
  }

  /// A request's kind, address and payload, an answer that is provided, and the condition of one that is not.
  @Test(arguments: [
    ("get", "localhost", "<ping xmlns='urn:xmpp:ping'/>", pong, "service-unavailable"),
    ("get", "localhost", "<weird xmlns='urn:weird'/>", error("service-unavailable", "cancel", from: "localhost"), "item-not-found"),
    ("get", "localhost/r", "<ping xmlns='urn:xmpp:ping'/>", error("service-unavailable", "cancel", from: "localhost/r"), "item-not-found"),
    (
      "get", "localhost", "<query xmlns='http://jabber.org/protocol/disco#info' node='x'/>",
      error("item-not-found", "cancel", from: "localhost"), "service-unavailable"
    ),
    (nil, "localhost", "<ping xmlns='urn:xmpp:ping'/>", error("bad-request", "modify", from: "localhost"), "service-unavailable"),
    ("get", "localhost", "", error("bad-request", "modify", from: "localhost"), "service-unavailable"),
    ("get", "@@", "<ping xmlns='urn:xmpp:ping'/>", error("jid-malformed", "modify"), "service-unavailable"),
    (
      "get", "elsewhere.example", "<ping xmlns='urn:xmpp:ping'/>",
      error("remote-server-not-found", "cancel", from: "elsewhere.example"), "service-unavailable"
    ),
    (
      "get", "juliet@localhost", "<query xmlns='jabber:iq:roster'/>", error("service-unavailable", "cancel", from: "juliet@localhost"),
      "forbidden"
    ),
    (
      "set", "juliet@localhost", "<query xmlns='jabber:iq:roster'><item jid='a@b'/></query>",
      error("forbidden", "auth", from: "juliet@localhost"), "bad-request"
    ),
    (
      "get", "juliet@localhost", "<blocklist xmlns='urn:xmpp:blocking'/>",
      error("service-unavailable", "cancel", from: "juliet@localhost"), "forbidden"
    ),
    (
      "get", "tea@conference.localhost", "<ping xmlns='urn:xmpp:ping'/>",
      error("item-not-found", "cancel", from: "tea@conference.localhost"), "service-unavailable"
    ),
    (
      "set", "tea@conference.localhost",
      "<query xmlns='http://jabber.org/protocol/muc#owner'><destroy jid='@@'/></query>",
      error("not-acceptable", "modify", from: "tea@conference.localhost"), "conflict"
    ),
  ])
  func toOthers(type: String?, to: String, payload: String, right: String, wrong: String) throws {
    let request = Self.iq(type ?? "weird", to: to, payload)
    #expect(try complaint(request, right) == nil)
    let kind = try #require(StanzaError.Condition(rawValue: wrong)).associatedKind.rawValue
    let complaint = try #require(try complaint(request, Self.error(wrong, kind, from: to)))
    #expect(complaint.contains("should have got [") || complaint.contains("answered"), "\(complaint)")
  }

  /// The same for the own account. An answer is a condition, `done`, or `content`.
  @Test(arguments: [
    ("get", "<query xmlns='jabber:iq:roster'/>", "content", "done"),
    ("set", "<query xmlns='jabber:iq:roster'><item jid='a@b'/></query>", "done", "not-acceptable"),
    ("set", "<query xmlns='jabber:iq:roster'><item jid='a@b'/><item jid='c@d'/></query>", "bad-request", "done"),
    ("set", "<query xmlns='jabber:iq:roster'><item jid='@@'/></query>", "bad-request", "done"),
    ("set", "<query xmlns='jabber:iq:roster'><item jid='romeo@localhost'/></query>", "not-allowed", "done"),
    ("set", "<query xmlns='jabber:iq:roster'><item jid='a@b' subscription='remove'/></query>", "item-not-found", "bad-request"),
    ("set", "<query xmlns='jabber:iq:roster'><item jid='a@b'><group/></item></query>", "not-acceptable", "done"),
    ("set", "<query xmlns='jabber:iq:roster'><item jid='a@b'><group>x</group><group>x</group></item></query>", "bad-request", "done"),
    ("get", "<blocklist xmlns='urn:xmpp:blocking'/>", "content", "done"),
    ("set", "<block xmlns='urn:xmpp:blocking'/>", "bad-request", "done"),
    ("set", "<unblock xmlns='urn:xmpp:blocking'/>", "done", "bad-request"),
    ("set", "<block xmlns='urn:xmpp:blocking'><item jid='@@'/></block>", "jid-malformed", "bad-request"),
    ("get", "<query xmlns='jabber:iq:private'><a xmlns='x'/></query>", "content", "item-not-found"),
    ("get", "<query xmlns='jabber:iq:private'/>", "not-acceptable", "content"),
    ("set", "<query xmlns='jabber:iq:private'><a xmlns='x'/><a xmlns='x'/></query>", "not-acceptable", "done"),
    ("get", "<query xmlns='jabber:iq:register'/>", "content", "not-allowed"),
    ("set", "<query xmlns='jabber:iq:register'><remove/><username>x</username></query>", "bad-request", "done"),
    ("set", "<query xmlns='jabber:iq:register'><username>juliet</username><password>x</password></query>", "not-allowed", "done"),
  ])
  func toTheOwnAccount(type: String, payload: String, right: String, wrong: String) throws {
    let name = try parse(payload)
    func answer(_ words: String) -> String {
      switch words {
      case "done": "<iq type='result' id='q1'/>"
      case "content": "<iq type='result' id='q1'><\(name.name) xmlns='\(name.namespace)'/></iq>"
      default: Self.error(words, StanzaError.Condition(rawValue: words)?.associatedKind.rawValue ?? "")
      }
    }
    let request = Self.iq(type, to: nil, payload)
    #expect(try complaint(request, answer(right)) == nil)
    #expect(try complaint(request, answer(wrong))?.contains("should have got [") ?? false)
  }

  @Test func oneAnswerForEach() throws {
    #expect(try complaint(Self.ping, Self.pong, Self.pong)?.contains("second answer") ?? false)
    var twice = try oracle(Self.ping, Self.ping)
    for _ in 0..<2 { #expect(twice.observe(.received(Self.session, try parse(Self.pong)), at: 0) == nil) }
    // Answers to what was never asked are the business of others.
    #expect(try complaint(Self.ping, Self.pong.replacing("q1", with: "q2")) == nil)
  }

  @Test(arguments: ["juliet@localhost", "localhost/r", "romeo@localhost"])
  func fromWhereItWentTo(from: String) throws {
    #expect(try complaint(Self.ping, Self.pong.replacing("'localhost'", with: "'\(from)'"))?.contains("answered") ?? false)
  }

  @Test func typesGoWithConditions() throws {
    let request = Self.iq("get", to: "localhost", "<weird xmlns='urn:weird'/>")
    #expect(try complaint(request, Self.error("service-unavailable", "wait", from: "localhost"))?.contains("of type wait") ?? false)
    // XEP-0191, 3.3 has another type than RFC 6120 for an address that one blocks.
    #expect(try complaint(request, Self.error("not-acceptable", "cancel", from: "localhost")) == nil)
  }

  /// Clients answer as they like.
  @Test(arguments: ["juliet@localhost/y", "tea@conference.localhost/juliet"])
  func clientsAnswerForThemselves(to: String) throws {
    let request = Self.iq("get", to: to, "<ping xmlns='urn:xmpp:ping'/>")
    for answer in [Self.pong, Self.error("conflict", "wait")] { #expect(try complaint(request, answer, answer) == nil) }
  }

  @Test func atRest() throws {
    func state(_ isFaultless: Bool, _ mayLoseStanzas: Bool) -> RestState {
      RestState(
        world: World(choices: Choices(seed: 0), settings: WorldSettings(configuration: Configuration(domains: ["localhost"]))),
        sessions: [(Self.session, Self.jid)], isFaultless: isFaultless, mayLoseStanzas: mayLoseStanzas, isPeaceful: true)
    }
    var oracle = try oracle(Self.ping)
    #expect(oracle.atRest(state(true, false))?.contains("got no answer") ?? false)
    #expect(oracle.atRest(state(false, false)) == nil)
    #expect(oracle.atRest(state(true, true)) == nil)
    #expect(oracle.observe(.received(Self.session, try parse(Self.pong)), at: 0) == nil)
    #expect(oracle.atRest(state(true, false)) == nil)
    var refused = try self.oracle(Self.ping)
    let refusal = try parse(Self.error("resource-constraint", "wait", from: "localhost"))
    #expect(refused.observe(.received(Self.session, refusal), at: 0) == nil)
    #expect(refused.atRest(state(true, false))?.contains("nothing was scarce") ?? false)
    #expect(refused.atRest(state(true, true)) == nil)
  }
}
