internal import OrderedCollections
internal import XML
internal import XMPP

/// The passwords that accounts have and had, as far as clients can know: those that somebody asked for.
struct Passwords: Sendable {
  /// Near to each other: a beginning, another case, white space, letters that SASLprep knows.
  static let all: [Text] = ["pw", "pw1", "PW", "p w", "p\u{E4}sswort"]
  /// The password of an account when it is made.
  static let first = all[0]

  private var asked: OrderedDictionary<JID, OrderedSet<Text>> = [:]

  mutating func note(_ password: Text, of account: JID) {
    // Some ask for what can be none.
    guard LoginAccountChange.prepare(Array(password.utf8)) != nil else { return }
    asked[account, default: [Passwords.first]].remove(password)
    asked[account, default: [Passwords.first]].insert(password, at: 0)
  }

  /// The last that was asked for first.
  func known(of account: JID) -> [Text] { asked[account]?.elements ?? [Passwords.first] }
}
