internal import OrderedCollections
internal import ServerCore
internal import Storage
internal import XML
internal import XMPP

/// XEP-0049: the elements that an account keeps, as the requests of its user left them. Contents stay on the disk and are compared there
/// (`PrivateXMLIsKept`); a server has their sizes in memory, and those are compared here.
struct PrivateXMLModel: AccountPart {
  private let account: JID
  /// Bytes as stored.
  private var sizes: OrderedDictionary<PrivateXMLKey, Int> = [:]

  init(_ account: JID) { self.account = account }

  mutating func load(from database: MemoryDatabase) {
    sizes = [:]
    for row in database.rows(PrivateElement.self, of: account) { sizes[row.key] = row.element.stored.count }
  }

  /// 2.3: a change names at least one element, each with a namespace of its own. Chosen: no two of one name, and all or none where not all have
  /// room; a change that stores less than before always has.
  mutating func answer(_ request: AccountRequest, _ mailbox: inout ModelMailbox) -> AccountConsequence {
    guard request.isToAccount, request.type == "set", request.payload.is("query", PrivateXMLUse.namespace) else { return .nothing }
    let elements = Array(request.payload.children)
    let isProper = elements.allSatisfy { !$0.namespace.isEmpty && !$0.has(namespace: PrivateXMLUse.namespace) }
    guard !elements.isEmpty, isProper, Set(elements.map { PrivateXMLKey($0) }).count == elements.count else { return .nothing }
    var changed = sizes
    for element in elements {
      let isEmpty = element == Element(element.name, element.namespace)
      changed[PrivateXMLKey(element)] = isEmpty ? nil : element.stored.count
    }
    let limits = mailbox.limits
    let hasRoom = changed.count <= max(limits[.privateElements], sizes.count) && changed.bytes <= max(limits[.privateBytes], sizes.bytes)
    if hasRoom { sizes = changed }
    return .nothing
  }

  mutating func dissolve(_ mailbox: inout ModelMailbox) { sizes = [:] }

  func disagreement(with seen: ObservedState) -> String? {
    let actual = seen.server.privateElementSizes(of: account)
    if actual.count == sizes.count, actual.allSatisfy({ sizes[$0.key] == $0.value }) { return nil }
    return "\(account) keeps \(Self.words(actual)); it should be \(Self.words(sizes))"
  }

  private static func words(_ sizes: OrderedDictionary<PrivateXMLKey, Int>) -> String {
    sizes.isEmpty ? "nothing" : sizes.map { "\($0.key.name) of \($0.value) bytes" }.joined(separator: ", ")
  }
}

extension OrderedDictionary<PrivateXMLKey, Int> {
  fileprivate var bytes: Int { values.reduce(0, +) }
}
