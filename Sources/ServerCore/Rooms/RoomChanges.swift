internal import OrderedCollections
internal import Storage
internal import XML
internal import XMPP

// Changes of roles and affiliations once they are allowed, and what everybody hears of them.

extension Room {
  /// Sets an occupant's role; "none" removes it (8.2 to 8.4, 9.6, 9.7).
  mutating func setRole(_ role: Role, of nick: Text, by actor: Actor?, reason: Text?, _ transaction: inout Transaction) {
    guard let occupant = occupants[nick] else { return }
    transaction.reach(role.mark(insteadOf: occupant.role))
    if role == .none { return expel(occupant, .kicked, by: actor, reason: reason, &transaction) }
    update(occupant, to: role, by: actor, reason: reason, &transaction)
  }

  /// Removes an occupant against its will.
  func expulsion(of occupant: Occupant, _ code: Status, by actor: Actor?, reason: Text?) -> OccupantPresence {
    var notice = departure(of: occupant)
    notice.actor = actor
    notice.reason = reason
    notice.codes = [code]
    return notice
  }
  mutating func expel(_ occupant: Occupant, _ code: Status, by actor: Actor?, reason: Text?, _ transaction: inout Transaction) {
    remove(occupant, expulsion(of: occupant, code, by: actor, reason: reason), &transaction)
  }

  private mutating func update(_ occupant: Occupant, to role: Role, by actor: Actor?, reason: Text?, _ transaction: inout Transaction) {
    var changed = occupant
    changed.role = role
    occupants[occupant.nick] = changed
    var notice = notice(of: changed)
    notice.actor = actor
    notice.reason = reason
    announce(notice, of: changed, wasShown: shows(occupant.role), &transaction)
    // A moderator sees everybody's JID, "automatically through presence" (8).
    if role == .moderator, occupant.role != .moderator, !configuration.isNonAnonymous {
      transaction.reach(RoomPresenceMark.roomShowsJIDs)
      for session in changed.sessions.keys { showOccupants(to: changed, at: session, &transaction) }
    }
  }
}

// MARK: - Affiliations

extension Room {
  /// Sets an affiliation and with it, perhaps, the reserved nick.
  ///
  /// - Parameter actor: `nil` if the user did it itself, by registering.
  mutating func setAffiliation(
    _ affiliation: Affiliation, of user: JID, nick change: NickChange, by actor: Actor?, reason: Text?, _ transaction: inout Transaction
  ) {
    let old = affiliations.entry(user)
    transaction.reach(affiliation.mark(insteadOf: old?.affiliation ?? .none, isOfDomain: user.isDomain))
    var entry = RoomAffiliations.Entry(affiliation: affiliation, nick: old?.nick, reason: reason)
    switch change {
    case .keep: break
    case .release: entry.nick = nil
    case .reserve(let nick): entry.nick = nick
    }
    // Outcasts lose their nicks (9.1), and who has no affiliation leaves nothing behind (5.2).
    if affiliation < .member { entry.nick = nil }
    let stored = affiliation == .none ? nil : entry
    affiliations.set(user, stored)
    if isPersisted, stored != old {
      transaction.persist(stored.map { .put($0.row(of: user), of: jid) } ?? .delete(AffiliationRow.self, key: .jid(user), of: jid))
    }

    if let nick = entry.nick, let holder = occupants[nick], holder.user != user {
      transaction.reach(RoomAffiliationMark.roomRankSitterOut)
      expel(holder, .kicked, by: nil, reason: "This nickname is reserved", &transaction)
    }
    let present = occupants.values.filter { $0.user == user || (user.isDomain && isBanned($0, with: user)) }
    for occupant in present {
      // An occupant that loses its own entry may be banned with the domain (9.2).
      adapt(
        occupant, from: old?.affiliation ?? .none, to: self.affiliation(of: occupant.user), by: actor, reason: reason, &transaction)
    }
    if present.isEmpty, affiliation != old?.affiliation ?? .none {
      transaction.reach(RoomAffiliationMark.roomRankAbsent)
      announceAbsent(user, affiliation, &transaction)
      if configuration.isMembersOnly, affiliation >= .member, old == nil, let actor {
        transaction.reach(RoomAffiliationMark.roomRankInvites)
        // By the address that the room shows of whoever did it.
        let shown = configuration.isNonAnonymous ? actor.jid.bare : actor.nick.flatMap { JID(bare: jid, resource: $0) }
        invite(user, by: actor.jid, shownAs: shown ?? jid, &transaction)
      }
    }
  }

  private func isBanned(_ occupant: Occupant, with domain: JID) -> Bool {
    occupant.user.isAt(domain: domain.domain) && affiliation(of: occupant.user) == .outcast
  }

  /// Changes the role of an occupant with a new affiliation, or expels it.
  private mutating func adapt(
    _ occupant: Occupant, from old: Affiliation, to new: Affiliation, by actor: Actor?, reason: Text?, _ transaction: inout Transaction
  ) {
    if new == .outcast { return expel(occupant, .banned, by: actor, reason: reason, &transaction) }
    // Not first the loss and then the removal (9.4).
    if new == .none, configuration.isMembersOnly { return expel(occupant, .affiliationLost, by: actor, reason: reason, &transaction) }
    // The role that goes with an affiliation is gained with it; it is lost with the rank of an admin (5.1.3).
    let usual = new.defaultRole(inModerated: configuration.isModerated)
    let role = old >= .admin && new < .admin ? usual : max(usual, occupant.role)
    if role != occupant.role {
      transaction.reach(role > occupant.role ? RoomAffiliationMark.roomRankGivesRole : .roomRankTakesRole)
    }
    update(occupant, to: role, by: actor, reason: reason, &transaction)
  }

  /// Tells those who may see JIDs about somebody who isn't in the room (10.3, "Service Sends OccupantPresence of Affiliation Change").
  private func announceAbsent(_ user: JID, _ affiliation: Affiliation, _ transaction: inout Transaction) {
    let item = Element("item", NS.mucUser, ["affiliation": affiliation.text, "jid": user.text])
    let message = Element("message", NS.client, children: [Element("x", NS.mucUser, children: [item])])
    broadcast(message, toModeratorsOnly: !configuration.isNonAnonymous, &transaction)
  }
}

// MARK: - Marks

extension Room.Role {
  /// The mark for a moderator's change from the old role to this one.
  fileprivate func mark(insteadOf old: Room.Role) -> RoomRoleMark {
    switch (old, self) {
    case (_, .none): .roomRoleKick
    case (_, old): .roomRoleUnchanged
    case (_, .moderator): .roomRoleModerator
    case (.moderator, _): .roomRoleNoModerator
    case (_, .participant): .roomRoleVoice
    case (_, .visitor): .roomRoleMute
    }
  }
}

extension Room.Affiliation {
  /// The mark for such a change by an admin or owner. Bans and promotions are named after the affiliation that is given, pardons and
  /// other losses after the one that is taken.
  fileprivate func mark(insteadOf old: Room.Affiliation, isOfDomain: Bool) -> RoomAffiliationMark {
    switch (old, self) {
    case (_, old): .roomRankUnchanged
    case (_, .outcast): isOfDomain ? .roomRankBanDomain : .roomRankBan
    case (_, .owner): .roomRankOwner
    case (.owner, _): .roomRankNoOwner
    case (_, .admin): .roomRankAdmin
    case (.admin, _): .roomRankNoAdmin
    case (_, .member): .roomRankMember
    case (.outcast, .none): .roomRankPardon
    case (_, .none): .roomRankNoMember
    }
  }
}

/// Marks: changes of roles.
public enum RoomRoleMark: UInt16, CoverageMark {
  case roomRoleKick, roomRoleKickRefused
  case roomRoleVoice
  case roomRoleMute, roomRoleMuteRefused
  case roomRoleModerator, roomRoleModeratorRefused
  case roomRoleNoModerator, roomRoleNoModeratorRefused
  case roomRoleUnchanged
  case roomRoleByStranger

  public static let offset = Mark.offset(of: RoomRoleMark.self)

  public var clause: String {
    switch self {
    case .roomRoleKick, .roomRoleKickRefused: "XEP-0045, 8.2"
    case .roomRoleVoice: "XEP-0045, 8.3"
    case .roomRoleMute, .roomRoleMuteRefused: "XEP-0045, 8.4"
    case .roomRoleModerator, .roomRoleModeratorRefused: "XEP-0045, 9.6"
    case .roomRoleNoModerator, .roomRoleNoModeratorRefused: "XEP-0045, 9.7"
    case .roomRoleUnchanged: "XEP-0045, 8.5"
    case .roomRoleByStranger: "XEP-0045, 8"
    }
  }
}

/// Marks: changes of affiliations.
public enum RoomAffiliationMark: UInt16, CoverageMark {
  case roomRankBan, roomRankBanRefused, roomRankBanSelf
  case roomRankBanDomain, roomRankPardon
  case roomRankMember
  case roomRankNoMember
  case roomRankOwner
  case roomRankNoOwner, roomRankLastOwner
  case roomRankAdmin
  case roomRankNoAdmin
  case roomRankFull
  case roomRankRefused
  case roomRankUnchanged
  case roomRankAbsent
  case roomRankInvites
  case roomRankGivesRole, roomRankTakesRole
  case roomRankReservedTwice, roomRankReservedByAnother, roomRankSitterProtected, roomRankSitterOut, roomRankNickReleased
  case roomRankNickUnseen
  case roomRankOfDomain

  public static let offset = Mark.offset(of: RoomAffiliationMark.self)

  public var clause: String {
    switch self {
    case .roomRankBan, .roomRankBanRefused, .roomRankBanSelf: "XEP-0045, 9.1"
    case .roomRankBanDomain, .roomRankPardon: "XEP-0045, 9.2"
    case .roomRankMember: "XEP-0045, 9.3"
    case .roomRankNoMember: "XEP-0045, 9.4"
    case .roomRankOwner, .roomRankAbsent: "XEP-0045, 10.3"
    case .roomRankNoOwner, .roomRankLastOwner: "XEP-0045, 10.4"
    case .roomRankAdmin: "XEP-0045, 10.6"
    case .roomRankNoAdmin: "XEP-0045, 10.7"
    case .roomRankFull: "XEP-0045, 5.2; \(Limit.roomAffiliations)"
    case .roomRankRefused: "XEP-0045, 5.2.1"
    case .roomRankUnchanged: "XEP-0045, 5.2.2"
    case .roomRankInvites: "XEP-0045, 9.5"
    case .roomRankGivesRole, .roomRankTakesRole: "XEP-0045, 5.1.3"
    case .roomRankReservedTwice, .roomRankReservedByAnother, .roomRankSitterProtected, .roomRankSitterOut, .roomRankNickReleased:
      "XEP-0045, 7.10"
    case .roomRankNickUnseen: "XEP-0045, 17.1"
    case .roomRankOfDomain: "XEP-0045, 5.2"
    }
  }
}
