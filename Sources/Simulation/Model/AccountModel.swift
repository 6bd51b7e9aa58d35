internal import OrderedCollections
internal import ServerCore
internal import Storage
internal import XML
internal import XMPP

/// An account of the reference model: its sessions, and what the features' parts know of it.
struct AccountModel: Sendable {
  private static let types = SimulatedFeature.all.compactMap(\.accountPart)

  /// Bare.
  let jid: JID
  /// Bound sessions, by full JID.
  private(set) var sessions: OrderedSet<JID> = []
  /// In the order of the types.
  private var parts: [any AccountPart]
  private var doors = Doors()

  init(_ jid: JID) {
    self.jid = jid
    parts = AccountModel.types.map { $0.init(jid) }
  }

  /// As storage has it: nobody is connected.
  init(_ jid: JID, from database: MemoryDatabase) {
    self.init(jid)
    load(from: database)
  }

  mutating func load(from database: MemoryDatabase) {
    for index in parts.indices { parts[index].load(from: database) }
    learnDoors()
  }

  /// Returns stanzas that the server may send all the same when it ends the account's sessions.
  mutating func recover(from database: MemoryDatabase) -> [ModelStanza] {
    var stanzas: [ModelStanza] = []
    for index in parts.indices { stanzas += parts[index].recover(from: database) }
    learnDoors()
    return stanzas
  }

  private mutating func learnDoors() {
    doors = Doors(parts)
    for index in parts.indices { parts[index].learn(doors) }
  }

  func isShut(to address: JID) -> Bool { doors.isShut(to: address) }

  mutating func began(_ session: JID, on connection: ConnectionID) {
    sessions.append(session)
    for index in parts.indices { parts[index].began(session, on: connection) }
  }

  mutating func ended(_ session: JID, _ mailbox: inout ModelMailbox) {
    sessions.remove(session)
    for index in parts.indices { parts[index].ended(session, &mailbox) }
  }

  mutating func send(_ presence: Element, of session: JID, to address: JID?, _ mailbox: inout ModelMailbox) {
    for index in parts.indices { parts[index].send(presence, of: session, to: address, &mailbox) }
  }

  mutating func receive(_ letter: ModelStanza, _ mailbox: inout ModelMailbox) {
    guard !isShut(to: letter.from) else { return }
    for index in parts.indices { parts[index].receive(letter, &mailbox) }
  }

  /// Returns whether the account is to go.
  mutating func answer(_ request: AccountRequest, _ mailbox: inout ModelMailbox) -> Bool {
    var ends = false
    for index in parts.indices {
      switch parts[index].answer(request, &mailbox) {
      case .nothing: break
      case .door(let named): changeDoors(named: named, &mailbox)
      case .end: ends = true
      }
    }
    return ends
  }

  private mutating func changeDoors(named: [JID], _ mailbox: inout ModelMailbox) {
    doors = Doors(parts)
    for index in parts.indices { parts[index].change(to: doors, named: named, &mailbox) }
  }

  mutating func dissolve(_ mailbox: inout ModelMailbox) { for index in parts.indices { parts[index].dissolve(&mailbox) } }

  var kept: [String] { parts.flatMap(\.kept) }
  func disagreement(with seen: ObservedState) -> String? { parts.lazy.compactMap { $0.disagreement(with: seen) }.first }
  func misdelivery(to session: JID) -> String? { parts.lazy.compactMap { $0.misdelivery(to: session) }.first }
}
