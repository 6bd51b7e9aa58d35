internal import DequeModule
internal import ServerCore
internal import Storage
internal import XML
internal import XMPP

/// A stanza between two parties of the model.
struct ModelStanza: Sendable {
  var element: Element
  var from: JID
  var to: JID
  /// Whether it has to arrive; one that a server may send and need not is written as well, so that nobody is surprised by it.
  var isOwed = true
  /// A place wrote it, and the model knows whether it arrives.
  var isOfPlace = false
  /// The last commit of the addressee's shard that was pending when it came to wait for its addressee to be loaded.
  var commit: CommitID?
  /// The one of these commits that it tells of for certain.
  var cause: CommitID?

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
  /// Accounts may keep it back for a while: it is not in order with others.
  var mayWait = false

  enum What: Sendable, Hashable {
    /// The full or bare address that it comes from; `nil` is available presence.
    case presence(JID, type: Text?)
    /// A request to subscribe, as its sender wrote it (RFC 6121, 3.1.3).
    case request(JID, Element)
    /// A roster push (RFC 6121, 2.1.6): "remove" where the contact is gone.
    case push(subscription: Text, isPendingOut: Bool)
    /// A message of a place, as it was written; without an id if the place chooses one.
    case message(JID, Element)
    /// The same that says that another was not taken: the id of that.
    case refusal(JID, id: Text?, StanzaError.Condition)
  }
}

/// The output of the model's parties: letters in the order of writing, and deliveries to sessions.
struct ModelMailbox: Sendable {
  /// How much any party may keep.
  let limits: Configuration.Limits
  /// The domains of the server's accounts.
  let domains: [Text]
  /// The wall clock at the event that is worked off, in nanoseconds since 1970.
  var wall: Int64 = 0
  private(set) var letters: Deque<ModelStanza> = []
  private(set) var deliveries: [(connection: ConnectionID, delivery: Delivery)] = []

  init(_ configuration: Configuration) { (limits, domains) = (configuration.limits, configuration.domains) }

  mutating func send(_ letter: ModelStanza) { letters.append(letter) }
  mutating func next() -> ModelStanza? { letters.popFirst() }

  mutating func deliver(
    _ what: Delivery.What, about subject: JID, to connection: ConnectionID, isOwed: Bool = true, mayWait: Bool = false
  ) {
    deliveries.append((connection, Delivery(subject: subject.bare, what: what, isOwed: isOwed, mayWait: mayWait)))
  }
  mutating func takeDeliveries() -> [(connection: ConnectionID, delivery: Delivery)] {
    defer { deliveries = [] }
    return deliveries
  }
}
