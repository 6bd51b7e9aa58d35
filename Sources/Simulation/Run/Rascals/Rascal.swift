internal import ClientCore
internal import XML
internal import XMPP

/// What strangers send who don't keep to the protocol, or keep to it too much.
enum Rascal {
  /// Bytes for a connection that has not logged in. `nil`: say nothing at all.
  static func strange(_ roll: (Int) -> Int) -> [UInt8]? {
    let open = "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' to='localhost' version='1.0'>"
    switch roll(11) {
    case 1: return Array("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n".utf8)
    case 2: return (0..<(1 + roll(200))).map { _ in UInt8(roll(256)) }
    case 3: return Array(open.utf8.prefix(1 + roll(open.utf8.count)))
    case 4: return Array((open + "<message to='user0@localhost'><body>early</body></message>").utf8)
    case 5: return Array((open + "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>AGEAYg==</auth>").utf8)
    case 6: return Array((open + "<a>" + String(repeating: "x", count: 11_000)).utf8)
    case 7: return Array((open + "<!DOCTYPE x [<!ENTITY a 'b'>]><a>&a;</a>").utf8)
    case 8: return Array((open + String(repeating: "<a>", count: 1 + roll(40))).utf8)
    case 9: return Array(open.replacing("jabber:client", with: "jabber:nobody").utf8)
    case 10: return Array((open + "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/><iq type='get' id='injected'/>").utf8)
    default: return nil
    }
  }

  /// Bytes of a session: floods, giants, and what is not XML.
  static func outrage(_ account: JID, _ roll: (Int) -> Int) -> [UInt8] {
    let victim = "user\(roll(3))@localhost"
    func many(_ most: Int, _ one: (Int) -> String) -> [UInt8] { (0..<(1 + roll(most))).flatMap { Array(one($0).utf8) } }
    switch roll(10) {
    case 1: return Array("<message to='\(victim)'><body>\(String(repeating: "y", count: 1 << (10 + roll(9))))</body></message>".utf8)
    case 2: return Array("<message to='\(victim)'><body>&nothing;</body></message>".utf8)
    case 3: return Array("<presence><show></presence>".utf8)
    case 4: return many(300) { "<message to='\(victim)' id='f\($0)' type='chat'><body>flood</body></message>" }
    case 5: return many(100) { "<presence to='p\($0)@localhost/x'/>" }
    case 6: return many(60) { "<iq type='set' id='r\($0)'><query xmlns='jabber:iq:roster'><item jid='c\($0)@localhost'/></query></iq>" }
    case 7: return many(100) { "<presence to='tea@conference.localhost/r\($0)'><x xmlns='http://jabber.org/protocol/muc'/></presence>" }
    case 8: return many(60) { "<iq type='set' id='b\($0)'><block xmlns='urn:xmpp:blocking'><item jid='c\($0)@localhost'/></block></iq>" }
    case 9: return many(300) { "<iq type='get' id='p\($0)'><ping xmlns='urn:xmpp:ping'/></iq>" }
    default: return Array("<iq type='get' id='v'><query xmlns='jabber:iq:version'/></iq>".utf8)
    }
  }
}
