internal import SASL
internal import ServerCore
internal import XML
internal import XMPP

// The outputs that each input of a client is answered with, before a resource is bound.

extension LoginStream {
  private static func end(_ conditions: [Text]) -> [Owed] { [.error(conditions), .streamEnd, .close] }

  /// Takes an input when nothing is owed, and owes its answer.
  ///
  /// - Returns: what is wrong by itself, if anything is.
  mutating func take(_ input: Input, _ configuration: Configuration) -> String? {
    switch (input, phase) {
    case (.dispute(let problem), _): return problem
    case (_, .ended), (_, .tls): break
    case (.violation(let conditions), .header): owed = [.header] + Self.end(conditions)
    case (.violation(let conditions), _): owed = Self.end(conditions)
    case (.header(let header), .header):
      owed = [.header] + (faults(of: header, configuration).min().map { Self.end([$0.condition]) } ?? [.features])
    case (.header, _): owed = Self.end([LoginChoices.headerWithin])
    case (.end, _): owed = [.streamEnd, .close]
    case (.element(let element), _): takeElement(element, configuration)
    }
    return nil
  }

  /// RFC 6120, 4.7 and 4.8: the faults of a header.
  private mutating func faults(of header: StreamParser.Header, _ configuration: Configuration) -> [LoginChoices.HeaderFault] {
    let root = header.element
    let isFirst = domain.isEmpty
    let asked = root["to"].flatMap { JID($0) }?.text
    if isFirst { domain = asked ?? "" }
    var faults: [LoginChoices.HeaderFault] = []
    if !root.has(namespace: NS.streams) { faults.append(.namespace) }
    if !root.has(name: "stream") { faults.append(.name) }
    if ![NS.client, NS.streams, ""].contains(header.contentNamespace) { faults.append(.contentNamespace) }
    if !configuration.domains.contains(domain) { faults.append(.unknownHost) }
    // 4.7.2: the domain that a login was to is that of the session (6.4.6).
    if !isFirst, root["to"] != nil, asked != domain { faults.append(.otherHost) }
    // 4.7.5: no version stands for 0.9, and this server has no features for that.
    let major = (root["version"] ?? "").string.split(separator: ".", omittingEmptySubsequences: false).first ?? ""
    if Int(major) ?? 0 < 1 { faults.append(.version) }
    return faults
  }

  private mutating func takeElement(_ element: Element, _ configuration: Configuration) {
    // 4.9.1.1: an error of the peer ends the stream, and is not answered with another.
    if element.is("error", NS.streams) { return owed = [.streamEnd, .close] }
    switch phase {
    case .negotiating: negotiate(element, configuration)
    case .exchange(let exchange):
      if element.has(namespace: NS.sasl) { goOn(exchange, element, configuration) } else { owed = Self.end([Self.early(element)]) }
    case .bind(let account): takeBeforeBinding(element, account)
    case .header, .tls, .ended: break
    }
  }

  /// 4.9.3.12 for stanzas before a login, 4.9.3.24 for other elements.
  private static func early(_ element: Element) -> Text {
    element.stanzaKind == nil ? LoginChoices.elementTooEarly : LoginChoices.stanzaTooEarly
  }

  private mutating func negotiate(_ element: Element, _ configuration: Configuration) {
    if element.is("starttls", NS.tls) {
      owed = isEncrypted || !configuration.offersTLS ? [.tlsFailure, .streamEnd, .close] : [.proceed, .startTLS]
    } else if element.is("auth", NS.sasl) {
      begin(element, configuration)
    } else if element.has(namespace: NS.sasl) {
      owed = [.failure([LoginChoices.unexpectedSASL])]
    } else if element.stanzaKind == .iq, isEncrypted || !configuration.requiresTLS,
      let declaration = SimulatedFeature.all.lazy.compactMap(\.login).first(where: { $0.isOffered(configuration) })
    {
      let isRequest = declaration.isRequest(element, domain)
      owed = isRequest ? [.registration(id: element.id, request: element, change: nil)] : Self.end([LoginChoices.stanzaTooEarly])
    } else {
      owed = Self.end([Self.early(element)])
    }
  }

  // MARK: SASL

  /// RFC 6120, 6.3.4 and 13.8.2: PLAIN goes over TLS only, and nothing does without it where it is required.
  static func mechanisms(isEncrypted: Bool, _ configuration: Configuration) -> [SASLMechanism] {
    let all: [SASLMechanism] = [.scramSHA256, .scramSHA1, .plain]
    return isEncrypted ? all : configuration.requiresTLS ? [] : all.filter { $0 != .plain }
  }

  private mutating func begin(_ auth: Element, _ configuration: Configuration) {
    let known: [SASLMechanism] = [.scramSHA256, .scramSHA1, .plain]
    guard let mechanism = known.first(where: { Text($0.rawValue) == auth["mechanism"] }) else {
      return owed = [.failure(["invalid-mechanism"])]
    }
    guard Self.mechanisms(isEncrypted: isEncrypted, configuration).contains(mechanism) else {
      return owed = [.failure([LoginChoices.withoutTLS])]
    }
    guard !auth.text.isEmpty else { return owed = [.emptyChallenge(mechanism)] }
    respond(auth.text, .initial(mechanism))
  }

  private mutating func goOn(_ exchange: Exchange, _ element: Element, _ configuration: Configuration) {
    if element.has(name: "abort") {
      owed = [.failure(["aborted"])]
    } else if element.has(name: "response") {
      respond(element.text, exchange)
    } else {
      owed = [.failure([LoginChoices.unexpectedSASL])]
    }
  }

  private mutating func respond(_ text: Text, _ exchange: Exchange) {
    switch exchange {
    case .initial(let mechanism):
      // RFC 6120, 6.4.2: "=" is a response of no bytes.
      guard let bytes = text == "=" ? [] : SASLGrammar.decode(text) else { return owed = [.failure(["incorrect-encoding"])] }
      claim(mechanism, bytes)
    case .final(let mechanism, let first, let challenge, let account, let since):
      guard let bytes = SASLGrammar.decode(text) else { return owed = [.failure(["incorrect-encoding"])] }
      guard let final = SASLGrammar.Final(bytes), final.binding == first.header, final.nonce == challenge.nonce else {
        return owed = [.failure([LoginChoices.wrongFinal])]
      }
      let proof = SASLGrammar.Proof(mechanism == .scramSHA1 ? .sha1 : .sha256, first, challenge, final)
      owed = [.verdict(Attempt(account: account, evidence: .proof(proof), since: since))]
    }
  }

  private mutating func claim(_ mechanism: SASLMechanism, _ bytes: [UInt8]) {
    if mechanism == .plain {
      guard let message = SASLGrammar.Plain(bytes) else { return owed = [.failure([LoginChoices.malformedMessage])] }
      guard mayAct(message.name, as: message.authorization) else { return owed = [.failure(["invalid-authzid"])] }
      let password = Array((Precis.saslPrep(message.password) ?? message.password).utf8)
      owed = [.verdict(Attempt(account: account(message.name), evidence: .password(password), since: heardAt))]
    } else {
      guard let first = SASLGrammar.First(bytes) else { return owed = [.failure([LoginChoices.malformedMessage])] }
      guard mayAct(first.name, as: first.authorization) else { return owed = [.failure(["invalid-authzid"])] }
      owed = [.challenge(mechanism, first, account: account(first.name), since: heardAt)]
    }
  }

  private func account(_ name: Text) -> JID? { JID(local: name, domain: domain, resource: "") }

  /// RFC 6120, 6.3.8: nobody acts for another.
  private func mayAct(_ name: Text, as authorization: Text) -> Bool {
    if authorization.isEmpty { return true }
    guard let account = account(name) else { return false }
    return JID(authorization) == account
  }

  // MARK: Binding

  /// RFC 6120, 7.1: before a resource is bound the server answers requests to itself and to the account, with an error but for the one that binds.
  private mutating func takeBeforeBinding(_ element: Element, _ account: JID) {
    let address = element["to"].map { JID($0) } ?? account
    guard element.stanzaKind == .iq, address == account || address?.text == domain else {
      return owed = Self.end([LoginChoices.stanzaTooEarly])
    }
    let children = Array(element.children)
    switch element.type {
    case "result", "error": owed = Self.end([LoginChoices.stanzaTooEarly])
    case "get", "set":
      guard let id = element.id, !id.isEmpty, children.count == 1 else { return owed = [.stanzaError(id: element.id, ["bad-request"])] }
      guard element.type == "set", children[0].is("bind", NS.bind) else {
        return owed = [.stanzaError(id: id, [LoginChoices.requestTooEarly])]
      }
      let resource = children[0].child("resource", NS.bind)?.text.trimmed ?? ""
      let isPossible = resource.isEmpty || JID(bare: account, resource: resource) != nil
      owed = isPossible ? [.bound(resource: resource, id: id)] : [.stanzaError(id: id, [LoginChoices.resourceImpossible])]
    default: owed = [.stanzaError(id: element.id, ["bad-request"])]
    }
  }
}
