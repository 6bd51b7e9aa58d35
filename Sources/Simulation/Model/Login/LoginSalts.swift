internal import OrderedCollections
internal import SASL
internal import XML
internal import XMPP

/// The salts and nonces that challenges have shown (RFC 5802, section 5.1).
struct LoginSalts: Sendable {
  private struct Key: Hashable {
    let name: Text
    let mechanism: SASLMechanism
  }
  private struct Shown {
    let salt: [UInt8]
    let rounds: Int
    /// How many times they were others since the account was asked to change last, or has changed.
    let changes: Int
  }
  private var shown: OrderedDictionary<Key, Shown> = [:]
  private var owners: OrderedDictionary<[UInt8], Key> = [:]
  /// Only ever asked for one.
  private var nonces: OrderedSet<[UInt8]> = []

  /// The account is changing, and its salts may change with it.
  mutating func forget(_ account: JID) {
    for mechanism in SASLMechanism.allCases { shown[Key(name: account.text, mechanism: mechanism)] = nil }
  }

  /// The fault of a challenge for this name, in words, if it has one.
  ///
  /// - Parameters:
  ///   - nonce: the client's.
  ///   - pendingChanges: how many requests that make other salts have no answer. Each may be done at any moment, once.
  mutating func problem(
    _ challenge: SASLGrammar.Challenge, for name: Text, _ mechanism: SASLMechanism, after nonce: [UInt8], pendingChanges: Int
  ) -> String? {
    guard challenge.nonce.starts(with: nonce), challenge.nonce.count > nonce.count else {
      return "the nonce of a challenge does not begin with the client's and go on"
    }
    guard nonces.append(Array(challenge.nonce.dropFirst(nonce.count))).inserted else { return "a nonce was used twice" }
    let key = Key(name: name, mechanism: mechanism)
    var changes = 0
    if let before = shown[key] {
      changes = before.changes + (before.salt != challenge.salt || before.rounds != challenge.rounds ? 1 : 0)
      guard changes == before.changes || changes <= pendingChanges else {
        return "the salt or the iteration count of \(name) changed, and its password did not"
      }
    }
    shown[key] = Shown(salt: challenge.salt, rounds: challenge.rounds, changes: changes)
    if let owner = owners[challenge.salt], owner != key { return "\(name) has the salt of another name or hash" }
    owners[challenge.salt] = key
    return nil
  }
}
