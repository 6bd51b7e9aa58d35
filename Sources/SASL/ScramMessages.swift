package import XML
internal import XMPP

/// `client-first-message` of SCRAM (RFC 5802, section 7), without channel binding.
package struct ScramClientFirst: Sendable, Hashable, Codable {
  /// The client's word on channel binding, and the authorization identity as it was written.
  package let gs2Header: Text
  /// `client-first-message-bare`, which the proofs sign. A recording puts stand-ins in.
  package var bare: Text
  /// Empty if the client asked for none.
  package let authorization: Text
  package let username: Text
  package let nonce: Text

  /// The message of a client that knows no channel binding.
  ///
  /// - Parameters:
  ///   - authorization: empty for none.
  ///   - username: not empty.
  init(authorization: Text, username: Text, nonce: Text) {
    gs2Header = authorization.isEmpty ? "n,," : "n,a=" + Scram.escape(authorization) + ","
    bare = "n=" + Scram.escape(username) + ",r=" + nonce
    self.authorization = authorization
    self.username = username
    self.nonce = nonce
  }

  package init(parsing message: Text) throws(SASLServerExchange.Failure) {
    // RFC 5802, 7: no value holds one, and so no message of PLAIN can be taken for one of SCRAM.
    guard !message.utf8.contains(0) else { throw .scramFirstMalformed }
    let parts = message.string.utf8.split(separator: UInt8(ascii: ","), maxSplits: 2, omittingEmptySubsequences: false)
    guard parts.count == 3, let flag = parts[0].first else { throw .scramFirstMalformed }
    switch flag {
    case UInt8(ascii: "p"): throw .scramBindingUnsupported
    case UInt8(ascii: "n"), UInt8(ascii: "y"): guard parts[0].count == 1 else { throw .scramFirstMalformed }
    default: throw .scramFirstMalformed
    }
    gs2Header = Text(utf8: parts[0]) + "," + Text(utf8: parts[1]) + ","
    bare = Text(utf8: parts[2])
    if parts[1].isEmpty {
      authorization = ""
    } else {
      guard parts[1].starts(with: "a=".utf8), let name = Scram.unescape(parts[1].dropFirst(2)) else { throw .scramFirstMalformed }
      authorization = name
    }
    let fields = Scram.fields(bare)
    // An extension that we don't know (`m=`) would come first (RFC 5802, 5.1).
    guard fields.count >= 2, fields[0].key == "n", fields[1].key == "r", let name = Scram.unescape(fields[0].value.utf8[...]),
      !name.isEmpty, Scram.isNonce(fields[1].value)
    else { throw .scramFirstMalformed }
    username = name
    nonce = fields[1].value
  }

  package var text: Text { gs2Header + bare }
}

/// `server-first-message` (RFC 5802, section 7).
struct ScramServerFirst: Sendable, Hashable {
  /// As it stood, which the proofs sign.
  let text: Text
  let nonce: Text
  let salt: [UInt8]
  let rounds: Int

  init(nonce: Text, salt: [UInt8], rounds: Int) {
    text = Text("r=" + nonce.string + ",s=" + Base64.encode(salt).string + ",i=" + String(rounds))
    self.nonce = nonce
    self.salt = salt
    self.rounds = rounds
  }

  /// `nil` also for an extension that we don't know (`m=`), which would come first (RFC 5802, 5.1).
  init?(parsing message: Text) {
    let fields = Scram.fields(message)
    guard fields.count >= 3, fields[0].key == "r", Scram.isNonce(fields[0].value), fields[1].key == "s",
      let salt = Base64.decode(fields[1].value),
      fields[2].key == "i", let rounds = Scram.positiveNumber(fields[2].value)
    else { return nil }
    text = message
    nonce = fields[0].value
    self.salt = salt
    self.rounds = rounds
  }
}

/// `client-final-message` (RFC 5802, section 7).
struct ScramClientFinal: Sendable, Hashable {
  /// `client-final-message-without-proof`, which the proofs sign.
  let withoutProof: Text
  /// The client's GS2 header once more, with what binds to the channel.
  let binding: [UInt8]
  let nonce: Text
  let proof: [UInt8]

  init(parsing message: Text) throws(SASLServerExchange.Failure) {
    let fields = Scram.fields(message)
    guard let last = fields.last, last.key == "p", fields.count >= 3, fields[0].key == "c", fields[1].key == "r",
      let binding = Base64.decode(fields[0].value), let proof = Base64.decode(last.value)
    else { throw .scramFinalMalformed }
    withoutProof = Text(utf8: message.utf8.dropLast(last.value.count + 3))
    self.binding = binding
    nonce = fields[1].value
    self.proof = proof
  }
}
