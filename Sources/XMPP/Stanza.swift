public import XML

/// The three kinds of stanza (RFC 6120, 8.2).
public enum StanzaKind: Hashable, Sendable {
  case message, presence, iq
}

extension Element {
  /// Which stanza this is; `nil` if it isn't one in `jabber:client`.
  public var stanzaKind: StanzaKind? {
    guard has(namespace: NS.client) else { return nil }
    if has(name: "message") { return .message }
    if has(name: "presence") { return .presence }
    if has(name: "iq") { return .iq }
    return nil
  }

  /// The stanza's id (RFC 6120, 8.1.3).
  public var id: Text? { self["id"] }
  /// The stanza's type (RFC 6120, 8.1.4).
  public var type: Text? { self["type"] }

  /// The error stanza that answers this one, back to where it came from (RFC 6120, 8.3.1). With `payload`, what was in
  /// the original comes first.
  public func errorReply(_ error: StanzaError, payload: Bool = false) -> Element {
    var reply = self.reply("error")
    if payload {
      // The returned payload is in the language that it was sent in.
      reply.lang = lang
      for child in children { reply.append(child) }
    }
    reply.append(error.element(in: namespace, outer: reply.lang))
    return reply
  }

  /// The result that answers this request, back to where it came from (RFC 6120, 8.2.3).
  public func resultReply(_ payload: Element? = nil) -> Element {
    var reply = self.reply("result")
    if let payload { reply.append(payload) }
    return reply
  }

  private func reply(_ type: Text) -> Element {
    Element(name, namespace, ["type": type, "id": id, "from": self["to"], "to": self["from"]])
  }
}

extension Element {
  /// The element's bytes in storage: XML in which `jabber:client` is the default namespace. Every limit on stored bytes counts these bytes.
  public var stored: [UInt8] { serialized(defaultNamespace: NS.client) }
}
