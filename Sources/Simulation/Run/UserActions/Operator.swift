internal import SASL
internal import ServerCore
internal import XML
internal import XMPP

/// The requests of a server's operator.
enum Operator {
  /// Most of it is about accounts that nobody uses; the rest cuts users' sessions.
  static func request(_ accounts: [JID], _ roll: (Int) -> Int) -> ControlRequest? {
    let spare = JID(local: ActionContext.pick(["o=t,her", "spare", "spare", "mallory"], roll), domain: "localhost", resource: "")!
    let user = roll(3) == 2 ? accounts[roll(accounts.count)] : spare
    let password = Secret(Array(Passwords.all[max(0, roll(8) - 3)].utf8))
    // Passwords of accounts that nobody uses are as strange as they may be.
    let strange = Secret(Array((ActionContext.pick(ValueTable.passwords.values, roll) ?? "").utf8))
    switch roll(14) {
    case 1: return .listAccounts
    case 2: return .addAccount(spare, password: roll(2) == 1 ? strange : password)
    case 3: return .addAccount(user, password: password)
    case 4: return .addAccount(spare, password: Secret([]))
    case 5: return .changePassword(spare, password: Secret([0]))
    case 6: return .changePassword(user, password: password)
    case 7: return .disableAccount(user)
    case 8, 9: return .enableAccount(user)
    case 10: return .deleteAccount(user)
    case 11: return .deleteAccount(spare)
    case 12: return .changePassword(spare, password: strange)
    case 13: return .disableAccount(spare)
    default: return nil
    }
  }
}
