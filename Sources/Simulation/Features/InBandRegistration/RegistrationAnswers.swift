internal import XML
internal import XMPP

/// The answers to requests of registered users for their registration.
enum RegistrationAnswers {
  static let rows: [AnswerRow] = [
    AnswerRow("get", "query", NS.register, to: [.own, .host], "XEP-0077, 3.1.1", .content),
    AnswerRow("set", "query", NS.register, to: [.own, .host], "XEP-0077, 3.2 and 3.3") { query, sender in
      if query.child("remove", NS.register) != nil {
        return Array(query.children).count == 1 ? [.done] : [.error(.badRequest)]
      }
      // Both are there, or the request is incomplete; a name may be given and be empty.
      guard let name = query.child("username", NS.register)?.text, let password = query.child("password", NS.register)?.text,
        !password.isEmpty
      else { return [.error(.badRequest)] }
      // A password need not be one that can be kept (RFC 8265, 4.2).
      // White space around a name is none of it.
      return JID(local: name.trimmed, domain: sender.domain, resource: "") == sender.bare
        ? [.done, .error(.badRequest), .error(.notAcceptable)] : [.error(.notAllowed), .error(.badRequest)]
    },
  ]
}
