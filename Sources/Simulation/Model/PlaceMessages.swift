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
    var message = letter.element
    if case .place(let type) = place(of: letter.from) { message = type.essence(of: message) }
    mailbox.deliver(.message(message, from: letter.from), about: letter.from, to: connection, mayWait: !isOrdered)
    return true
  }

  /// A message that a place wrote in somebody's name to an account, and that nobody gave it.
  private func unissued(_ handled: HandledEvent) -> String? {
    for case .write(let element, let from?, let addressees) in handled.effects where element.stanzaKind == .message {
      guard case .place(let type) = place(of: from), type.isIssued(element) else { continue }
      for addressee in addressees {
        guard let to = addressee.to?.bare, !issued.contains(IssuedMessage(element, from: from, to: to, configuration.domains)) else {
          continue
        }
        return "\(to) got from \(from) what nobody said: \(element)"
      }
    }
    return nil
  }

  /// Compares what the server wrote with what the model's parties say.
  mutating func checkDeliveries(_ due: [(connection: ConnectionID, delivery: Delivery)], _ handled: HandledEvent) -> String? {
    issued.formUnion(mailbox.takeIssued())
    let server = handled.server
    // An account has a door for its user, and keeps messages back while it reads stored ones; where little may be kept, it refuses some.
    let isNarrow = [Limit.offlineMessages, .offlineBytes].contains { configuration.limits.value(of: $0) < $0.standard }
    let accounts = accounts
    return unissued(handled)
      ?? expectation.check(due, handled, sessions) { session, sender in
        isNarrow || server.isBusy(session.bare) || accounts[session.bare]?.isShut(to: sender) ?? true
      }
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
    return .message(type.essence(of: message), from: from)
  }

  /// Whether this is what was due. An id that the place chose may be any.
  func isMet(by written: Self) -> Bool {
    guard case .message(let from, let element) = self, element.id == nil, case .message(let author, var copy) = written, copy.id != nil
    else { return self == written }
    copy["id"] = nil
    return from == author && element == copy
  }
}
