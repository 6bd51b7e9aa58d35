internal import Crypto
public import XML
internal import XMPP

/// The server's half of SCRAM (RFC 5802, RFC 7677), without channel binding.
struct ScramExchange: Sendable, Codable {
  let hash: ScramHash
  /// `client-first-message-bare`, server-first, and the GS2 header: what the proof signs.
  private var clientFirstBare: Text
  private let gs2Header: Text
  private let clientNonce: Text
  let username: Text
  /// Empty if the client asked for none.
  let authorization: Text
  private var serverFirst: Text = ""
  private var nonce: Text = ""
  private var credentials: ScramCredentials?

  enum Failure: Error { case malformedFirst, bindingUnsupported, malformedFinal, bindingChanged, nonceChanged, proofWrong }

  /// Reads the client's first message.
  init(hash: ScramHash, clientFirst: Text) throws(Failure) {
    self.hash = hash
    // RFC 5802, 7: no value holds one, and so no message of PLAIN can be taken for one of SCRAM.
    guard !clientFirst.utf8.contains(0) else { throw .malformedFirst }
    let parts = clientFirst.string.utf8.split(separator: UInt8(ascii: ","), maxSplits: 2, omittingEmptySubsequences: false)
    guard parts.count == 3, let flag = parts[0].first else { throw .malformedFirst }
    switch flag {
    case UInt8(ascii: "p"): throw .bindingUnsupported
    case UInt8(ascii: "n"), UInt8(ascii: "y"): guard parts[0].count == 1 else { throw .malformedFirst }
    default: throw .malformedFirst
    }
    gs2Header = Text(utf8: parts[0]) + "," + Text(utf8: parts[1]) + ","
    clientFirstBare = Text(utf8: parts[2])
    if parts[1].isEmpty {
      authorization = ""
    } else {
      guard parts[1].starts(with: "a=".utf8), let name = Scram.unescape(parts[1].dropFirst(2)) else { throw .malformedFirst }
      authorization = name
    }
    let fields = Scram.fields(clientFirstBare)
    // An extension that we don't know (`m=`) would come first (RFC 5802, 5.1).
    guard fields.count >= 2, fields[0].key == "n", fields[1].key == "r", let name = Scram.unescape(fields[0].value.utf8[...]),
      !name.isEmpty, !fields[1].value.isEmpty, fields[1].value.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
    else { throw .malformedFirst }
    username = name
    clientNonce = fields[1].value
  }

  /// The server's first message, from the account's credentials or from ones that no password fits.
  mutating func challenge(_ credentials: ScramCredentials, serverNonce: Text) -> Text {
    self.credentials = credentials
    nonce = clientNonce + serverNonce
    serverFirst = Text("r=" + nonce.string + ",s=" + Base64.encode(credentials.salt).string + ",i=" + String(credentials.rounds))
    return serverFirst
  }

  /// Checks the client's final message. Returns the server's.
  func verify(clientFinal: Text) throws(Failure) -> Text {
    let fields = Scram.fields(clientFinal)
    guard let credentials, let proofField = fields.last, proofField.key == "p", fields.count >= 3, fields[0].key == "c",
      fields[1].key == "r",
      let binding = Base64.decode(fields[0].value), let proof = Base64.decode(proofField.value)
    else { throw .malformedFinal }
    guard Text(utf8: binding) == gs2Header else { throw .bindingChanged }
    guard fields[1].value == nonce else { throw .nonceChanged }
    let message = signed(Text(utf8: clientFinal.utf8.dropLast(proofField.value.count + 3)))
    let signature = Scram.hmac(hash, key: credentials.storedKey, message)
    guard proof.count == signature.count else { throw .proofWrong }
    let clientKey = zip(proof, signature).map { $0 ^ $1 }
    guard Secret(Scram.digest(hash, clientKey)).matches(credentials.storedKey) else { throw .proofWrong }
    return "v=" + Base64.encode(Scram.hmac(hash, key: credentials.serverKey, message))
  }

  /// What both proofs are about (RFC 5802, 3: `AuthMessage`).
  private func signed(_ withoutProof: Text) -> [UInt8] {
    var message: [UInt8] = []
    message.reserveCapacity(clientFirstBare.count + serverFirst.count + withoutProof.count + 2)
    message += clientFirstBare.utf8
    message.append(UInt8(ascii: ","))
    message += serverFirst.utf8
    message.append(UInt8(ascii: ","))
    message += withoutProof.utf8
    return message
  }
}

// MARK: - For recordings

extension ScramExchange {
  /// The client's first message with nothing in it but a name and a nonce: what an extension says (RFC 5802, 5.1) may be anything.
  static func redactedFirst(_ message: Text) -> Text {
    let parts = message.utf8.split(separator: UInt8(ascii: ","), maxSplits: 2, omittingEmptySubsequences: false)
    guard parts.count == 3 else { return message }
    return Text(utf8: parts[0]) + "," + Text(utf8: parts[1]) + "," + redactedBare(Text(utf8: parts[2]))
  }

  private static func redactedBare(_ bare: Text) -> Text {
    redacted(bare) { index, _ in index < 2 }
  }

  /// The fields with stand-ins, as long, for those that do not stay.
  private static func redacted(_ message: Text, stays: (Int, ArraySlice<UInt8>) -> Bool) -> Text {
    let fields = Array(message.utf8).split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false)
    let redacted = fields.enumerated().map { stays($0.offset, $0.element) ? Array($0.element) : masked($0.element) }
    return Text(utf8: Array(redacted.joined(separator: [UInt8(ascii: ",")])))
  }

  private static func masked(_ field: ArraySlice<UInt8>) -> [UInt8] {
    var mask = TextMask()
    return field.map { mask.maskRead($0) }
  }

  /// As a snapshot has it: with the client's first message as the stream's recording has it.
  var redacted: ScramExchange {
    var copy = self
    copy.clientFirstBare = ScramExchange.redactedBare(clientFirstBare)
    return copy
  }

  /// The client's final message as a client would send it whose keys are the stand-ins: with a right proof for a right one, and with a wrong
  /// one of the same length for any other.
  func final(_ clientFinal: Text, with pseudonyms: Pseudonyms) -> Text {
    guard let credentials, let (withoutProof, proof) = ScramExchange.split(clientFinal) else { return clientFinal }
    var pseudonym = pseudonyms.bytes(proof.count, for: "proof", proof)
    let said = redactedFinal(withoutProof)
    if (try? verify(clientFinal: clientFinal)) != nil {
      let signature = Scram.hmac(hash, key: pseudonyms.credentials(credentials).storedKey, redacted.signed(said))
      pseudonym = zip(pseudonyms.clientKey(storedKey: credentials.storedKey), signature).map { $0 ^ $1 }
    }
    return said + ",p=" + Base64.encode(pseudonym)
  }

  /// The channel binding and the nonce stay where they are the right ones, and what is wrong stays wrong in the same way.
  private func redactedFinal(_ withoutProof: Text) -> Text {
    let binding = Array("c=".utf8) + Base64.encode(Array(gs2Header.utf8)).utf8
    let nonce = Array("r=".utf8) + self.nonce.utf8
    var fields = Array(withoutProof.utf8).split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false).map { Array($0) }
    for index in fields.indices where !(index == 0 && fields[0] == binding) && !(index == 1 && fields[1] == nonce) {
      let field = fields[index]
      let value = field.dropFirst(2)
      switch (index, Array(field.prefix(2))) {
      case (0, [0x63, 0x3D]):
        let isDecodable = Base64.decode(Text(utf8: value)) != nil
        let pseudonym: [UInt8] = Base64.decode(Text(utf8: value)).map { Array(Base64.encode($0.map { _ in TextMask.letter }).utf8) } ?? []
        fields[0] = Array("c=".utf8) + (isDecodable ? pseudonym : Pseudonyms.undecodable(Array(value)))
      case (1, [0x72, 0x3D]): fields[1] = Array("r=".utf8) + ScramExchange.masked(value)
      default: fields[index] = ScramExchange.masked(field[...])
      }
    }
    return Text(utf8: Array(fields.joined(separator: [UInt8(ascii: ",")])))
  }

  /// What the proof signs of it, and the proof.
  static func split(_ clientFinal: Text) -> (withoutProof: Text, proof: [UInt8])? {
    guard let field = Scram.fields(clientFinal).last, field.key == "p", let proof = Base64.decode(field.value),
      clientFinal.count >= field.value.count + 3
    else { return nil }
    return (Text(utf8: clientFinal.utf8.dropLast(field.value.count + 3)), proof)
  }
}

/// The functions of RFC 5802 that both sides need.
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

  /// `Hi()`, that is PBKDF2 with one block. Meant for few rounds: where there are many, use a library made for it.
  public static func saltedPassword(_ hash: ScramHash, password: [UInt8], salt: [UInt8], rounds: Int) -> [UInt8] {
    var block = hmac(hash, key: password, salt + [0, 0, 0, 1])
    var result = block
    for _ in 1..<max(rounds, 1) {
      block = hmac(hash, key: password, block)
      for i in result.indices { result[i] ^= block[i] }
    }
    return result
  }

  /// What to keep of a password.
  public static func credentials(_ hash: ScramHash, saltedPassword: [UInt8], salt: [UInt8], rounds: Int) -> ScramCredentials {
    ScramCredentials(
      hash: hash, salt: salt, rounds: rounds,
      storedKey: digest(hash, hmac(hash, key: saltedPassword, Array("Client Key".utf8))),
      serverKey: hmac(hash, key: saltedPassword, Array("Server Key".utf8)))
  }

  /// Does what a `derive` effect asks, in this very thread.
  public static func derive(_ request: DerivationRequest) -> [ScramCredentials] {
    request.hashes.indices.map { i in
      let salted = request.password.withBytes {
        saltedPassword(request.hashes[i], password: $0, salt: request.salts[i], rounds: request.rounds[i])
      }
      return credentials(request.hashes[i], saltedPassword: salted, salt: request.salts[i], rounds: request.rounds[i])
    }
  }

  /// Credentials of a name that has no account, or none with this hash: the salt is always the same, and no password fits.
  ///
  /// Made for names that have one, too, so that both take the same time.
  ///
  /// - Parameters:
  ///   - name: a bare address, or what was given in its place. Names of several domains have salts of their own, as accounts have.
  ///   - account: what there is of the name. All its hashes show the same rounds, as if they had been derived together.
  static func decoy(_ hash: ScramHash, name: Text, account: StoredAccount?, _ configuration: Configuration, at now: Instant)
    -> ScramCredentials
  {
    let code = hmac(.sha256, key: configuration.secret, Array("salt ".utf8) + hash.rawValue.utf8 + " ".utf8 + name.utf8)
    // What is not shown of it nobody can know, still less what hashes to it.
    let rest = hash == .sha1 ? Insecure.SHA1.byteCount - 16 : SHA256.byteCount - 16
    let key = Array(code[16...]) + [UInt8](repeating: 0, count: rest)
    let others = configuration.roundsHistory?.rounds(for: name, at: now.wall) ?? configuration.scramRounds
    let rounds = account?.credentials.first?.rounds ?? others
    return ScramCredentials(hash: hash, salt: Array(code[..<16]), rounds: rounds, storedKey: key, serverKey: key)
  }

  /// `a=b,c=d` in order.
  public static func fields(_ message: Text) -> [(key: Text, value: Text)] {
    let bytes = Array(message.utf8)
    var fields: [(key: Text, value: Text)] = []
    var start = 0
    while true {
      var equals: Int?
      var end = start
      while end < bytes.count, bytes[end] != UInt8(ascii: ",") {
        if equals == nil, bytes[end] == UInt8(ascii: "=") { equals = end }
        end += 1
      }
      fields.append((Text(utf8: bytes[start..<(equals ?? end)]), equals.map { Text(utf8: bytes[($0 + 1)..<end]) } ?? ""))
      guard end < bytes.count else { return fields }
      start = end + 1
    }
  }

  /// `=2C` is a comma and `=3D` an equals sign; no other equals sign may stand in a name (RFC 5802, 5.1).
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
