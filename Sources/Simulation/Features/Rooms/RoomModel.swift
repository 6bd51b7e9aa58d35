internal import OrderedCollections
internal import ServerCore
internal import Storage
internal import XML
internal import XMPP

/// A room as XEP-0045 (version 1.35.5) has it: who is in it under which nick, with which role, and who is what to it for good.
///
/// If the XEP leaves a choice, the comment says "chosen", and names the choice.
struct RoomModel: Sendable {
  typealias Affiliation = RoomRules.Affiliation
  typealias Role = RoomRules.Role

  /// One nick, and all of one user's clients that are in the room under it (7.2.8).
  struct Occupant: Sendable {
    /// Bare.
    let user: JID
    var role: Role
    var clients: OrderedSet<JID>
    /// The content of the presence that each sent last, as `content(of:)` has it.
    var said: OrderedDictionary<JID, [Element]> = [:]
  }

  /// An entry of the lasting list (5.2, 7.10).
  struct Listed: Sendable, Hashable {
    var affiliation: Affiliation
    var nick: Text?
  }

  /// Bare.
  let jid: JID
  /// How much it may keep.
  let limits: Configuration.Limits
  var settings = RoomSettings()
  /// Until its creator has configured it, at the latest then (10.1). On the monotonic clock.
  var lockedUntil: Int64?
  /// By bare JID or domain.
  var list: OrderedDictionary<JID, Listed> = [:]
  var occupants: OrderedDictionary<Text, Occupant> = [:]
  /// Messages for those who come later, from the oldest.
  var history: [Said] = []
  /// The last change of the subject, as newcomers get it.
  var subject: Said?
  /// Those that nobody has followed or declined, from the oldest.
  var invitations: [Invitation] = []
  private(set) var isDestroyed = false
  /// The word of its end, if an owner said it.
  private(set) var word: Element?
  /// The last request of one change that it carried out.
  var order: Order?
  /// How many stanzas it took.
  private(set) var stanzas = 0

  /// An invitation in a user's name (7.8.2).
  struct Invitation: Sendable, Hashable {
    /// Bare.
    let invitee: JID
    /// Bare.
    let inviter: JID
    /// The address by which it named the inviter.
    let shown: JID
  }

  /// A message that everybody got.
  struct Said: Sendable, Hashable {
    var element: Element
    /// Of the occupant who wrote it.
    var from: JID
    /// Nanoseconds since 1970.
    var time: Int64
  }

  /// 10.1.1: whoever enters what is not there creates it, and owns it.
  init(jid: JID, creator: JID, nick: Text, now: Int64, limits: Configuration.Limits) {
    self.jid = jid
    self.limits = limits
    lockedUntil = now + limits[time: .roomLockTime]
    list[creator.bare] = Listed(affiliation: .owner)
    occupants[nick] = Occupant(user: creator.bare, role: .moderator, clients: [creator])
  }

  /// 10.1: to enter what is not there is to create it.
  init?(madeBy letter: ModelStanza, at time: Instant, _ mailbox: inout ModelMailbox) {
    guard RoomModel.isEntry(letter) else { return nil }
    self.init(jid: letter.to.bare, creator: letter.from, nick: letter.to.resource, now: time.monotonic, limits: mailbox.limits)
    settings.historyLength = min(settings.historyLength, limits[.roomHistoryMessages])
    note(letter)
    welcome(letter, &mailbox)
  }

  /// As storage has it: nobody is inside.
  init(_ jid: JID, from database: MemoryDatabase, limits: Configuration.Limits) {
    self.jid = jid
    self.limits = limits
    let row = database.rows(RoomRow.self, of: jid).first
    if let form = row.flatMap({ DataForm($0.configuration) }), let stored = settings.applying(form) { settings = stored }
    settings.isPersistent = true
    settings.historyLength = min(settings.historyLength, limits[.roomHistoryMessages])
    subject = row?.subject.flatMap { Said(stored: $0) }
    for entry in database.rows(AffiliationRow.self, of: jid) {
      list[entry.jid] = Listed(affiliation: Affiliation(entry.affiliation) ?? .none, nick: entry.nick)
    }
  }

  var isLocked: Bool { lockedUntil != nil }
  /// "If the room is not persistent and this occupant is the last to exit" (7.14), and after its destruction (10.9).
  var isGone: Bool { isDestroyed || (occupants.isEmpty && (!settings.isPersistent || isLocked)) }

  /// The user's own affiliation, or else that of a banned domain (9.2).
  func affiliation(of user: JID) -> Affiliation {
    if let own = list[user.bare] { return own.affiliation }
    let domain = JID(local: "", domain: user.domain, resource: "")
    return domain.flatMap { list[$0] }?.affiliation == .outcast ? .outcast : .none
  }

  func nick(of client: JID) -> Text? { occupants.first { $0.value.clients.contains(client) }?.key }

  /// The nick belongs to another user, who is there or has reserved it (7.2.8).
  func isTaken(_ nick: Text, for user: JID) -> Bool {
    if let holder = occupants[nick], holder.user != user.bare { return true }
    return list.contains { $0.value.nick == nick && $0.key != user.bare }
  }

  /// The privileges of a user count by the client that asks, or else, because "the bare JID portion of one of the moderators" is enough
  /// (8), by the best of the user's others.
  func privileges(of client: JID) -> RoomRules.Privileges {
    let others = occupants.values.filter { $0.user == client.bare }.map(\.role)
    let role = nick(of: client).flatMap { occupants[$0]?.role } ?? others.max() ?? .none
    return RoomRules.Privileges(role: role, affiliation: affiliation(of: client))
  }
}

// MARK: - Where rooms are

extension RoomModel: ModelPlace {
  static let kind = OwnerKind.room
  static func mayBe(at address: JID, _ configuration: Configuration) -> Bool {
    configuration[flag: .rooms] && !address.local.isEmpty
      && configuration.domains.contains { address.domain == configuration.conferenceLabel + "." + $0 }
  }
  static func inMemory(_ server: Server) -> [JID] { server.roomsInMemory }

  var kept: [String]? {
    guard settings.isPersistent, !isLocked, !isGone else { return nil }
    let entries = list.map { "\($0.key) \($0.value.affiliation) '\($0.value.nick ?? "-")'" }.sorted()
    // The id may be one that the room chose.
    let change = subject.map { said in
      var copy = said.stamped(by: jid)
      copy["id"] = nil
      return "\(copy) of \(said.from)"
    }
    return ["subject \(change ?? "-")", "\(settings)"] + entries
  }
  var company: String? { occupants.isEmpty ? nil : "\(occupants.keys.elements)" }
}

// MARK: - Presence

extension RoomModel {
  mutating func receive(_ letter: ModelStanza, _ mailbox: inout ModelMailbox) {
    stanzas += 1
    switch letter.element.stanzaKind {
    case .presence: receivePresence(letter, &mailbox)
    case .message: receiveMessage(letter, &mailbox)
    case .iq: receiveRequest(letter, &mailbox)
    case nil: break
    }
  }

  private mutating func receivePresence(_ letter: ModelStanza, _ mailbox: inout ModelMailbox) {
    switch letter.element.type {
    case nil:
      if let old = nick(of: letter.from) { comeAgain(letter, as: old, &mailbox) } else { enter(letter, &mailbox) }
    // 7.14, and 18.1.2 of who can't be reached. Chosen: whatever nick the address has, who leaves is known by his own.
    case "unavailable", "error": leave(letter.from)
    // 17.3: nothing else is entering or leaving.
    default: break
    }
  }

  /// 7.2. Whether a presence is one that seeks to enter (7.2.1, 7.2.18).
  static func isEntry(_ letter: ModelStanza) -> Bool {
    letter.element.stanzaKind == .presence && letter.element.type == nil && RoomRules.mayBeNick(letter.to.resource)
      && letter.element.child("x", NS.muc) != nil
  }

  private mutating func enter(_ letter: ModelStanza, _ mailbox: inout ModelMailbox) {
    let user = letter.from
    let nick = letter.to.resource
    let affiliation = affiliation(of: user)
    guard Self.isEntry(letter),
      // 7.2.10. Chosen: the owner's other clients are the owner.
      !isLocked || affiliation == .owner,
      RoomRules.mayEnter(affiliation, membersOnly: settings.isMembersOnly),
      settings.secret == nil || letter.element.child("x", NS.muc)?.child("password", NS.muc)?.text == settings.secret,
      hasRoom(for: affiliation), !isTaken(nick, for: user)
    else { return }
    let role = RoomRules.initialRole(of: affiliation, inModerated: settings.isModerated)
    occupants[nick, default: Occupant(user: user.bare, role: role, clients: [])].clients.append(user)
    note(letter)
    welcome(letter, &mailbox)
  }

  private mutating func note(_ letter: ModelStanza) {
    guard let nick = nick(of: letter.from) else { return }
    occupants[nick]?.said[letter.from] = RoomModel.content(of: letter.element)
  }

  /// 7.2.9: a room that is full has some places more for admins and owners, who "SHOULD" get in.
  private func hasRoom(for affiliation: Affiliation) -> Bool {
    let inside = occupants.values.reduce(0) { $0 + $1.clients.count }
    return inside < limits[.roomSessions] + (affiliation >= .admin ? limits[.roomAdminSessions] : 0)
  }

  /// 7.6. Presence to the own nick is but that. Chosen: all clients under a nick move with it, and nobody takes a nick that is in use,
  /// not even by himself. But a client that enters anew, because it lost track (17.3, rule 3), goes to where its user's others are, as it
  /// would if it had not been inside.
  private mutating func comeAgain(_ letter: ModelStanza, as old: Text, _ mailbox: inout ModelMailbox) {
    let new = letter.to.resource
    // Presence to the room itself is but presence.
    if new.isEmpty, letter.element.child("x", NS.muc) == nil { return note(letter) }
    guard RoomRules.mayBeNick(new), new == old || !isTaken(new, for: letter.from),
      occupants[new] == nil || new == old || Self.isEntry(letter)
    else { return }
    defer { note(letter) }
    // It gets all that newcomers get.
    if Self.isEntry(letter) { welcome(letter, &mailbox) }
    guard new != old else { return }
    if occupants[new] == nil {
      if let occupant = occupants.removeValue(forKey: old) { occupants[new] = occupant }
    } else {
      occupants[old]?.clients.remove(letter.from)
      if occupants[old]?.clients.isEmpty ?? false { occupants[old] = nil }
      occupants[new]?.clients.append(letter.from)
    }
  }

  /// 7.14. A creator who goes before the room is configured gives it up (10.1.3).
  mutating func leave(_ client: JID) {
    guard let nick = nick(of: client) else { return }
    occupants[nick]?.clients.remove(client)
    if occupants[nick]?.clients.isEmpty ?? false { occupants[nick] = nil }
    if isLocked, occupants.isEmpty { destroy() }
  }

  /// A later owner of an account's name must not inherit its affiliation.
  mutating func forget(_ account: JID) -> Bool { list.removeValue(forKey: account) != nil }

  /// A stored room passes on when somebody next looks at it, unless there is nobody whom it could pass to.
  mutating func settle(isInMemory: Bool, _ mailbox: inout ModelMailbox) { if isInMemory || !hasHeirs { passOn(&mailbox) } }

  /// Whether somebody is in the list to whom the room can pass.
  private var hasHeirs: Bool { list.values.contains { $0.affiliation >= .member } }

  /// 10.4 lets no room be without an owner. Chosen, for rooms that lost all of theirs with their accounts: the highest of those who remain
  /// own it together, and a room where nobody remains is destroyed.
  private mutating func passOn(_ mailbox: inout ModelMailbox) {
    guard let highest = list.values.map(\.affiliation).max(), highest >= .member else { return destroy() }
    guard highest < .owner else { return }
    // Chosen: in the order of their addresses. A user who becomes a moderator by it hears of those after.
    for user in list.filter({ $0.value.affiliation == highest }).keys.sorted() { setAffiliation(.owner, of: user, nick: .keep, &mailbox) }
  }

  /// - Parameter word: the announcement, where an owner has given it.
  mutating func destroy(_ word: Element? = nil) {
    occupants = [:]
    isDestroyed = true
    self.word = word
  }

  /// Chosen: who doesn't configure the room in time has cancelled it (10.1.1, step 5).
  mutating func timePassed(_ now: Int64) {
    if let lockedUntil, lockedUntil <= now { destroy() }
  }
}
