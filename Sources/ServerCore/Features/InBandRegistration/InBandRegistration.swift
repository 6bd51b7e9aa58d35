internal import SASL
internal import XML
internal import XMPP

/// In-Band Registration, XEP-0077. Service discovery tells of it also where strangers can't register: to change one's password or to remove one's
/// account is part of it (10).
enum InBandRegistration {
  static let feature = Feature(
    xep: 77, version: "2.4", name: "In-Band Registration", hostFeatures: [NS.register], marks: [RegistrationMark.self],
    settings: [.openRegistration],
    requests: [
      Request("query", NS.register, from: .owner, .account { _, request, payload, transaction in handle(request, payload, &transaction) }),
      Request(
        "query", NS.register, from: .localUsers, .host { _, request, payload, transaction in handle(request, payload, &transaction) }),
    ],
    streamFeatures: [
      StreamFeature(
        stage: .login, offer: { $0.configuration[flag: .openRegistration] ? Element("register", NS.registerFeature) : nil },
        handler: .init(elements: .requests, accountSettled: finished) { stream, element, transaction in
          receive(element, &stream, &transaction)
        })
    ])

  /// A registered user's requests: what is known of him, change of password (3.3), removal (3.2).
  private static func handle(_ request: Stanza, _ query: Element, _ transaction: inout Transaction) {
    let account = request.from.bare
    // Nobody is registered with another domain of this server by having an account here.
    guard request.to.domain == account.domain else {
      let isRemoval = query.child("remove", NS.register) != nil
      return transaction.bounce(
        request, transaction.reach(RegistrationMark.registrationElsewhere, StanzaError(isRemoval ? .registrationRequired : .notAllowed)))
    }
    if request.type == "get" {
      var answer = Element("query", NS.register)
      answer.append("registered", NS.register)
      answer.append("username", NS.register, text: account.local)
      answer.append("password", NS.register)
      return transaction.reply(request, answer)
    }
    if query.child("remove", NS.register) != nil {
      // 3.2: nothing may stand beside it, not even another.
      guard Array(query.children).count == 1 else {
        return transaction.bounce(request, transaction.reach(RegistrationMark.registrationRemovalMalformed, StanzaError(.badRequest)))
      }
      transaction.reach(RegistrationMark.registrationRemoval)
      transaction.tasks.append((account, .remove(.request(request))))
      return
    }
    guard let name = query.child("username", NS.register)?.text.trimmed, let password = password(query) else {
      return transaction.bounce(request, transaction.reach(RegistrationMark.passwordIncomplete, StanzaError(.badRequest)))
    }
    // The name must be the user's own, or one could change another's password.
    guard JID(local: name, domain: account.domain, resource: "") == account else {
      return transaction.bounce(request, transaction.reach(RegistrationMark.passwordOfAnother, StanzaError(.notAllowed)))
    }
    transaction.tasks.append((account, .startPasswordChange(password, .request(request))))
  }

  /// `nil` if there is none that could be used.
  private static func password(_ query: Element) -> Secret? {
    query.child("password", NS.register).flatMap { Secret(Array($0.text.utf8)).prepared }
  }
}

/// Registration by a stranger, before any authentication (3.1).
extension InBandRegistration {
  private static func receive(_ element: Element, _ stream: inout ClientStream, _ transaction: inout Transaction) -> ClientStream.Request? {
    let address = element["to"].map { JID($0)?.text } ?? stream.domain
    guard let query = element.child("query", NS.register), address == stream.domain else {
      stream.fail(transaction.reach(RegistrationMark.registrationMalformed, StreamError(.notAuthorized)), &transaction)
      return nil
    }
    switch transaction.check(iq: element) {
    case .request: break
    case .refused(let error):
      refuse(element.id, error, stream, &transaction)
      return nil
    // Nothing was asked.
    case .response, .dropped:
      stream.fail(transaction.reach(RegistrationMark.registrationMalformed, StreamError(.notAuthorized)), &transaction)
      return nil
    }
    guard let id = element.id else { return nil }
    guard element.type == "set" else {
      var answer = Element("query", NS.register)
      answer.append("instructions", NS.register, text: "Choose a name and a password.")
      answer.append("username", NS.register)
      answer.append("password", NS.register)
      var result = Element("iq", NS.client, ["type": "result", "id": id, "from": stream.domain])
      result.append(answer)
      stream.send(result, &transaction)
      return nil
    }
    guard query.child("remove", NS.register) == nil else {
      // 3.2: who has not logged in has no registration that could be cancelled.
      refuse(id, transaction.reach(RegistrationMark.registrationRemovalTooEarly, StanzaError(.unexpectedRequest)), stream, &transaction)
      return nil
    }
    guard let name = query.child("username", NS.register)?.text.trimmed, let password = password(query) else {
      refuse(id, transaction.reach(RegistrationMark.registrationIncomplete, StanzaError(.notAcceptable)), stream, &transaction)
      return nil
    }
    guard let jid = JID(local: name, domain: stream.domain, resource: ""), !jid.isDomain else {
      refuse(
        id, transaction.reach(RegistrationMark.registrationNameUnusable, StanzaError(.notAcceptable, text: "this name can't be used")),
        stream,
        &transaction)
      return nil
    }
    stream.phase = .creatingAccount
    transaction.immediate.append(.pause(stream.connection))
    return .createAccount(jid, password: password, id: id)
  }

  private static func refuse(_ id: Text?, _ error: StanzaError, _ stream: ClientStream, _ transaction: inout Transaction) {
    var reply = Element("iq", NS.client, ["type": "error", "id": id, "from": stream.domain])
    reply.append(error.element)
    stream.send(reply, &transaction)
  }

  /// The registration ended, one way or the other; the stream goes on where it was.
  private static func finished(_ id: Text, _ error: StanzaError?, _ stream: inout ClientStream, _ transaction: inout Transaction) {
    if let error {
      refuse(id, error, stream, &transaction)
    } else {
      transaction.reach(RegistrationMark.registrationSucceeded)
      stream.send(Element("iq", NS.client, ["type": "result", "id": id, "from": stream.domain]), &transaction)
    }
    stream.phase = .negotiating
    transaction.immediate.append(.resume(stream.connection))
  }
}
