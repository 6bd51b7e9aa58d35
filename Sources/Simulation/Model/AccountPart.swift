internal import ServerCore
internal import Storage
internal import XML
internal import XMPP

/// The part of one feature in the reference model of an account, beside its state. A part names no other: where it depends on others, it asks
/// their doors, and where it changes what others depend on, it says so by a consequence.
protocol AccountPart: Sendable {
  /// Of an account of which nothing is stored, and with nobody connected.
  init(_ account: JID)
  /// Durable rows hold: at the start, and after a commit failed. Sessions stay as they are.
  mutating func load(from database: MemoryDatabase)
  /// The same after a commit failed: returns stanzas that the server may send all the same when it ends the account's sessions, since it ends them
  /// with the state that it had.
  mutating func recover(from database: MemoryDatabase) -> [ModelStanza]

  /// The addresses that must not come through to the account, if the feature keeps any out.
  var door: (any Door)? { get }
  /// The doors of all parts, before anything comes to pass and after a load.
  mutating func learn(_ doors: Doors)
  /// The user has shut or opened a door; `named` are the addresses by which that was said.
  mutating func change(to doors: Doors, named: [JID], _ mailbox: inout ModelMailbox)

  /// A session of the account was bound.
  mutating func began(_ session: JID, on connection: ConnectionID)
  /// It is gone, however that came.
  mutating func ended(_ session: JID, _ mailbox: inout ModelMailbox)
  /// A session sends presence; `address` is `nil` where it named none.
  mutating func send(_ presence: Element, of session: JID, to address: JID?, _ mailbox: inout ModelMailbox)
  /// A stanza arrives that is no request.
  mutating func receive(_ letter: ModelStanza, _ mailbox: inout ModelMailbox)
  /// A session asks for something, of its account or of its host.
  mutating func answer(_ request: AccountRequest, _ mailbox: inout ModelMailbox) -> AccountConsequence
  /// The account is about to be no more.
  mutating func dissolve(_ mailbox: inout ModelMailbox)

  /// The parts that storage holds, in words, in an order that does not depend on how they came.
  var kept: [String] { get }
  /// The first thing that the server has otherwise, in words.
  func disagreement(with seen: ObservedState) -> String?
  /// The fault, in words, if a message comes to this session that is not for its address.
  func misdelivery(to session: JID) -> String?
}

extension AccountPart {
  mutating func load(from database: MemoryDatabase) {}
  mutating func recover(from database: MemoryDatabase) -> [ModelStanza] {
    load(from: database)
    return []
  }
  var door: (any Door)? { nil }
  mutating func learn(_ doors: Doors) {}
  mutating func change(to doors: Doors, named: [JID], _ mailbox: inout ModelMailbox) { learn(doors) }
  mutating func began(_ session: JID, on connection: ConnectionID) {}
  mutating func ended(_ session: JID, _ mailbox: inout ModelMailbox) {}
  mutating func send(_ presence: Element, of session: JID, to address: JID?, _ mailbox: inout ModelMailbox) {}
  mutating func receive(_ letter: ModelStanza, _ mailbox: inout ModelMailbox) {}
  mutating func answer(_ request: AccountRequest, _ mailbox: inout ModelMailbox) -> AccountConsequence { .nothing }
  mutating func dissolve(_ mailbox: inout ModelMailbox) {}
  var kept: [String] { [] }
  func disagreement(with seen: ObservedState) -> String? { nil }
  func misdelivery(to session: JID) -> String? { nil }
}

/// A user's request to the own server.
struct AccountRequest: Sendable {
  let session: JID
  let type: Text?
  let payload: Element
  /// It is for the own account, and not for the host.
  let isToAccount: Bool
}

/// The consequence of a request for other parts.
enum AccountConsequence: Sendable {
  case nothing
  /// The part's door is another; these addresses were named, or stood for it before.
  case door(named: [JID])
  /// The account is to go when all letters are read.
  case end
}

/// Decides which addresses do not come through to an account, in either direction.
protocol Door: Sendable {
  func isShut(to address: JID) -> Bool
}

/// The doors of all parts of an account.
struct Doors: Sendable {
  private var doors: [any Door] = []

  init() {}
  init(_ parts: [any AccountPart]) { doors = parts.compactMap(\.door) }

  func isShut(to address: JID) -> Bool { doors.contains { $0.isShut(to: address) } }
}
