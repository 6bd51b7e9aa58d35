internal import OrderedCollections
internal import ServerCore
internal import XML
internal import XMPP

/// Knows which users may be silent to each other because one asked for it: for oracles, an excuse for stanzas that are not delivered or
/// answered.
///
/// A feature notes all that ever asked for it in a run: what ends a silence is not followed.
protocol Silence: Sendable {
  init()
  /// Notes what a session of the account sent.
  mutating func note(_ element: Element, of account: JID)
  /// Whether the account may hear nothing of this address. With `partly` it is enough that it may hear nothing of some resource of it.
  func mayMiss(_ address: JID, _ account: JID, partly: Bool) -> Bool
  /// Whether the account may hear nothing of some address at a domain that begins so.
  func mayMiss(domainPrefix: Text, _ account: JID) -> Bool
  /// Whether a message that the account may not hear is lost without a word to its sender.
  static func losesMessages(_ configuration: Configuration) -> Bool
}

/// All silences of a run.
struct Silences: Sendable {
  private static let types = SimulatedFeature.all.compactMap(\.silence)
  private var parts = Silences.types.map { $0.init() as any Silence }

  mutating func note(_ element: Element, of account: JID) { for index in parts.indices { parts[index].note(element, of: account) } }

  func mayMiss(_ address: JID, _ account: JID, partly: Bool = false) -> Bool {
    parts.contains { $0.mayMiss(address, account, partly: partly) }
  }

  /// Whether the account may not hear what happens in rooms.
  func mayMissRooms(_ account: JID) -> Bool { parts.contains { $0.mayMiss(domainPrefix: "conference.", account) } }

  /// Whether a message from this address to the account may be lost without a word.
  func mayLose(messageFrom sender: JID, to account: JID, _ configuration: Configuration) -> Bool {
    parts.contains { $0.mayMiss(sender, account, partly: false) && type(of: $0).losesMessages(configuration) }
  }
}
