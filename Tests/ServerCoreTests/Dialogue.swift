import Storage
import XML
import XMPP

@testable import ServerCore

// Words for tests that compare complete answers.

extension EngineHarness {
  /// All that came since the last time. The server makes up the id of each push: a star stands for it.
  mutating func heard(_ connection: ConnectionID) -> String {
    read(connection).replacing(#/<iq type='set' id='[^']+' to=/#, with: "<iq type='set' id='*' to=")
  }

  /// Sends something, and reads all that its sender gets.
  mutating func ask(_ text: String, on connection: ConnectionID) -> String {
    send(text, on: connection)
    return heard(connection)
  }

  /// Forgets what all these have got until now.
  mutating func skip(_ connections: ConnectionID...) { for connection in connections { _ = read(connection) } }

  /// Puts a subscription into the rosters of two accounts, as the first sees it: before anybody is logged in.
  mutating func befriend(_ name: String, _ subscription: RosterItem.Subscription, _ contact: String) {
    let mirrored: RosterItem.Subscription =
      switch subscription {
      case .to: .from
      case .from: .to
      case .none, .both: subscription
      }
    list(RosterItem(jid: JID("\(contact)@localhost")!, subscription: subscription), in: name)
    list(RosterItem(jid: JID("\(name)@localhost")!, subscription: mirrored), in: contact)
  }

  /// Puts an item into the roster of one account: before anybody is logged in.
  mutating func list(_ item: RosterItem, in name: String) {
    write([.put(item, of: JID("\(name)@localhost")!)])
    restart()
  }

  /// A session that has sent initial presence and has read all that came with it.
  mutating func available(_ name: String, resource: String) -> ConnectionID {
    let connection = session(name, resource: resource)
    send("<presence/>", on: connection)
    _ = read(connection)
    return connection
  }

  /// The body of an error stanza.
  static func error(_ kind: String, _ condition: String) -> String {
    "<error type='\(kind)'><\(condition) xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>"
  }

  /// The mark of a stanza's time, as long as the clock of a test stands still.
  static let delay = "<delay xmlns='urn:xmpp:delay' from='localhost' stamp='1970-01-01T00:00:00Z'/>"
}
