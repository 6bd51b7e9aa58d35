internal import SASL
internal import ServerCore
internal import Storage
internal import XML
internal import XMPP

/// How crowded a world is before anything happens: work that grows with what lies there shows only where much does.
public struct Crowd: Sendable {
  /// Connections that say nothing.
  public var connections: Int
  /// Contacts, and blocked addresses, of each account; ranks in the room of the plots.
  public var entries: Int
  public init(connections: Int, entries: Int) { (self.connections, self.entries) = (connections, entries) }

  static let none = Crowd(connections: 0, entries: 0)
  /// Enough that a list which is written as a whole is seen, and few enough for many runs.
  public static let standard = Crowd(connections: 50, entries: 300)
  /// The labels of the idle connections in all choices.
  static let firstLabel: UInt64 = 1 << 48

  private func stranger(_ number: Int) -> JID { JID(local: Text("stranger\(number)"), domain: "elsewhere.example", resource: "")! }

  /// A disk with these accounts and their lists.
  func database(of accounts: [JID], password: Text) -> MemoryDatabase {
    var disk = MemoryDisk(MemoryDatabase(.server))
    guard entries > 0 else { return disk.durable }
    var changes: [Change] = []
    for account in accounts {
      let hashes = ScramHash.allCases
      let request = DerivationRequest(
        password: Secret(Array(password.utf8)), hashes: hashes, salts: hashes.map { _ in Array("salt".utf8) },
        rounds: hashes.map { _ in 1 })
      changes += StoredAccount(jid: account, credentials: Scram.derive(request)).changes
      for number in 0..<entries {
        changes.append(.put(RosterItem(jid: stranger(number)), of: account))
        changes.append(.put(BlockedAddress(jid: stranger(number)), of: account))
      }
    }
    disk.write(0, changes)
    _ = disk.sync()
    return disk.durable
  }
}
