import SASL
import Storage
import Testing
import XML
import XMPP

@testable import ServerCore

/// XEP-0077 for users who are logged in, by request, whole answers and rows.
struct InBandRegistrationTests {
  private var harness: EngineHarness
  private let (romeo, second, juliet): (ConnectionID, ConnectionID, ConnectionID)
  private static let account = JID("romeo@localhost")!

  init() { self.init(contact: nil) }

  private init(contact: RosterItem.Subscription?) {
    harness = EngineHarness()
    harness.addAccount("romeo")
    harness.addAccount("juliet")
    if let contact { harness.befriend("romeo", contact, "juliet") }
    romeo = harness.session("romeo", resource: "r")
    second = harness.session("romeo", resource: "s")
    juliet = harness.session("juliet", resource: "j")
  }

  private static func query(_ type: String, _ content: String, to address: String? = nil) -> String {
    "<iq type='\(type)' id='1'\(address.map { " to='\($0)'" } ?? "")><query xmlns='jabber:iq:register'>\(content)</query></iq>"
  }
  private static func result(from sender: String = "romeo@localhost") -> String {
    "<iq type='result' id='1' from='\(sender)' to='romeo@localhost/r'/>"
  }
  private static func failed(_ kind: String, _ condition: String) -> String {
    "<iq type='error' id='1' from='romeo@localhost' to='romeo@localhost/r'>\(EngineHarness.error(kind, condition))</iq>"
  }
  private static func end(_ condition: String, _ text: String) -> String {
    "<stream:error><\(condition) xmlns='urn:ietf:params:xml:ns:xmpp-streams'/>"
      + "<text xmlns='urn:ietf:params:xml:ns:xmpp-streams' xml:lang='en'>\(text)</text></stream:error></stream:stream>"
  }
  private static func change(_ name: String, _ password: String) -> String {
    "<username>\(name)</username><password>\(password)</password>"
  }

  private var credentials: [ScramCredentials] { harness.rows(ScramCredentials.self, of: Self.account) }

  private mutating func canLogIn(as name: String = "romeo", _ password: String) -> Bool {
    let connection = harness.openStream()
    defer { harness.input(.closed(connection)) }
    return harness.scram(name, password, on: connection).hasPrefix("<success ")
  }

  // MARK: 3.1, what is known

  /// 3.1.1: whoever is registered already is told so, with the name. The password is nobody's to read.
  @Test(arguments: [nil, "romeo@localhost", "localhost"])
  mutating func theRegistrationIsTold(_ address: String?) {
    let sender = address ?? "romeo@localhost"
    #expect(
      harness.ask(Self.query("get", "", to: address), on: romeo)
        == "<iq type='result' id='1' from='\(sender)' to='romeo@localhost/r'><query xmlns='jabber:iq:register'>"
        + "<registered/><username>romeo</username><password/></query></iq>")
  }

  // MARK: 3.3, change of password

  /// The new password holds, the old one does not, and whoever came in with it is out, but for the session that made the change.
  @Test(arguments: [nil, "romeo@localhost", "localhost"], ["romeo", "ROMEO", " romeo "])
  mutating func thePasswordIsChanged(_ address: String?, _ name: String) {
    let before = credentials
    #expect(
      harness.ask(Self.query("set", Self.change(name, "new"), to: address), on: romeo) == Self.result(from: address ?? "romeo@localhost"))
    #expect(harness.heard(second) == Self.end("reset", "the password was changed"))
    #expect(harness.closed.contains(second) && !harness.closed.contains(romeo) && !harness.closed.contains(juliet))
    #expect(harness.heard(juliet) == "")
    #expect(credentials.count == before.count && !credentials.contains { before.contains($0) })
    #expect(canLogIn("new"))
    #expect(!canLogIn("secret"))
    #expect(canLogIn(as: "juliet", "secret"))
    harness.restart()
    #expect(canLogIn("new"))
  }

  /// The answer says that the password is changed: it leaves when that is on the disk.
  @Test mutating func aChangeIsAnsweredWhenItIsStored() {
    harness.derivesAtOnce = false
    harness.commitsAtOnce = false
    #expect(harness.ask(Self.query("set", Self.change("romeo", "new")), on: romeo) == "")
    harness.derive()
    #expect(harness.heard(romeo) == "")
    #expect(harness.heard(second) == "")
    harness.commit()
    #expect(harness.heard(romeo) == Self.result())
    #expect(harness.heard(second) == Self.end("reset", "the password was changed"))
  }

  /// A session that is gone before its keys are derived changes nothing any more.
  @Test mutating func whoIsGoneChangesNothing() {
    harness.derivesAtOnce = false
    let before = credentials
    harness.send(Self.query("set", Self.change("romeo", "new")), on: romeo)
    harness.input(.closed(romeo))
    harness.derive()
    harness.derivesAtOnce = true
    #expect(credentials == before)
    #expect(harness.heard(second) == "")
    #expect(canLogIn("secret"))
  }

  /// Nor does it when another session has been bound with its resource meanwhile, which gets no answer to what it has not asked.
  @Test mutating func theNextSessionDoesNotChangeItInstead() {
    harness.derivesAtOnce = false
    let before = credentials
    harness.send(Self.query("set", Self.change("romeo", "new")), on: romeo)
    harness.input(.closed(romeo))
    let next = harness.session("romeo", resource: "r")
    harness.derive()
    harness.derivesAtOnce = true
    #expect(credentials == before)
    #expect(harness.heard(next) == "")
    #expect(harness.heard(second) == "")
    #expect(canLogIn("secret"))
  }

  /// 3.3, table 3: what is not complete. An empty password does not become the new one.
  @Test(arguments: [
    ("", "modify", "bad-request"), ("<username>romeo</username>", "modify", "bad-request"),
    ("<password>new</password>", "modify", "bad-request"), ("<username>romeo</username><password/>", "modify", "bad-request"),
    ("<username>romeo</username><password></password>", "modify", "bad-request"),
    (change("juliet", "new"), "cancel", "not-allowed"), (change("", "new"), "cancel", "not-allowed"),
    (change("nobody", "new"), "cancel", "not-allowed"), (change("ro meo", "new"), "cancel", "not-allowed"),
    (change("romeo@localhost", "new"), "cancel", "not-allowed"),
    // 3.2, table 2.
    ("<remove/><username>romeo</username>", "modify", "bad-request"), ("<username>romeo</username><remove/>", "modify", "bad-request"),
    ("<remove/><remove/>", "modify", "bad-request"),
  ])
  mutating func aRequestIsRefused(_ content: String, _ kind: String, _ condition: String) {
    let before = (credentials, harness.commits.count)
    #expect(harness.ask(Self.query("set", content), on: romeo) == Self.failed(kind, condition))
    #expect(harness.heard(second) == "")
    #expect(credentials == before.0 && harness.commits.count == before.1)
    #expect(canLogIn("secret"))
    #expect(canLogIn(as: "juliet", "secret"))
  }

  /// RFC 6121, 8.5: another's account is not the user's to read, to change or to remove, and need not be there.
  @Test(arguments: ["juliet@localhost", "nobody@localhost"], [("get", ""), ("set", change("juliet", "new")), ("set", "<remove/>")])
  mutating func anothersAccountIsOutOfReach(_ address: String, _ request: (type: String, content: String)) {
    #expect(
      harness.ask(Self.query(request.type, request.content, to: address), on: romeo)
        == "<iq type='error' id='1' from='\(address)' to='romeo@localhost/r'>\(EngineHarness.error("cancel", "service-unavailable"))</iq>")
    #expect(canLogIn(as: "juliet", "secret"))
    #expect(canLogIn("secret"))
  }

  // MARK: 3.2, removal

  /// The answer comes first, then the end of every session; nothing remains, and nobody logs in.
  @Test(arguments: [nil, "romeo@localhost", "localhost"])
  mutating func anAccountIsRemoved(_ address: String?) {
    _ = harness.ask("<iq type='set' id='r'><query xmlns='jabber:iq:roster'><item jid='juliet@localhost'/></query></iq>", on: romeo)
    let end = Self.end("not-authorized", "the account was deleted")
    let answer = Self.result(from: address ?? "romeo@localhost")
    #expect(harness.ask(Self.query("set", "<remove/>", to: address), on: romeo) == answer + end)
    #expect(harness.heard(second) == end)
    #expect(harness.heard(juliet) == "")
    #expect(harness.closed.contains(romeo) && harness.closed.contains(second) && !harness.closed.contains(juliet))
    #expect(credentials.isEmpty && harness.rows(RosterItem.self, of: Self.account).isEmpty)
    #expect(harness.rows(AccountRow.self, of: Self.account).isEmpty)
    #expect(!canLogIn("secret"))
    #expect(canLogIn(as: "juliet", "secret"))
  }

  /// 3.2: "the server SHOULD also cancel all existing presence subscriptions"; the contact sees the user go (RFC 6121, 2.5.2).
  @Test(arguments: [
    (RosterItem.Subscription.none, ""), (.to, "unsubscribe"), (.from, "unavailable unsubscribed"),
    (.both, "unsubscribe unavailable unsubscribed"),
  ])
  func contactsHearOfARemoval(_ subscription: RosterItem.Subscription, _ types: String) {
    var test = InBandRegistrationTests(contact: subscription)
    test.harness.send("<presence/>", on: test.romeo)
    test.harness.send("<presence/>", on: test.juliet)
    _ = test.harness.ask("<iq type='get' id='r'><query xmlns='jabber:iq:roster'/></iq>", on: test.juliet)
    test.harness.skip(test.romeo)
    test.harness.send(Self.query("set", "<remove/>"), on: test.romeo)
    var left = subscription == .both ? ["to", "none"] : ["none"]
    var heard = ""
    for type in types.split(separator: " ") {
      let sender = type == "unavailable" ? "romeo@localhost/r" : "romeo@localhost"
      heard += "<presence type='\(type)' from='\(sender)' to='juliet@localhost'/>"
      if type == "unavailable" { continue }
      heard += "<iq type='set' id='*' to='juliet@localhost/j'><query xmlns='jabber:iq:roster'>"
      heard += "<item jid='romeo@localhost' subscription='\(left.removeFirst())'/></query></iq>"
    }
    #expect(test.harness.heard(test.juliet) == heard)
    #expect(test.harness.rows(RosterItem.self, of: JID("juliet@localhost")!) == [RosterItem(jid: Self.account)])
    // Without a registration there is none to be seen.
    test.harness.send("<presence/>", on: test.juliet)
    #expect(test.harness.heard(test.juliet) == "<presence from='juliet@localhost/j' to='juliet@localhost/j'/>")
  }
}
