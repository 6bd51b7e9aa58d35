internal import SASL
internal import XML
internal import XMPP

/// One attempt to log in by somebody who knows the password, or one that is near it, and gets at most one thing wrong.
///
/// Some of what is done is unusual and right all the same. Whether it is, a judge says that knows nothing of this plan.
struct NearMiss: Sendable {
  let mechanism: SASLMechanism
  let account: Text
  let password: Text
  private let nonce: Text
  /// The number of the thing that is done otherwise; 0: none.
  private let kind: Int
  /// Which of several values, bits or places.
  private let variant: Int
  private var first = (header: "", bare: "")

  /// - Parameters:
  ///   - passwords: that the account has or had.
  ///   - nonce: never used twice.
  init(_ account: Text, _ passwords: [Text], nonce: Text, _ roll: (Int) -> Int) {
    mechanism = ActionContext.pick([.scramSHA256, .scramSHA1, .plain], roll)
    self.account = account
    self.nonce = nonce
    // Mostly the last.
    let known = passwords[max(0, roll(2 * passwords.count) - passwords.count)]
    if mechanism == .plain {
      kind = roll(4) == 0 ? 0 : 1 + roll(20)
    } else {
      let place = roll(10)
      kind = place < 2 ? 0 : place < 5 ? 1 + roll(13) : 20 + roll(28)
    }
    password = kind == 0 && roll(2) == 1 ? Self.near(known, roll) : known
    variant = roll(256)
  }

  /// An attempt that gets nothing wrong.
  init(right account: Text, _ password: Text, nonce: Text, _ mechanism: SASLMechanism) {
    (self.mechanism, self.account, self.password, self.nonce) = (mechanism, account, password, nonce)
    (kind, variant) = (0, 0)
  }

  private static func near(_ password: Text, _ roll: (Int) -> Int) -> Text {
    switch roll(7) {
    case 1: password + "x"
    case 2: Text(String(password.string.dropLast()))
    case 3: Text(password.string.uppercased())
    case 4: password + " "
    // Prepared, these are the same (RFC 4013, 2.1 and 2.2).
    case 5: password + "\u{AD}"
    case 6: Text(password.string.replacing(" ", with: "\u{A0}"))
    default: password
    }
  }

  // MARK: Elements

  private static func element(_ name: String, _ text: String, _ attribute: String = "") -> String {
    "<\(name) xmlns='urn:ietf:params:xml:ns:xmpp-sasl'\(attribute)>\(text)</\(name)>"
  }
  private func auth(_ text: String) -> String { Self.element("auth", text, " mechanism='\(mechanism.rawValue)'") }
  private static func response(_ text: String) -> String { element("response", text) }
  static let abort = element("abort", "")
  private static func encode(_ text: String) -> String { Base64.encode(Array(text.utf8)).string }

  /// Base 64 that is not quite right, or is.
  private func spoil(_ text: String) -> String {
    switch variant % 8 {
    case 1: text + "="
    case 2: text + "===="
    case 3: String(text.dropLast())
    case 4: text.replacing("=", with: "")
    case 5: "\n" + text
    case 6: String(text.prefix(4)) + " " + text.dropFirst(4)
    case 7: "-" + text.dropFirst()
    default: String(text.prefix(text.count / 2)) + "=" + text.suffix(text.count - text.count / 2)
    }
  }

  /// The names of the account that are written otherwise.
  private var respelled: String {
    switch variant % 5 {
    case 1: account.string.uppercased()
    // A fullwidth letter is the narrow one (RFC 8265, 3.3).
    case 2: String(account.string.dropLast()) + account.string.suffix(1).replacing("y", with: "\u{FF59}")
    case 3: account.string + "@localhost"
    case 4: account.string + "x"
    default: account.string.prefix(1).uppercased() + account.string.dropFirst()
    }
  }

  /// Of the account itself, and others that are near.
  private var authorization: String {
    let choices = [
      "\(account)@localhost", "\(account)@LOCALHOST", "user0@localhost", "user1@localhost", "\(account)@localhost/r", "\(account)",
      "localhost", "\(account)x@localhost", "mallory@localhost", "@localhost",
    ]
    return choices[variant % choices.count]
  }

  // MARK: The first message

  /// The message that opens the exchange.
  mutating func begin() -> String {
    if mechanism == .plain { return plain() }
    var (flag, authzid, name, nonce, before, behind) = ("n", "", account.string, nonce.string, "", "")
    switch kind {
    case 1: flag = ["y", "p=tls-server-end-point", "N", "", "nn", "p"][variant % 6]
    case 2, 3: authzid = "a=" + authorization
    case 4: authzid = ["a=", "b=\(account)@localhost", "\(account)@localhost", "a=mal=lory@localhost"][variant % 4]
    case 5, 6: name = respelled
    case 7: name += ["=2c", "=", "=3", "=2C", "=3D", "\0"][variant % 6]
    case 8: before = "m=ext,"
    case 9: behind = [",x=y", ",y=1,z=2"][variant % 2]
    case 10: nonce = ["", "a b", "caf\u{E9}"][variant % 3]
    case 11: name = ""
    default: break
    }
    first = (flag + "," + authzid + ",", before + "n=" + name + ",r=" + nonce + behind)
    let message = Self.encode(first.header + first.bare)
    if kind == 12 { return auth("") + Self.response(message) }
    return auth(kind == 13 ? spoil(message) : message)
  }

  private func plain() -> String {
    var (authzid, name, password, end) = ("", account.string, password.string, "")
    switch kind {
    case 1, 2, 3: authzid = authorization
    case 4, 5, 6: name = respelled
    case 7: password += "\0" + password
    case 8: end = "\0"
    case 9: return auth(Self.encode(name + "\0" + password))
    case 10: name = ""
    case 11: password = ""
    case 12: return auth("") + Self.response(Self.encode("\0" + name + "\0" + password))
    case 13, 14: return auth(spoil(Self.encode("\0" + name + "\0" + password)))
    case 15: return auth("=") + auth("=")
    case 16: return auth("") + NearMiss.abort
    case 17: return auth("") + auth(Self.encode("\0" + name + "\0" + password))
    case 18: return auth("") + Self.response("=")
    case 19: return auth(Self.encode("\0" + password + "\0" + name))
    case 20: return Self.response(Self.encode("\0" + name + "\0" + password))
    default: break
    }
    return auth(Self.encode(authzid + "\0" + name + "\0" + password + end))
  }

  // MARK: The final message

  /// The answer to a challenge, and what belongs behind it.
  ///
  /// - Parameter replay: a final message that succeeded or failed before.
  func answer(_ challenge: [UInt8], replay: String?) -> String {
    guard let server = SASLGrammar.Challenge(challenge) else { return Self.abort }
    var nonce = String(decoding: server.nonce, as: UTF8.self)
    var binding = Self.encode(first.header)
    var (before, behind) = ("", "")
    switch kind {
    case 20: binding = Self.encode(["y,,", "n,,x", "n,a=\(account)@localhost,", "", "n,"][variant % 5])
    case 21: nonce.removeLast()
    case 22: nonce += "x"
    case 23: nonce = self.nonce.string
    case 24: nonce = String(nonce.dropLast()) + (nonce.hasSuffix("A") ? "B" : "A")
    case 25: nonce = ["", "x" + nonce.dropFirst()][variant % 2]
    case 26: before = ",x=y"
    case 27: before = ",m=x"
    case 28: behind = ",x=y"
    case 29: return Self.abort
    case 30: return begun
    case 31: return Self.response(["", "=", "AA=="][variant % 3])
    case 32: if let replay { return replay }
    default: break
    }
    let withoutProof = kind == 33 ? "r=\(nonce),c=\(binding)" : "c=\(binding),r=\(nonce)\(before)"
    let message = first.bare + "," + String(decoding: challenge, as: UTF8.self) + "," + withoutProof
    let proof = self.proof(server, Array(message.utf8))
    let text = Base64.encode(proof).string
    let end = kind == 34 ? "" : ",p=" + (kind == 35 ? spoil(text) : text)
    let final = Self.encode(withoutProof + end + behind)
    return Self.response(kind == 36 ? spoil(final) : final)
  }

  /// The same exchange begun once more.
  private var begun: String { auth(Self.encode(first.header + first.bare)) }

  private func proof(_ server: SASLGrammar.Challenge, _ message: [UInt8]) -> [UInt8] {
    var hash: ScramHash = mechanism == .scramSHA1 ? .sha1 : .sha256
    if kind == 37 { hash = hash == .sha1 ? .sha256 : .sha1 }
    let prepared = Array((Precis.saslPrep(password) ?? password).utf8)
    let salted = Scram.saltedPassword(hash, password: prepared, salt: server.salt, rounds: kind == 38 ? server.rounds + 1 : server.rounds)
    let clientKey = Scram.hmac(hash, key: salted, Array("Client Key".utf8))
    let storedKey = Scram.digest(hash, clientKey)
    var proof = zip(clientKey, Scram.hmac(hash, key: storedKey, message)).map { $0 ^ $1 }
    switch kind {
    case 39, 40, 41: proof[variant / 8 % proof.count] ^= 1 << UInt8(variant % 8)
    case 42: proof.removeLast(1 + variant % proof.count)
    case 43: proof.append(0)
    case 44: proof = []
    case 45: proof = [UInt8](repeating: 0, count: proof.count)
    // The keys that a thief of the server's disk has, and what the server itself proves.
    case 46: proof = [storedKey, Scram.hmac(hash, key: storedKey, message), clientKey][variant % 3]
    case 47: proof = Scram.hmac(hash, key: Scram.hmac(hash, key: salted, Array("Server Key".utf8)), message)
    default: break
    }
    return proof
  }
}
