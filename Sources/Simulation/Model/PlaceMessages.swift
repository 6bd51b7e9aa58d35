internal import OrderedCollections
internal import ServerCore
internal import XML
internal import XMPP

// Messages that places write to sessions.

extension ReferenceModel {
  /// A message of a place arrives at the account of the session that it is for.
  ///
  /// - Returns: whether it was one.
  mutating func receiveFromPlace(_ letter: ModelStanza) -> Bool {
    guard letter.isOfPlace else { return false }
    guard let account = accounts[letter.to.bare], account.sessions.contains(letter.to), !account.isShut(to: letter.from),
      let connection = sessions.first(where: { $0.value == letter.to })?.key
    else { return true }
    let isOrdered = letter.element.type == "groupchat" || letter.element.type == "error"
    mailbox.deliver(.message(letter.element, from: letter.from), about: letter.from, to: connection, mayWait: !isOrdered)
    return true
  }

  /// A user sends a message through a door that the user has shut (XEP-0191, 3.2).
  mutating func refuse(_ message: Element, to address: JID, on connection: ConnectionID) {
    guard case .place = place(of: address), message.stanzaKind == .message, message.type != "error" else { return }
    mailbox.deliver(.refusal(address, id: message.id, .notAcceptable), about: address, to: connection)
  }
}

extension Delivery.What {
  static func message(_ element: Element, from: JID) -> Self {
    if element.type == "error", let error = StanzaError(element) { return .refusal(from, id: element.id, error.condition) }
    return .message(from, element)
  }

  /// The delivery that a written message makes; `nil` if it is of no place, of a kind that the model does not know, or was stored by the account
  /// meanwhile.
  static func read(_ message: Element, from: JID?, _ configuration: Configuration) -> Self? {
    guard let from, let type = ReferenceModel.placeTypes.first(where: { $0.mayBe(at: from, configuration) }), type.knows(message)
    else { return nil }
    let stamps = message.children.filter { $0.is("delay", NS.delay) }
    if stamps.contains(where: { $0["from"].map(configuration.domains.contains) ?? false }) { return nil }
    return .message(message, from: from)
  }

  /// Whether this is what was due. An id that the place chose may be any.
  func isMet(by written: Self) -> Bool {
    guard case .message(let from, let element) = self, element.id == nil, case .message(let author, var copy) = written, copy.id != nil
    else { return self == written }
    copy["id"] = nil
    return from == author && element == copy
  }
}
