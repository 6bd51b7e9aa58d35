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
      if let problem = disagreement(about: account, seen) { return problem }
    }
    for (jid, account) in accounts where !account.resources.isEmpty && seen.sessions[jid] == nil {
      return "\(jid) has no sessions; it should have \(account.resources.keys.elements)"
    }
    for jid in seen.rooms {
      guard let room = rooms[jid] else {
        return "\(jid) is there, with \(seen.server.occupants(of: jid).map(\.jid)); there should be no such room"
      }
      if let problem = disagreement(about: room, seen.server) { return problem }
    }
    for (jid, room) in rooms where !room.occupants.isEmpty && !seen.rooms.contains(jid) && !isAwaited(.room(jid)) {
      return "\(jid) is not there; it should have \(room.occupants.keys.elements)"
    }
    return nil
  }
}

// MARK: - Accounts

extension ReferenceModel {
  private func disagreement(about account: PresenceModel, _ seen: ObservedState) -> String? {
    let roster = seen.server.roster(of: account.jid)
    for item in roster {
      if let problem = disagreement(about: item, account.contacts[item.jid]) { return "\(account.jid) has \(item.jid) as \(problem)" }
    }
    if roster.count != account.contacts.count {
      for (jid, contact) in account.contacts where !roster.contains(where: { $0.jid == jid }) {
        return "\(account.jid) does not know \(jid); it should be '\(contact.state.rawValue)'\(contact.isInRoster ? ", in the roster" : "")"
      }
    }
    let blocked = seen.server.blocklist(of: account.jid)
    if blocked.count != account.blocked.count || !blocked.allSatisfy(account.blocked.contains) {
      return "\(account.jid) blocks \(blocked); it should be \(account.blocked.elements)"
    }
    return disagreementAboutSessions(account, seen.sessions[account.jid] ?? [])
  }

  private func disagreement(about item: RosterItem, _ expected: PresenceModel.Contact?) -> String? {
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

  private func disagreementAboutSessions(_ account: PresenceModel, _ sessions: [Server.SessionView]) -> String? {
    for session in sessions {
      guard let expected = account.resources[session.jid], expected.connection == session.connection else {
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
    guard sessions.count != account.resources.count else { return nil }
    let gone = account.resources.keys.filter { jid in !sessions.contains { $0.jid == jid } }
    return "\(gone) ended, and nobody knows why"
  }

  private static func describe(_ priority: Int?) -> String { priority.map { "available with priority \($0)" } ?? "unavailable" }
}

// MARK: - Messages

extension ReferenceModel {
  /// RFC 6121, 8.5.2.1.1 and 8.5.3.2.1: what is for the account, or for a resource that is not there, goes to no resource that is
  /// unavailable or has a negative priority. Only of what was not held back can be said how things stood when it was decided.
  func misdelivery(_ handled: HandledEvent) -> String? {
    guard wasFlushed else { return nil }
    for case .write(let element, _, let addressees) in handled.effects where element.stanzaKind == .message {
      for addressee in addressees {
        guard let session = sessions[addressee.connection], let to = addressee.to, to != session else { continue }
        let priority = accounts[session.bare]?.resources[session]?.priority
        if priority ?? -1 < 0 { return "\(session) is \(Self.describe(priority)) and got a message for \(to)" }
      }
    }
    return nil
  }
}

// MARK: - Rooms

extension ReferenceModel {
  private func disagreement(about room: RoomModel, _ server: Server) -> String? {
    let inside = server.occupants(of: room.jid)
    for occupant in inside {
      guard let nick = room.nick(of: occupant.jid), let expected = room.occupants[nick] else {
        return "\(occupant.jid) is in \(room.jid) as \(occupant.nick), and should not be"
      }
      if nick != occupant.nick { return "\(occupant.jid) is in \(room.jid) as \(occupant.nick), and should be \(nick)" }
      let affiliation = room.affiliation(of: occupant.jid)
      if occupant.role != expected.role.text || occupant.affiliation != affiliation.text {
        return "\(occupant.nick) in \(room.jid) is \(occupant.affiliation)/\(occupant.role), and should be \(affiliation)/\(expected.role)"
      }
    }
    if inside.count != room.occupants.values.reduce(0, { $0 + $1.clients.count }) {
      for (nick, occupant) in room.occupants {
        for client in occupant.clients where !inside.contains(where: { $0.jid == client }) {
          return "\(client) is not in \(room.jid), and should be, as \(nick)"
        }
      }
    }
    if server.isLocked(room: room.jid) != room.isLocked {
      return "\(room.jid) is \(room.isLocked ? "not locked, and should be" : "still locked")"
    }
    let list = server.affiliations(of: room.jid)
    let isSame =
      list.count == room.list.count
      && list.allSatisfy { room.list[$0.jid]?.affiliation.text == $0.affiliation && room.list[$0.jid]?.nick == $0.nick }
    if isSame { return nil }
    let actual = list.map { "\($0.jid) \($0.affiliation) \($0.nick ?? "")" }
    let expected = room.list.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value.affiliation) \($0.value.nick ?? "")" }
    return "\(room.jid) has the list \(actual), and should have \(expected)"
  }
}
