internal import OrderedCollections
internal import XML
internal import XMPP

/// The answers to requests for private XML.
enum PrivateXMLAnswers {
  private static let namespace = PrivateXMLUse.namespace

  static let rows: [AnswerRow] = [
    AnswerRow("get", "query", namespace, to: [.own], "XEP-0049, 2.3") { query, _ in
      isProper(query) ? [Array(query.children).count == 1 ? .content : .error(.badRequest)] : [.error(.notAcceptable)]
    },
    AnswerRow("set", "query", namespace, to: [.own], "XEP-0049, 2.3") { query, _ in
      let names = query.children.map { "\($0.namespace) \($0.name)" as Text }
      return isProper(query) && OrderedSet(names).count == names.count ? [.done] : [.error(.notAcceptable)]
    },
  ]

  /// At least one element, each with a namespace of its own.
  private static func isProper(_ query: Element) -> Bool {
    query.firstChild != nil && query.children.allSatisfy { !$0.namespace.isEmpty && !$0.has(namespace: namespace) }
  }
}
