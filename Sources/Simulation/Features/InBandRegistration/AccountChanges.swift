internal import ServerCore
internal import XML
internal import XMPP

extension InBandRegistrationUse {
  /// XEP-0077 in logins: strangers register (3.1), and users change their passwords (3.3) and remove their accounts (3.2).
  static let login = LoginDeclaration(
    namespace: NS.registerFeature,
    isOffered: { $0[flag: .openRegistration] },
    isRequest: { iq, domain in
      let address = iq["to"].map { JID($0)?.text } ?? domain
      return iq.child("query", NS.register) != nil && address == domain && iq.type != "result" && iq.type != "error"
    },
    creation: { iq, domain in
      guard iq.type == "set", let query = iq.child("query", NS.register), query.child("remove", NS.register) == nil else { return nil }
      guard let (name, password) = credentials(in: query), let account = JID(local: name, domain: domain, resource: "") else { return nil }
      return (account, password)
    },
    change: { iq, account in
      guard iq.type == "set", let query = iq.child("query", NS.register) else { return nil }
      if let to = iq["to"].map({ JID($0) }), to != account, to?.text != account.domain { return nil }
      if query.child("remove", NS.register) != nil { return .delete }
      guard let (name, password) = credentials(in: query), JID(local: name, domain: account.domain, resource: "") == account else {
        return nil
      }
      return .setPassword(password)
    })

  private static func credentials(in query: Element) -> (name: Text, password: [UInt8])? {
    guard let name = query.child("username", NS.register)?.text.trimmed, let given = query.child("password", NS.register),
      let password = LoginAccountChange.prepare(Array(given.text.utf8))
    else { return nil }
    return (name, password)
  }
}
