internal import OrderedCollections
internal import ServerCore
internal import XML
internal import XMPP

/// Who is to be told what, and whether it was: presence between accounts and roster pushes.
///
/// What the model wants delivered is crossed off as the server writes it, in order for each session and each account that it is about;
/// what is owed must have been written when the server holds nothing back any more, and nothing else may be written. So what a server may
/// tell and need not, the model lists too. What rooms show their occupants is not looked at here.
struct Expectation: Sendable {
  private struct Line: Sendable, Hashable {
    var link: LinkID
    var subject: JID
  }
  private var lines: OrderedDictionary<Line, [Delivery]> = [:]

  /// Takes what one event makes due and what the server wrote on it; says what is wrong.
  mutating func check(
    _ due: [(link: LinkID, delivery: Delivery)], _ handled: HandledEvent, _ sessions: OrderedDictionary<LinkID, JID>
  ) -> String? {
    for (link, delivery) in due { lines[Line(link: link, subject: delivery.subject), default: []].append(delivery) }
    // Whoever has gone hears no more.
    lines.removeAll { sessions[$0.key.link] == nil }
    for case .write(let element, let from, let addressees) in handled.effects {
      guard let (what, subject) = Self.read(element, from, handled.server.configuration) else { continue }
      for addressee in addressees {
        guard let session = sessions[addressee.link] else { continue }
        if let problem = cross(off: what, Line(link: addressee.link, subject: subject)) { return "\(session) \(problem)" }
      }
    }
    guard handled.server.isFlushed else { return nil }
    for (line, rest) in lines {
      if let owed = rest.first(where: \.isOwed) { return "\(sessions[line.link]!) was never told \(owed.what) about \(line.subject)" }
    }
    lines = [:]
    return nil
  }

  private mutating func cross(off what: Delivery.What, _ line: Line) -> String? {
    var rest = lines[line] ?? []
    defer { lines[line] = rest.isEmpty ? nil : rest }
    while let next = rest.first {
      if next.what == what {
        rest.removeFirst()
        return nil
      }
      if next.isOwed { return "was told \(what) about \(line.subject), and ought to have been told \(next.what) first" }
      rest.removeFirst()
    }
    return "was told \(what) about \(line.subject), and ought not"
  }

  /// What a stanza tells of whom; `nil` for what is not looked at.
  private static func read(_ element: Element, _ from: JID?, _ configuration: Configuration) -> (Delivery.What, JID)? {
    switch element.stanzaKind {
    case .presence:
      guard let from, element.type != "error", configuration.domains.contains(from.domain) else { return nil }
      return (.presence(from, type: element.type), from.bare)
    case .iq:
      guard element.type == "set", let item = element.child("query", NS.roster)?.firstChild, let contact = item["jid"].flatMap({ JID($0) })
      else { return nil }
      return (.push(subscription: item["subscription"] ?? "none", isAsking: item["ask"] == "subscribe"), contact.bare)
    default: return nil
    }
  }
}

extension Delivery.What: CustomStringConvertible {
  var description: String {
    switch self {
    case .presence(let from, let type): "'\(type ?? "available")' from \(from)"
    case .push(let subscription, let isAsking): "the push '\(subscription)'\(isAsking ? " with ask" : "")"
    }
  }
}
