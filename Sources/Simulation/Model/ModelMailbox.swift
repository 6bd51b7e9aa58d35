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

/// A message that a place wrote to an account, as far as it stays what it is when the account stores it.
struct IssuedMessage: Sendable, Hashable {
  let from: JID
  /// Bare.
  let to: JID
  let element: Element

  /// - Parameter domains: of the accounts, which stamp what they have stored.
  init(_ element: Element, from: JID, to: JID, _ domains: [Text]) {
    var copy = element.removingChildren { $0.is("delay", NS.delay) && ($0["from"].map(domains.contains) ?? false) }
    (copy["from"], copy["to"]) = (nil, nil)
    (self.element, self.from, self.to) = (copy, from, to.bare)
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

  private var issued: [IssuedMessage] = []

  init(_ configuration: Configuration) { (limits, domains) = (configuration.limits, configuration.domains) }

  mutating func send(_ letter: ModelStanza) { letters.append(letter) }
  mutating func next() -> ModelStanza? { letters.popFirst() }

  /// A place writes to an account: which session takes it, and when, is looked at elsewhere.
  mutating func issue(_ element: Element, from place: JID, to account: JID) {
    issued.append(IssuedMessage(element, from: place, to: account, domains))
  }
  mutating func takeIssued() -> [IssuedMessage] {
    defer { issued = [] }
    return issued
  }

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
