internal import OrderedCollections
internal import ServerCore
internal import XML
internal import XMPP

/// The presence between accounts, the roster pushes and the messages of places that sessions are to be told, and whether they were.
///
/// Deliveries that the model wants are crossed off as the server writes them, in order for each session and each account that they are
/// about; those that are owed must have been written when the server holds nothing back any more, and nothing else may be written. So the
/// model also lists deliveries that a server may make and need not. The presence that rooms show their occupants is not looked at here.
struct Expectation: Sendable {
  private struct Line: Sendable, Hashable {
    var connection: ConnectionID
    var subject: JID
  }
  /// The deliveries that are due, in order, and the positions up to which they may be written: several, if some are optional or alike.
  fileprivate struct Due: Sendable {
    var deliveries: [Delivery] = []
    var positions: OrderedSet<Int> = [0]
  }
  private var lines: OrderedDictionary<Line, Due> = [:]
  /// Deliveries that may be kept back for a while.
  private var waiting: OrderedDictionary<Line, [Delivery.What]> = [:]
  /// The last problem as a client sees it.
  private(set) var violated: [ClientExpectation] = []

  /// Takes what one event makes due and what the server wrote on it; says what is wrong.
  ///
  /// - Parameter mayKeep: whether the account of a session may keep back, or refuse, messages of a sender now.
  mutating func check(
    _ due: [(connection: ConnectionID, delivery: Delivery)], _ handled: HandledEvent, _ sessions: OrderedDictionary<ConnectionID, JID>,
    mayKeep: (_ session: JID, _ sender: JID) -> Bool
  ) -> String? {
    for (connection, delivery) in due {
      let line = Line(connection: connection, subject: delivery.subject)
      if delivery.mayWait {
        waiting[line, default: []].append(delivery.what)
      } else {
        lines[line, default: Due()].deliveries.append(delivery)
      }
    }
    // A session that has gone is told nothing more.
    lines.removeAll { sessions[$0.key.connection] == nil }
    waiting.removeAll { sessions[$0.key.connection] == nil }
    for case .write(let element, let from, let addressees) in handled.effects {
      guard let (what, subject) = Self.read(element, from, handled.server.configuration) else { continue }
      for addressee in addressees {
        guard let session = sessions[addressee.connection] else { continue }
        // Stanzas for an account, whichever session takes them, are looked at elsewhere.
        if element.stanzaKind == .message, addressee.to != session { continue }
        let line = Line(connection: addressee.connection, subject: subject)
        let owed = lines[line]?.rest
        if let problem = cross(off: what, line) {
          var wrong = element
          if let from { wrong["from"] = from.text }
          violated = owed.map { told($0, to: session) } ?? [.not(wrong, at: session)]
          return "\(session) \(problem)"
        }
      }
    }
    guard handled.server.isFlushed else { return nil }
    for (line, due) in lines {
      guard let owed = due.rest, let session = sessions[line.connection] else { continue }
      violated = told(owed, to: session)
      return "\(session) was never told \(owed.what) about \(line.subject)"
    }
    lines = [:]
    for (line, kept) in waiting {
      guard let first = kept.first, let sender = first.sender, let session = sessions[line.connection], !mayKeep(session, sender) else {
        continue
      }
      violated = first.stanza.map { [.stanza($0, at: session)] } ?? []
      return "\(session) was never told \(first)"
    }
    return nil
  }

  private func told(_ owed: Delivery, to session: JID) -> [ClientExpectation] { owed.what.stanza.map { [.stanza($0, at: session)] } ?? [] }

  private mutating func cross(off what: Delivery.What, _ line: Line) -> String? {
    if let place = waiting[line]?.firstIndex(where: { $0.isMet(by: what) }) {
      waiting[line]?.remove(at: place)
      return nil
    }
    let owed = lines[line]?.rest
    guard lines[line]?.advance(over: what) ?? false else {
      let due = owed.map { "\($0.what) before" } ?? "nothing"
      return "was told \(what) about \(line.subject); it ought to have been \(due)"
    }
    return nil
  }

  /// The delivery that a stanza makes, and the account that it is about; `nil` for stanzas that are not looked at.
  private static func read(_ element: Element, _ from: JID?, _ configuration: Configuration) -> (Delivery.What, JID)? {
    switch element.stanzaKind {
    case .presence:
      guard let from, element.type != "error", configuration.domains.contains(from.domain) else { return nil }
      return (element.type == "subscribe" ? .request(from, element) : .presence(from, type: element.type), from.bare)
    case .iq:
      guard element.type == "set", let item = element.child("query", NS.roster)?.firstChild, let contact = item["jid"].flatMap({ JID($0) })
      else { return nil }
      return (.push(subscription: item["subscription"] ?? "none", isPendingOut: item["ask"] == "subscribe"), contact.bare)
    case .message: return Delivery.What.read(element, from: from, configuration).flatMap { what in from.map { (what, $0.bare) } }
    case nil: return nil
    }
  }
}

extension Expectation.Due {
  /// Something was written. Returns false if it was not due.
  fileprivate mutating func advance(over what: Delivery.What) -> Bool {
    var next: OrderedSet<Int> = []
    for position in positions {
      for index in position..<deliveries.count {
        if deliveries[index].what.isMet(by: what) { next.append(index + 1) }
        if deliveries[index].isOwed { break }
      }
    }
    positions = next
    return !next.isEmpty
  }

  /// The first delivery that is still owed, whichever way the written stanzas are matched.
  fileprivate var rest: Delivery? {
    let open = positions.map { deliveries[$0...].first(where: \.isOwed) }
    return open.contains { $0 == nil } ? nil : open.first ?? nil
  }
}

extension Delivery.What {
  /// The address that a message of a place comes from.
  fileprivate var sender: JID? {
    switch self {
    case .message(let from, _), .refusal(let from, _, _): from
    case .presence, .request, .push: nil
    }
  }

  /// The stanza that makes the delivery, as far as it is known; `nil` if too little is.
  fileprivate var stanza: Element? {
    switch self {
    case .presence(let from, let type): return Element("presence", NS.client, ["from": from.text, "type": type])
    case .request(let from, var element), .message(let from, var element):
      element["from"] = from.text
      return element
    case .refusal(let from, let id, _): return Element("message", NS.client, ["type": "error", "from": from.text, "id": id])
    case .push: return nil
    }
  }
}

extension Delivery.What: CustomStringConvertible {
  var description: String {
    switch self {
    case .presence(let from, let type): "'\(type ?? "available")' from \(from)"
    case .request(let from, let element): "the request of \(from) that says \(element)"
    case .message(let from, let element): "the message of \(from) that says \(element)"
    case .refusal(let from, let id, let condition): "\(condition.rawValue) from \(from), of the message '\(id ?? "")'"
    case .push(let subscription, let isPendingOut): "the push '\(subscription)'\(isPendingOut ? " with ask" : "")"
    }
  }
}
