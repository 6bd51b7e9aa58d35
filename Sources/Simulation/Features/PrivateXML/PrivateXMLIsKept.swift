internal import OrderedCollections
internal import ServerCore
internal import Storage
internal import XML
internal import XMPP

/// An element that the server said it stored is what it gives back, to its owner alone, and what the disk holds.
///
/// One client of an account makes all changes, in order. A change without an answer may or may not have been made.
struct PrivateXMLIsKept: Oracle {
  static let name = "private"
  static let clause = "XEP-0049, 2"

  private struct Cell {
    /// As the last acknowledged change left it; `nil`: nothing is stored.
    var certain: Element?
    /// Changes without an answer, in order.
    var open: [(request: String, value: Element?)] = []

    func allows(_ value: Element?) -> Bool { value == certain || open.contains { $0.value == value } }
  }

  private var addresses: OrderedDictionary<SessionID, JID> = [:]
  private var cells: OrderedDictionary<String, Cell> = [:]
  /// Of each question, the cell and its values at that time.
  private var questions: OrderedDictionary<String, Cell> = [:]
  private var changes: OrderedDictionary<String, [String]> = [:]

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
    if iq.type == "set", iq.child("query", NS.register)?.child("remove", NS.register) != nil { return forget(account) }
    guard let query = iq.child("query", PrivateXMLUse.namespace), iq["to"] == nil else { return }
    let request = "\(account)/\(session)/\(id)"
    if iq.type == "get" {
      guard let asked = query.firstChild, Array(query.children).count == 1 else { return }
      questions[request] = cells["\(account) \(asked.namespace) \(asked.name)"] ?? Cell()
    } else {
      let names = query.children.map { "\(account) \($0.namespace) \($0.name)" }
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
      for name in Set(names).sorted() { settle(name, request, wasMade: iq.type == "result") }
    }
    guard let cell = questions.removeValue(forKey: request), iq.type == "result" else { return nil }
    guard let element = iq.child("query", PrivateXMLUse.namespace)?.firstChild else {
      return "the answer \(id) to \(account) has no element"
    }
    let value = element == Element(element.name, element.namespace) ? nil : element
    return cell.allows(value) ? nil : "\(account) stored \(cell.certain?.description ?? "nothing") and reads \(element)"
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

  func atRest(_ state: RestState) -> String? {
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
