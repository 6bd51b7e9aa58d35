internal import XML
internal import XMPP

/// The answers to requests for blocklists.
enum BlockingAnswers {
  private static let namespace = BlockingUse.namespace

  static let rows: [AnswerRow] = [
    AnswerRow("get", "blocklist", namespace, to: [.own], "XEP-0191, 3.2", .content),
    AnswerRow("set", "blocklist", namespace, to: [.own], "XEP-0191, 3.2", .error(.badRequest), .error(.serviceUnavailable)),
    AnswerRow("get", "block", namespace, to: [.own], "XEP-0191, 3.3", .error(.badRequest), .error(.serviceUnavailable)),
    AnswerRow("get", "unblock", namespace, to: [.own], "XEP-0191, 3.4", .error(.badRequest), .error(.serviceUnavailable)),
    AnswerRow("set", "block", namespace, to: [.own], "XEP-0191, 3.3") { block, _ in
      block.firstChild == nil ? [.error(.badRequest)] : listed(block)
    },
    AnswerRow("set", "unblock", namespace, to: [.own], "XEP-0191, 3.4 and 3.5") { unblock, _ in listed(unblock) },
  ]

  private static func listed(_ list: Element) -> [ExpectedAnswer] {
    list.children.allSatisfy { $0["jid"].flatMap { JID($0) } != nil } ? [.done] : [.error(.jidMalformed)]
  }

  /// 3.3: a user writes to an address that it blocks, or to one that blocks it.
  static let common = [
    CommonAnswer(places: nil, answer: .error(.notAcceptable, .cancel)),
    CommonAnswer(places: [.account], answer: .error(.serviceUnavailable)),
  ]
}
