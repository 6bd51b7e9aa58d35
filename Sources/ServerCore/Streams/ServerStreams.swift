internal import OrderedCollections
internal import XML
internal import XMPP

// How the server drives its streams: from a connection to a session and its end.

extension Shard {
  /// - Parameter isOneTooMany: there are too many connections from there already.
  mutating func open(_ connection: ConnectionID, _ opening: Opening, isOneTooMany: Bool, _ transaction: inout Transaction) {
    if opening.role == .incomingServer { return openIncoming(connection, opening, isOneTooMany: isOneTooMany, &transaction) }
    guard !isShuttingDown else {
      // Not behind a commit that is pending: it may fail, and nobody would know of the connection any more.
      return transaction.immediate.append(transaction.reach(StreamMark.streamRefusedInShutdown, .close(connection)))
    }
    let stream = ClientStream(connection, opening, counts: !isOneTooMany, now: transaction.now)
    streams[connection] = stream
    if let deadline = stream.deadline(configuration.limits) { wake(.connection(connection), at: deadline) }
    if opening.isDirectTLS { transaction.reach(TLSMark.tlsDirect) }
    // RFC 6120, 13.12. It is told at once: who waits for its header before it is sent away has one more connection until then.
    guard isOneTooMany else { return }
    let error = StreamError(.policyViolation, text: "too many connections from your address")
    endStream(connection, transaction.reach(StreamMark.streamAddressFull, error), &transaction)
  }

  /// Lets something happen to a stream. All that may end one goes through here: the other side has only so much time to end its own.
  @discardableResult
  mutating func withStream<Answer>(
    _ connection: ConnectionID, _ transaction: inout Transaction, _ body: (inout ClientStream, inout Transaction) -> Answer
  ) -> Answer? {
    var deadline: Int64?
    var claims: (before: JID?, after: JID?)
    let answer = streams.modify(connection) { stream in
      claims.before = stream.claim
      let answer = body(&stream, &transaction)
      claims.after = stream.claim
      if stream.isClosing { deadline = stream.deadline(setting.configuration.limits) }
      return answer
    }
    claim(of: connection, changed: claims.before, to: claims.after)
    if let deadline { wake(.connection(connection), at: deadline) }
    return answer
  }

  mutating func elementReceived(_ connection: ConnectionID, _ element: Element, _ transaction: inout Transaction) {
    guard let answer = withStream(connection, &transaction, { $0.elementReceived(element, &$1) }) else {
      return remoteElementReceived(connection, element, &transaction)
    }
    if let request = answer { follow(request, connection, &transaction) }
  }

  mutating func follow(_ request: ClientStream.Request, _ connection: ConnectionID, _ transaction: inout Transaction) {
    switch request {
    case .findAccount(let jid):
      runAtHome(.authenticate(connection), for: jid, connection, &transaction)
    case .derive(let derivation):
      // Keys are dear: who asks for many at once must not starve the rest.
      guard transaction.ask(.deriveKeys(derivation), .login(connection)) == nil else { return }
      transaction.reach(SASLMark.saslDerivationsFull)
      withStream(connection, &transaction) { $0.accountUnavailable(&$1) }
    case .createAccount(let jid, let password, let id):
      runAtHome(.startCreation(password, .stream(connection, id: id)), for: jid, connection, &transaction)
    case .bind(let identity, let resource, let id):
      run(.bind(connection, identity, resource: resource, id: id), for: identity.account, &transaction)
    case .endByPeer:
      streamEnded(connection, &transaction)
    case .stanza(let jid, let element, let language):
      send(element, as: jid, on: connection, language: language, &transaction)
    }
  }

  // MARK: Binding

  /// RFC 6120, 7.7: a session comes into being, unless the policy on conflicts or the limit says no.
  mutating func bind(_ connection: ConnectionID, _ identity: VerifiedIdentity, _ asked: Text, _ id: Text?, _ transaction: inout Transaction)
  {
    let account = identity.account
    guard isOpen(connection) else { return transaction.reach(BindingMark.bindStreamGone) }
    // The account may have gone or been disabled since the proof.
    guard accounts.read(account, { $0.read { !$0.record.isDisabled } ?? false }) ?? false else {
      return endStream(connection, StreamError(.notAuthorized, text: "the account can no longer be used"), &transaction)
    }
    if asked.isEmpty { transaction.reach(BindingMark.bindResourceOfServer) }
    var resource = asked.isEmpty ? transaction.random.token() : asked
    if let prepared = JID(bare: account, resource: resource) { resource = prepared.resource }
    if !asked.isEmpty, resource != asked { transaction.reach(BindingMark.bindResourcePrepared) }
    let old = accounts.read(account, { $0.read { $0.sessions[resource]?.connection } ?? nil }) ?? nil
    if let old {
      switch configuration.conflictPolicy {
      case .replaceOld:
        endStream(
          old, transaction.reach(BindingMark.bindConflictReplaced, StreamError(.conflict, text: "replaced by a new session")), &transaction)
      case .refuseNew:
        return refuseBinding(connection, transaction.reach(BindingMark.bindConflictRefused, StanzaError(.conflict)), id: id, &transaction)
      case .rename:
        transaction.reach(BindingMark.bindConflictRenamed)
        resource = transaction.random.token()
      }
    }
    guard (accounts.read(account, { $0.read { $0.sessions.count } ?? 0 }) ?? 0) < configuration.limits[.sessionsPerAccount] else {
      return refuseBinding(
        connection, transaction.reach(BindingMark.bindSessionsFull, StanzaError(.resourceConstraint)), id: id, &transaction)
    }
    guard let jid = JID(bare: account, resource: resource) else {
      return refuseBinding(connection, StanzaError(.badRequest, kind: .modify), id: id, &transaction)
    }
    let session = Session(connection: connection, jid: jid, language: streams.read(connection) { $0.language } ?? nil)
    _ = accounts.modify(account) { $0.modify { $0.sessions[resource] = session } }
    withStream(connection, &transaction) { $0.bound(jid, id: id, &$1) }
  }

  mutating func refuseBinding(_ connection: ConnectionID, _ error: StanzaError, id: Text?, _ transaction: inout Transaction) {
    withStream(connection, &transaction) { $0.bindRefused(error, id: id, &$1) }
  }

  /// The network that a connection counts for.
  func origin(of connection: ConnectionID) -> SourceNetwork? {
    (streams.read(connection) { $0.origin } ?? incoming.read(connection) { $0.origin }) ?? nil
  }

  /// The account (bare) that pays for what comes on a connection, or the domain of another server.
  func payer(of connection: ConnectionID) -> JID? {
    if let account = streams.read(connection, { $0.account }) { return account }
    return incoming.read(connection) { $0.proven.flatMap { JID($0.peer.domain) } } ?? nil
  }

  // MARK: The end of streams

  /// Whether there is a stream that we have not ended.
  private func isOpen(_ connection: ConnectionID) -> Bool { streams.read(connection) { !$0.isClosing } ?? false }

  /// Ends a stream with an error, and its session with it.
  mutating func endStream(_ connection: ConnectionID, _ error: StreamError, _ transaction: inout Transaction) {
    guard isOpen(connection) else { return }
    endSession(connection, &transaction)
    withStream(connection, &transaction) { $0.fail(error, &$1) }
  }

  /// Ends a connection without a word, and its session with it.
  mutating func abandonStream(_ connection: ConnectionID, _ transaction: inout Transaction) {
    guard isOpen(connection) else { return }
    endSession(connection, &transaction)
    withStream(connection, &transaction) { $0.abandon(&$1) }
  }

  /// The peer ended its side (RFC 6120, 4.4): so do we, if we have not yet.
  mutating func streamEnded(_ connection: ConnectionID, _ transaction: inout Transaction) {
    guard streams.contains(connection) else { return remoteStreamEnded(connection, &transaction) }
    transaction.reach(StreamMark.streamEndedByPeer)
    endSession(connection, &transaction)
    withStream(connection, &transaction) { $0.close(&$1) }
    transaction.outputs.append(.close(connection))
  }

  mutating func connectionClosed(_ connection: ConnectionID, _ transaction: inout Transaction) {
    guard streams.contains(connection) else { return remoteConnectionClosed(connection, &transaction) }
    if isOpen(connection) {
      transaction.reach(streams.read(connection) { $0.isBound } ?? false ? StreamMark.streamLostBound : .streamLostInNegotiation)
    }
    endSession(connection, &transaction)
    claim(of: connection, changed: streams.remove(connection)?.claim, to: nil)
  }

  private mutating func endSession(_ connection: ConnectionID, _ transaction: inout Transaction) {
    guard case .bound(let jid)? = streams.read(connection, { $0.phase }) else { return }
    let wasLast = accounts.modify(jid.bare) { loadable in
      loadable.modify { account in
        guard account.sessions[jid.resource]?.connection == connection else { return false }
        account.end(jid.resource, &transaction)
        return account.sessions.isEmpty
      }
    }
    if (wasLast ?? nil) ?? false { wake(.account(jid.bare), at: transaction.now.monotonic + configuration.limits[time: .idleTime]) }
  }

  mutating func checkConnection(_ connection: ConnectionID, _ transaction: inout Transaction) {
    guard let stream = streams[connection] else { return checkRemote(connection, &transaction) }
    guard let deadline = stream.deadline(configuration.limits) else { return }
    guard isPast(deadline, transaction) else { return wake(.connection(connection), at: deadline) }
    if stream.isClosing {
      transaction.outputs.append(transaction.reach(StreamMark.streamCloseWaitOver, .close(connection)))
    } else {
      let isTooLong = isPast(stream.openedAt + configuration.limits[time: .negotiationTotal], transaction)
      endStream(
        connection,
        transaction.reach(isTooLong ? StreamMark.streamNegotiationTooLong : .streamNegotiationIdle, StreamError(.connectionTimeout)),
        &transaction)
    }
  }

  /// Cuts every stream of an account, bound or not. Only the account's own streams are looked at: thousands of others may be there.
  mutating func endStreams(of account: JID, _ error: StreamError, except spared: ConnectionID? = nil, _ transaction: inout Transaction) {
    for session in accounts[account]?.entity?.sessions.values.elements ?? [] where session.connection != spared {
      endStream(session.connection, error, &transaction)
    }
    for connection in claims[account]?.sortedKeys() ?? [] where connection != spared {
      endStream(connection, transaction.reach(StreamMark.streamCutUnbound, error), &transaction)
    }
  }
}

extension ClientStream {
  /// The account (bare) as which this stream is authenticated, or about to be, as long as it has no session.
  var claim: JID? {
    switch phase {
    case .expectHeader(let identity): identity?.account
    case .expectBind(let identity), .binding(let identity): identity.account
    case .authenticating(let authentication): authentication.claimed
    case .expectTLS, .negotiating, .creatingAccount, .bound, .closing: nil
    }
  }
}
