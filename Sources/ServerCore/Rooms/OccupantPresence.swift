internal import OrderedCollections
internal import XML
internal import XMPP

extension Room {
  /// The status codes of the XEP (16.6) that this room uses.
  enum Status: Int, Sendable {
    case nonAnonymous = 100
    case showsUnavailable = 102
    case hidesUnavailable = 103
    case configurationChanged = 104
    case own = 110
    case becameNonAnonymous = 172
    case becameSemiAnonymous = 173
    case created = 201
    case banned = 301
    case newNick = 303
    case kicked = 307
    case affiliationLost = 321
    case membersOnly = 322
    case serviceShutDown = 332
    case technicalProblem = 333

    var element: Element { Element("status", NS.mucUser, ["code": "\(rawValue)"]) }

    var mark: RoomStatusMark {
      switch self {
      case .nonAnonymous: .roomStatus100
      case .showsUnavailable: .roomStatus102
      case .hidesUnavailable: .roomStatus103
      case .configurationChanged: .roomStatus104
      case .own: .roomStatus110
      case .becameNonAnonymous: .roomStatus172
      case .becameSemiAnonymous: .roomStatus173
      case .created: .roomStatus201
      case .banned: .roomStatus301
      case .newNick: .roomStatus303
      case .kicked: .roomStatus307
      case .affiliationLost: .roomStatus321
      case .membersOnly: .roomStatus322
      case .serviceShutDown: .roomStatus332
      case .technicalProblem: .roomStatus333
      }
    }
  }

  /// A presence that the room sends in an occupant's name, before it is clear to whom.
  struct OccupantPresence: Sendable {
    /// The occupant's address in the room.
    var address: JID
    /// The client's own presence, without what only the room may say.
    var presence: Element
    var affiliation: Affiliation
    var role: Role
    /// The real JID, for those who may see it.
    var jid: JID
    var nick: Text?
    var actor: Actor?
    var reason: Text?
    var codes: [Status] = []
    var destruction: Element?
    /// The client whose presence this answers, and the id of that presence: its own copy has the same (16.3, "stable_id").
    var answered: Answered?
  }
  struct Answered: Sendable {
    var client: JID
    var id: Text?
    init(_ stanza: Stanza) { (client, id) = (stanza.from, stanza.id) }
  }

  /// The viewer of a notice: one who sees no JIDs, one who sees all, or the occupant that it is about.
  enum Viewer { case plain, privileged, own }

  /// The presence with its `<x xmlns='…muc#user'/>` (7.2.2). The occupant that it is about sees the own JID, and of an actor only the nick
  /// unless the room hides no JID at all.
  func element(of notice: OccupantPresence, for viewer: Viewer) -> Element {
    var item = Element("item", NS.mucUser, ["affiliation": notice.affiliation.text, "role": notice.role.text])
    if viewer != .plain { item["jid"] = notice.jid.text }
    if let nick = notice.nick { item["nick"] = nick }
    if let actor = notice.actor {
      let seesActor = viewer == .privileged || configuration.isNonAnonymous
      let element = Element("actor", NS.mucUser, ["nick": actor.nick, "jid": seesActor ? actor.jid.text : nil])
      if seesActor || actor.nick != nil { item.append(element) }
    }
    if let reason = notice.reason { item.append("reason", NS.mucUser, text: reason) }
    var x = Element("x", NS.mucUser, children: [item])
    if let destruction = notice.destruction { x.append(destruction) }
    let codes = viewer == .own ? notice.codes + [.own] : notice.codes
    for code in codes.sorted(by: { $0.rawValue < $1.rawValue }) { x.append(code.element) }
    var presence = notice.presence
    presence.append(x)
    return presence
  }

  /// Sends a notice to clients of who it is about.
  func tell(_ notice: OccupantPresence, own sessions: some Sequence<JID>, _ transaction: inout Transaction) {
    let addressees = Array(sessions)
    guard !addressees.isEmpty else { return }
    transaction.reach(Status.own.mark)
    for code in notice.codes { transaction.reach(code.mark) }
    let own = element(of: notice, for: .own)
    guard let answered = notice.answered, answered.id != nil, addressees.contains(answered.client) else {
      return transaction.route(own, from: notice.address, to: addressees)
    }
    var answer = own
    answer["id"] = answered.id
    transaction.route(answer, from: notice.address, to: answered.client)
    transaction.route(own, from: notice.address, to: addressees.filter { $0 != answered.client })
  }

  /// Sends a notice to everybody else in the room.
  func tellOthers(_ notice: OccupantPresence, _ transaction: inout Transaction) {
    var privileged: [JID] = []
    var plain: [JID] = []
    for (nick, occupant) in occupants where nick != notice.address.resource {
      if seesJIDs(occupant) { privileged += occupant.sessions.keys } else { plain += occupant.sessions.keys }
    }
    if !privileged.isEmpty { transaction.route(element(of: notice, for: .privileged), from: notice.address, to: privileged) }
    if !plain.isEmpty { transaction.route(element(of: notice, for: .plain), from: notice.address, to: plain) }
  }

  /// In a semi-anonymous room only moderators see JIDs (7.2.4).
  func seesJIDs(_ occupant: Occupant) -> Bool { configuration.isNonAnonymous || occupant.role == .moderator }
  func shows(_ role: Role) -> Bool { configuration.broadcast.contains(role) }

  /// The present state of an occupant, as others are told of it.
  func notice(of occupant: Occupant) -> OccupantPresence {
    OccupantPresence(
      address: occupant.address, presence: occupant.presence, affiliation: affiliation(of: occupant.user), role: occupant.role,
      jid: occupant.shownJID)
  }

  /// That an occupant is no longer there. Its role is "none" then (7.14).
  func departure(of occupant: Occupant) -> OccupantPresence {
    var notice = notice(of: occupant)
    notice.presence = Element("presence", NS.client, ["type": "unavailable"])
    notice.role = .none
    return notice
  }

  /// Tells everybody, the occupant included, the occupant's present state; others only where its role is broadcast. An occupant that was
  /// shown before and is not any more has, for the others, left.
  func announce(_ notice: OccupantPresence, of occupant: Occupant, wasShown: Bool = false, _ transaction: inout Transaction) {
    tell(notice, own: occupant.sessions.keys, &transaction)
    if shows(occupant.role) {
      tellOthers(notice, &transaction)
    } else if wasShown {
      transaction.reach(RoomPresenceMark.roomHidesPresence)
      tellOthers(departure(of: occupant), &transaction)
    }
  }

  /// Shows a client everybody else (7.2.2).
  func showOccupants(to viewer: Occupant, at session: JID, _ transaction: inout Transaction) {
    let isPrivileged = seesJIDs(viewer)
    for (nick, occupant) in occupants where nick != viewer.nick && shows(occupant.role) {
      transaction.route(element(of: notice(of: occupant), for: isPrivileged ? .privileged : .plain), from: occupant.address, to: session)
    }
  }

  /// Shows a client those who have reserved a nick and are not there, if the room does that.
  func showUnavailable(to viewer: Occupant, at session: JID, _ transaction: inout Transaction) {
    guard configuration.broadcast.contains(.unavailable) else { return }
    var present = Table<JID, Bool>()
    for occupant in occupants.values { present[occupant.user] = true }
    for (user, entry) in affiliations.registered where !present.contains(user) {
      guard let nick = entry.nick, occupants[nick] == nil, let address = JID(bare: jid, resource: nick) else { continue }
      transaction.reach(RoomPresenceMark.roomShowsAbsent)
      let notice = OccupantPresence(
        address: address, presence: Element("presence", NS.client, ["type": "unavailable"]), affiliation: entry.affiliation, role: .none,
        jid: user, nick: nick)
      transaction.route(element(of: notice, for: seesJIDs(viewer) ? .privileged : .plain), from: address, to: session)
    }
  }

  /// Sends a message from the room itself to everybody in it, or to moderators alone.
  func broadcast(_ message: Element, toModeratorsOnly: Bool = false, _ transaction: inout Transaction) {
    let chosen = toModeratorsOnly ? occupants.values.filter { $0.role == .moderator } : Array(occupants.values)
    transaction.route(message, from: jid, to: chosen.flatMap(\.sessions.keys))
  }
}

/// Marks: status codes.
public enum RoomStatusMark: UInt16, CoverageMark {
  case roomStatus100
  case roomStatus110
  case roomStatus102, roomStatus103
  case roomStatus104, roomStatus172, roomStatus173
  case roomStatus201
  case roomStatus301
  case roomStatus303
  case roomStatus307
  case roomStatus321
  case roomStatus322
  case roomStatus332
  case roomStatus333

  public static let offset = Mark.offset(of: RoomStatusMark.self)

  public var clause: String {
    switch self {
    case .roomStatus100: "XEP-0045, 7.2.3"
    case .roomStatus110: "XEP-0045, 7.2.2"
    case .roomStatus102, .roomStatus103: "XEP-0045, 16.6.2"
    case .roomStatus104, .roomStatus172, .roomStatus173: "XEP-0045, 10.2.1"
    case .roomStatus201: "XEP-0045, 10.1.1"
    case .roomStatus301: "XEP-0045, 9.1"
    case .roomStatus303: "XEP-0045, 7.6"
    case .roomStatus307: "XEP-0045, 8.2"
    case .roomStatus321: "XEP-0045, 9.4"
    case .roomStatus322: "XEP-0045, 10.2"
    case .roomStatus332: "XEP-0045, 11.2"
    case .roomStatus333: "XEP-0045, 11.1"
    }
  }
}
