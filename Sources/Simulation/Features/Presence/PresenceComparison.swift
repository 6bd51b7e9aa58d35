internal import OrderedCollections
internal import ServerCore
internal import XML
internal import XMPP

// Differences between the model and a server in contacts, presence and sessions.

extension PresenceModel {
  func disagreement(with seen: ObservedState) -> String? {
    let roster = seen.server.roster(of: jid)
    for item in roster {
      if let problem = disagreement(about: item, contacts[item.jid]) { return "\(jid) has \(item.jid) as \(problem)" }
    }
    if roster.count != contacts.count {
      for (address, contact) in contacts where !roster.contains(where: { $0.jid == address }) {
        return "\(jid) does not know \(address); it should be '\(contact.state.rawValue)'\(contact.isInRoster ? ", in the roster" : "")"
      }
    }
    return disagreement(about: seen.sessions[jid] ?? [])
  }

  private func disagreement(about item: RosterItem, _ expected: Contact?) -> String? {
    // A state without a trace is not kept.
    guard let expected else { return "'\(Self.describe(item))'; nothing should be left of it" }
    let state = expected.state
    let isSubscribedTo = item.subscription == .to || item.subscription == .both
    let isSubscribedFrom = item.subscription == .from || item.subscription == .both
    if isSubscribedTo != state.userHears || isSubscribedFrom != state.contactHears || item.isPendingOut != state.isPendingOut
      || (item.request != nil) != state.isPendingIn
    {
      return "'\(Self.describe(item))'; by RFC 6121, appendix A, it is '\(state.rawValue)'"
    }
    if let request = expected.request, item.request != request {
      return "asking by \(item.request.map { "\($0)" } ?? "nothing"), and the request was \(request)"
    }
    if item.isInRoster != expected.isInRoster { return item.isInRoster ? "listed, and should not be" : "not listed, and should be" }
    if item.name != expected.name || item.groups != expected.groups {
      return "\(item.name ?? "-") in \(item.groups), and it is \(expected.name ?? "-") in \(expected.groups)"
    }
    return nil
  }

  private static func describe(_ item: RosterItem) -> String {
    let isSubscribedTo = item.subscription == .to || item.subscription == .both
    let isSubscribedFrom = item.subscription == .from || item.subscription == .both
    let state = SubscriptionState(
      userHears: isSubscribedTo, contactHears: isSubscribedFrom, isPendingOut: item.isPendingOut, isPendingIn: item.request != nil)
    return state?.rawValue
      ?? "\(item.subscription)\(item.isPendingOut ? " + Pending Out" : "")\(item.request == nil ? "" : " + Pending In")"
  }

  private func disagreement(about sessions: [Server.SessionView]) -> String? {
    for session in sessions {
      guard let expected = resources[session.jid], expected.connection == session.connection else {
        return "\(session.jid) is there on connection \(session.connection.number), and should not be"
      }
      if session.priority != expected.priority {
        return "\(session.jid) is \(Self.describe(session.priority)); by RFC 6121, 4, it is \(Self.describe(expected.priority))"
      }
      if session.directed.count != expected.directed.count || !session.directed.allSatisfy(expected.directed.contains) {
        return
          "\(session.jid) owes the end of directed presence to \(session.directed); by RFC 6121, 4.6, it is \(expected.directed.elements)"
      }
    }
    guard sessions.count != resources.count else { return nil }
    let gone = resources.keys.filter { jid in !sessions.contains { $0.jid == jid } }
    return "\(gone) ended, and nobody knows why"
  }

  private static func describe(_ priority: Int?) -> String { priority.map { "available with priority \($0)" } ?? "unavailable" }

  /// RFC 6121, 8.5.2.1.1 and 8.5.3.2.1: such a message goes to no resource that is unavailable or has a negative priority.
  func misdelivery(to session: JID) -> String? {
    let priority = resources[session]?.priority
    return priority ?? -1 < 0 ? "\(session) is \(Self.describe(priority))" : nil
  }
}
