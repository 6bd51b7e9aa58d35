internal import OrderedCollections
internal import XML
internal import XMPP

// Lists of roles and affiliations, to read and to change (XEP-0045, 8, 9, 10.3 to 10.8).

extension Room {
  mutating func receiveAdmin(_ stanza: Stanza, _ query: Element, _ step: inout Step) {
    let items = query.children.filter { $0.is("item", NS.mucAdmin) }
    guard query.has(name: "query"), let first = items.first else {
      return step.bounce(stanza, step.reach(RoomAdminMark.roomAdminMalformed, StanzaError(.badRequest)))
    }
    do throws(StanzaError) {
      if stanza.type == "get" {
        step.reply(stanza, Element("query", NS.mucAdmin, children: try list(first, for: stanza.from, &step)))
      } else {
        try change(items, stanza, &step)
      }
    } catch {
      // "Along with the offending item(s)" (8.4).
      step.bounce(stanza, error, payload: true)
    }
  }
}

// MARK: - Reading

extension Room {
  private func list(_ request: Element, for reader: JID, _ step: inout Step) throws(StanzaError) -> [Element] {
    if let affiliation = request["affiliation"].flatMap(Affiliation.init), request["role"] == nil {
      return try list(affiliation, for: reader, &step)
    }
    guard let role = request["role"].flatMap(Role.init), request["affiliation"] == nil else {
      throw step.reach(RoomAdminMark.roomAdminMalformed, StanzaError(.badRequest))
    }
    guard Self.mayList(role, by: standing(of: reader)) else {
      throw step.reach(RoomAdminMark.roomListOfRoleRefused, StanzaError(.forbidden))
    }
    step.reach(role == .moderator ? RoomAdminMark.roomListOfModerators : .roomListOfVoice)
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
  private func list(_ affiliation: Affiliation, for reader: JID, _ step: inout Step) throws(StanzaError) -> [Element] {
    guard Self.mayList(affiliation, by: self.affiliation(of: reader), isNonAnonymous: configuration.isNonAnonymous) else {
      throw step.reach(RoomAdminMark.roomListOfRankRefused, StanzaError(.forbidden))
    }
    step.reach(
      affiliation == .outcast
        ? RoomAdminMark.roomListOfOutcasts : affiliation == .member ? .roomListOfMembers : .roomListOfAdmins)
    return affiliations.list(affiliation).map { jid, entry in
      var item = Element("item", NS.mucAdmin, ["affiliation": affiliation.text, "jid": jid.text, "nick": entry.nick])
      if let reason = entry.reason, affiliation == .outcast { item.append("reason", NS.mucAdmin, text: reason) }
      return item
    }
  }

  /// The role and affiliation of who asks: a moderator is known by the bare JID (8).
  func standing(of jid: JID) -> Standing {
    Standing(role: anyOccupant(of: jid)?.role ?? .none, affiliation: affiliation(of: jid))
  }
  /// The occupant that somebody is with this client, or else with any.
  private func anyOccupant(of jid: JID) -> Occupant? {
    occupant(of: jid) ?? occupants.values.filter { $0.user == jid.bare }.max { $0.role < $1.role }
  }
}

// MARK: - Changing

extension Room {
  /// What one item of a request asks for.
  private struct Change {
    enum What {
      case role(Role, nick: Text)
      case affiliation(Affiliation, JID, nick: NickChange)
    }
    var what: What
    var reason: Text?
  }
  /// What becomes of a reserved nick.
  enum NickChange: Sendable {
    case keep, release
    case reserve(Text)
  }

  /// All or nothing: every item is checked before the first is applied (9.2).
  private mutating func change(_ items: [Element], _ stanza: Stanza, _ step: inout Step) throws(StanzaError) {
    var changes: [Change] = []
    for item in items { changes.append(try change(item, &step)) }
    try check(changes, by: stanza.from, &step)
    if changes.count > 1 { step.reach(RoomAdminMark.roomAdminSeveral) }
    let actor = Actor(jid: stanza.from, nick: anyOccupant(of: stanza.from)?.nick)
    // A moderator hears of success before the rest of the room hears of what happened (8.2 to 8.4); that changes of
    // affiliations are told before, is how clients know it.
    let isAboutRoles = changes.allSatisfy { if case .role = $0.what { true } else { false } }
    if isAboutRoles { step.reply(stanza) }
    for change in changes {
      switch change.what {
      case .role(let role, let nick): setRole(role, of: nick, by: actor, reason: change.reason, &step)
      case .affiliation(let affiliation, let user, let nick):
        setAffiliation(affiliation, of: user, nick: nick, by: actor, reason: change.reason, &step)
      }
    }
    if !isAboutRoles { step.reply(stanza) }
  }

  private func change(_ item: Element, _ step: inout Step) throws(StanzaError) -> Change {
    let reason = item.child("reason", NS.mucAdmin)?.text
    guard reason?.count ?? 0 <= Limits.reasonBytes else {
      throw step.reach(RoomAdminMark.roomAdminReasonTooLong, StanzaError(.notAcceptable, text: "The reason is too long."))
    }
    // Not both at once (17.4).
    switch (item["role"], item["affiliation"]) {
    case (let role?, nil):
      guard let role = Role(role), let nick = item["nick"] else {
        throw step.reach(RoomAdminMark.roomAdminMalformed, StanzaError(.badRequest))
      }
      guard let address = JID(bare: jid, resource: nick), occupants[address.resource] != nil else {
        throw step.reach(RoomAdminMark.roomAdminNobody, StanzaError(.itemNotFound))
      }
      return Change(what: .role(role, nick: address.resource), reason: reason)
    case (nil, let affiliation?):
      guard let affiliation = Affiliation(affiliation) else { throw step.reach(RoomAdminMark.roomAdminMalformed, StanzaError(.badRequest)) }
      return Change(what: try affiliationChange(item, affiliation, &step), reason: reason)
    case (_?, _?): throw step.reach(RoomAdminMark.roomAdminBothAttributes, StanzaError(.badRequest))
    case (nil, nil): throw step.reach(RoomAdminMark.roomAdminMalformed, StanzaError(.badRequest))
    }
  }

  private func affiliationChange(_ item: Element, _ affiliation: Affiliation, _ step: inout Step) throws(StanzaError) -> Change.What {
    guard let text = item["jid"] else {
      // Without a JID the nick says who is meant.
      guard let nick = item["nick"] else { throw step.reach(RoomAdminMark.roomAdminMalformed, StanzaError(.badRequest)) }
      guard let occupant = occupants[nick] else { throw step.reach(RoomAdminMark.roomAdminNobody, StanzaError(.itemNotFound)) }
      step.reach(RoomAdminMark.roomAdminByNick)
      return .affiliation(affiliation, occupant.user, nick: .keep)
    }
    guard let user = JID(text) else { throw step.reach(RoomAdminMark.roomAdminAddressMalformed, StanzaError(.jidMalformed)) }
    guard Room.mayHave(affiliation, user, step.configuration) else {
      let reason: Text = user.hasLocal ? "An owner must be a user of this server." : "A domain can be banned, and nothing else."
      throw step.reach(RoomAffiliationMark.roomRankOfDomain, StanzaError(.notAcceptable, text: reason))
    }
    guard let nick = item["nick"] else { return .affiliation(affiliation, user.bare, nick: .keep) }
    if nick.isEmpty { return step.reach(RoomAffiliationMark.roomRankNickReleased, .affiliation(affiliation, user.bare, nick: .release)) }
    guard let address = address(under: nick) else { throw step.reach(RoomAffiliationMark.roomRankNickUnseen, StanzaError(.jidMalformed)) }
    return .affiliation(affiliation, user.bare, nick: .reserve(address.resource))
  }

  private func check(_ changes: [Change], by requester: JID, _ step: inout Step) throws(StanzaError) {
    let standing = standing(of: requester)
    var touched = Table<JID, Bool>()
    var nicks = Table<Text, Bool>()
    var (owners, entries) = (affiliations.ownerCount, affiliations.count)
    for change in changes {
      switch change.what {
      case .role(let role, let nick):
        guard let target = occupants[nick] else { throw StanzaError(.itemNotFound) }
        let other = Standing(role: target.role, affiliation: affiliation(of: target.user))
        if let refusal = Self.refusal(ofRole: role, for: other, by: standing, toSelf: target.user == requester.bare) {
          throw step.reach(
            standing.role == .moderator ? role.mark(ofRefusalFor: target.role) : RoomRoleMark.roomRoleByStranger, refusal.error)
        }
      case .affiliation(let new, let user, let nick):
        // Two answers about one user can't both be meant.
        guard !touched.contains(user) else { throw step.reach(RoomAdminMark.roomAdminTwice, StanzaError(.badRequest)) }
        touched[user] = true
        let old = affiliations.entry(user)?.affiliation ?? .none
        if let refusal = Self.refusal(ofAffiliation: new, insteadOf: old, by: standing.affiliation, toSelf: user == requester.bare) {
          throw step.reach(refusal.markOfRank, refusal.error)
        }
        if case .reserve(let nick) = nick, new >= .member {
          guard !nicks.contains(nick) else { throw step.reach(RoomAffiliationMark.roomRankReservedTwice, StanzaError(.conflict)) }
          nicks[nick] = true
          try checkReservation(of: nick, for: user, by: standing, &step)
        }
        owners += (new == .owner ? 1 : 0) - (old == .owner ? 1 : 0)
        if affiliations.entry(user) == nil, new != .none { entries += 1 }
      }
    }
    // A room keeps an owner (10.4).
    guard owners > 0 else {
      throw step.reach(RoomAffiliationMark.roomRankLastOwner, StanzaError(.conflict, text: "The room needs an owner."))
    }
    guard entries <= max(step.configuration.limits[.roomAffiliations], affiliations.count) else {
      throw step.reach(RoomAffiliationMark.roomRankFull, StanzaError(.resourceConstraint))
    }
  }

  /// Whether a nick may be reserved: who sits on it now has to go, and may be too high for that.
  private func checkReservation(of nick: Text, for user: JID, by requester: Standing, _ step: inout Step) throws(StanzaError) {
    if let holder = affiliations.holder(of: nick), holder != user {
      throw step.reach(RoomAffiliationMark.roomRankReservedByAnother, StanzaError(.conflict))
    }
    guard let sitter = occupants[nick], sitter.user != user else { return }
    let standing = Standing(role: sitter.role, affiliation: affiliation(of: sitter.user))
    let actor = Standing(role: .moderator, affiliation: requester.affiliation)
    if let refusal = Self.refusal(ofRole: .none, for: standing, by: actor, toSelf: false) {
      throw step.reach(RoomAffiliationMark.roomRankSitterProtected, refusal.error)
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
  /// What a moderator was refused who wanted to give this role.
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
