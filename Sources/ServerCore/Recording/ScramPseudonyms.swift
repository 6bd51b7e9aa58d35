internal import SASL
internal import XML
internal import XMPP

// Stand-ins for messages of SCRAM.

extension ScramClientFirst {
  /// With nothing in it but a name and a nonce: an extension (RFC 5802, 5.1) may say anything.
  var redacted: ScramClientFirst {
    var copy = self
    let fields = Array(bare.utf8).split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false)
    let redacted = fields.enumerated().map { $0.offset < 2 ? Array($0.element) : ScramExchange.masked($0.element) }
    copy.bare = Text(utf8: Array(redacted.joined(separator: [UInt8(ascii: ",")])))
    return copy
  }
}

extension ScramExchange {
  fileprivate static func masked(_ field: ArraySlice<UInt8>) -> [UInt8] {
    var mask = TextMask()
    return field.map { mask.maskRead($0) }
  }

  /// The client's final message as a client would send it whose keys are the stand-ins: with a right proof for a right one, and with a
  /// wrong one of the same length for any other. `nil` if it has no proof.
  func final(_ clientFinal: Text, with pseudonyms: Pseudonyms) -> Text? {
    guard let (withoutProof, proof) = ScramExchange.split(clientFinal) else { return nil }
    var pseudonym = pseudonyms.bytes(proof.count, for: "proof", proof)
    let said = redactedFinal(withoutProof)
    if (try? verify(clientFinal: clientFinal)) != nil {
      let message = Scram.authMessage(clientFirstBare: first.redacted.bare, serverFirst: serverFirst, clientFinalWithoutProof: said)
      let signature = Scram.hmac(hash, key: pseudonyms.credentials(credentials).storedKey, message)
      pseudonym = zip(pseudonyms.clientKey(storedKey: credentials.storedKey), signature).map { $0 ^ $1 }
    }
    return said + ",p=" + Base64.encode(pseudonym)
  }

  /// The channel binding and the nonce stay where they are the right ones, and what is wrong stays wrong in the same way.
  private func redactedFinal(_ withoutProof: Text) -> Text {
    let binding = Array("c=".utf8) + Base64.encode(Array(first.gs2Header.utf8)).utf8
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

  /// The part of it that the proof signs, and the proof.
  private static func split(_ clientFinal: Text) -> (withoutProof: Text, proof: [UInt8])? {
    guard let field = Scram.fields(clientFinal).last, field.key == "p", let proof = Base64.decode(field.value),
      clientFinal.count >= field.value.count + 3
    else { return nil }
    return (Text(utf8: clientFinal.utf8.dropLast(field.value.count + 3)), proof)
  }
}
