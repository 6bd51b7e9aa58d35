internal import OrderedCollections
internal import Storage
internal import XML
internal import XMPP

/// Private XML Storage, XEP-0049 (version 1.2): a user's clients keep elements at their own account.
///
/// An element is known by its name and namespace. Setting one without content and attributes removes it, for it reads the same as one that was never
/// stored. Contents stay on the disk; in memory an account has the sizes alone.
enum PrivateXML {
  static let namespace: Text = "jabber:iq:private"

  static let feature = Feature(
    xep: 49, version: "1.2", name: "Private XML Storage", hostFeatures: [namespace],
    tables: [PrivateElement.table, PrivateElementSize.table], marks: [PrivateXMLMark.self], limits: [.privateElements, .privateBytes],
    requests: [Request("query", namespace, from: .owner, .account(handle), answered: found)],
    accountState: PrivateXMLSizes.self)

  private static func handle(_ account: inout Account, _ request: Stanza, _ query: Element, _ transaction: inout Transaction) {
    let elements = Array(query.children)
    // 2.3: "At least one child element with a proper namespace MUST be included."
    let areProper = elements.allSatisfy { !$0.namespace.isEmpty && !$0.has(namespace: namespace) }
    guard !elements.isEmpty, areProper else { return transaction.bounce(request, StanzaError(.notAcceptable)) }
    if request.type == "get" {
      get(&account, request, elements, &transaction)
    } else {
      set(&account, request, elements, &transaction)
    }
  }

  /// 2.3: "A client MUST NOT query for more than one namespace in a single IQ get request"; one element is what it asks for.
  private static func get(_ account: inout Account, _ request: Stanza, _ elements: [Element], _ transaction: inout Transaction) {
    guard elements.count == 1 else { return transaction.bounce(request, StanzaError(.badRequest)) }
    let key = PrivateXMLKey(elements[0])
    guard account.states[PrivateXMLSizes.self].bytes[key] != nil else { return reply(request, nil, &transaction) }
    var query = RowQuery(PrivateElement.self, of: account.jid)
    query.range = KeyRange(from: key.values, through: key.values)
    transaction.ask(query, for: request)
  }

  private static func found(_ account: inout Account, _ request: Stanza, _ answer: Answer, _ transaction: inout Transaction) {
    guard case .result(.page(let page)) = answer, let rows = try? page.rows(PrivateElement.self) else {
      return transaction.bounce(request, Shard.busy)
    }
    reply(request, rows.first?.row.element, &transaction)
  }

  /// Replies with the stored element, or, if none was stored, with the empty element that was asked for.
  private static func reply(_ request: Stanza, _ element: Element?, _ transaction: inout Transaction) {
    guard let asked = request.element.firstChild?.firstChild else { return }
    let empty = Element(asked.name, asked.namespace)
    transaction.reply(request, Element("query", namespace, children: [element ?? empty]))
  }

  private static func set(_ account: inout Account, _ request: Stanza, _ elements: [Element], _ transaction: inout Transaction) {
    var sizes = account.states[PrivateXMLSizes.self]
    let keys = OrderedSet(elements.map { PrivateXMLKey($0) })
    // Of two with one name the first would be lost.
    guard keys.count == elements.count else { return transaction.bounce(request, StanzaError(.notAcceptable)) }
    for (key, element) in zip(keys, elements) { sizes.bytes[key] = element.isBlank ? nil : element.stored.count }
    let stored = account.states[PrivateXMLSizes.self]
    if let mark = sizes.excess(over: stored, transaction.configuration.limits) {
      return transaction.bounce(request, transaction.reach(mark, StanzaError(.resourceConstraint)))
    }
    for (key, element) in zip(keys, elements) {
      if let bytes = sizes.bytes[key] {
        transaction.persist(.put(PrivateElement(key: key, element: element), of: account.jid))
        transaction.persist(.put(PrivateElementSize(key: key, bytes: bytes), of: account.jid))
      } else if stored.bytes[key] != nil {
        transaction.persist(.delete(PrivateElement.self, key: key.values[0], key.values[1], of: account.jid))
        transaction.persist(.delete(PrivateElementSize.self, key: key.values[0], key.values[1], of: account.jid))
      }
    }
    account.states[PrivateXMLSizes.self] = sizes
    transaction.reply(request)
  }
}

extension Element {
  /// Without content and attributes.
  fileprivate var isBlank: Bool { self == Element(name, namespace) }
}
