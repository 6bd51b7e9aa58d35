import Testing
import XML
import XMPP

@testable import ServerCore

/// A stranger who asks in every way that a client has can't tell an account from none (RFC 6120, 13.11; RFC 6121, 3.1.3 and 8.5.1; XEP-0030, 8).
struct AccountsAreHiddenTests {
  /// The answers that mallory gets, with the name that was asked about replaced.
  private func answers(about name: String, _ stanzas: [String]) -> String {
    var harness = EngineHarness()
    harness.addAccount("mallory")
    harness.addAccount("juliet")
    let juliet = harness.session("juliet", resource: "j")
    harness.send("<presence/>", on: juliet)
    let mallory = harness.session("mallory", resource: "m")
    harness.send("<iq type='get' id='r'><query xmlns='jabber:iq:roster'/></iq><presence/>", on: mallory)
    _ = harness.read(mallory)
    for stanza in stanzas { harness.send(stanza.replacing("NAME", with: name), on: mallory) }
    return harness.read(mallory).replacing(name, with: "NAME").replacing(#/\ id='[0-9a-zA-Z_-]{10,}'/#, with: "")
  }

  private static func iq(_ type: String, _ address: String, _ payload: String) -> String {
    "<iq type='\(type)' id='1' to='\(address)'>\(payload)</iq>"
  }
  private static let items = "<query xmlns='http://jabber.org/protocol/disco#items'/>"
  private static let info = "<query xmlns='http://jabber.org/protocol/disco#info'/>"
  private static let probe = "<presence type='probe' to='NAME@localhost'/>"
  private static let subscribe = "<presence type='subscribe' to='NAME@localhost'/>"

  @Test(arguments: [
    [iq("get", "NAME@localhost", items)], [iq("get", "NAME@localhost", items.replacing("/>", with: " node='attic'/>"))],
    [iq("get", "NAME@localhost", items.replacing("/>", with: " node=''/>"))], [iq("set", "NAME@localhost", items)],
    [iq("get", "NAME@localhost", info)], [iq("get", "NAME@localhost", info.replacing("/>", with: " node='attic'/>"))],
    [iq("get", "NAME@localhost/nowhere", items)], [iq("get", "NAME@localhost", "<query xmlns='jabber:iq:roster'/>")],
    [iq("get", "NAME@localhost", "<ping xmlns='urn:xmpp:ping'/>")], [iq("get", "NAME@localhost", "<query xmlns='jabber:iq:register'/>")],
    [probe], [subscribe], [subscribe, probe], [subscribe, subscribe], [subscribe, "<presence type='unsubscribe' to='NAME@localhost'/>"],
    [subscribe, "<presence/>"], ["<presence to='NAME@localhost'/>"], ["<presence to='NAME@localhost/nowhere'/>"],
    ["<presence type='subscribed' to='NAME@localhost'/>", probe],
  ])
  func nothingShowsWhetherAnAccountIsThere(_ stanzas: [String]) {
    #expect(answers(about: "juliet", stanzas) == answers(about: "nobody", stanzas))
  }

  /// The answers are what the documents say.
  @Test func theItemsOfWhomNobodyMaySeeAreNone() {
    let answer = answers(
      about: "nobody", [Self.iq("get", "NAME@localhost", "<query xmlns='http://jabber.org/protocol/disco#items' node='n'/>")])
    #expect(answer.contains("type='result'") && answer.contains("<query xmlns='http://jabber.org/protocol/disco#items' node='n'/>"))
  }
}
