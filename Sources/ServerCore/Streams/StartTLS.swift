internal import XML
internal import XMPP

extension StreamFeature {
  /// STARTTLS (RFC 6120, 5).
  static let startTLS = StreamFeature(
    stage: .login,
    offer: { situation in
      guard !situation.isEncrypted, situation.configuration.offersTLS else { return nil }
      var offer = Element("starttls", NS.tls)
      if situation.configuration.requiresTLS { offer.append("required", NS.tls) }
      return offer
    },
    isRequired: { !$0.isEncrypted && $0.configuration.requiresTLS },
    handler: Handler(elements: .named("starttls", namespace: NS.tls), takesUnoffered: true) { stream, _, transaction in
      stream.startTLS(&transaction)
      return nil
    })
}

extension ClientStream {
  /// Starts TLS (RFC 6120, 5.4.2). Bytes that the client sent behind its request are dropped: they came in the clear.
  fileprivate mutating func startTLS(_ transaction: inout Transaction) {
    guard !isEncrypted, transaction.configuration.offersTLS else {
      transaction.reach(TLSMark.tlsRefused)
      send(Element("failure", NS.tls), &transaction)
      close(&transaction)
      return transaction.outputs.append(.close(connection))
    }
    send(Element("proceed", NS.tls), &transaction)
    transaction.outputs.append(.startTLS(connection, .server(domain: domain, asksForCertificate: false)))
    transaction.immediate.append(.discardInput(connection))
    transaction.immediate.append(.restart(connection, transaction.configuration.limits.unauthenticatedStream))
    phase = .expectTLS
  }
}
