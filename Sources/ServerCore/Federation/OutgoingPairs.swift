internal import XML
internal import XMPP

// The stanzas for other servers: how they wait, leave, or come back. Each pair of domains lives in the shard of the remote one.

extension Shard {
  /// A stanza from one of our domains to another's; this shard is that of the remote domain. It comes behind every commit that it could tell
  /// about, so nothing of what follows waits for one.
  mutating func sendAbroad(_ stanza: Stanza, _ transaction: inout Transaction) {
    guard setting.remotePolicy.permits(stanza.to.domain) else {
      let error = StanzaError(.notAllowed, text: "this server does not talk to that domain")
      return transaction.bounce(stanza, transaction.reach(RemoteMark.remoteDenied, error))
    }
    let pair = DomainPair(local: stanza.from.domain, remote: stanza.to.domain)
    if !pairs.contains(pair) {
      guard pairs.count < configuration.limits[.remotePairs] else {
        let error = StanzaError(.resourceConstraint, text: "too many domains are being talked to")
        return transaction.bounce(stanza, transaction.reach(RemoteMark.remotePairsFull, error))
      }
      pairs[pair] = OutgoingPair(pair)
    }
    let room = configuration.limits[.allRemoteQueuesBytes] - abroadBytes
    withPair(pair, &transaction) { $0.send(stanza, room: room, &$1) }
  }

  /// Lets something happen to a pair, and does what it leaves behind.
  private mutating func withPair(
    _ key: DomainPair, _ transaction: inout Transaction, _ body: (inout OutgoingPair, inout Transaction) -> Void
  ) {
    let result = pairs.modify(key) { pair in
      let before = pair.queue.bytes
      body(&pair, &transaction)
      return (
        added: pair.queue.bytes - before, steps: pair.takeSteps(), isIdle: pair.isIdle(at: transaction.now.monotonic),
        wake: pair.nextWake(setting.configuration.limits)
      )
    }
    guard let result else { return }
    abroadBytes += result.added
    if result.isIdle { _ = pairs.remove(key) } else if let time = result.wake { wake(.pair(key), at: time) }
    for step in result.steps { take(step, key, &transaction) }
  }

  private mutating func take(_ step: OutgoingPair.Step, _ pair: DomainPair, _ transaction: inout Transaction) {
    switch step {
    case .open(let connection, let isDirectTLS): openOutgoing(connection, for: pair, isDirectTLS: isDirectTLS, &transaction)
    case .close(let connection): closeOutgoing(connection, &transaction)
    case .drop(let connection): drop(connection, &transaction)
    }
  }

  /// A connection came too late, or twice.
  func drop(_ connection: ConnectionID, _ transaction: inout Transaction) {
    transaction.immediate.append(transaction.reach(ResolutionMark.attemptLate, .close(connection)))
  }

  mutating func checkPair(_ pair: DomainPair, _ transaction: inout Transaction) { withPair(pair, &transaction) { $0.timePassed(&$1) } }

  // MARK: The way there

  mutating func resolved(_ question: DNSQuestion, for pair: DomainPair, _ answer: Answer, _ transaction: inout Transaction) {
    var found: DNSAnswer?
    if case .resolved(let answer) = answer { found = answer }
    withPair(pair, &transaction) { $0.answered(question, with: found, &$1) }
  }

  mutating func attempted(_ endpoint: Endpoint, for pair: DomainPair, _ answer: Answer, _ transaction: inout Transaction) {
    guard case .connected(let connection) = answer else { return withPair(pair, &transaction) { $0.attemptFailed(to: endpoint, &$1) } }
    withPair(pair, &transaction) { $0.connected(connection, to: endpoint, &$1) }
  }

  // MARK: The streams

  /// Stanzas of the pair may be written to the stream from now on.
  mutating func outgoingOpened(
    _ connection: ConnectionID, for pair: DomainPair, with right: SendingRight, _ transaction: inout Transaction
  ) {
    withPair(pair, &transaction) { $0.opened(connection, with: right, &$1) }
  }

  /// The stream is about to end: nothing more can be written to it.
  mutating func outgoingClosing(_ connection: ConnectionID, for pair: DomainPair, _ transaction: inout Transaction) {
    withPair(pair, &transaction) { pair, _ in pair.closing(connection) }
  }

  /// The stream has ended, or never came about; nothing more can be written to it.
  mutating func outgoingEnded(
    _ connection: ConnectionID, for pair: DomainPair, because failure: RemoteFailure, _ transaction: inout Transaction
  ) {
    withPair(pair, &transaction) { $0.ended(connection, because: failure, &$1) }
  }

  /// The system has taken all that was written to the connection.
  mutating func drained(_ connection: ConnectionID, _ transaction: inout Transaction) {
    guard let pair = pairOfOutgoing(connection) else { return }
    withPair(pair, &transaction) { $0.drained(connection, &$1) }
  }
}
