internal import SASL
internal import XML
internal import XMPP

/// The messages of SASL as a judge reads them, straight from the grammars of RFC 4648, 4616 and 5802 and with none of the server's half.
enum SASLGrammar {
  /// RFC 4648, section 4, with all of its padding and nothing beside it (RFC 6120, 13.9.1).
  static func decode(_ text: Text) -> [UInt8]? {
    let letters = Array(text.utf8)
    let padding = letters.reversed().prefix { $0 == UInt8(ascii: "=") }.count
    guard letters.count % 4 == 0, padding <= 2 else { return nil }
    var (bytes, bits, count): ([UInt8], UInt32, Int) = ([], 0, 0)
    for letter in letters.dropLast(padding) {
      let value: UInt32
      switch letter {
      case 0x41...0x5A: value = UInt32(letter) - 0x41
      case 0x61...0x7A: value = UInt32(letter) - 0x61 + 26
      case 0x30...0x39: value = UInt32(letter) - 0x30 + 52
      case 0x2B: value = 62
      case 0x2F: value = 63
      default: return nil
      }
      bits = bits << 6 | value
      count += 6
      if count >= 8 {
        count -= 8
        bytes.append(UInt8(truncatingIfNeeded: bits >> UInt32(count)))
      }
    }
    return bytes
  }

  /// RFC 4616, section 2.
  struct Plain: Sendable {
    let authorization: Text
    let name: Text
    let password: Text

    init?(_ bytes: [UInt8]) {
      let parts = bytes.split(separator: 0, omittingEmptySubsequences: false)
      guard parts.count == 3, !parts[1].isEmpty, !parts[2].isEmpty else { return nil }
      (authorization, name, password) = (Text(utf8: parts[0]), Text(utf8: parts[1]), Text(utf8: parts[2]))
    }
  }

  /// `client-first-message` (RFC 5802, section 7) of a client that does not bind to the channel.
  struct First: Sendable {
    let header: [UInt8]
    let bare: [UInt8]
    let authorization: Text
    let name: Text
    let nonce: [UInt8]

    init?(_ bytes: [UInt8]) {
      guard !bytes.contains(0) else { return nil }
      let parts = bytes.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false)
      guard parts.count >= 4, parts[0] == [UInt8(ascii: "n")] || parts[0] == [UInt8(ascii: "y")] else { return nil }
      header = Array(parts[0] + [UInt8(ascii: ",")] + parts[1] + [UInt8(ascii: ",")])
      bare = Array(bytes[header.count...])
      if parts[1].isEmpty {
        authorization = ""
      } else {
        guard let name = SASLGrammar.name(parts[1], "a=") else { return nil }
        authorization = name
      }
      // A mandatory extension (`m=`) would stand first, and nobody knows one.
      guard let name = SASLGrammar.name(parts[2], "n="), !name.isEmpty, parts[3].starts(with: "r=".utf8) else { return nil }
      nonce = Array(parts[3].dropFirst(2))
      guard !nonce.isEmpty, nonce.allSatisfy({ (0x21...0x7E).contains($0) }) else { return nil }
      self.name = name
    }
  }

  /// `saslname`, in which a comma is written "=2C" and an equals sign "=3D".
  private static func name(_ field: ArraySlice<UInt8>, _ key: String) -> Text? {
    guard field.starts(with: key.utf8) else { return nil }
    let pieces = field.dropFirst(2).split(separator: UInt8(ascii: "="), omittingEmptySubsequences: false)
    var name = Array(pieces[0])
    for piece in pieces.dropFirst() {
      if piece.starts(with: "2C".utf8) {
        name += ",".utf8
      } else if piece.starts(with: "3D".utf8) {
        name += "=".utf8
      } else {
        return nil
      }
      name += piece.dropFirst(2)
    }
    return Text(utf8: name)
  }

  /// `server-first-message`.
  struct Challenge: Sendable {
    let bytes: [UInt8]
    let nonce: [UInt8]
    let salt: [UInt8]
    let rounds: Int

    init?(_ bytes: [UInt8]) {
      let parts = bytes.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false)
      guard parts.count == 3, parts[0].starts(with: "r=".utf8), parts[1].starts(with: "s=".utf8), parts[2].starts(with: "i=".utf8),
        let salt = SASLGrammar.decode(Text(utf8: parts[1].dropFirst(2))), !salt.isEmpty,
        let rounds = Int(String(decoding: parts[2].dropFirst(2), as: UTF8.self)), rounds > 0
      else { return nil }
      (self.bytes, self.salt, self.rounds) = (bytes, salt, rounds)
      nonce = Array(parts[0].dropFirst(2))
    }
  }

  /// `client-final-message`.
  struct Final: Sendable {
    let binding: [UInt8]
    let nonce: [UInt8]
    let proof: [UInt8]
    let withoutProof: [UInt8]

    init?(_ bytes: [UInt8]) {
      let parts = bytes.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false)
      guard parts.count >= 3, let last = parts.last, parts[0].starts(with: "c=".utf8), parts[1].starts(with: "r=".utf8),
        last.starts(with: "p=".utf8), let binding = SASLGrammar.decode(Text(utf8: parts[0].dropFirst(2))),
        let proof = SASLGrammar.decode(Text(utf8: last.dropFirst(2)))
      else { return nil }
      (self.binding, self.proof) = (binding, proof)
      nonce = Array(parts[1].dropFirst(2))
      withoutProof = Array(bytes.dropLast(last.count + 1))
    }
  }

  /// One exchange up to the client's proof, as both sides have signed it (RFC 5802, section 3).
  struct Proof: Sendable {
    let hash: ScramHash
    let salt: [UInt8]
    let rounds: Int
    let message: [UInt8]
    let given: [UInt8]

    init(_ hash: ScramHash, _ first: First, _ challenge: Challenge, _ final: Final) {
      (self.hash, salt, rounds, given) = (hash, challenge.salt, challenge.rounds, final.proof)
      message = first.bare + [UInt8(ascii: ",")] + challenge.bytes + [UInt8(ascii: ",")] + final.withoutProof
    }

    private func salted(_ password: [UInt8]) -> [UInt8] { Scram.saltedPassword(hash, password: password, salt: salt, rounds: rounds) }

    func isRight(for password: [UInt8]) -> Bool {
      let clientKey = Scram.hmac(hash, key: salted(password), Array("Client Key".utf8))
      let signature = Scram.hmac(hash, key: Scram.digest(hash, clientKey), message)
      return given == zip(clientKey, signature).map { $0 ^ $1 }
    }

    /// `server-final-message` of a server that knows the password.
    func final(for password: [UInt8]) -> [UInt8] {
      let serverKey = Scram.hmac(hash, key: salted(password), Array("Server Key".utf8))
      return Array(("v=" + Base64.encode(Scram.hmac(hash, key: serverKey, message))).utf8)
    }
  }
}
