internal import Crypto
public import XML
internal import XMPP

/// The functions of RFC 5802 that both halves need.
public enum Scram {
  public static func hmac(_ hash: ScramHash, key: [UInt8], _ message: [UInt8]) -> [UInt8] {
    switch hash {
    case .sha1: hmac(Insecure.SHA1.self, key: key, message)
    case .sha256: hmac(SHA256.self, key: key, message)
    }
  }

  public static func digest(_ hash: ScramHash, _ message: [UInt8]) -> [UInt8] {
    switch hash {
    case .sha1: digest(Insecure.SHA1.self, message)
    case .sha256: digest(SHA256.self, message)
    }
  }

  private static func hmac<H: HashFunction>(_: H.Type, key: [UInt8], _ message: [UInt8]) -> [UInt8] {
    bytes(HMAC<H>.authenticationCode(for: message, using: SymmetricKey(data: key)))
  }

  private static func digest<H: HashFunction>(_: H.Type, _ message: [UInt8]) -> [UInt8] { bytes(H.hash(data: message)) }

  /// The same as `Array(digest)`, which takes longer than the hash of something short.
  private static func bytes(_ digest: some Sequence<UInt8>) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(SHA256.byteCount)
    for byte in digest { bytes.append(byte) }
    return bytes
  }

  // MARK: Keys

  /// `Hi()`, that is PBKDF2 with one block. Meant for few rounds: where there are many, use a library made for it.
  ///
  /// - Parameter rounds: the iteration count; less than 1 counts as 1.
  public static func saltedPassword(_ hash: ScramHash, password: [UInt8], salt: [UInt8], rounds: Int) -> [UInt8] {
    var block = hmac(hash, key: password, salt + [0, 0, 0, 1])
    var result = block
    for _ in 1..<max(rounds, 1) {
      block = hmac(hash, key: password, block)
      for i in result.indices { result[i] ^= block[i] }
    }
    return result
  }

  /// `ClientKey` of RFC 5802, section 3.
  static func clientKey(_ hash: ScramHash, saltedPassword: [UInt8]) -> [UInt8] {
    hmac(hash, key: saltedPassword, Array("Client Key".utf8))
  }

  /// `ServerKey` of RFC 5802, section 3.
  static func serverKey(_ hash: ScramHash, saltedPassword: [UInt8]) -> [UInt8] {
    hmac(hash, key: saltedPassword, Array("Server Key".utf8))
  }

  /// The keys that a server keeps of a password (RFC 5802, section 3).
  public static func credentials(_ hash: ScramHash, saltedPassword: [UInt8], salt: [UInt8], rounds: Int) -> ScramCredentials {
    ScramCredentials(
      hash: hash, salt: salt, rounds: rounds,
      storedKey: digest(hash, clientKey(hash, saltedPassword: saltedPassword)),
      serverKey: serverKey(hash, saltedPassword: saltedPassword))
  }

  /// Does what a request for derivation asks, in this very thread.
  public static func derive(_ request: DerivationRequest) -> [ScramCredentials] {
    request.hashes.indices.map { i in
      let salted = request.password.withBytes {
        saltedPassword(request.hashes[i], password: $0, salt: request.salts[i], rounds: request.rounds[i])
      }
      return credentials(request.hashes[i], saltedPassword: salted, salt: request.salts[i], rounds: request.rounds[i])
    }
  }

  /// Credentials for a name that has none with this hash: the salt of a name is always the same, and no password fits.
  ///
  /// - Parameters:
  ///   - name: as the account would be named.
  ///   - secret: a key of the server that nobody else knows: who knows it can tell these salts from others.
  ///   - rounds: the iteration count that the name shows.
  public static func decoy(_ hash: ScramHash, name: Text, secret: [UInt8], rounds: Int) -> ScramCredentials {
    let code = hmac(.sha256, key: secret, Array("salt ".utf8) + hash.rawValue.utf8 + " ".utf8 + name.utf8)
    // Nobody can know the part that is not shown, still less what hashes to it.
    let rest = hash == .sha1 ? Insecure.SHA1.byteCount - 16 : SHA256.byteCount - 16
    let key = Array(code[16...]) + [UInt8](repeating: 0, count: rest)
    return ScramCredentials(hash: hash, salt: Array(code[..<16]), rounds: rounds, storedKey: key, serverKey: key)
  }

  // MARK: Proofs

  /// `AuthMessage` (RFC 5802, section 3): the bytes that both proofs sign.
  package static func authMessage(clientFirstBare: Text, serverFirst: Text, clientFinalWithoutProof: Text) -> [UInt8] {
    var message: [UInt8] = []
    message.reserveCapacity(clientFirstBare.count + serverFirst.count + clientFinalWithoutProof.count + 2)
    message += clientFirstBare.utf8
    message.append(UInt8(ascii: ","))
    message += serverFirst.utf8
    message.append(UInt8(ascii: ","))
    message += clientFinalWithoutProof.utf8
    return message
  }

  // MARK: Messages

  /// `a=b,c=d` in order. A field without an equals sign is a value without a key, since each attribute has one (RFC 5802, section 7, `attr-val`).
  public static func fields(_ message: Text) -> [(key: Text, value: Text)] {
    let bytes = message.utf8.span
    // Texts are cut at ASCII letters, so that none has to be checked.
    func cut(_ start: Int, _ end: Int) -> Text {
      let utf8 = message.utf8
      let from = utf8.index(utf8.startIndex, offsetBy: start)
      return Text(message.string[from..<utf8.index(from, offsetBy: end - start)])
    }
    var fields: [(key: Text, value: Text)] = []
    var start = 0
    while true {
      var equals: Int?
      var end = start
      while end < bytes.count, bytes[end] != UInt8(ascii: ",") {
        if equals == nil, bytes[end] == UInt8(ascii: "=") { equals = end }
        end += 1
      }
      fields.append((cut(start, equals ?? start), cut(equals.map { $0 + 1 } ?? start, end)))
      guard end < bytes.count else { return fields }
      start = end + 1
    }
  }

  /// `posit-number` (RFC 5802, section 7): digits, of which the first is not 0. `nil` also for one that 64 bits can't express.
  static func positiveNumber(_ text: Text) -> Int? {
    guard text.utf8.allSatisfy({ (0x30...0x39).contains($0) }), text.utf8.first != UInt8(ascii: "0") else { return nil }
    return Int(text.string)
  }

  /// Whether it can be a nonce (RFC 5802, section 7): printable ASCII without commas, and at least one character.
  static func isNonce(_ text: Text) -> Bool {
    !text.isEmpty && text.utf8.allSatisfy { (0x21...0x7E).contains($0) && $0 != UInt8(ascii: ",") }
  }

  /// A name with `=2C` for a comma and `=3D` for an equals sign (RFC 5802, 5.1).
  static func escape(_ name: Text) -> Text {
    var out: [UInt8] = []
    out.reserveCapacity(name.count)
    for byte in name.utf8 {
      switch byte {
      case UInt8(ascii: ","): out += "=2C".utf8
      case UInt8(ascii: "="): out += "=3D".utf8
      default: out.append(byte)
      }
    }
    return Text(utf8: out)
  }

  /// Undoes `escape`. `nil` if an equals sign stands in a name otherwise (RFC 5802, 5.1).
  static func unescape(_ name: Substring.UTF8View) -> Text? {
    var out: [UInt8] = []
    var rest = name
    while let byte = rest.popFirst() {
      guard byte == UInt8(ascii: "=") else {
        out.append(byte)
        continue
      }
      if rest.starts(with: "2C".utf8) {
        out.append(UInt8(ascii: ","))
      } else if rest.starts(with: "3D".utf8) {
        out.append(UInt8(ascii: "="))
      } else {
        return nil
      }
      rest = rest.dropFirst(2)
    }
    return Text(utf8: out)
  }
}
