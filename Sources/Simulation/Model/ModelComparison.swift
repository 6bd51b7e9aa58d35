internal import OrderedCollections
public import ServerCore
internal import Storage
internal import XML
internal import XMPP

/// What a server has in memory, looked up once for each event.
struct ObservedState {
  let server: Server
  let accounts: [JID]
  let rooms: [JID]
  let sessions: OrderedDictionary<JID, [Server.SessionView]>

  init(_ server: Server) {
    self.server = server
    accounts = server.accountsInMemory
    rooms = server.roomsInMemory
    sessions = OrderedDictionary(uniqueKeysWithValues: accounts.map { ($0, server.sessions(of: $0)) })
  }
}

// Where the model and a server say different things.

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
    for jid in seen.rooms {
      guard let room = rooms[jid] else {
        return "\(jid) is there, with \(seen.server.occupants(of: jid).map(\.jid)); there should be no such room"
      }
      if let problem = room.disagreement(with: seen.server) { return problem }
    }
    for (jid, room) in rooms where !room.occupants.isEmpty && !seen.rooms.contains(jid) && !isAwaited(.room(jid)) {
      return "\(jid) is not there; it should have \(room.occupants.keys.elements)"
    }
    return nil
  }
}

// MARK: - Messages

extension ReferenceModel {
  /// Whether what is for an account, or for a resource that is not there, goes to a session that takes it. Only of what was not
  /// held back can be said how things stood when it was decided.
  func misdelivery(_ handled: HandledEvent) -> String? {
    guard wasFlushed else { return nil }
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
