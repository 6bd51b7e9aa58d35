internal import XML
internal import XMPP

/// The answers to questions that keep nothing.
enum QuestionAnswers {
  static let rows: [AnswerRow] = discovery + others

  private static let discovery: [AnswerRow] = [
    // Nobody has nodes.
    AnswerRow("get", "query", NS.discoInfo, to: [.own, .host, .service], "XEP-0030, 3.1 and 7") { query, _ in known(query) },
    AnswerRow("get", "query", NS.discoItems, to: [.own, .host, .service], "XEP-0030, 4.1 and 7") { query, _ in known(query) },
    AnswerRow("set", "query", NS.discoInfo, to: [.own, .host], "XEP-0030, 3.1", .error(.notAllowed), .error(.serviceUnavailable)),
    AnswerRow("set", "query", NS.discoItems, to: [.own, .host], "XEP-0030, 4.1", .error(.notAllowed), .error(.serviceUnavailable)),
    // A user who may not know whether the account is there gets the answer of one that is not.
    AnswerRow("get", "query", NS.discoInfo, to: [.account], "XEP-0030, 8") { query, _ in known(query) + [.error(.serviceUnavailable)] },
    AnswerRow("get", "query", NS.discoItems, to: [.account], "XEP-0030, 8") { query, _ in known(query) + [.content] },
    AnswerRow("set", "query", NS.discoInfo, to: [.account], "XEP-0030, 8", .error(.notAllowed), .error(.serviceUnavailable)),
    AnswerRow("set", "query", NS.discoItems, to: [.account], "XEP-0030, 8", .error(.notAllowed), .error(.serviceUnavailable)),
  ]

  private static func known(_ query: Element) -> [ExpectedAnswer] {
    query["node"]?.isEmpty ?? true ? [.content] : [.error(.itemNotFound)]
  }

  private static let others: [AnswerRow] = [
    AnswerRow("get", "ping", NS.ping, to: [.own, .host, .service], "XEP-0199, 4.2", .done),
    AnswerRow("set", "ping", NS.ping, to: [.own, .host], "XEP-0199, 4", .done, .error(.serviceUnavailable)),
    AnswerRow("get", "query", NS.version, to: [.host], "XEP-0092, 2", .content),
    AnswerRow("get", "time", NS.time, to: [.host], "XEP-0202, 2", .content),
    AnswerRow("set", "query", NS.version, to: [.host], "XEP-0092, 2", .error(.notAllowed), .error(.serviceUnavailable)),
    AnswerRow("set", "time", NS.time, to: [.host], "XEP-0202, 2", .error(.notAllowed), .error(.serviceUnavailable)),
    AnswerRow("set", "session", NS.session, to: [.own, .host], "RFC 3921, 3", .done),
  ]
}
