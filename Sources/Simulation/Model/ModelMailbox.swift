internal import DequeModule
internal import ServerCore
internal import XML
internal import XMPP

/// A stanza between two parties of the model.
struct ModelStanza: Sendable {
  var element: Element
  var from: JID
  var to: JID
  /// Whether it has to arrive; one that a server may send and need not is written as well, so that nobody is surprised by it.
  var isOwed = true

  static func presence(_ type: Text?, from: JID, to: JID, isOwed: Bool = true) -> ModelStanza {
    ModelStanza(element: Element("presence", NS.client, ["type": type]), from: from, to: to, isOwed: isOwed)
  }
}

/// A delivery to a session.
struct Delivery: Sendable, Hashable {
  /// The account or contact that it is about: order is kept among deliveries of one subject.
  var subject: JID
  var what: What
  var isOwed: Bool

  enum What: Sendable, Hashable {
    /// The full or bare address that it comes from; `nil` is available presence.
    case presence(JID, type: Text?)
    /// A request to subscribe, as its sender wrote it (RFC 6121, 3.1.3).
    case request(JID, Element)
    /// A roster push (RFC 6121, 2.1.6): "remove" where the contact is gone.
    case push(subscription: Text, isPendingOut: Bool)
  }
}

/// The output of the model's parties: letters in the order of writing, and deliveries to sessions.
struct ModelMailbox: Sendable {
  /// How much any party may keep.
  let limits: Configuration.Limits
  private(set) var letters: Deque<ModelStanza> = []
  private(set) var deliveries: [(connection: ConnectionID, delivery: Delivery)] = []

  init(limits: Configuration.Limits) { self.limits = limits }

  mutating func send(_ letter: ModelStanza) { letters.append(letter) }
  mutating func next() -> ModelStanza? { letters.popFirst() }

  mutating func deliver(_ what: Delivery.What, about subject: JID, to connection: ConnectionID, isOwed: Bool = true) {
    deliveries.append((connection, Delivery(subject: subject.bare, what: what, isOwed: isOwed)))
  }
  mutating func takeDeliveries() -> [(connection: ConnectionID, delivery: Delivery)] {
    defer { deliveries = [] }
    return deliveries
  }
}
