internal import ServerCore
internal import Storage
internal import XML
internal import XMPP

/// The part of a feature in the reference model at an address of its own, beside accounts: a room.
protocol ModelPlace: Sendable {
  /// The kind of its rows' owner.
  static var kind: OwnerKind { get }
  /// Whether there may be one at a bare address.
  static func mayBe(at address: JID, _ configuration: Configuration) -> Bool
  /// Those that a server has in memory.
  static func inMemory(_ server: Server) -> [JID]

  /// As storage has it: nobody is there.
  init(_ jid: JID, from database: MemoryDatabase, limits: Configuration.Limits)
  /// As a stanza that finds nothing there makes it, if it does.
  init?(madeBy letter: ModelStanza, at time: Instant, _ mailbox: inout ModelMailbox)
  /// Answers a stanza that finds nothing there, and makes nothing.
  static func refuse(_ letter: ModelStanza, _ mailbox: inout ModelMailbox)

  /// Whether the model says which messages like this one the place sends, and to whom.
  static func knows(_ message: Element) -> Bool
  /// Whether the message is one to an account, whichever session takes it, of which the model says the content alone (`ModelMailbox.issue`).
  static func isIssued(_ message: Element) -> Bool
  /// The message without words that the place may choose.
  static func essence(of message: Element) -> Element

  mutating func receive(_ letter: ModelStanza, _ mailbox: inout ModelMailbox)
  /// - Parameter now: on the monotonic clock.
  mutating func timePassed(_ now: Int64)
  /// An account is no more. Returns whether it was anything to the place.
  mutating func forget(_ account: JID) -> Bool
  /// Does the work that the ends of accounts have left, where that does not wait until the place is in memory.
  mutating func settle(isInMemory: Bool, _ mailbox: inout ModelMailbox)
  /// It came into memory anew, with its rows alone.
  mutating func loaded()

  /// The parts that storage holds, in words, in an order that does not depend on how they came; `nil` if it holds nothing.
  var kept: [String]? { get }
  /// It is no more.
  var isGone: Bool { get }
  /// The occupants, in words; `nil` if the place need not be in memory, since nobody is there.
  var company: String? { get }
  /// The fault, in words, in a presence that the place wrote to a session in the name of a resource; `before` is the place before the event.
  func fault(in presence: Element, of resource: Text, to session: JID, before: (any ModelPlace)?) -> String?
  /// The first thing that the server has otherwise, in words.
  func disagreement(with server: Server) -> String?
}
