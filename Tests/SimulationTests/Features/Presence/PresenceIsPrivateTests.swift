import Testing
import XML
import XMPP

@testable import Simulation

/// The rule on who may see whose presence, tried with stanzas that are sent and received.
struct PresenceIsPrivateTests {
  private static let (romeo, juliet) = (SessionID(actor: 0, incarnation: 1), SessionID(actor: 1, incarnation: 1))

  /// Plays what the two say and get; returns the first complaint. Lines are `who > stanza` for what is sent and `who < stanza` for the rest.
  private func play(_ lines: [String]) throws -> String? {
    var oracle = PresenceIsPrivate()
    _ = oracle.observe(.began(Self.romeo, JID("romeo@localhost/r")!), at: 0)
    _ = oracle.observe(.began(Self.juliet, JID("juliet@localhost/j")!), at: 0)
    for line in lines {
      let words = line.split(separator: " ", maxSplits: 2)
      let (session, isSent) = (words[0] == "romeo" ? Self.romeo : Self.juliet, words[1] == ">")
      let element = try parse(String(words[2]))
      if let problem = oracle.observe(isSent ? .sent(session, element) : .received(session, element), at: 0) { return problem }
    }
    return nil
  }

  private func parse(_ text: String) throws -> Element {
    var parser = StreamParser(limits: .authenticated)
    parser.feed(Array("<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>\(text)".utf8))
    let pool = ParserPool()
    while let event = parser.next(using: pool) { if case .stanza(let element) = event { return element } }
    throw Problem.noStanza(text)
  }
  private enum Problem: Error { case noStanza(String) }

  private static let shown = "juliet < <presence from='romeo@localhost/r'><status>P1</status></presence>"
  private static let granted = "romeo > <presence to='juliet@localhost' type='subscribed'/>"
  private static let sent = "romeo > <presence><status>P1</status></presence>"
  private static let revoked = [
    "romeo > <presence to='juliet@localhost' type='unsubscribed'/>", "romeo > <iq type='get' id='a'/>",
    "romeo < <iq type='result' id='a'/>",
  ]

  @Test(arguments: [
    [granted, sent, shown], ["romeo > <presence to='juliet@localhost'><status>P1</status></presence>", shown],
    // It was sent before the end, and came late.
    [granted, sent] + revoked + [shown],
    // The end is not certain yet.
    [granted, revoked[0], sent, shown], [granted] + revoked + [granted, sent, shown],
    ["juliet > <presence to='tea@conference.localhost/j'/>", "juliet < <presence from='tea@conference.localhost/r'/>"],
    ["juliet > <presence to='romeo@localhost' type='subscribe'/>", "juliet < <presence from='romeo@localhost' type='unavailable'/>"],
  ])
  func allows(_ lines: [String]) throws { #expect(try play(lines) == nil) }

  @Test(arguments: [
    ("never let it", [sent, shown]), ("may no longer see", [granted] + revoked + [sent, shown]),
    ("was for", [granted, "romeo > <presence to='nurse@localhost'><status>P1</status></presence>", shown]),
    ("sees another", ["romeo > <presence to='juliet@localhost'/>", sent, shown]),
    ("where it never was", ["juliet < <presence from='tea@conference.localhost/r'/>"]),
    ("got an error", ["juliet < <presence from='romeo@localhost/r' type='error'/>"]),
    ("never let it", ["juliet < <presence from='romeo@localhost/r' type='unavailable'/>"]),
  ])
  func forbids(_ why: String, _ lines: [String]) throws {
    let problem = try play(lines)
    #expect(problem?.contains(why) ?? false, "\(problem ?? "nothing")")
  }
}
