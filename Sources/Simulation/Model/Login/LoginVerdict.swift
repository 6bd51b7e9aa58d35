internal import OrderedCollections
internal import SASL
internal import ServerCore
internal import XML
internal import XMPP

/// An output of the server to a stream.
enum LoginOutput: Sendable {
  case header(StreamOpening)
  case element(Element)
  case tls, streamEnd, close

  var isEnd: Bool {
    switch self {
    case .streamEnd, .close: true
    case .header, .element, .tls: false
    }
  }

  var name: String {
    switch self {
    case .header: "a stream header"
    case .element(let element): element.firstChild.map { "<\(element.name)> with <\($0.name)>" } ?? "<\(element.name)>"
    case .tls: "the handshake"
    case .streamEnd: "the end of the stream"
    case .close: "the end of the connection"
    }
  }
}

extension LoginStream.Owed {
  /// For reports.
  var name: String {
    switch self {
    case .header: "a stream header"
    case .features: "stream features"
    case .proceed: "<proceed>"
    case .startTLS: "the handshake"
    case .tlsFailure: "a failure of STARTTLS"
    case .emptyChallenge: "an empty challenge"
    case .challenge: "a challenge"
    case .failure(let conditions): "a failure \(conditions)"
    case .verdict: "the outcome of a login"
    case .bound: "a bound resource"
    case .stanzaError(_, let conditions): "an error \(conditions)"
    case .registration: "an answer to a registration"
    case .error(let conditions): "a stream error \(conditions)"
    case .streamEnd: "the end of the stream"
    case .close: "the end of the connection"
    }
  }
}

// Compares an output with what is owed.

extension LoginModel {
  /// Returns what is wrong, if anything is.
  mutating func judge(_ output: LoginOutput, on connection: ConnectionID) -> String? {
    let stream = streams[connection]!
    // The connection of a peer that does not end its own side is cut later.
    if stream.isEnded { return output.isEnd ? nil : "behind the end of a stream came \(output.name)" }
    let owed = stream.owed.first
    switch (output, owed) {
    case (.header(let opening), .header?):
      (streams[connection]!.wasHeaderSent, streams[connection]!.mayBeOver) = (true, false)
      return pop(connection) ?? problem(of: opening, stream)
    case (.tls, .startTLS?):
      streams[connection]!.beginHandshake(isHeld: isHeld)
      return nil
    case (.streamEnd, .streamEnd?): return pop(connection)
    case (.close, .close?):
      streams[connection]!.end()
      return nil
    case (.element(let element), let owed?) where !element.is("error", NS.streams): return judge(element, owed, on: connection)
    case (.element(let element), .error(let conditions)?) where conditions.contains(element.firstChild?.name ?? ""): return pop(connection)
    default: return judgeUnasked(output, stream, on: connection)
    }
  }

  private mutating func pop(_ connection: ConnectionID) -> String? {
    streams[connection]!.owed.removeFirst()
    return nil
  }

  private func wrong(_ output: LoginOutput, _ stream: LoginStream) -> String {
    "the server said \(output.name), and owed \(stream.owed.first?.name ?? "nothing")"
  }

  /// RFC 6120, 4.7.
  private func problem(of opening: StreamOpening, _ stream: LoginStream) -> String? {
    let from = configuration.domains.contains(stream.domain) ? stream.domain : configuration.domains.first
    return opening.from == from && !(opening.id ?? "").isEmpty ? nil : "a stream header is from \(opening.from ?? "nobody")"
  }

  /// An end that the client did not ask for.
  private mutating func judgeUnasked(_ output: LoginOutput, _ stream: LoginStream, on connection: ConnectionID) -> String? {
    switch output {
    case .header where !stream.wasHeaderSent && stream.isBeforeHeader:
      streams[connection]!.wasHeaderSent = true
      streams[connection]!.owed = [.error([]), .streamEnd, .close]
      return nil
    case .element(let element) where element.is("error", NS.streams) && stream.wasHeaderSent:
      let condition = element.firstChild?.name ?? ""
      guard mayEnd(stream, with: condition) else { return wrong(output, stream) + ", with no reason for it, at: \(stream.grammar.excerpt)" }
      streams[connection]!.owed = [.streamEnd, .close]
      return nil
    // Then nothing can be said, in neither stream (RFC 6120, 5.4.3.2).
    case .close where isEnding || commitFailedAt >= stream.openedAt || stream.mayBeOver || stream.isInHandshake && mayEndHandshake(stream):
      streams[connection]!.end()
      return nil
    default: return wrong(output, stream)
    }
  }

  /// Bytes that came together with the request for TLS are no reason (RFC 6120, 5.4.3.3). Where "proceed" had to wait, nobody knows any more
  /// which came later.
  func mayEndHandshake(_ stream: LoginStream) -> Bool {
    stream.wasHeardBehindTLS || isHeld || now >= stream.deadline(configuration.limits)
  }

  /// RFC 6120, 4.9.3.
  private func mayEnd(_ stream: LoginStream, with condition: Text) -> Bool {
    switch condition {
    case "connection-timeout": now >= stream.deadline(configuration.limits)
    case "system-shutdown": isEnding
    case "internal-server-error": commitFailedAt >= stream.openedAt
    case "not-authorized", "reset":
      stream.account.flatMap { accounts[$0]?.mayEndStreams(condition, since: stream.openedAt) } ?? false
    default: false
    }
  }

  // MARK: Elements

  private mutating func judge(_ element: Element, _ owed: LoginStream.Owed, on connection: ConnectionID) -> String? {
    let stream = streams[connection]!
    let isWrong = wrong(.element(element), stream)
    switch owed {
    case .features:
      guard element.is("features", NS.streams) else { return isWrong }
      streams[connection]!.pass()
      return problem(ofFeatures: element, stream)
    case .proceed: return element.is("proceed", NS.tls) ? pop(connection) : isWrong
    case .tlsFailure: return element.is("failure", NS.tls) ? pop(connection) : isWrong
    case .emptyChallenge(let mechanism):
      guard element.is("challenge", NS.sasl), element.text.isEmpty else { return isWrong }
      streams[connection]!.begin(.initial(mechanism), at: moment)
      return nil
    case .challenge(let mechanism, let first, let account, let since):
      if isTemporary(element) { return fail(connection) }
      guard element.is("challenge", NS.sasl), let bytes = SASLGrammar.decode(element.text), let challenge = SASLGrammar.Challenge(bytes)
      else { return isWrong }
      streams[connection]!.begin(.final(mechanism, first, challenge, account: account, since: since), at: moment)
      let name = account?.text ?? first.name + "@" + stream.domain
      let changes = account.flatMap { accounts[$0]?.pendingSaltChanges } ?? 0
      return salts.problem(challenge, for: name, mechanism, after: first.nonce, pendingChanges: changes)
    case .failure(let conditions):
      guard element.is("failure", NS.sasl), conditions.contains(element.firstChild?.name ?? "") else { return isWrong }
      return fail(connection)
    case .verdict(let attempt): return judge(element, attempt, on: connection)
    case .bound(let resource, let id): return judge(element, bindingOf: resource, id, on: connection)
    case .stanzaError(let id, let conditions):
      return element.isError(id, conditions) ? pop(connection) : isWrong
    case .registration(let id, _, let change):
      guard element.stanzaKind == .iq, element.id == id, element.type == "result" || element.type == "error" else { return isWrong }
      if let change { answered(change.number, of: change.account, isDone: element.type == "result") }
      return pop(connection)
    case .header, .startTLS, .error, .streamEnd, .close: return isWrong
    }
  }

  /// Storage did not answer, or too much waits for it (RFC 6120, 6.5.11). That a password is wrong is for good (6.5.10).
  private func isTemporary(_ element: Element) -> Bool {
    isPutOff && element.is("failure", NS.sasl) && element.firstChild?.name == "temporary-auth-failure"
  }

  /// RFC 6120, 6.4.5: the last failure ends the stream.
  private mutating func fail(_ connection: ConnectionID) -> String? {
    streams[connection]!.fail(limit: configuration.limits[.authenticationAttempts])
    return nil
  }

  /// RFC 6120, 4.3.2, 5.3.1 and 6.3.3.
  private func problem(ofFeatures features: Element, _ stream: LoginStream) -> String? {
    let children = Array(features.children)
    func has(_ name: Text, _ namespace: Text) -> Bool { children.contains { $0.is(name, namespace) } }
    if stream.loginAccount != nil {
      let isRight = has("bind", NS.bind) && !has("mechanisms", NS.sasl) && !has("starttls", NS.tls)
      return isRight ? nil : "the features behind a login are wrong: \(features)"
    }
    let mechanisms = LoginStream.mechanisms(isEncrypted: stream.isEncrypted, configuration).map { Text($0.rawValue) }
    let offered = features.child("mechanisms", NS.sasl)?.children.map(\.text) ?? []
    let isStartTLS = !stream.isEncrypted && configuration.offersTLS
    let isAlone = isStartTLS && configuration.requiresTLS
    let isRequired = features.child("starttls", NS.tls)?.child("required", NS.tls) != nil
    let isRight =
      offered.sorted() == mechanisms.sorted() && has("starttls", NS.tls) == isStartTLS && isRequired == isAlone && !has("bind", NS.bind)
      && (!isAlone || children.count == 1)
      && SimulatedFeature.all.compactMap(\.login).allSatisfy {
        declaration in
        children.contains { $0.has(namespace: declaration.namespace) } == (declaration.isOffered(configuration) && !isAlone)
      }
    return isRight ? nil : "the features before a login are wrong: \(features)"
  }

  // MARK: The outcome

  private mutating func judge(_ element: Element, _ attempt: LoginStream.Attempt, on connection: ConnectionID) -> String? {
    let name = attempt.account?.text ?? "nobody"
    if element.is("success", NS.sasl) {
      guard let account = attempt.account, let password = password(of: account, provedBy: attempt) else {
        return "success for \(name), which the client has not shown to be"
      }
      let data = SASLGrammar.decode(element.text)
      guard data == attempt.final(for: password) else { return "success for \(name) has the wrong proof of the server" }
      accounts[account]!.learn({ $0 == .present(password: password, isDisabled: false) }, at: now)
      streams[connection]!.succeed(account, password, configuration.limits.authenticatedStream, at: moment)
      return nil
    }
    guard element.is("failure", NS.sasl) else { return wrong(.element(element), streams[connection]!) }
    if case .password = attempt.evidence, isTemporary(element) { return fail(connection) }
    let states = attempt.account.map { accounts[$0, default: LoginAccount()].possible(since: attempt.since) } ?? [.absent]
    let condition = element.firstChild?.name ?? ""
    let isFair = states.contains { state in
      switch state {
      case .absent: condition == "not-authorized"
      case .present(let password, let isDisabled):
        condition == (attempt.isRight(for: password) ? isDisabled ? "account-disabled" : "" : "not-authorized")
      }
    }
    return isFair ? fail(connection) : "a login to \(name) failed with \(condition), for no reason"
  }

  private func password(of account: JID, provedBy attempt: LoginStream.Attempt) -> [UInt8]? {
    for state in accounts[account]?.possible ?? [] {
      if case .present(let password, false) = state, attempt.isRight(for: password) { return password }
    }
    return nil
  }

  /// RFC 6120, 7.6 and 7.7.
  private mutating func judge(_ element: Element, bindingOf resource: Text, _ id: Text, on connection: ConnectionID) -> String? {
    let stream = streams[connection]!
    guard let account = stream.loginAccount else { return "a resource was bound before a login" }
    let others = sessions.values.filter { $0.jid.bare == account && !$0.isEnded }
    let limit = configuration.limits[.sessionsPerAccount]
    let wanted = resource.isEmpty ? nil : JID(bare: account, resource: resource)
    let isTaken = others.contains { $0.jid == wanted }
    if element.type == "error" {
      let isRoom = others.count < limit && !isHeld
      let conditions: [Text?] = [
        isTaken && configuration.conflictPolicy == .refuseNew || isHeld ? "conflict" : nil, isRoom ? nil : "resource-constraint",
        isPutOff ? "internal-server-error" : nil,
      ]
      guard element.isError(id, conditions.compactMap(\.self)) else { return "a resource was refused for no reason: \(element)" }
      streams[connection]!.owed = []
      return nil
    }
    guard element.is("iq", NS.client), element.type == "result", element.id == id,
      let jid = element.child("bind", NS.bind)?.child("jid", NS.bind).flatMap({ JID($0.text) }), jid.bare == account, jid.isFull
    else { return wrong(.element(element), stream) }
    if others.contains(where: { $0.jid == jid }) { return "two sessions are bound as \(jid)" }
    if others.count >= limit { return "\(account) has more sessions than it may" }
    let mayDiffer = wanted == nil || configuration.conflictPolicy == .rename && (isTaken || isHeld)
    guard jid == wanted || mayDiffer else { return "\(wanted!) was asked for, and \(jid) is bound" }
    bind(connection, jid)
    return nil
  }
}

extension Element {
  /// Whether it is the error of the request with this id, with one of these conditions (RFC 6120, 8.3).
  fileprivate func isError(_ id: Text?, _ conditions: [Text]) -> Bool {
    let condition = child("error", NS.client)?.firstChild?.name ?? ""
    return stanzaKind == .iq && type == "error" && self.id == id && conditions.contains(condition)
  }
}
