internal import ServerCore
internal import XML
internal import XMPP

extension UserAction.Subject {
  static let accounts = Self(name: "accounts")
}

/// Users who change their passwords and remove their accounts (XEP-0077, 3.2 and 3.3).
enum InBandRegistrationUse {
  static let feature = SimulatedFeature(
    subjects: [.accounts], actions: actions,
    values: [ValuePlace("username", NS.register, .text, .usernames), ValuePlace("password", NS.register, .text, .passwords)],
    choice: RunChoice(80) { $0[flag: .openRegistration] = $1(100) >= 50 }, answers: RegistrationAnswers.rows,
    removesAccount: { $0.child("query", NS.register)?.child("remove", NS.register) != nil }, login: login,
    accountPart: InBandRegistrationModel.self)

  private static let actions: [UserAction] = [
    UserAction(.accounts, 1) { context, _ in context.iq("get", nil, "query", NS.register) },
    // Every other session with the password ends, whether the password changes or stays as it is.
    UserAction(.accounts, 1) { context, roll in
      guard roll(4) == 3 else { return nil }
      return password(context.user.account.local, ActionContext.pick(Passwords.all, roll), context)
    },
    UserAction(.accounts, 1) { context, roll in
      let wrong: [(Text, Text)] = [("", "pw"), (context.user.account.local, ""), ("user9", "pw")]
      let (name, secret) = ActionContext.pick(wrong, roll)
      return password(name, secret, context)
    },
    UserAction(.accounts, 1) { context, roll in
      guard roll(6) == 5 else { return nil }
      return context.iq("set", nil, "query", NS.register, [Element("remove", NS.register)])
    },
    UserAction(.accounts, 1) { context, _ in
      context.iq("set", nil, "query", NS.register, [Element("remove", NS.register), Element("username", NS.register, text: "both")])
    },
  ]

  private static func password(_ name: Text, _ password: Text, _ context: ActionContext) -> Element {
    let fields = [Element("username", NS.register, text: name), Element("password", NS.register, text: password)]
    return context.iq("set", registrar, "query", NS.register, fields)
  }
  /// To the server's domain, as the XEP's examples have it.
  private static let registrar: Text? = "localhost"
}
