internal import ServerCore
internal import XML
internal import XMPP

// Logging in, by those who get it wrong in every state (RFC 6120, 6 and 7; RFC 4616; RFC 5802), and registering (XEP-0077, 3.1).

extension HostileClient {
  /// A stream from its header, over TLS: some attempts, then perhaps the right password and a resource.
  static func login(_ roll: (Int) -> Int) -> String {
    var text = open
    for _ in 0..<roll(6) { text += roll(3) == 2 ? registration(roll) : attempt(roll) }
    guard roll(3) > 0 else { return text }
    text += auth("PLAIN", [roll(4) == 3 ? "mallory@localhost" : "", "mallory", "pw"].joined(separator: "\0"))
    if roll(5) == 4 { return text + open.replacing("to='localhost'", with: "to='elsewhere.example'") }
    text += open.replacing(" to=", with: roll(2) == 1 ? " xml:lang='de' to=" : " to=")
    for _ in 0..<roll(4) { text += binding(roll) }
    return text + ActionContext.pick(["", "<presence/>", "<message><body>note</body></message>", "</stream:stream>"], roll)
  }

  private static func element(_ name: String, _ attributes: String, _ text: String) -> String {
    "<\(name) xmlns='urn:ietf:params:xml:ns:xmpp-sasl'\(attributes)>\(text)</\(name)>"
  }
  private static func auth(_ mechanism: String, _ message: String) -> String {
    element("auth", " mechanism='\(mechanism)'", Base64.encode(Array(message.utf8)).string)
  }
  private static func response(_ message: String) -> String { element("response", "", Base64.encode(Array(message.utf8)).string) }

  /// One that fails, or that is broken off.
  private static func attempt(_ roll: (Int) -> Int) -> String {
    let scram = ActionContext.pick(["SCRAM-SHA-256", "SCRAM-SHA-1"], roll)
    let first = auth(scram, "n,,n=mallory,r=abc")
    switch roll(24) {
    case 1: return auth("PLAIN", "\0mallory\0wrong")
    case 2: return auth("PLAIN", "\0nobody\0pw")
    case 3: return auth("PLAIN", "user0@localhost\0mallory\0pw")
    case 4: return auth("PLAIN", "mallory\0pw")
    case 5: return auth("PLAIN", "\0a@b&c\0pw")
    case 6: return element("auth", " mechanism='PLAIN'", "")
    case 7: return element("auth", " mechanism='PLAIN'", "=")
    case 8: return element("auth", " mechanism='PLAIN'", "not base64")
    case 9: return auth("SCRAM-SHA-256-PLUS", "p=tls-server-end-point,,n=mallory,r=abc")
    case 10: return element("auth", "", "AA==")
    case 11: return auth(scram, "p=tls-server-end-point,,n=mallory,r=abc")
    case 12: return auth(scram, "y,,n=mallory,r=abc") + response("c=eSws,r=abc,p=AAAA")
    case 13: return auth(scram, "n,a=\(ActionContext.pick(["user0", "mallory"], roll))@localhost,n=mallory,r=abc")
    case 14:
      return auth(
        scram, ActionContext.pick(["", "n,,", "n,,n=mal=lory,r=abc", "n,,m=ext,n=mallory,r=abc", "n,,n=mallory,r="], roll))
    case 15: return first + element("abort", "", "")
    case 16: return first + response(ActionContext.pick(["", "c=biws", "c=biws,r=abc", "m=x,c=biws,r=abc,p=AAAA"], roll))
    case 17: return first + response("c=eSws,r=abc,p=AAAA")
    case 18: return first + response("c=biws,r=abc,p=AAAA")
    case 19: return first + element("response", "", "not base64")
    case 20: return first + first
    case 21: return element("auth", " mechanism='PLAIN'", "") + response("\0mallory\0wrong")
    case 22: return element("auth", " mechanism='PLAIN'", "") + element("abort", "", "")
    case 23: return response("late")
    default: return first
    }
  }

  private static func registration(_ roll: (Int) -> Int) -> String {
    func set(_ name: String, _ password: String) -> String {
      "<iq type='set' id='reg'><query xmlns='jabber:iq:register'><username>\(name)</username><password>\(password)</password></query></iq>"
    }
    switch roll(11) {
    case 7: return "<iq type='result' id='reg'><query xmlns='jabber:iq:register'/></iq>"
    case 8: return "<iq type='set' id='reg'><query xmlns='jabber:iq:register'/><query xmlns='jabber:iq:register'/></iq>"
    case 9: return "<iq type='set' id='reg'><query xmlns='jabber:iq:register'><remove/></query></iq>"
    case 10: return "<iq type='get' id='reg' to='elsewhere.example'><query xmlns='jabber:iq:register'/></iq>"
    case 1: return set("mallory\(roll(100))", "pw")
    // Names that others have, or had: "spare" is the account that operators delete most.
    case 2: return set(ActionContext.pick(["user0", "spare"], roll), "pw")
    case 3: return set("", "pw") + set("mallory9", "")
    case 4: return set("a b", "pw") + set("x@y", "pw")
    case 5: return "<iq type='set'><query xmlns='jabber:iq:register'/></iq>"
    case 6: return set("mallory\(roll(100))", "pw") + "</stream:stream>"
    default: return "<iq type='get' id='reg'><query xmlns='jabber:iq:register'/></iq>"
    }
  }

  /// RFC 6120, 7.6 and 7.7.
  static func binding(_ roll: (Int) -> Int) -> String {
    func bind(_ resource: String) -> String {
      "<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'>\(resource)</bind></iq>"
    }
    switch roll(11) {
    case 7: return "<iq type='get' id='p' to='user0@localhost'><ping xmlns='urn:xmpp:ping'/></iq>"
    case 8:
      return
        "<iq type='get' id='p' to='\(ActionContext.pick(["localhost", "mallory@localhost"], roll))'><ping xmlns='urn:xmpp:ping'/></iq>"
    case 9: return "<iq type='result' id='p'/>"
    case 10: return "<iq type='get' id='p'/>"
    case 1: return bind("<resource>d0</resource>")
    case 2: return bind("<resource>two\u{3000}words</resource>")
    case 3: return bind("<resource>\(String(repeating: "r", count: 1100))</resource>")
    case 4: return "<iq type='get' id='p'><ping xmlns='urn:xmpp:ping'/></iq>"
    case 5: return "<presence/>"
    case 6: return bind("<resource>d1</resource>")
    default: return bind("")
    }
  }
}
