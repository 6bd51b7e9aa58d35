internal import ServerCore
internal import XML
internal import XMPP

/// A simulated user's device, whose client comes, does what users do, and goes, all by choice. `Run.clients` has the client.
struct Actor {
  let index: Int
  let account: JID
  let resource: Text
  /// Its connections begin with TLS (XEP-0368).
  let isDirectTLS: Bool
  /// Follows the protocol only until it has logged in.
  var isHostile = false
  var actions = 0
  var isStuck = false
  /// How often the password that it believed to be the account's was wrong.
  var wrongPasswords = 0
  /// A hostile client's plan for its connection, if it has one.
  var probe: LoginProbe?
  /// The handshake of its connection is done. (A client that follows the protocol knows for itself.)
  var isEncrypted = false

  var user: User { User(index: index, account: account, resource: resource) }
  /// The network that it connects from: hostile clients share one address, others have one each.
  var origin: SourceNetwork? { SourceNetwork(address: isHostile ? [10, 0, 1, 0] : [10, 0, 0, UInt8(truncatingIfNeeded: index)]) }
  var name: String { "\(account.local)/\(resource)" }
}
