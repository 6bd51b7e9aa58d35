internal import XML
internal import XMPP

extension HostileClient {
  private static let floods = SimulatedFeature.all.compactMap(\.flood)

  /// Bytes of a session: floods, giants, what is not XML, and what ends streams.
  static func hostileStanza(_ roll: (Int) -> Int) -> [UInt8] {
    let victim = "user\(roll(3))@localhost"
    func many(_ most: Int, _ one: (Int) -> String) -> [UInt8] { (0..<(1 + roll(most))).flatMap { Array(one($0).utf8) } }
    switch roll(20) {
    case 1: return Array("<message to='\(victim)'><body>\(String(repeating: "y", count: 1 << (10 + roll(9))))</body></message>".utf8)
    case 2: return Array("<message to='\(victim)'><body>&nothing;</body></message>".utf8)
    case 3: return Array("<presence><show></presence>".utf8)
    case 4: return many(300) { "<message to='\(victim)' id='f\($0)' type='chat'><body>flood</body></message>" }
    case 5: return many(100) { "<presence to='p\($0)@localhost/x'/>" }
    case 6: return many(60) { "<iq type='set' id='r\($0)'><query xmlns='jabber:iq:roster'><item jid='c\($0)@localhost'/></query></iq>" }
    case 7:
      let room = roll(4) == 3 ? "tea" : "riot"
      return many(100) { "<presence to='\(room)@conference.localhost/r\($0)'><x xmlns='http://jabber.org/protocol/muc'/></presence>" }
    case 8: return many(60, ActionContext.pick(floods, roll))
    case 9: return many(300) { "<iq type='get' id='p\($0)'><ping xmlns='urn:xmpp:ping'/></iq>" }
    case 10:
      return many(20) {
        "<iq type='get' id='l\($0)' to='conference.localhost'><query xmlns='http://jabber.org/protocol/disco#items'/></iq>"
      }
    case 11:
      // Requests that nobody answers, to somebody in the same room.
      let room = "\(ActionContext.pick(["tea", "riot"], roll))@conference.localhost"
      let nick = ActionContext.pick(["mallory", "user0-d0", "user1-d0"], roll)
      return Array("<presence to='\(room)/mallory'><x xmlns='http://jabber.org/protocol/muc'/></presence>".utf8)
        + many(40) { "<iq type='get' id='s\($0)' to='\(room)/\(nick)'><silence xmlns='urn:example:silence'/></iq>" }
    case 12: return Array("<message from='user0@localhost' to='\(victim)'><body>forged</body></message>".utf8)
    case 13: return Array("<unknown/>".utf8)
    case 14: return Array(ActionContext.pick(["<!-- -->", "<?pi?>", "<a:b/>", "</presence>", open], roll).utf8)
    case 15: return many(60) { "<presence type='subscribe' to='user\($0 % 4)@localhost'/>" }
    case 16: return many(40) { "<message to='\(victim)' id='z\($0)'><body>\(String(repeating: "z", count: 500))</body></message>" }
    case 18, 19: return Array(ForbiddenXML.input(roll).utf8)
    case 17: return Array("<message to='\(victim)'>\(String(repeating: "<a>", count: 70))".utf8)
    default: return Array("<iq type='get' id='v'><query xmlns='jabber:iq:version'/></iq>".utf8)
    }
  }
}
