internal import OrderedCollections
internal import Storage
internal import XML
internal import XMPP

/// A group chat room (XEP-0045, version 1.35.5): its occupants, its affiliations, its configuration, its subject and its history.
///
/// A value that takes stanzas and acts through the transaction it is given. A room comes into being locked: until its creator has
/// configured it, nobody else gets in (10.1). From then on, a persistent room emits a record for all that must outlive its occupants;
/// a temporary one emits none and is gone with the last of them.
struct Room: Sendable, Codable {
  /// Bare.
  let jid: JID
  var configuration = RoomConfiguration()
  var affiliations = RoomAffiliations()
  /// The occupants of the room, by nick, in the order of coming.
  var occupants: OrderedDictionary<Text, Occupant> = [:]
  /// The nick under which a client is in the room.
  var nicks = Table<JID, Text>()
  var history = RoomHistory()
  /// The last change of the subject: its message as broadcast, stamped, and from the occupant who made it.
  var subject: Element?
  var relays = RoomRelays()
  var invitations = RoomInvitations()
  /// When a room that is still locked is given up, on the monotonic clock; `nil` once it is configured.
  var lockDeadline: Int64?
  /// When the last stanza for it came, on the monotonic clock.
  var lastUse: Int64 = 0
  var isDestroyed = false

  /// A room that nobody knows yet. The first who joins becomes its owner.
  init(creating jid: JID, _ transaction: inout Transaction) {
    self.jid = jid
    configuration.keep(to: transaction.configuration.limits)
    lockDeadline = transaction.now.monotonic + transaction.configuration.limits[time: .roomLockTime]
  }

  /// A persistent room as it was stored.
  ///
  /// - Throws: if this version can't read a part of the configuration or an affiliation. The default in its place could open the room:
  ///   without a password, to those who were banned.
  init(restoring jid: JID, _ row: RoomRow, _ list: [AffiliationRow], _ limits: Configuration.Limits) throws(RowProblem) {
    self.jid = jid
    guard let form = DataForm(row.configuration) else { throw RowProblem("the configuration of the room is no form") }
    do throws(StanzaError) { try configuration.apply(form) } catch {
      throw RowProblem("the configuration of the room can't be read: \(error.text ?? "")")
    }
    configuration.keep(to: limits)
    configuration.isPersistent = true
    subject = row.subject
    for entry in list { affiliations.set(entry.jid, try RoomAffiliations.Entry(entry)) }
  }

  /// Whether this stanza, to a room that exists nowhere, creates it: an available presence to a nick in it. (One without the
  /// `<x/>` of 7.2.1 comes from a client that believes itself inside: the new room tells it otherwise and is gone again.)
  static func isCreation(_ stanza: Stanza) -> Bool {
    stanza.kind == .presence && stanza.type == nil && isNick(stanza.to.resource)
  }

  /// Answers a stanza to a room that does not exist, or that does not exist for its sender (7.2.10, 7.2.11, 17.2): anybody can
  /// compare the two, so both answers are given here.
  static func refuseAsAbsent(_ stanza: Stanza, _ transaction: inout Transaction) {
    switch (stanza.kind, stanza.type) {
    case (.presence, nil): refuseNick(stanza, &transaction)
    case (.presence, _), (nil, _): break
    case (.message, _), (.iq, _): transaction.bounce(stanza, StanzaError(.itemNotFound))
    }
  }
}

// MARK: - Events

extension Room {
  /// Takes a stanza to the room or to somebody in it.
  mutating func receive(_ stanza: Stanza, _ transaction: inout Transaction) {
    // A presence that would create the room is refused as a room refuses it (7.2.10).
    if isHidden(from: stanza.from), !Room.isCreation(stanza) {
      return Room.refuseAsAbsent(transaction.reach(RoomMark.roomLockedAsked, stanza), &transaction)
    }
    switch stanza.kind {
    case .presence: receivePresence(stanza, &transaction)
    case .message: receiveMessage(stanza, &transaction)
    case .iq: receiveIQ(stanza, &transaction)
    case nil: break
    }
  }

  private mutating func receiveIQ(_ stanza: Stanza, _ transaction: inout Transaction) {
    if stanza.to.isFull { return relay(stanza, &transaction) }
    guard stanza.type == "get" || stanza.type == "set" else { return }
    guard let payload = stanza.element.firstChild else { return transaction.bounce(stanza, StanzaError(.badRequest)) }
    guard let request = Request.toRoom(payload), case .room(let handle) = request.handler else {
      return transaction.bounce(stanza, transaction.reach(RoomDiscoMark.roomRequestUnknown, StanzaError(.serviceUnavailable)))
    }
    handle(&self, stanza, payload, &transaction)
  }

  /// Requests that only ask: to set is answered like an unknown request.
  static func asking(_ handle: @escaping @Sendable (inout Room, Stanza, Element, inout Transaction) -> Void) -> Request.Handler {
    .room { room, stanza, payload, transaction in
      guard stanza.type == "get" else {
        return transaction.bounce(stanza, transaction.reach(RoomDiscoMark.roomRequestUnknown, StanzaError(.serviceUnavailable)))
      }
      handle(&room, stanza, payload, &transaction)
    }
  }

  /// When the room wants `deadlinePassed`, on the monotonic clock.
  var nextDeadline: Int64? { lockDeadline }

  /// A creator who doesn't configure the room in time has cancelled it (10.1.1 transaction 5).
  mutating func deadlinePassed(_ transaction: inout Transaction) {
    guard let lockDeadline, lockDeadline <= transaction.now.monotonic else { return }
    transaction.reach(RoomMark.roomLockExpired)
    destroy(Destruction(reason: "The room was not configured in time."), &transaction)
  }

  /// Storage failed, and what the room believes may not be so: everybody is out, for a technical reason (11.1).
  mutating func abandon(_ transaction: inout Transaction) {
    transaction.reach(RoomMark.roomAbandoned)
    dismissAll(.technicalProblem, &transaction)
  }

  /// The service shuts down (11.2). The room's rows stay stored.
  mutating func shutDown(_ transaction: inout Transaction) { dismissAll(.serviceShutDown, &transaction) }

  /// Each hears of its own end alone: nobody is left to hear of another's.
  private mutating func dismissAll(_ code: Status, _ transaction: inout Transaction) {
    for occupant in occupants.values {
      var notice = departure(of: occupant)
      notice.codes = [code]
      tell(notice, own: occupant.sessions.keys, &transaction)
    }
    clear()
  }

  mutating func clear() {
    occupants.removeAll()
    nicks = Table()
    lockDeadline = nil
    isDestroyed = true
  }
}

// MARK: - State

extension Room {
  var isLocked: Bool { lockDeadline != nil }
  /// A locked room does not officially exist (7.2.10), but for its owners, and for who is in it. One with an empty list is about to be
  /// created.
  func isHidden(from user: JID) -> Bool {
    isLocked && affiliations.count > 0 && affiliation(of: user) != .owner && occupant(of: user) == nil
  }
  /// Whether storage knows the room.
  var isPersisted: Bool { configuration.isPersistent && !isLocked && !isDestroyed }
  /// Destroyed or abandoned, or temporary with nobody in it: the server drops it.
  var isGone: Bool { isDestroyed || (occupants.isEmpty && !isPersisted) }
  /// Persistent and nobody in it: may be dropped from memory, and loaded again.
  var isIdle: Bool { isPersisted && occupants.isEmpty }

  /// The room's line in the list of rooms; `nil` unless it is public.
  var listing: RoomListing? {
    configuration.isPublic && !isLocked && !isGone ? RoomListing(jid: jid, name: configuration.name) : nil
  }

  /// Everybody's clients, in the order of coming.
  var occupantList: [(nick: Text, jid: JID)] {
    occupants.values.flatMap { occupant in occupant.sessions.keys.map { (nick: occupant.nick, jid: $0) } }
  }
  var allSessions: [JID] {
    var all: [JID] = []
    all.reserveCapacity(sessionCount)
    for index in occupants.values.indices { all.append(contentsOf: occupants.values[index].sessions.keys) }
    return all
  }
  var sessionCount: Int { nicks.count }

  func affiliation(of jid: JID) -> Affiliation { affiliations.affiliation(of: jid.bare) }

  /// The occupant that this client is.
  func occupant(of session: JID) -> Occupant? { nicks[session].flatMap { occupants[$0] } }

  /// The stored row of the room itself.
  var row: RoomRow {
    RoomRow(
      name: configuration.name, isPublic: configuration.isPublic, configuration: configuration.submission.element, subject: subject)
  }
}
