internal import XML
internal import XMPP

extension StreamFeature {
  /// Resource binding (RFC 6120, 7). Nothing else is done before it, so it answers whatever comes.
  static let resourceBinding = StreamFeature(
    stage: .binding, offer: { _ in Element("bind", NS.bind) },
    handler: Handler(elements: .all) { stream, element, transaction in stream.bind(element, &transaction) })
}

extension ClientStream {
  /// RFC 6120, 7.6 and 7.7. Until then only requests to the server or to the account itself are answered (7.1).
  fileprivate mutating func bind(_ element: Element, _ transaction: inout Transaction) -> Request? {
    guard case .expectBind(let identity) = phase else { return nil }
    let address = element["to"].map { JID($0) } ?? identity.account
    guard element.stanzaKind == .iq, address == identity.account || address?.text == domain else {
      fail(transaction.reach(BindingMark.bindStanzaTooEarly, StreamError(.notAuthorized, text: "bind a resource first")), &transaction)
      return nil
    }
    switch transaction.check(iq: element) {
    case .request: break
    case .refused(let error):
      send(element.errorReply(error), &transaction)
      return nil
    // Nothing was asked.
    case .response, .dropped:
      fail(transaction.reach(BindingMark.bindStanzaTooEarly, StreamError(.notAuthorized, text: "bind a resource first")), &transaction)
      return nil
    }
    guard element.type == "set", let id = element.id, let payload = element.firstChild, payload.is("bind", NS.bind) else {
      send(
        element.errorReply(transaction.reach(BindingMark.bindRequestTooEarly, StanzaError(.notAllowed, text: "bind a resource first"))),
        &transaction)
      return nil
    }
    let asked = payload.child("resource", NS.bind)?.text.trimmed ?? ""
    guard asked.isEmpty || JID(bare: identity.account, resource: asked) != nil else {
      send(
        element.errorReply(transaction.reach(BindingMark.bindResourceInvalid, StanzaError(.badRequest, kind: .modify))), &transaction)
      return nil
    }
    phase = .binding(identity)
    transaction.immediate.append(.pause(connection))
    return .bind(identity, resource: asked, id: id)
  }

  mutating func bound(_ jid: JID, id: Text?, _ transaction: inout Transaction) {
    var payload = Element("bind", NS.bind)
    payload.append("jid", NS.bind, text: jid.text)
    var result = Element("iq", NS.client, ["type": "result", "id": id])
    result.append(payload)
    send(result, &transaction)
    transaction.immediate.append(.resume(connection))
    phase = .bound(jid)
  }

  mutating func bindRefused(_ error: StanzaError, id: Text?, _ transaction: inout Transaction) {
    guard case .binding(let identity) = phase else { return }
    var reply = Element("iq", NS.client, ["type": "error", "id": id])
    reply.append(error.element)
    send(reply, &transaction)
    transaction.immediate.append(.resume(connection))
    phase = .expectBind(identity)
  }
}
