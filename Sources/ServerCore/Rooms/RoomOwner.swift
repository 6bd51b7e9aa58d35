internal import OrderedCollections
internal import Storage
internal import XML
internal import XMPP

// Configuring and destroying a room (XEP-0045, 10.1, 10.2 and 10.9).

extension Room {
  mutating func receiveOwner(_ stanza: Stanza, _ query: Element, _ transaction: inout Transaction) {
    guard affiliation(of: stanza.from) == .owner else {
      return transaction.bounce(stanza, transaction.reach(RoomOwnerMark.roomOwnerRefused, StanzaError(.forbidden)))
    }
    if stanza.type == "get" {
      return transaction.reply(
        stanza, Element("query", NS.mucOwner, children: [configuration.form(transaction.configuration.limits).element]))
    }
    if let request = query.child("destroy", NS.mucOwner) {
      guard let destruction = Destruction(request) else { return transaction.bounce(stanza, StanzaError(.notAcceptable)) }
      transaction.reach(RoomOwnerMark.roomDestroyed)
      destroy(destruction, &transaction)
      return transaction.reply(stanza)
    }
    guard let form = query.child("x", NS.dataForms).flatMap({ DataForm($0) }) else {
      return transaction.bounce(stanza, StanzaError(.badRequest))
    }
    switch form.kind {
    case .submit: configure(stanza, form, &transaction)
    case .cancel:
      transaction.reach(isLocked ? RoomOwnerMark.roomConfigurationCancelledLocked : .roomConfigurationCancelled)
      if isLocked { destroy(Destruction(), &transaction) }
      transaction.reply(stanza)
    case .form, .result: transaction.bounce(stanza, StanzaError(.badRequest))
    }
  }
}

// MARK: - Configuration

extension Room {
  private mutating func configure(_ stanza: Stanza, _ form: DataForm, _ transaction: inout Transaction) {
    var wanted = configuration
    do throws(StanzaError) { try wanted.apply(form) } catch {
      return transaction.bounce(stanza, transaction.reach(RoomOwnerMark.roomConfigurationRefused, error))
    }
    wanted.keep(to: transaction.configuration.limits)
    let (old, wasLocked, wasPersisted) = (configuration, isLocked, isPersisted)
    transaction.reach(
      wasLocked ? RoomOwnerMark.roomConfigurationUnlocks : wanted == old ? .roomConfigurationSame : .roomConfigurationChanged)
    configuration = wanted
    lockDeadline = nil
    history.trim(to: wanted.historyLength, bytes: transaction.configuration.limits[.roomHistoryBytes])
    persistConfiguration(wasPersisted: wasPersisted, hasChanged: wanted != old, &transaction)
    transaction.reply(stanza)
    if !wasLocked, wanted != old { announceConfiguration(insteadOf: old, &transaction) }
  }

  /// Persists the configuration, which the room must know again when it is loaded. With the room itself, all its affiliations come and go.
  private func persistConfiguration(wasPersisted: Bool, hasChanged: Bool, _ transaction: inout Transaction) {
    switch (wasPersisted, isPersisted) {
    case (false, true):
      transaction.reach(RoomOwnerMark.roomBecamePersistent)
      persistAnew(&transaction)
    case (true, true): if hasChanged { transaction.persist(.put(row, of: jid)) }
    case (true, false):
      transaction.reach(RoomOwnerMark.roomBecameTemporary)
      transaction.persist(.deleteOwner(.room(jid)))
    case (false, false): break
    }
  }

  /// Writes all that is kept of the room, whatever storage has of it.
  func persistAnew(_ transaction: inout Transaction) {
    guard isPersisted else { return }
    transaction.persist(.put(row, of: jid))
    for (user, entry) in affiliations.sorted { transaction.persist(.put(entry.row(of: user), of: jid)) }
  }

  /// 10.2 and 10.2.1: occupants who may no longer be there go, and the rest hear what changed, a message for each code.
  private mutating func announceConfiguration(insteadOf old: RoomConfiguration, _ transaction: inout Transaction) {
    // That real JIDs are hidden no longer, occupants hear last: who has to go had come to a room that hid them.
    let isNonAnonymous = configuration.isNonAnonymous
    configuration.isNonAnonymous = isNonAnonymous && old.isNonAnonymous
    // An occupant whose role is hidden from now on is gone for the others now: when he is expelled nobody is told any more.
    for occupant in occupants.values where shows(occupant.role) != old.broadcast.contains(occupant.role) {
      transaction.reach(RoomOwnerMark.roomBroadcastChanged)
      tellOthers(shows(occupant.role) ? notice(of: occupant) : departure(of: occupant), &transaction)
    }
    if configuration.isMembersOnly, !old.isMembersOnly {
      transaction.reach(RoomOwnerMark.roomBecameMembersOnly)
      for occupant in occupants.values where affiliation(of: occupant.user) < .member {
        expel(occupant, .membersOnly, by: nil, reason: nil, &transaction)
      }
    }
    configuration.isNonAnonymous = isNonAnonymous
    for code in changes(since: old) {
      transaction.reach(code.mark)
      let x = Element("x", NS.mucUser, children: [code.element])
      broadcast(Element("message", NS.client, ["type": "groupchat"], children: [x]), &transaction)
    }
  }

  private func changes(since old: RoomConfiguration) -> [Status] {
    var codes: [Status] = []
    let showsUnavailable = configuration.broadcast.contains(.unavailable)
    if old.broadcast.contains(.unavailable) != showsUnavailable { codes.append(showsUnavailable ? .showsUnavailable : .hidesUnavailable) }
    if old.isNonAnonymous != configuration.isNonAnonymous {
      codes.append(configuration.isNonAnonymous ? .becameNonAnonymous : .becameSemiAnonymous)
    }
    // "For any other configuration change".
    var rest = old
    rest.isNonAnonymous = configuration.isNonAnonymous
    if showsUnavailable { rest.broadcast.insert(.unavailable) } else { rest.broadcast.remove(.unavailable) }
    if rest != configuration { codes.append(.configurationChanged) }
    return codes
  }
}

// MARK: - Destruction

extension Room {
  /// The announcement of a room's end, made to everybody (10.9).
  struct Destruction: Sendable {
    var reason: Text?
    /// The address of a room to go to instead.
    var alternative: JID?
    var password: Text?

    init(reason: Text? = nil) { self.reason = reason }

    /// An owner's request to destroy the room; `nil` if the address in it is none, or a text is too long.
    init?(_ request: Element) {
      reason = request.child("reason", NS.mucOwner)?.text
      password = request.child("password", NS.mucOwner)?.text
      if let text = request["jid"] {
        guard let jid = JID(text) else { return nil }
        alternative = jid
      }
      guard reason?.count ?? 0 <= Limits.reasonBytes, password?.count ?? 0 <= Limits.secretBytes else { return nil }
    }

    var element: Element {
      var element = Element("destroy", NS.mucUser, ["jid": alternative?.text])
      if let password { element.append("password", NS.mucUser, text: password) }
      if let reason { element.append("reason", NS.mucUser, text: reason) }
      return element
    }
  }

  /// Each occupant gets one presence of its own, and the room is gone.
  mutating func destroy(
    _ destruction: Destruction, codes: [Status] = [], answering answered: Answered? = nil, _ transaction: inout Transaction
  ) {
    if isPersisted { transaction.persist(.deleteOwner(.room(jid))) }
    for occupant in occupants.values {
      var notice = departure(of: occupant)
      notice.affiliation = .none
      notice.codes = codes
      notice.destruction = destruction.element
      notice.answered = answered
      tell(notice, own: occupant.sessions.keys, &transaction)
    }
    clear()
  }
}

/// Marks: configuration by owners.
public enum RoomOwnerMark: UInt16, CoverageMark {
  case roomOwnerRefused, roomConfigurationSame
  case roomConfigurationRefused, roomConfigurationUnlocks, roomConfigurationCancelledLocked
  case roomConfigurationChanged, roomConfigurationCancelled, roomBecamePersistent, roomBecameTemporary, roomBecameMembersOnly
  case roomBroadcastChanged
  case roomDestroyed

  public static let offset = Mark.offset(of: RoomOwnerMark.self)

  public var clause: String {
    switch self {
    case .roomOwnerRefused, .roomConfigurationSame, .roomConfigurationChanged, .roomConfigurationCancelled, .roomBecamePersistent,
      .roomBecameTemporary, .roomBecameMembersOnly:
      "XEP-0045, 10.2"
    case .roomConfigurationRefused, .roomConfigurationUnlocks, .roomConfigurationCancelledLocked: "XEP-0045, 10.1.3"
    case .roomBroadcastChanged: "XEP-0045, 16.5.3"
    case .roomDestroyed: "XEP-0045, 10.9"
    }
  }
}
