internal import XML
internal import XMPP

/// The input of clients that don't keep to the protocol, or keep to it too much.
///
/// They never wait for an answer: their bytes come in one piece, or in as many as the network makes of them.
enum HostileClient {
  /// Bytes for a connection that has not logged in. `nil`: say nothing at all.
  ///
  /// - Parameter isEncrypted: the handshake is done, so that a new stream must begin.
  static func strange(_ isEncrypted: Bool, _ roll: (Int) -> Int) -> [UInt8]? {
    let kind = roll(4)
    // Silence, too, is something to bear.
    if kind == 0, roll(2) == 1 { return [] }
    let text: String? =
      switch kind {
      case 1: header(roll)
      case 2: garbage(roll)
      case 3 where isEncrypted: login(roll)
      case 3: open + "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>" + (roll(3) == 2 ? "<iq type='get' id='injected'/>" : "")
      default: nil
      }
    if kind == 2, roll(4) == 3 { return (0..<(1 + roll(200))).map { _ in UInt8(roll(256)) } }
    return text.map { Array($0.utf8) }
  }

  static let open = opening(to: "localhost")
  static func opening(to domain: String) -> String {
    "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' to='\(domain)' version='1.0'>"
  }

  /// Stream headers of all kinds (RFC 6120, 4.7 to 4.9).
  private static func header(_ roll: (Int) -> Int) -> String {
    switch roll(20) {
    case 1: String(open.prefix(1 + roll(open.count)))
    case 2: open.replacing("jabber:client", with: "jabber:nobody")
    case 3: open.replacing("http://etherx.jabber.org/streams", with: "urn:brook")
    case 4: open.replacing("stream:stream", with: "stream:brook")
    case 5: open.replacing("localhost", with: "elsewhere.example")
    case 6: open.replacing(" version='1.0'", with: "")
    case 7: open.replacing(" to=", with: " xml:lang='\(String(repeating: "en-", count: 20))' to=")
    case 8: open + open
    case 9: open.replacing(" xmlns:stream='http://etherx.jabber.org/streams'", with: "")
    case 10: "<?xml version='1.0' encoding='ISO-8859-1'?>" + open
    case 11: open.replacing(" to=", with: " x='\(String(repeating: "y", count: 5000))' to=")
    case 12: open + "</stream:stream>"
    case 13: open.replacing(" to=", with: " xml:lang='no such language' to=")
    // Other layouts of the same namespaces (4.8.3).
    case 14: "<stream xmlns='http://etherx.jabber.org/streams' to='localhost' version='1.0'>"
    case 15: "<s:stream xmlns:s='http://etherx.jabber.org/streams' xmlns:c='jabber:client' to='localhost' version='1.0'><c:presence/>"
    case 16: " \n<?xml version='1.0'?>" + open
    case 17: open + String(repeating: " ", count: 70_000)
    case 18: open + "<stream:error><reset xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>"
    case 19: open.replacing(" to=", with: " nobody:declared='1' to=")
    default: open
    }
  }

  /// Input that no parser takes, that RFC 6120 forbids (11.1), or that comes too early.
  private static func garbage(_ roll: (Int) -> Int) -> String {
    switch roll(20) {
    case 1: "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"
    case 2: open + "<message to='user0@localhost'><body>early</body></message>"
    case 3: open + "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>AGEAYg==</auth>"
    case 4: open + "<a>" + String(repeating: "x", count: 11_000)
    case 5: open + "<!DOCTYPE x [<!ENTITY a 'b'>]><a>&a;</a>"
    case 6: open + String(repeating: "<a>", count: 1 + roll(40))
    case 7: open + "<!-- nothing --><a/>"
    case 8: open + "<?php evil() ?><a/>"
    case 9: open + "<a>&lt;&eacute;</a>"
    case 10: open + "<unknown xmlns='urn:unknown'/>"
    case 11: open + "<nobody:declared/>"
    case 12: open + "<a b='1' b='2'/>"
    case 13: open + "<a></b>"
    case 14: open + "text between stanzas"
    case 15: open + "<a>" + (0..<70).map { _ in "<b/>" }.joined() + "</a>"
    case 16: open + "<a " + (0..<40).map { "a\($0)='x' " }.joined() + "/>"
    case 17: open + "<\(String(repeating: "n", count: 300))/>"
    case 18: open + "<a>\u{FFFE}&#x0;</a>"
    case 19: open + "<abort xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>"
    default: open
    }
  }
}
