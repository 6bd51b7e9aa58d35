package import XML
internal import XMPP

/// The server's half of SCRAM after its challenge (RFC 5802, RFC 7677), without channel binding.
package struct ScramExchange: Sendable, Codable {
  package let first: ScramClientFirst
  package let credentials: ScramCredentials
  /// The challenge, which the proofs sign.
  package let serverFirst: Text
  /// The client's part and the server's.
  package let nonce: Text

  init(_ first: ScramClientFirst, _ credentials: ScramCredentials, serverNonce: Text) {
    let challenge = ScramServerFirst(nonce: first.nonce + serverNonce, salt: credentials.salt, rounds: credentials.rounds)
    self.first = first
    self.credentials = credentials
    serverFirst = challenge.text
    nonce = challenge.nonce
  }

  package var hash: ScramHash { credentials.hash }

  /// Checks the client's final message.
  ///
  /// - Returns: the server's final message.
  package func verify(clientFinal: Text) throws(SASLServerExchange.Failure) -> Text {
    let final = try ScramClientFinal(parsing: clientFinal)
    guard Text(utf8: final.binding) == first.gs2Header else { throw .scramBindingChanged }
    guard final.nonce == nonce else { throw .scramNonceChanged }
    let message = Scram.authMessage(clientFirstBare: first.bare, serverFirst: serverFirst, clientFinalWithoutProof: final.withoutProof)
    let signature = Scram.hmac(hash, key: credentials.storedKey, message)
    guard final.proof.count == signature.count else { throw .scramProofWrong }
    let clientKey = zip(final.proof, signature).map { $0 ^ $1 }
    guard Secret(Scram.digest(hash, clientKey)).matches(credentials.storedKey) else { throw .scramProofWrong }
    return "v=" + Base64.encode(Scram.hmac(hash, key: credentials.serverKey, message))
  }
}
