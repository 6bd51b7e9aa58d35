internal import OrderedCollections
internal import ServerCore
internal import Storage
internal import XML
internal import XMPP

/// An element that the server said it stored is what it gives back, to its owner alone, and what the disk holds.
///
/// One client of an account makes all changes, in order. A change without an answer may or may not have been made. A well-formed change is
/// refused because storage does not answer, or at a limit.
struct PrivateXMLIsKept: Oracle {
  static let name = "private"
  static let clause = "XEP-0049, 2"

  private struct Cell {
    /// As the last acknowledged change left it; `nil`: nothing is stored.
    var certain: Element?
    /// Changes without an answer, in order.
    var open: [(request: String, value: Element?)] = []

    func allows(_ value: Element?) -> Bool { value == certain || open.contains { $0.value == value } }
    /// Of all values that it may have, the bytes of the largest; `nil` if there is certainly nothing.
    var mostBytes: Int? { ([certain] + open.map(\.value)).compactMap { $0?.stored.count }.max() }
  }

  private var addresses: OrderedDictionary<SessionID, JID> = [:]
  private var cells: OrderedDictionary<String, Cell> = [:]
  /// Of each question, the cell and its values at that time.
  private var questions: OrderedDictionary<String, Cell> = [:]
  private var changes: OrderedDictionary<String, [String]> = [:]
  /// Changes that a limit was said to forbid, with the most that the account can have had then, the change included.
  private var refusals: [(request: String, elements: Int, bytes: Int)] = []

  init() {}

  mutating func observe(_ observation: Observation, at time: Int64) -> String? {
    switch observation {
    case .began(let session, let jid): addresses[session] = jid
    case .sent(let session, let iq): sent(iq, session)
    case .received(let session, let iq): return received(iq, session)
    // Nothing is known of an account that went, or may have gone, and of its successor.
    case .asked(_, .deleteAccount(let jid)): forget(jid)
    default: break
    }
    return nil
  }

  private mutating func forget(_ account: JID) {
    for key in cells.keys.elements where key.hasPrefix("\(account) ") { cells[key] = nil }
    for key in questions.keys.elements + changes.keys.elements where key.hasPrefix("\(account)/") {
      questions[key] = nil
      changes[key] = nil
    }
    forgotten.append(account)
  }
  private var forgotten: OrderedSet<JID> = []

  private mutating func sent(_ iq: Element, _ session: SessionID) {
    guard let account = addresses[session]?.bare, let id = iq.id, !forgotten.contains(account) else { return }
    // A user who removes the own account has nothing any more.
    if iq.type == "set", iq.removesAccount { return forget(account) }
    // The own account may be named, too.
    guard let query = iq.child("query", PrivateXMLUse.namespace), iq["to"].map({ JID($0) == account }) ?? true else { return }
    let request = "\(account)/\(session)/\(id)"
    if iq.type == "get" {
      guard let asked = query.firstChild, Array(query.children).count == 1 else { return }
      questions[request] = cells["\(account) \(asked.namespace) \(asked.name)"] ?? Cell()
    } else {
      let names = query.children.map { "\(account) \($0.namespace) \($0.name)" }
      // A malformed request must change nothing.
      let isProper = !names.isEmpty && Set(names).count == names.count && query.children.allSatisfy { $0.hasOwnNamespace }
      guard isProper else { return }
      for (name, element) in zip(names, query.children) {
        cells[name, default: Cell()].open.append((request, element == Element(element.name, element.namespace) ? nil : element))
      }
      changes[request] = names
    }
  }

  private mutating func received(_ iq: Element, _ session: SessionID) -> String? {
    guard iq.is("iq", NS.client), let account = addresses[session]?.bare, let id = iq.id else { return nil }
    let request = "\(account)/\(session)/\(id)"
    if let names = changes.removeValue(forKey: request) {
      if iq.type == "error", let problem = refused(request, of: account, StanzaError(iq)?.condition) { return problem }
      for name in names { settle(name, request, wasMade: iq.type == "result") }
    }
    guard let cell = questions.removeValue(forKey: request), iq.type == "result" else { return nil }
    guard let element = iq.child("query", PrivateXMLUse.namespace)?.firstChild else {
      return "the answer \(id) to \(account) has no element"
    }
    let value = element == Element(element.name, element.namespace) ? nil : element
    return cell.allows(value) ? nil : "\(account) stored \(cell.certain?.description ?? "nothing") and reads \(element)"
  }

  private mutating func refused(_ request: String, of account: JID, _ condition: StanzaError.Condition?) -> String? {
    switch condition {
    case .internalServerError: break
    case .resourceConstraint:
      let sizes = cells.filter { $0.key.hasPrefix("\(account) ") }.values.compactMap(\.mostBytes)
      refusals.append((request, sizes.count, sizes.reduce(0, +)))
    default: return "\(request), a well-formed change, was refused with \(condition?.rawValue ?? "nothing")"
    }
    return nil
  }

  private mutating func settle(_ name: String, _ request: String, wasMade: Bool) {
    guard let index = cells[name]?.open.lastIndex(where: { $0.request == request }) else { return }
    if wasMade {
      cells[name]!.certain = cells[name]!.open[index].value
      cells[name]!.open.removeFirst(index + 1)
    } else {
      cells[name]!.open.removeAll { $0.request == request }
    }
  }

  /// The element that was asked for, as it was acknowledged.
  func expectations(atRest state: RestState) -> [ClientExpectation] {
    cells.compactMap { name, cell in
      let words = name.split(separator: " ").map { Text(String($0)) }
      guard words.count == 3, let account = JID(words[0]) else { return nil }
      let row = state.world.durable.row(PrivateElement.self, key: .text(words[1]), .text(words[2]), of: account)
      guard !cell.allows(row?.element) else { return nil }
      let empty = Element(words[2], words[1])
      let query = Element("query", PrivateXMLUse.namespace, children: [empty])
      let question = Element.question("kept", query, answered: [cell.certain ?? empty])
      return .answer(question.answer, to: question.request, of: account)
    }
  }

  func atRest(_ state: RestState) -> String? {
    let limits = state.world.settings.configuration.limits
    for refusal in refusals where refusal.elements <= limits[.privateElements] && refusal.bytes <= limits[.privateBytes] {
      return "\(refusal.request) was refused at \(refusal.elements) elements of \(refusal.bytes) bytes, which no limit forbids"
    }
    for account in state.world.durable.owners(.account) {
      let rows = state.world.durable.rows(PrivateElement.self, of: account)
      let bytes = rows.reduce(0) { $0 + $1.element.stored.count }
      if rows.count > limits[.privateElements] || bytes > limits[.privateBytes] {
        return "\(account) stores \(rows.count) elements of \(bytes) bytes, which is beyond a limit"
      }
    }
    for (name, cell) in cells {
      let words = name.split(separator: " ").map { Text(String($0)) }
      guard words.count == 3, let account = JID(words[0]) else { continue }
      let row = state.world.durable.row(PrivateElement.self, key: .text(words[1]), .text(words[2]), of: account)
      if !cell.allows(row?.element) {
        return "\(account) stored \(cell.certain?.description ?? "nothing") and the disk holds \(row?.element.description ?? "nothing")"
      }
    }
    return nil
  }
}

extension Element {
  /// As XEP-0049, 2.3, asks of what is stored.
  fileprivate var hasOwnNamespace: Bool { !namespace.isEmpty && !has(namespace: PrivateXMLUse.namespace) }
}
