internal import ServerCore
internal import XML
internal import XMPP

/// Streams with a secret wherever one may stand, made of bytes, and a search for it in what is recorded of them.
///
/// The rules for what a recording may hold are stated here a second time, independently of the recorder: an element or attribute is drawn
/// together with whether the recorder may show it.
struct PlantedSecrets {
  /// Nothing else in a stream is like it, nor like its base 64.
  static let secret = "Zq7Kx0Wv9Jy4"
  /// Pieces of it that tell something.
  private static let traces = ["Zq7Kx", "Kx0Wv", "0Wv9J", "v9Jy4"]

  private var bytes: ArraySlice<UInt8>
  /// The texts of messages are kept.
  let keepsText: Bool
  private(set) var planted = 0

  init(_ bytes: ArraySlice<UInt8>) {
    self.bytes = bytes
    keepsText = (bytes.first ?? 0) & 1 == 1
  }

  private mutating func roll(_ bound: Int) -> Int { Int(bytes.popFirst() ?? 0) % bound }
  private mutating func pick<Item>(_ items: [Item]) -> Item { items[roll(items.count)] }

  /// A stream's header and some stanzas, of which the server takes what comes before a login. Short: all of it must fit into the limits.
  mutating func stream() -> [UInt8] {
    var text = "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' to='localhost' version='1.0'>"
    while !bytes.isEmpty, text.utf8.count < 4000 { text += roll(4) == 0 ? login() : stanza() }
    return Array(text.utf8)
  }

  // MARK: Elements

  /// Those that have texts or attributes which stay where they are expected, and those that are known nowhere.
  private static let listed = [
    "message", "presence", "iq", "query", "x", "item", "field", "error", "bind", "block", "invite", "destroy", "history", "delay", "show",
    "priority", "resource", "username", "group",
  ]
  private static let unknown = ["preauth", "token", "p:key", "invitation", "authenticate", "initial-response", "uri", "vCard", "y"]
  private static let texts = ["body", "subject", "status", "reason", "thread", "nick"]
  /// Attributes that stay somewhere, and ones that stay nowhere.
  private static let shownAttributes = [
    "to", "from", "id", "type", "jid", "node", "nick", "affiliation", "role", "subscription", "ask", "code", "var", "by", "seconds",
    "since",
    "maxchars", "maxstanzas", "stamp", "mechanism", "version",
  ]
  private static let otherAttributes = ["token", "password", "p:to", "value", "xmpp:id", "To", "label", "uri", "hash", "k"]

  private mutating func stanza() -> String {
    let name = pick(["message", "presence", "iq"])
    return "<\(name) id='1' type='set'\(attribute())>" + (0..<1 + roll(3)).map { _ in element(depth: 1, isKnown: true) }.joined()
      + "</\(name)>"
  }

  /// - Parameter isKnown: the recorder may know what this stands in, and so show something of it.
  private mutating func element(depth: Int, isKnown: Bool) -> String {
    switch roll(6) {
    case 0: return form()
    case 1 where !keepsText: return enclosed(PlantedSecrets.texts, depth, isKnown: false)
    case 2: return "<password\(attribute())>\(text())</password>"
    case 3, 4: return enclosed(PlantedSecrets.listed, depth, isKnown: isKnown)
    default: return enclosed(PlantedSecrets.unknown, depth, isKnown: false)
    }
  }

  private mutating func enclosed(_ names: [String], _ depth: Int, isKnown: Bool) -> String {
    let name = pick(names)
    let space = name.hasPrefix("p:") ? " xmlns:p='urn:p'" : ""
    // Inside of what nobody knows an attribute's name says nothing.
    let attributes = isKnown ? attribute() : attribute() + shownAttribute()
    let staysText = ["show", "priority", "resource", "username"].contains(name) || (keepsText && name == "group")
    var inside = isKnown && staysText ? "" : text()
    if depth < 6, roll(3) > 0 { inside += element(depth: depth + 1, isKnown: isKnown) }
    return "<\(name)\(space)\(attributes)>\(inside)</\(name)>"
  }

  /// The variable of one field in three is one whose values the server reads, with no secret in them.
  private mutating func form() -> String {
    let variable = pick(["password", "token", "uri", "muc#roomconfig_roomsecret", "muc#roomconfig_who&#105;s", "captcha", "FORM_TYPE2", ""])
    let name = pick(["var", "other"])
    let attributes = pick([
      " \(name)='\(variable)'", " \(name) = \"\(variable)\" type='text-private'", " type='hidden' \(name)\n=\t'\(variable)'",
    ])
    let known = "<field var='FORM_TYPE'><value>jabber:iq:register</value></field>"
    return
      "<query xmlns='jabber:iq:register'><x xmlns='jabber:x:data' type='submit'>\(roll(3) == 0 ? known : "")<field\(attributes)\(attribute())>"
      + "<value\(shownAttribute())>\(text())</value></field></x></query>"
  }

  // MARK: Places

  /// In words that XML reads as the secret.
  private mutating func spelled() -> String {
    planted += 1
    let secret = PlantedSecrets.secret
    switch roll(5) {
    case 0: return secret.unicodeScalars.map { "&#\($0.value);" }.joined()
    case 1: return secret.unicodeScalars.map { "&#x\(String($0.value, radix: 16));" }.joined()
    case 2: return secret.unicodeScalars.enumerated().map { $0.offset % 2 == 0 ? "\($0.element)" : "&#0\($0.element.value);" }.joined()
    default: return secret
    }
  }

  private mutating func text() -> String {
    switch roll(6) {
    case 0: return ""
    case 1:
      planted += 1
      return "<![CDATA[\(PlantedSecrets.secret)]]>"
    case 2:
      planted += 1
      return " &lt;\(PlantedSecrets.secret)&\(PlantedSecrets.secret);"
    default: return spelled()
    }
  }

  private mutating func attribute() -> String { roll(2) == 0 ? "" : attribute(pick(PlantedSecrets.otherAttributes)) }
  private mutating func shownAttribute() -> String { roll(2) == 0 ? "" : attribute(pick(PlantedSecrets.shownAttributes)) }

  private mutating func attribute(_ name: String) -> String {
    let quote = pick(["'", "\""])
    switch roll(8) {
    // Neither is well-formed.
    case 0:
      planted += 1
      return " \(name)=\(PlantedSecrets.secret)"
    case 1:
      planted += 1
      return " =\(quote)\(PlantedSecrets.secret)\(quote)"
    default: return " \(name)\(pick(["=", " = ", "=\n"]))\(quote)\(spelled())\(quote)"
    }
  }

  /// Messages of SASL, of which a name and a nonce may stay.
  private mutating func login() -> String {
    planted += 1
    let secret = PlantedSecrets.secret
    let messages = [
      "\0romeo\0\(secret)", "n,,n=romeo,r=nonce,t=\(secret)", "n,a=romeo,\u{1}auth=Bearer \(secret)\u{1}\u{1}", secret,
      "c=\(secret),r=\(secret),p=AAAA",
      "c=biws,r=nonce,x=\(secret),p=\(Base64.encode(Array(secret.utf8)).string)",
    ]
    let message = roll(6) == 0 ? secret : Base64.encode(Array(pick(messages).utf8)).string
    let mechanism = pick(["PLAIN", "SCRAM-SHA-1", "OAUTHBEARER"])
    return roll(2) == 0
      ? "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='\(mechanism)'\(attribute())>\(message)</auth>"
      : "<response xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>\(message)</response>"
  }

  // MARK: Searching

  /// The piece of the secret that is in the bytes, as they are, with references read, or in base 64; `nil` if there is none.
  static func trace(in bytes: [UInt8]) -> String? {
    let text = String(decoding: bytes, as: Unicode.ASCII.self)
    let readings = [bytes, withReferencesRead(bytes)]
    for trace in traces {
      let wanted = Array(trace.utf8)
      // Wherever in a group of three bytes it begins, these letters are the same.
      let encoded = (0..<3).map { skipped in Array(Base64.encode(Array(secret.utf8.dropFirst(skipped))).utf8.prefix(8)) }
      for reading in readings where contains(reading, wanted) { return "\(trace) in \(text)" }
      for encoding in encoded where contains(bytes, encoding) { return "base 64 of the secret in \(text)" }
    }
    return nil
  }

  private static func contains(_ bytes: [UInt8], _ wanted: [UInt8]) -> Bool {
    guard let first = wanted.first, bytes.count >= wanted.count else { return false }
    for start in 0...(bytes.count - wanted.count) where bytes[start] == first && bytes[start..<start + wanted.count].elementsEqual(wanted) {
      return true
    }
    return false
  }

  /// Numbers of characters in the place of which the characters stand; names stay.
  private static func withReferencesRead(_ bytes: [UInt8]) -> [UInt8] {
    var out: [UInt8] = []
    var index = 0
    while index < bytes.count {
      if bytes[index] == UInt8(ascii: "&"), let end = bytes[index...].prefix(12).firstIndex(of: UInt8(ascii: ";")) {
        let name = String(decoding: bytes[(index + 1)..<end], as: UTF8.self)
        let number = name.hasPrefix("#x") ? UInt8(name.dropFirst(2), radix: 16) : name.hasPrefix("#") ? UInt8(name.dropFirst()) : nil
        if let number {
          out.append(number)
          index = end + 1
          continue
        }
      }
      out.append(bytes[index])
      index += 1
    }
    return out
  }
}
