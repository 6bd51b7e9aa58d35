internal import OrderedCollections
public import ServerCore
internal import XML
internal import XMPP

// Where the model and a server say different things.

extension ReferenceModel {
  /// The first thing that the server has otherwise, in words. Looks at all that it has in memory.
  public func disagreement(with server: Server) -> String? {
    for jid in server.accountsInMemory {
      guard let account = accounts[jid] else { return "\(jid) is in memory, and there is no such account" }
      if let problem = disagreement(about: account, server) { return problem }
    }
    for (jid, account) in accounts where !account.resources.isEmpty && server.sessions(of: jid).isEmpty {
      return "\(jid) has no sessions; it should have \(account.resources.keys.elements)"
    }
    let inMemory = OrderedSet(server.roomsInMemory)
    for jid in inMemory {
      guard let room = rooms[jid] else { return "\(jid) is there, with \(server.occupants(of: jid).map(\.jid)); there should be no such room" }
      if let problem = disagreement(about: room, server) { return problem }
    }
    for (jid, room) in rooms where !room.occupants.isEmpty && !inMemory.contains(jid) && !isAwaited(.room(jid)) {
      return "\(jid) is not there; it should have \(room.occupants.keys.elements)"
    }
    return nil
  }
}

// MARK: - Accounts

extension ReferenceModel {
  private func disagreement(about account: PresenceModel, _ server: Server) -> String? {
    let roster = server.roster(of: account.jid)
    for item in roster {
      if let problem = disagreement(about: item, account) { return "\(account.jid) has \(item.jid) as \(problem)" }
    }
    if roster.count != account.contacts.count {
      let known = OrderedSet(roster.map(\.jid))
      for (jid, contact) in account.contacts where !known.contains(jid) {
        return "\(account.jid) does not know \(jid); it should be '\(contact.state.rawValue)'\(contact.isInRoster ? ", in the roster" : "")"
      }
    }
    let blocked = OrderedSet(server.blocklist(of: account.jid).sorted())
    let expected = OrderedSet(account.blocked.sorted())
    if blocked != expected { return "\(account.jid) blocks \(blocked.elements); it should be \(expected.elements)" }
    return disagreementAboutSessions(account, server)
  }

  private func disagreement(about item: RosterItem, _ account: PresenceModel) -> String? {
    let isHeard = item.subscription == .to || item.subscription == .both
    let hears = item.subscription == .from || item.subscription == .both
    let state = SubscriptionState(userHears: isHeard, contactHears: hears, isPendingOut: item.isAsking, isPendingIn: item.request != nil)
    guard let state else { return "a state that RFC 6121, A.1, does not have: \(item)" }
    let expected = account.contacts[item.jid] ?? PresenceModel.Contact()
    if state != expected.state { return "'\(state.rawValue)'; by RFC 6121, appendix A, it is '\(expected.state.rawValue)'" }
    if item.isListed != expected.isInRoster { return item.isListed ? "listed, and should not be" : "not listed, and should be" }
    if item.name != expected.name || item.groups != expected.groups {
      return "\(item.name ?? "-") in \(item.groups), and it is \(expected.name ?? "-") in \(expected.groups)"
    }
    // A state without a trace is not kept.
    if account.contacts[item.jid] == nil { return "kept for nothing" }
    return nil
  }

  private func disagreementAboutSessions(_ account: PresenceModel, _ server: Server) -> String? {
    let sessions = server.sessions(of: account.jid)
    for session in sessions {
      guard let expected = account.resources[session.jid], expected.link == session.link else {
        return "\(session.jid) is there on link \(session.link.number), and should not be"
      }
      if session.priority != expected.priority {
        return "\(session.jid) is \(Self.describe(session.priority)); by RFC 6121, 4, it is \(Self.describe(expected.priority))"
      }
      let directed = OrderedSet(expected.directed.sorted())
      if OrderedSet(session.directed) != directed {
        return "\(session.jid) owes the end of directed presence to \(session.directed); by RFC 6121, 4.6, it is \(directed.elements)"
      }
    }
    guard sessions.count != account.resources.count else { return nil }
    let gone = account.resources.keys.filter { jid in !sessions.contains { $0.jid == jid } }
    return "\(gone) ended, and nobody knows why"
  }

  private static func describe(_ priority: Int?) -> String { priority.map { "available with priority \($0)" } ?? "unavailable" }
}

// MARK: - Rooms

extension ReferenceModel {
  private func disagreement(about room: RoomModel, _ server: Server) -> String? {
    var inside: OrderedSet<JID> = []
    for occupant in server.occupants(of: room.jid) {
      inside.append(occupant.jid)
      guard let nick = room.nick(of: occupant.jid), let expected = room.occupants[nick] else {
        return "\(occupant.jid) is in \(room.jid) as \(occupant.nick), and should not be"
      }
      if nick != occupant.nick { return "\(occupant.jid) is in \(room.jid) as \(occupant.nick), and should be \(nick)" }
      let affiliation = room.affiliation(of: occupant.jid)
      if occupant.role != expected.role.text || occupant.affiliation != affiliation.text {
        return "\(occupant.nick) in \(room.jid) is \(occupant.affiliation)/\(occupant.role), and should be \(affiliation)/\(expected.role)"
      }
    }
    for (nick, occupant) in room.occupants {
      for client in occupant.clients where !inside.contains(client) { return "\(client) is not in \(room.jid), and should be, as \(nick)" }
    }
    if server.isLocked(room: room.jid) != room.isLocked { return "\(room.jid) is \(room.isLocked ? "not locked, and should be" : "still locked")" }
    let list = server.affiliations(of: room.jid).map { "\($0.jid) \($0.record.affiliation) \($0.record.nick ?? "")" }
    let expected = room.list.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value.affiliation) \($0.value.nick ?? "")" }
    return list == expected ? nil : "\(room.jid) has the list \(list), and should have \(expected)"
  }
}
