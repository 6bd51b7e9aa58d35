internal import OrderedCollections
internal import ServerCore
internal import XML
internal import XMPP

/// Requests that end the streams of an account, from the request to its acknowledgement (RFC 6120, 4.9.3.12 and 4.9.3.16).
///
/// The server ends every stream of the account but for that of the session that asked, in one step with the acknowledgement: so nobody who has
/// heard that a password is void meets a stream that was authenticated with it.
struct LoginCuts: Sendable {
  struct Cut: Sendable {
    /// Bare.
    let account: JID
    let condition: Text
    /// The password that is the account's from now on, prepared, if that is what changes.
    let password: [UInt8]?
    /// The number of the event that brought the request.
    let moment: Int
    /// The connection of the session that asked.
    let asker: ConnectionID?
    /// Whether the asker's stream goes on: the client knows the new password.
    var sparesAsker: Bool { password != nil }
  }

  /// By the number of the change.
  private var asked: OrderedDictionary<Int, Cut> = [:]
  private var done: [Cut] = []

  mutating func ask(_ change: LoginAccountChange, _ number: Int, of account: JID, at moment: Int, by asker: ConnectionID?) {
    guard let condition = change.ends else { return }
    let password: [UInt8]? = if case .setPassword(let password) = change { password } else { nil }
    asked[number] = Cut(account: account, condition: condition, password: password, moment: moment, asker: asker)
  }

  mutating func answer(_ number: Int, isDone: Bool) {
    if let cut = asked.removeValue(forKey: number), isDone { done.append(cut) }
  }

  /// The cuts that were acknowledged since this was asked last.
  mutating func takeDone() -> [Cut] {
    defer { done = [] }
    return done
  }
}

extension LoginModel {
  /// To be called when all outputs of an event are followed.
  mutating func checkCuts() {
    for cut in cuts.takeDone() {
      for (connection, session) in sessions where session.jid.bare == cut.account && !session.isEnded {
        if connection == cut.asker, cut.sparesAsker {
          sessions[connection]!.password = cut.password
        } else if isCut(since: session.claimed, session.password, by: cut) {
          report("\(session.jid) goes on, and \(cut.condition) of its account was acknowledged", on: connection)
        }
      }
      for (connection, stream) in streams where stream.account == cut.account && !stream.isEnded {
        guard let claimed = stream.claimed, isCut(since: claimed, stream.password, by: cut) else { continue }
        report("a stream of \(cut.account) without a session goes on, and \(cut.condition) was acknowledged", on: connection)
      }
    }
  }

  /// The stream claimed to be of the account before the request came, or has shown a password that is void now: either way before the change.
  private func isCut(since claimed: Int, _ password: [UInt8]?, by cut: LoginCuts.Cut) -> Bool {
    if claimed < cut.moment { return true }
    // With other changes under way, the password may be the account's again.
    guard let new = cut.password, let password, accounts[cut.account]?.isSettled ?? false else { return false }
    return password != new
  }
}
