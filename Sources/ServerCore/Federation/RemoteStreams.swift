internal import XML
internal import XMPP

// How the server drives the streams of other servers; those to other servers are in `OutgoingStreams`.

extension Shard {
  mutating func openIncoming(_ connection: ConnectionID, _ opening: Opening, isOneTooMany: Bool, _ transaction: inout Transaction) {
    guard !isShuttingDown, setting.federates else {
      return transaction.immediate.append(transaction.reach(StreamMark.streamRefusedInShutdown, .close(connection)))
    }
    let stream = IncomingStream(connection, opening, counts: !isOneTooMany, at: transaction.now.monotonic)
    incoming[connection] = stream
    if let deadline = stream.base.deadline(configuration.limits, isOpen: false) { wake(.connection(connection), at: deadline) }
    guard isOneTooMany else { return }
    let error = StreamError(.policyViolation, text: "too many connections from your address")
    failRemote(connection, transaction.reach(StreamMark.streamAddressFull, error), &transaction)
  }

  /// Lets something happen to a stream. `false` if there is no such stream.
  @discardableResult
  private mutating func withIncoming(
    _ connection: ConnectionID, _ transaction: inout Transaction, _ body: (inout IncomingStream, inout Transaction) -> Void
  ) -> Bool {
    let limits = setting.configuration.limits
    let deadline: Int64?? = incoming.modify(connection) { stream in
      body(&stream, &transaction)
      return stream.base.deadline(limits, isOpen: stream.isOpen)
    }
    guard let deadline else { return false }
    if let deadline { wake(.connection(connection), at: deadline) }
    return true
  }

  // MARK: Events

  mutating func remoteHeaderReceived(_ connection: ConnectionID, _ header: StreamParser.Header, _ transaction: inout Transaction) {
    if withOutgoing(connection, &transaction, { $0.headerReceived(header, &$1) }) { return }
    let setting = setting
    withIncoming(connection, &transaction) { $0.headerReceived(header, isLocal: { setting.serves($0) }, setting.remotePolicy, &$1) }
  }

  mutating func remoteElementReceived(_ connection: ConnectionID, _ element: Element, _ transaction: inout Transaction) {
    if withOutgoing(connection, &transaction, { $0.elementReceived(element, &$1) }) { return }
    // Where the header has no default namespace, each stanza says its own (RFC 6120, 4.8.3).
    let element = element.has(namespace: NS.server) ? element.inNamespaceOfClients : element
    var proven: ProvenPair?
    var language: Text?
    withIncoming(connection, &transaction) {
      proven = $0.elementReceived(element, &$1)
      language = $0.language
    }
    guard let proven, let error = receive(element, proven: proven, language: language, &transaction) else { return }
    failRemote(connection, error, &transaction)
  }

  mutating func remoteEncrypted(_ connection: ConnectionID, _ facts: TLSFacts, _ transaction: inout Transaction) {
    if withOutgoing(connection, &transaction, { $0.encrypted(facts, &$1) }) { return }
    withIncoming(connection, &transaction) { $0.encrypted(facts, &$1) }
  }

  /// The answer to a question about certificates came, or none did in time.
  mutating func certificateChecked(_ settled: consuming SettledInquiry, of connection: ConnectionID, _ transaction: inout Transaction) {
    var settled: SettledInquiry? = consume settled
    if outgoing.contains(connection) {
      withOutgoing(connection, &transaction) { $0.verified(settled.take()!, &$1) }
    } else if incoming.contains(connection) {
      withIncoming(connection, &transaction) { $0.verified(settled.take()!, &$1) }
    }
  }

  mutating func remoteStreamEnded(_ connection: ConnectionID, _ transaction: inout Transaction) {
    if withOutgoing(connection, &transaction, { $0.streamEnded(&$1) }) { return }
    withIncoming(connection, &transaction) { $0.close(&$1) }
  }

  /// Ends a stream with an error.
  mutating func failRemote(_ connection: ConnectionID, _ error: StreamError, _ transaction: inout Transaction) {
    let reason: RemoteFailure = error.condition == .connectionTimeout ? .timeout : error.condition == .systemShutdown ? .ended : .stream
    if withOutgoing(connection, &transaction, { $0.fail(error, reason, &$1) }) { return }
    withIncoming(connection, &transaction) { $0.fail(error, &$1) }
  }

  mutating func remoteConnectionClosed(_ connection: ConnectionID, _ transaction: inout Transaction) {
    if withOutgoing(connection, &transaction, { $0.lost(&$1) }) {
      _ = outgoing.remove(connection)
      return
    }
    withIncoming(connection, &transaction) { $0.lost(&$1) }
    _ = incoming.remove(connection)
  }

  mutating func checkRemote(_ connection: ConnectionID, _ transaction: inout Transaction) {
    let limits = configuration.limits
    let found =
      outgoing.read(connection) {
        (deadline: $0.base.deadline(limits, isOpen: $0.isOpen), isClosing: $0.base.isClosing, isOpen: $0.isOpen)
      }
      ?? incoming.read(connection) {
        (deadline: $0.base.deadline(limits, isOpen: $0.isOpen), isClosing: $0.base.isClosing, isOpen: $0.isOpen)
      }
    guard let found, let deadline = found.deadline else { return }
    guard isPast(deadline, transaction) else { return wake(.connection(connection), at: deadline) }
    if found.isClosing {
      return transaction.immediate.append(transaction.reach(StreamMark.streamCloseWaitOver, .close(connection)))
    }
    if found.isOpen {
      let error = StreamError(.reset, text: "the certificate has expired")
      return failRemote(connection, transaction.reach(RemoteStreamMark.remoteCertificateOver, error), &transaction)
    }
    failRemote(connection, transaction.reach(RemoteStreamMark.remoteNegotiationTooLong, StreamError(.connectionTimeout)), &transaction)
  }

  mutating func closeRemoteStreams(_ transaction: inout Transaction) {
    for connection in outgoing.sortedKeys() + incoming.sortedKeys() { failRemote(connection, StreamError(.systemShutdown), &transaction) }
  }

  // MARK: Stanzas

  /// A stanza from another server: the only way in, and nobody has the right to it without a proof.
  ///
  /// - Returns: the error that ends the stream, if the stanza is none, or not the peer's (RFC 6120, 8.1.1.2 and 8.1.2.2).
  private mutating func receive(_ element: Element, proven: ProvenPair, language: Text?, _ transaction: inout Transaction) -> StreamError? {
    guard let kind = element.stanzaKind else { return transaction.reach(StanzaMark.stanzaUnknown, StreamError(.unsupportedStanzaType)) }
    guard let from = element["from"].flatMap({ JID($0) }), let to = element["to"].flatMap({ JID($0) }) else {
      return transaction.reach(RemoteStreamMark.remoteAddressMissing, StreamError(.improperAddressing))
    }
    guard from.domain == proven.peer.domain else { return transaction.reach(RemoteStreamMark.remoteFromForeign, StreamError(.invalidFrom)) }
    guard to.domain == proven.local else { return transaction.reach(RemoteStreamMark.remoteToForeign, StreamError(.hostUnknown)) }
    var stanza = Stanza(element, from: from, to: to)
    stanza.element["from"] = nil
    stanza.element["to"] = nil
    if kind == .iq {
      switch transaction.check(iq: element) {
      case .request, .response: break
      case .dropped: return nil
      case .refused(let problem):
        transaction.bounce(stanza, problem)
        return nil
      }
    }
    if stanza.element.removeLanguages(where: { !LanguageTag.isWellFormed($0) }) { transaction.reach(StanzaMark.stanzaLanguageInvalid) }
    if let language, stanza.element.lang == nil { stanza.element.lang = language }
    transaction.reach(RemoteStreamMark.remoteStanza)
    transaction.route(stanza.element, from: from, to: to)
    return nil
  }
}

extension SharedConfiguration {
  /// Whether a domain is one of ours: for accounts, or for rooms.
  func serves(_ domain: Text) -> Bool { configuration.domains.contains(domain) || roomDomains.contains(domain) }
}

extension Element {
  /// The same with the namespace of clients' stanzas instead of that of servers, at any depth: inside the server stanzas have one.
  fileprivate var inNamespaceOfClients: Element {
    var copy = Element(name, has(namespace: NS.server) ? NS.client : namespace)
    for attribute in attributes { copy.set(attribute.name, attribute.namespace, attribute.value) }
    for node in content {
      switch node {
      case .text(let text): copy.append(text: text)
      case .element(let child): copy.append(child.inNamespaceOfClients)
      }
    }
    return copy
  }
}
