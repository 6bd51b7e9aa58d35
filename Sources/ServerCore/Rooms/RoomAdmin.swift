internal import OrderedCollections
internal import XML
internal import XMPP

// Lists of roles and affiliations, to read and to change (XEP-0045, 8, 9, 10.3 to 10.8).

extension Room {
  mutating func receiveAdmin(_ stanza: Stanza, _ query: Element, _ transaction: inout Transaction) {
    let items = query.children.filter { $0.is("item", NS.mucAdmin) }
    guard query.has(name: "query"), let first = items.first else {
      return transaction.bounce(stanza, transaction.reach(RoomAdminMark.roomAdminMalformed, StanzaError(.badRequest)))
    }
    do throws(StanzaError) {
      if stanza.type == "get" {
        transaction.reply(stanza, Element("query", NS.mucAdmin, children: try list(first, for: stanza.from, &transaction)))
      } else {
        try change(items, stanza, &transaction)
      }
    } catch {
      // "Along with the offending item(s)" (8.4).
      transaction.bounce(stanza, error, payload: true)
    }
  }
}

// MARK: - Reading

extension Room {
  private func list(_ request: Element, for reader: JID, _ transaction: inout Transaction) throws(StanzaError) -> [Element] {
    if let affiliation = request["affiliation"].flatMap(Affiliation.init), request["role"] == nil {
      return try list(affiliation, for: reader, &transaction)
    }
    guard let role = request["role"].flatMap(Role.init), request["affiliation"] == nil else {
      throw transaction.reach(RoomAdminMark.roomAdminMalformed, StanzaError(.badRequest))
    }
    guard Self.mayList(role, by: privileges(of: reader)) else {
      throw transaction.reach(RoomAdminMark.roomListOfRoleRefused, StanzaError(.forbidden))
    }
    transaction.reach(role == .moderator ? RoomAdminMark.roomListOfModerators : .roomListOfVoice)
    return occupants.values.filter { $0.role == role }.map { occupant in
      Element(
        "item", NS.mucAdmin,
        [
          "affiliation": affiliation(of: occupant.user).text, "jid": occupant.shownJID.text, "nick": occupant.nick,
          "role": occupant.role.text,
        ])
    }
  }

  /// The bare JID and the reserved nick, never the role (17.4).
  private func list(_ affiliation: Affiliation, for reader: JID, _ transaction: inout Transaction) throws(StanzaError) -> [Element] {
    guard Self.mayList(affiliation, by: self.affiliation(of: reader), isNonAnonymous: configuration.isNonAnonymous) else {
      throw transaction.reach(RoomAdminMark.roomListOfRankRefused, StanzaError(.forbidden))
    }
    transaction.reach(
      affiliation == .outcast
        ? RoomAdminMark.roomListOfOutcasts : affiliation == .member ? .roomListOfMembers : .roomListOfAdmins)
    return affiliations.list(affiliation).map { jid, entry in
      var item = Element("item", NS.mucAdmin, ["affiliation": affiliation.text, "jid": jid.text, "nick": entry.nick])
      if let reason = entry.reason, affiliation == .outcast { item.append("reason", NS.mucAdmin, text: reason) }
      return item
    }
  }

  /// The role and affiliation of who asks: a moderator is known by the bare JID (8).
  func privileges(of jid: JID) -> Privileges {
    Privileges(role: anyOccupant(of: jid)?.role ?? .none, affiliation: affiliation(of: jid))
  }
  /// The occupant that somebody is with this client, or else with any.
  private func anyOccupant(of jid: JID) -> Occupant? {
    occupant(of: jid) ?? occupants.values.filter { $0.user == jid.bare }.max { $0.role < $1.role }
  }
}

// MARK: - Changing

extension Room {
  /// The change that one item of a request asks for.
  private struct Change {
    enum What {
      case role(Role, nick: Text)
      case affiliation(Affiliation, JID, nick: NickChange)
    }
    var what: What
    var reason: Text?
  }
  /// The change of a reserved nick.
  enum NickChange: Sendable {
    case keep, release
    case reserve(Text)
  }

  /// All or nothing: every item is checked before the first is applied (9.2).
  private mutating func change(_ items: [Element], _ stanza: Stanza, _ transaction: inout Transaction) throws(StanzaError) {
    var changes: [Change] = []
    for item in items { changes.append(try change(item, &transaction)) }
    try check(changes, by: stanza.from, &transaction)
    if changes.count > 1 { transaction.reach(RoomAdminMark.roomAdminSeveral) }
    let actor = Actor(jid: stanza.from, nick: anyOccupant(of: stanza.from)?.nick)
    // A moderator hears of success before the rest of the room hears of what happened (8.2 to 8.4); that changes of
    // affiliations are told before, is how clients know it.
    let isAboutRoles = changes.allSatisfy { if case .role = $0.what { true } else { false } }
    if isAboutRoles { transaction.reply(stanza) }
    for change in changes {
      switch change.what {
      case .role(let role, let nick): setRole(role, of: nick, by: actor, reason: change.reason, &transaction)
      case .affiliation(let affiliation, let user, let nick):
        setAffiliation(affiliation, of: user, nick: nick, by: actor, reason: change.reason, &transaction)
      }
    }
    if !isAboutRoles { transaction.reply(stanza) }
  }

  private func change(_ item: Element, _ transaction: inout Transaction) throws(StanzaError) -> Change {
    let reason = item.child("reason", NS.mucAdmin)?.text
    guard reason?.count ?? 0 <= Limits.reasonBytes else {
      throw transaction.reach(RoomAdminMark.roomAdminReasonTooLong, StanzaError(.notAcceptable, text: "The reason is too long."))
    }
    // Not both at once (17.4).
    switch (item["role"], item["affiliation"]) {
    case (let role?, nil):
      guard let role = Role(role), let nick = item["nick"] else {
        throw transaction.reach(RoomAdminMark.roomAdminMalformed, StanzaError(.badRequest))
      }
      guard let address = JID(bare: jid, resource: nick), occupants[address.resource] != nil else {
        throw transaction.reach(RoomAdminMark.roomAdminNobody, StanzaError(.itemNotFound))
      }
      return Change(what: .role(role, nick: address.resource), reason: reason)
    case (nil, let affiliation?):
      guard let affiliation = Affiliation(affiliation) else {
        throw transaction.reach(RoomAdminMark.roomAdminMalformed, StanzaError(.badRequest))
      }
      return Change(what: try affiliationChange(item, affiliation, &transaction), reason: reason)
    case (_?, _?): throw transaction.reach(RoomAdminMark.roomAdminBothAttributes, StanzaError(.badRequest))
    case (nil, nil): throw transaction.reach(RoomAdminMark.roomAdminMalformed, StanzaError(.badRequest))
    }
  }

  private func affiliationChange(_ item: Element, _ affiliation: Affiliation, _ transaction: inout Transaction) throws(StanzaError)
    -> Change.What
  {
    guard let text = item["jid"] else {
      // Without a JID the nick says who is meant.
      guard let nick = item["nick"] else { throw transaction.reach(RoomAdminMark.roomAdminMalformed, StanzaError(.badRequest)) }
      guard let occupant = occupants[nick] else { throw transaction.reach(RoomAdminMark.roomAdminNobody, StanzaError(.itemNotFound)) }
      transaction.reach(RoomAdminMark.roomAdminByNick)
      return .affiliation(affiliation, occupant.user, nick: .keep)
    }
    guard let user = JID(text) else { throw transaction.reach(RoomAdminMark.roomAdminAddressMalformed, StanzaError(.jidMalformed)) }
    guard Room.mayHave(affiliation, user, transaction.configuration) else {
      let reason: Text = user.hasLocal ? "An owner must be a user of this server." : "A domain can be banned, and nothing else."
      throw transaction.reach(RoomAffiliationMark.roomRankOfDomain, StanzaError(.notAcceptable, text: reason))
    }
    guard let nick = item["nick"] else { return .affiliation(affiliation, user.bare, nick: .keep) }
    if nick.isEmpty {
      return transaction.reach(RoomAffiliationMark.roomRankNickReleased, .affiliation(affiliation, user.bare, nick: .release))
    }
    guard let address = address(under: nick) else {
      throw transaction.reach(RoomAffiliationMark.roomRankNickUnseen, StanzaError(.jidMalformed))
    }
    return .affiliation(affiliation, user.bare, nick: .reserve(address.resource))
  }

  private func check(_ changes: [Change], by requester: JID, _ transaction: inout Transaction) throws(StanzaError) {
    let privileges = privileges(of: requester)
    var touched = Table<JID, Bool>()
    var nicks = Table<Text, Bool>()
    var (owners, entries) = (affiliations.ownerCount, affiliations.count)
    for change in changes {
      switch change.what {
      case .role(let role, let nick):
        guard let target = occupants[nick] else { throw StanzaError(.itemNotFound) }
        let other = Privileges(role: target.role, affiliation: affiliation(of: target.user))
        if let refusal = Self.refusal(ofRole: role, for: other, by: privileges, toSelf: target.user == requester.bare) {
          throw transaction.reach(
            privileges.role == .moderator ? role.mark(ofRefusalFor: target.role) : RoomRoleMark.roomRoleByStranger, refusal.error)
        }
      case .affiliation(let new, let user, let nick):
        // Two answers about one user can't both be meant.
        guard !touched.contains(user) else { throw transaction.reach(RoomAdminMark.roomAdminTwice, StanzaError(.badRequest)) }
        touched[user] = true
        let old = affiliations.entry(user)?.affiliation ?? .none
        if let refusal = Self.refusal(ofAffiliation: new, insteadOf: old, by: privileges.affiliation, toSelf: user == requester.bare) {
          throw transaction.reach(refusal.markOfRank, refusal.error)
        }
        if case .reserve(let nick) = nick, new >= .member {
          guard !nicks.contains(nick) else { throw transaction.reach(RoomAffiliationMark.roomRankReservedTwice, StanzaError(.conflict)) }
          nicks[nick] = true
          try checkReservation(of: nick, for: user, by: privileges, &transaction)
        }
        owners += (new == .owner ? 1 : 0) - (old == .owner ? 1 : 0)
        if affiliations.entry(user) == nil, new != .none { entries += 1 }
      }
    }
    // A room keeps an owner (10.4).
    guard owners > 0 else {
      throw transaction.reach(RoomAffiliationMark.roomRankLastOwner, StanzaError(.conflict, text: "The room needs an owner."))
    }
    guard entries <= max(transaction.configuration.limits[.roomAffiliations], affiliations.count) else {
      throw transaction.reach(RoomAffiliationMark.roomRankFull, StanzaError(.resourceConstraint))
    }
  }

  /// Whether a nick may be reserved: who sits on it now has to go, and may be too high for that.
  private func checkReservation(of nick: Text, for user: JID, by requester: Privileges, _ transaction: inout Transaction)
    throws(StanzaError)
  {
    if let holder = affiliations.holder(of: nick), holder != user {
      throw transaction.reach(RoomAffiliationMark.roomRankReservedByAnother, StanzaError(.conflict))
    }
    guard let holder = occupants[nick], holder.user != user else { return }
    let privileges = Privileges(role: holder.role, affiliation: affiliation(of: holder.user))
    let actor = Privileges(role: .moderator, affiliation: requester.affiliation)
    if let refusal = Self.refusal(ofRole: .none, for: privileges, by: actor, toSelf: false) {
      throw transaction.reach(RoomAffiliationMark.roomRankSitterProtected, refusal.error)
    }
  }
}

extension RoomRefusal {
  fileprivate var error: StanzaError {
    switch self {
    case .forbidden: StanzaError(.forbidden)
    case .notAllowed: StanzaError(.notAllowed)
    case .conflict: StanzaError(.conflict)
    }
  }

  fileprivate var markOfRank: RoomAffiliationMark {
    switch self {
    case .forbidden: .roomRankRefused
    case .notAllowed: .roomRankBanRefused
    case .conflict: .roomRankBanSelf
    }
  }
}

extension Room.Role {
  /// The mark for a moderator who wanted to give this role and was refused.
  fileprivate func mark(ofRefusalFor old: Room.Role) -> RoomRoleMark {
    switch (old, self) {
    case (_, .none): .roomRoleKickRefused
    case (_, .moderator): .roomRoleModeratorRefused
    case (.moderator, _): .roomRoleNoModeratorRefused
    case (_, .participant), (_, .visitor): .roomRoleMuteRefused
    }
  }
}

/// Marks: lists, and changes of them as they are asked for.
public enum RoomAdminMark: UInt16, CoverageMark {
  case roomListOfVoice
  case roomListOfModerators
  case roomListOfOutcasts
  case roomListOfMembers
  case roomListOfAdmins
  case roomListOfRoleRefused
  case roomListOfRankRefused
  case roomAdminMalformed, roomAdminBothAttributes
  case roomAdminReasonTooLong, roomAdminAddressMalformed, roomAdminNobody, roomAdminByNick, roomAdminTwice, roomAdminSeveral

  public static let offset = Mark.offset(of: RoomAdminMark.self)

  public var clause: String {
    switch self {
    case .roomListOfVoice: "XEP-0045, 8.5"
    case .roomListOfModerators: "XEP-0045, 9.8"
    case .roomListOfOutcasts, .roomAdminReasonTooLong, .roomAdminAddressMalformed, .roomAdminNobody, .roomAdminByNick, .roomAdminTwice,
      .roomAdminSeveral:
      "XEP-0045, 9.2"
    case .roomListOfMembers: "XEP-0045, 9.5"
    case .roomListOfAdmins: "XEP-0045, 10.5"
    case .roomListOfRoleRefused: "XEP-0045, 8"
    case .roomListOfRankRefused: "XEP-0045, 9"
    case .roomAdminMalformed, .roomAdminBothAttributes: "XEP-0045, 17.4"
    }
  }
}
