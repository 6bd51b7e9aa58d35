internal import OrderedCollections
internal import XML
internal import XMPP

/// The answers to requests for rosters.
enum RosterAnswers {
  static let rows: [AnswerRow] = [
    AnswerRow("get", "query", NS.roster, to: [.own], "RFC 6121, 2.1.4", .content),
    AnswerRow("set", "query", NS.roster, to: [.own], "RFC 6121, 2.3 to 2.5") { query, sender in set(query, sender) },
    AnswerRow("get", "query", NS.roster, to: [.account], "RFC 6121, 8.5.2.1.3", .error(.serviceUnavailable)),
    // The second where the account does not exist.
    AnswerRow("set", "query", NS.roster, to: [.account], "RFC 6121, 2.3.3", .error(.forbidden), .error(.serviceUnavailable)),
  ]

  /// 2.3.3 has the errors by name; limits on names and groups are the server's.
  private static func set(_ query: Element, _ sender: JID) -> [ExpectedAnswer] {
    let items = query.children.filter { $0.is("item", NS.roster) }
    guard items.count == 1, let item = items.first, let jid = item["jid"].flatMap({ JID($0) }) else { return [.error(.badRequest)] }
    if item["subscription"] == "remove" { return [.done, .error(.itemNotFound)] }
    let groups = item.children.filter { $0.is("group", NS.roster) }.map(\.text)
    let isOwn = jid.bare == sender.bare
    let isRepeated = OrderedSet(groups).count < groups.count
    let isUnacceptable = groups.contains("") || groups.contains { $0.count > 1023 } || item["name"]?.count ?? 0 > 1023
    var answers: [ExpectedAnswer] = []
    if isOwn { answers.append(.error(.notAllowed)) }
    if isRepeated { answers.append(.error(.badRequest)) }
    // Groups may be too many.
    if isUnacceptable || groups.count > 1 { answers.append(.error(.notAcceptable)) }
    return isOwn || isRepeated || isUnacceptable ? answers : answers + [.done]
  }
}
