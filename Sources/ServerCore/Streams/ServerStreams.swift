internal import OrderedCollections
internal import XML
internal import XMPP

// How the server drives its streams: from a connection to a session and its end.

extension Server {
  mutating func open(_ connection: ConnectionID, from origin: Origin?, _ step: inout Step) {
    guard !isShuttingDown else { return step.outputs.append(step.reach(StreamMark.streamRefusedInShutdown, .close(connection))) }
    let others = origin.map { connectionCounts[$0] ?? 0 } ?? 0
    let isOneTooMany = others >= configuration.limits[.connectionsPerAddress]
    if let origin, !isOneTooMany { connectionCounts[origin] = others + 1 }
    let stream = ClientStream(connection: connection, origin: isOneTooMany ? nil : origin, now: step.now)
    streams[connection] = stream
    unbound[connection] = true
    if let deadline = stream.deadline(configuration.limits) { wake(.connection(connection), at: deadline) }
    // RFC 6120, 13.12. It is told at once: who waits for its header before it is sent away has one more connection until then.
    guard isOneTooMany else { return }
    let error = StreamError(.policyViolation, text: "too many connections from your address")
    endStream(connection, step.reach(StreamMark.streamAddressFull, error), &step)
  }

  /// A connection that counted is gone.
  private mutating func forget(_ origin: Origin) {
    let left = (connectionCounts[origin] ?? 1) - 1
    connectionCounts[origin] = left > 0 ? left : nil
  }

  /// Lets something happen to a stream. All that may end one goes through here: the other side has only so much time to end its own.
  @discardableResult
  mutating func withStream<Answer>(
    _ connection: ConnectionID, _ step: inout Step, _ body: (inout ClientStream, inout Step) -> Answer
  ) -> Answer? {
    var deadline: Int64?
    let answer = streams.change(connection) { stream in
      let answer = body(&stream, &step)
      if stream.isClosing { deadline = stream.deadline(setting.configuration.limits) }
      return answer
    }
    if let deadline { wake(.connection(connection), at: deadline) }
    return answer
  }

  mutating func elementReceived(_ connection: ConnectionID, _ element: Element, _ step: inout Step) {
    let request = withStream(connection, &step) { $0.elementReceived(element, &$1) } ?? nil
    if let request { follow(request, connection, &step) }
  }

  mutating func follow(_ request: ClientStream.Request, _ connection: ConnectionID, _ step: inout Step) {
    switch request {
    case .findAccount(let jid):
      run(.authenticate(connection), for: jid, &step)
    case .derive(let derivation):
      // Keys are dear: who asks for many at once must not starve the rest.
      guard step.ask(.deriveKeys(derivation), .login(connection)) == nil else { return }
      step.reach(SASLMark.saslDerivationsFull)
      withStream(connection, &step) { $0.accountUnavailable(&$1) }
    case .register(let jid, let password, let id):
      run(.register(connection, password, id: id), for: jid, &step)
    case .bind(let identity, let resource, let id):
      run(.bind(connection, identity, resource: resource, id: id), for: identity.account, &step)
    case .endByPeer:
      streamEnded(connection, &step)
    case .stanza(let jid, let element, let language):
      send(element, as: jid, on: connection, language: language, &step)
    }
  }

  // MARK: Binding

  /// RFC 6120, 7.7: a session comes into being, unless the policy on conflicts or the limit says no.
  mutating func bind(_ connection: ConnectionID, _ identity: VerifiedIdentity, _ asked: Text, _ id: Text?, _ step: inout Step) {
    let account = identity.account
    guard isOpen(connection) else { return step.reach(BindingMark.bindStreamGone) }
    // The account may have gone or been disabled since the proof.
    guard accounts.look(account, { $0.look { !$0.record.isDisabled } ?? false }) ?? false else {
      return endStream(connection, StreamError(.notAuthorized, text: "the account can no longer be used"), &step)
    }
    if asked.isEmpty { step.reach(BindingMark.bindResourceOfServer) }
    var resource = asked.isEmpty ? step.generator.token() : asked
    if let prepared = JID(bare: account, resource: resource) { resource = prepared.resource }
    if !asked.isEmpty, resource != asked { step.reach(BindingMark.bindResourcePrepared) }
    let old = accounts.look(account, { $0.look { $0.sessions[resource]?.connection } ?? nil }) ?? nil
    if let old {
      switch configuration.conflictPolicy {
      case .replaceOld:
        endStream(old, step.reach(BindingMark.bindConflictReplaced, StreamError(.conflict, text: "replaced by a new session")), &step)
      case .refuseNew: return refuseBinding(connection, step.reach(BindingMark.bindConflictRefused, StanzaError(.conflict)), id: id, &step)
      case .rename:
        step.reach(BindingMark.bindConflictRenamed)
        resource = step.generator.token()
      }
    }
    guard (accounts.look(account, { $0.look { $0.sessions.count } ?? 0 }) ?? 0) < configuration.limits[.sessionsPerAccount] else {
      return refuseBinding(connection, step.reach(BindingMark.bindSessionsFull, StanzaError(.resourceConstraint)), id: id, &step)
    }
    guard let jid = JID(bare: account, resource: resource) else {
      return refuseBinding(connection, StanzaError(.badRequest, kind: .modify), id: id, &step)
    }
    let session = Session(connection: connection, jid: jid, language: streams.look(connection) { $0.language } ?? nil)
    _ = accounts.change(account) { $0.change { $0.sessions[resource] = session } }
    withStream(connection, &step) { $0.bound(jid, id: id, &$1) }
    _ = unbound.remove(connection)
  }

  mutating func refuseBinding(_ connection: ConnectionID, _ error: StanzaError, id: Text?, _ step: inout Step) {
    withStream(connection, &step) { $0.bindRefused(error, id: id, &$1) }
  }

  // MARK: The end of streams

  /// Whether there is a stream that we have not ended.
  private func isOpen(_ connection: ConnectionID) -> Bool { streams.look(connection) { !$0.isClosing } ?? false }

  /// Ends a stream with an error, and its session with it.
  mutating func endStream(_ connection: ConnectionID, _ error: StreamError, _ step: inout Step) {
    guard isOpen(connection) else { return }
    endSession(connection, &step)
    withStream(connection, &step) { $0.fail(error, &$1) }
  }

  /// The peer ended its side (RFC 6120, 4.4): so do we, if we have not yet.
  mutating func streamEnded(_ connection: ConnectionID, _ step: inout Step) {
    guard streams.contains(connection) else { return }
    step.reach(StreamMark.streamEndedByPeer)
    endSession(connection, &step)
    withStream(connection, &step) { $0.close(&$1) }
    step.outputs.append(.close(connection))
  }

  mutating func connectionClosed(_ connection: ConnectionID, _ step: inout Step) {
    if isOpen(connection) {
      step.reach(streams.look(connection) { $0.isBound } ?? false ? StreamMark.streamLostBound : .streamLostInNegotiation)
    }
    endSession(connection, &step)
    _ = unbound.remove(connection)
    if let origin = streams.remove(connection)?.origin { forget(origin) }
  }

  private mutating func endSession(_ connection: ConnectionID, _ step: inout Step) {
    guard case .bound(let jid)? = streams.look(connection, { $0.phase }) else { return }
    let wasLast = accounts.change(jid.bare) { slot in
      slot.change { account in
        guard account.sessions[jid.resource]?.connection == connection else { return false }
        account.end(jid.resource, &step)
        return account.sessions.isEmpty
      }
    }
    if (wasLast ?? nil) ?? false { wake(.account(jid.bare), at: step.now.monotonic + configuration.limits[time: .idleTime]) }
  }

  mutating func checkConnection(_ connection: ConnectionID, _ step: inout Step) {
    guard let stream = streams[connection], let deadline = stream.deadline(configuration.limits) else { return }
    guard isPast(deadline, step) else { return wake(.connection(connection), at: deadline) }
    if stream.isClosing {
      step.outputs.append(step.reach(StreamMark.streamCloseWaitOver, .close(connection)))
    } else {
      let isTooLong = isPast(stream.openedAt + configuration.limits[time: .negotiationTotal], step)
      endStream(
        connection,
        step.reach(isTooLong ? StreamMark.streamNegotiationTooLong : .streamNegotiationIdle, StreamError(.connectionTimeout)),
        &step)
    }
  }

  /// Cuts every stream of an account, bound or not: `../features.md` calls the unbound ones the gap of others.
  mutating func endStreams(of account: JID, _ error: StreamError, except spared: ConnectionID? = nil, _ step: inout Step) {
    for session in accounts[account]?.entity?.sessions.values.elements ?? [] where session.connection != spared {
      endStream(session.connection, error, &step)
    }
    for connection in unbound.sortedKeys() where connection != spared && streams[connection]?.concerns(account) ?? false {
      endStream(connection, step.reach(StreamMark.streamCutUnbound, error), &step)
    }
  }
}

extension ClientStream {
  /// Whether this stream is authenticated, or about to be, as the account.
  func concerns(_ account: JID) -> Bool {
    switch phase {
    case .expectHeader(let identity): identity?.account == account
    case .expectBind(let identity), .binding(let identity): identity.account == account
    case .authenticating: claimed == account
    case .bound(let jid): jid.bare == account
    case .expectTLS, .negotiating, .registering, .closing: false
    }
  }
}
