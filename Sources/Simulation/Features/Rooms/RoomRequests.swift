internal import OrderedCollections
internal import ServerCore
internal import XML
internal import XMPP

// The requests of owners, admins, moderators and members to a room by IQ (XEP-0045, 7.10, 8, 9, 10).

extension RoomModel {
  /// The change of a reserved nick.
  enum NickChange: Sendable, Hashable {
    case keep, release
    case reserve(Text)
  }

  mutating func receiveRequest(_ letter: ModelStanza, _ mailbox: inout ModelMailbox) {
    guard letter.to.isBare, letter.element.type == "set", let query = letter.element.firstChild, query.has(name: "query") else { return }
    let affiliation = affiliation(of: letter.from)
    // A locked room does not officially exist (7.2.10). Chosen: but for its owners, and for who is in it.
    guard !isLocked || affiliation == .owner || nick(of: letter.from) != nil else { return }
    switch query.namespace {
    case NS.mucOwner: if affiliation == .owner { configure(query, &mailbox) }
    case NS.mucAdmin: administer(query, by: letter.from, &mailbox)
    case NS.register: if affiliation >= .member { register(query, letter.from.bare, &mailbox) }
    default: break
    }
  }
}

// MARK: - Owners

extension RoomModel {
  private mutating func configure(_ query: Element, _ mailbox: inout ModelMailbox) {
    if let request = query.child("destroy", NS.mucOwner) {
      // Chosen: an address that is none, or too long a word, is not acceptable.
      guard request["jid"].map({ JID($0) != nil }) ?? true,
        (request.child("reason", NS.mucOwner)?.text.count ?? 0) <= RoomRules.Chosen.reason,
        (request.child("password", NS.mucOwner)?.text.count ?? 0) <= RoomRules.Chosen.secret
      else { return }
      return destroy(Self.word(of: request))
    }
    guard let form = query.child("x", NS.dataForms).flatMap({ DataForm($0) }) else { return }
    switch form.kind {
    // Chosen: without a word.
    case .cancel: if isLocked { destroy(Element("destroy", NS.mucUser)) }
    case .submit:
      guard var new = settings.applying(form) else { return }
      new.historyLength = min(new.historyLength, limits[.roomHistoryMessages])
      let codes = isLocked ? [] : new.codes(insteadOf: settings)
      settings = new
      lockedUntil = nil
      trimHistory()
      // 10.2: non-members go. They are there only if the room was not members-only before.
      if new.isMembersOnly { remove { $0.affiliation(of: $1.user) < .member } }
      announce(codes, &mailbox)
    case .form, .result: break
    }
  }

  private mutating func remove(where isOut: (RoomModel, Occupant) -> Bool) {
    let room = self
    occupants.removeAll { isOut(room, $0.value) }
  }
}

// MARK: - Admins and moderators

extension RoomModel {
  /// The author of a change: the client, and the nick that it had then.
  struct Actor {
    let client: JID
    let nick: Text?
  }
  private enum Change {
    case role(Role, nick: Text)
    case affiliation(Affiliation, user: JID, nick: NickChange)
  }

  /// All items of a request or none (9.2): each is judged by how things stood before the first.
  private mutating func administer(_ query: Element, by requester: JID, _ mailbox: inout ModelMailbox) {
    let items = query.children.filter { $0.is("item", NS.mucAdmin) }
    let changes = items.compactMap { change($0, mailbox.domains) }
    guard !changes.isEmpty, changes.count == items.count, isAllowed(changes, by: requester) else { return }
    order = changes.count == 1 ? order(of: changes[0], items[0], by: requester) : nil
    // A change may cost the requester a nick that it reserves for somebody.
    let actor = Actor(client: requester, nick: nick(of: requester) ?? occupants.first { $0.value.user == requester.bare }?.key)
    for change in changes {
      switch change {
      case .role(.none, let nick): occupants[nick] = nil
      case .role(let role, let nick): occupants[nick]?.role = role
      case .affiliation(let affiliation, let user, let nick): setAffiliation(affiliation, of: user, nick: nick, by: actor, &mailbox)
      }
    }
  }

  private func order(of change: Change, _ item: Element, by requester: JID) -> Order {
    var (subject, reserved) = (Order.Subject.user(jid), nil as Text?)
    switch change {
    case .role(_, let nick): subject = .nick(nick)
    case .affiliation(_, let user, let nick):
      subject = .user(user)
      if case .reserve(let nick) = nick { reserved = nick }
    }
    return Order(
      stanza: stanzas, subject: subject, reason: item.child("reason", NS.mucAdmin)?.text, actor: requester,
      actorNicks: nicks(of: requester), reserved: reserved)
  }

  /// The change that an item asks for; `nil` if that can't be said or done.
  private func change(_ item: Element, _ domains: [Text]) -> Change? {
    guard (item.child("reason", NS.mucAdmin)?.text.count ?? 0) <= RoomRules.Chosen.reason else { return nil }
    // 17.4: one or the other.
    switch (item["role"], item["affiliation"]) {
    case (let role?, nil):
      guard let role = Role(role), let nick = item["nick"].flatMap({ prepared($0) }), occupants[nick] != nil else { return nil }
      return .role(role, nick: nick)
    case (nil, let affiliation?):
      guard let affiliation = Affiliation(affiliation) else { return nil }
      // Chosen: without a JID an occupant's nick says who is meant.
      guard let address = item["jid"] else {
        return item["nick"].flatMap { occupants[$0] }.map { .affiliation(affiliation, user: $0.user, nick: .keep) }
      }
      guard let user = JID(address)?.bare, RoomRules.mayHave(affiliation, user, of: domains) else { return nil }
      guard let nick = item["nick"] else { return .affiliation(affiliation, user: user, nick: .keep) }
      // 9.5: "To unset a reserved nickname, the 'nick' attribute must be set to an empty string."
      if nick.isEmpty { return .affiliation(affiliation, user: user, nick: .release) }
      return prepared(nick).flatMap { RoomRules.mayBeNick($0) ? $0 : nil }.map { .affiliation(affiliation, user: user, nick: .reserve($0)) }
    default: return nil
    }
  }

  private func prepared(_ nick: Text) -> Text? { JID(bare: jid, resource: nick)?.resource }

  private func isAllowed(_ changes: [Change], by requester: JID) -> Bool {
    let actor = privileges(of: requester)
    var users: OrderedSet<JID> = []
    var nicks: OrderedSet<Text> = []
    let ownersBefore = OrderedSet(list.filter { $0.value.affiliation == .owner }.map(\.key))
    var owners = ownersBefore
    var additions = 0
    for change in changes {
      switch change {
      case .role(let role, let nick):
        guard let occupant = occupants[nick] else { return false }
        let target = RoomRules.Privileges(role: occupant.role, affiliation: affiliation(of: occupant.user))
        guard RoomRules.mayChangeRole(of: target, to: role, by: actor, isSelf: occupant.user == requester.bare) else { return false }
      case .affiliation(let new, let user, let nick):
        // Chosen: two words about one user can't both be meant.
        guard users.append(user).inserted else { return false }
        let old = list[user]?.affiliation ?? .none
        guard RoomRules.mayChangeAffiliation(from: old, to: new, by: actor.affiliation, isSelf: user == requester.bare) else {
          return false
        }
        if new == .owner { owners.append(user) } else { owners.remove(user) }
        if list[user] == nil, new != .none { additions += 1 }
        guard case .reserve(let wanted) = nick, new >= .member else { continue }
        guard nicks.append(wanted).inserted, mayReserve(wanted, for: user, by: actor.affiliation) else { return false }
      }
    }
    // Chosen: the list is bounded, and what the same request takes out of it makes no room.
    guard additions == 0 || list.count + additions <= limits[.roomAffiliations] else { return false }
    // 10.4: the last owner stays one.
    return !owners.isEmpty
  }

  /// 7.10. Chosen: who sits on a nick that becomes somebody else's has to go, and so must be one whom the admin may send away.
  private func mayReserve(_ nick: Text, for user: JID, by actor: Affiliation) -> Bool {
    if list.contains(where: { $0.value.nick == nick && $0.key != user }) { return false }
    guard let holder = occupants[nick], holder.user != user else { return true }
    let target = RoomRules.Privileges(role: holder.role, affiliation: affiliation(of: holder.user))
    return RoomRules.mayChangeRole(of: target, to: .none, by: RoomRules.Privileges(role: .moderator, affiliation: actor), isSelf: false)
  }

  /// Sets what stands in the list for a user or a domain, and draws the consequences for who is inside.
  ///
  /// - Parameter actor: `nil` if nobody ordered it.
  mutating func setAffiliation(
    _ new: Affiliation, of user: JID, nick change: NickChange, by actor: Actor? = nil, _ mailbox: inout ModelMailbox
  ) {
    let old = list[user]
    var nick = old?.nick
    switch change {
    case .keep: break
    case .release: nick = nil
    case .reserve(let wanted): nick = wanted
    }
    // 9.1: outcasts lose their nicks; and of who is nothing to the room nothing is kept (5.2).
    if new < .member { nick = nil }
    list[user] = new == .none ? nil : Listed(affiliation: new, nick: nick)
    if let nick, let holder = occupants[nick], holder.user != user { occupants[nick] = nil }
    var isInside = false
    for (nick, occupant) in occupants {
      // The ban of a domain is for all of it who have no affiliation of their own (9.2).
      let isBannedWithDomain = user.isDomain && occupant.user.domain == user.domain && affiliation(of: occupant.user) == .outcast
      guard occupant.user == user || isBannedWithDomain else { continue }
      isInside = true
      // 9.1 and 9.4; without an entry of its own an occupant is banned with its domain (9.2).
      let rank = affiliation(of: occupant.user)
      guard RoomRules.mayEnter(rank, membersOnly: settings.isMembersOnly) else {
        occupants[nick] = nil
        continue
      }
      occupants[nick]?.role = RoomRules.role(
        occupant.role, after: old?.affiliation ?? .none, became: rank, inModerated: settings.isModerated)
    }
    guard !isInside, new != old?.affiliation ?? .none else { return }
    announce(new, ofAbsent: user, &mailbox)
    if let actor, settings.isMembersOnly, new >= .member, old == nil { inviteMember(user, by: actor, &mailbox) }
  }
}

// MARK: - Members

extension RoomModel {
  /// 7.10. Chosen: only who is a member already may register, which is to reserve a nick.
  private mutating func register(_ query: Element, _ user: JID, _ mailbox: inout ModelMailbox) {
    let affiliation = affiliation(of: user)
    if query.child("remove", NS.register) != nil {
      // A rank is lost by an owner's word (5.2.2), membership by one's own.
      return setAffiliation(affiliation == .member ? .none : affiliation, of: user, nick: .release, &mailbox)
    }
    guard let form = query.child("x", NS.dataForms).flatMap({ DataForm($0) }), form.kind == .submit, form.formType == NS.mucRegister,
      let nick = form.value("muc#register_roomnick").flatMap({ prepared($0) }), RoomRules.mayBeNick(nick), !isTaken(nick, for: user)
    else { return }
    setAffiliation(affiliation, of: user, nick: .reserve(nick), &mailbox)
  }
}
