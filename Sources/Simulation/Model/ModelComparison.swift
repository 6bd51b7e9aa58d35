internal import OrderedCollections
public import ServerCore
internal import Storage
internal import XML
internal import XMPP

/// The content of a server's memory, looked up once for each event.
struct ObservedState {
  let server: Server
  let accounts: [JID]
  let places: [JID]
  let sessions: OrderedDictionary<JID, [Server.SessionView]>

  init(_ server: Server) {
    self.server = server
    accounts = server.accountsInMemory
    places = ReferenceModel.placeTypes.flatMap { $0.inMemory(server) }
    sessions = OrderedDictionary(uniqueKeysWithValues: accounts.map { ($0, server.sessions(of: $0)) })
  }
}

// Differences between the model and a server.

extension ReferenceModel {
  /// The first thing that the server has otherwise, in words. Looks at all that it has in memory.
  public func disagreement(with server: Server) -> String? { disagreement(with: ObservedState(server)) }

  func disagreement(with seen: ObservedState) -> String? {
    for jid in seen.accounts {
      guard let account = accounts[jid] else { return "\(jid) is in memory, and there is no such account" }
      if let problem = account.disagreement(with: seen) { return problem }
    }
    for (jid, account) in accounts where !account.sessions.isEmpty && seen.sessions[jid] == nil {
      return "\(jid) has no sessions; it should have \(account.sessions.elements)"
    }
    for jid in seen.places {
      guard let place = places[jid] else { return "\(jid) is there; there should be nothing" }
      if let problem = place.disagreement(with: seen.server) { return problem }
    }
    for (jid, place) in places where !seen.places.contains(jid) {
      guard let company = place.company, !isAwaited(.owner(Owner(type(of: place).kind, jid))) else { continue }
      return "\(jid) is not there; it should have \(company)"
    }
    return nil
  }
}

// MARK: - Messages

extension ReferenceModel {
  /// Whether what is for an account, or for a resource that is not there, goes to a session that takes it, and whether places show their
  /// occupants as they are. Only of what was not held back can be said how things stood when it was decided.
  func misdelivery(_ handled: HandledEvent, before: OrderedDictionary<JID, any ModelPlace>) -> String? {
    guard wasFlushed else { return nil }
    // Behind an answer of storage several stanzas are worked off, and a request may say several things: each finds a place as the one before has
    // left it.
    var isOne = false
    if case .stanza(_, let element) = handled.event {
      isOne = element.stanzaKind != .iq || element.firstChild.map { Array($0.children).count } ?? 0 <= 1
    }
    for case .write(let element, let from?, let addressees) in handled.effects where isOne && element.stanzaKind == .presence {
      guard let place = places[from.bare] ?? ended[from.bare] ?? before[from.bare] else { continue }
      for addressee in addressees {
        guard let session = sessions[addressee.connection] else { continue }
        let fault = place.fault(in: element, of: from.resource, to: session, before: before[from.bare])
        if let fault { return "\(fault): \(element)" }
      }
    }
    for case .write(let element, _, let addressees) in handled.effects where element.stanzaKind == .message {
      for addressee in addressees {
        guard let session = sessions[addressee.connection], let to = addressee.to, to != session else { continue }
        guard let account = accounts[session.bare] else { return "\(session) has no account and got a message for \(to)" }
        if let problem = account.misdelivery(to: session) { return "\(problem) and got a message for \(to)" }
      }
    }
    return nil
  }
}
