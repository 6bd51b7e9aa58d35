internal import OrderedCollections
internal import XML
internal import XMPP

extension Transaction {
  /// Hands a stanza to a session, with the stanza's own addresses. This and its variants are the only way to a client's session: routing, rooms
  /// and features go through `Outputs.deliver`, and nothing but the negotiation of a stream writes to a connection (`ClientStream.send`).
  ///
  /// Sessions to which one element is delivered in succession share one effect, and with it the serialised element.
  @inline(__always)
  mutating func deliver(_ stanza: Stanza, to session: Session) {
    outputs.deliver(stanza.element, from: stanza.from, to: stanza.to, at: session.connection)
  }

  /// The same, to a session at a place of an account's list, of which nothing is copied: for what happens most often.
  @inline(__always)
  mutating func deliver(_ stanza: Stanza, to sessions: OrderedDictionary<Text, Session>, at place: Int) {
    outputs.deliver(stanza.element, from: stanza.from, to: stanza.to, at: sessions.values[place].connection)
  }

  /// The same, to several sessions.
  mutating func deliver(_ stanza: Stanza, to sessions: some Sequence<Session>) { for session in sessions { deliver(stanza, to: session) } }

  /// Hands a stanza to a session, with the session's full JID as its addressee.
  ///
  /// - Parameters:
  ///   - element: without `from` and `to`.
  ///   - from: `nil` for what comes from the account itself (RFC 6120, 8.1.2.1).
  @inline(__always)
  mutating func deliver(_ element: Element, from: JID?, to session: Session) {
    outputs.deliver(element, from: from, to: session.jid, at: session.connection)
  }

  /// The same, to several sessions.
  mutating func deliver(_ element: Element, from: JID?, to sessions: some Sequence<Session>) {
    for session in sessions { deliver(element, from: from, to: session) }
  }
}

/// The effects of a transaction, in order.
struct Outputs: Sendable {
  /// All but what is being delivered: see `close`.
  private(set) var effects: [Effect] = []
  /// The element that was delivered last, while more sessions may get it.
  private var delivery: Delivery?

  private struct Delivery {
    let element: Element
    let from: JID?
    var addressees: [Addressee]

    /// Cheaper than to compare: a stanza on its way to many is copied, not made anew.
    func shares(_ element: Element, from other: JID?) -> Bool {
      guard self.element.isCopy(of: element) else { return false }
      guard let from, let other else { return self.from == nil && other == nil }
      return from.isCopy(of: other)
    }
  }

  mutating func append(_ effect: Effect) {
    close()
    effects.append(effect)
  }

  fileprivate mutating func deliver(_ element: Element, from: JID?, to address: JID, at connection: ConnectionID) {
    let addressee = Addressee(connection: connection, to: address)
    if delivery?.shares(element, from: from) ?? false {
      delivery!.addressees.append(addressee)
    } else {
      close()
      delivery = Delivery(element: element, from: from, addressees: [addressee])
    }
  }

  /// Appends the effects to others, and keeps none. Nothing is copied where there are no others, and where there is one effect.
  mutating func move(into others: inout [Effect]) {
    if others.isEmpty { return swap(&effects, &others) }
    if effects.count == 1, let only = effects.popLast() { return others.append(only) }
    others.append(contentsOf: effects)
    effects = []
  }

  /// Ends the delivery that was begun, so that `effects` is complete: between envelopes, and at the end of a transaction.
  mutating func close() {
    guard let done = delivery.take() else { return }
    effects.append(.write(done.element, from: done.from, to: done.addressees))
  }
}
