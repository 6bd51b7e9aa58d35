internal import OrderedCollections
internal import XML
internal import XMPP

// Accounts and rooms come into memory when something happens to them, and go when nothing does.

/// Something to be done with an account or room once it is there.
enum Errand: Sendable {
  case stanza(Stanza)
  case authenticate(LinkID)
  case bind(LinkID, VerifiedIdentity, resource: Text, id: Text?)
  case register(LinkID, Secret, id: Text)
  case create([ScramCredentials], Origin)
  case changePassword([ScramCredentials], Origin)
  case setDisabled(Bool, Origin)
  case remove(Origin)
  case startPasswordChange(Secret, Origin)
  case startCreation(Secret, Origin)

  /// Who asked, and so hears the answer.
  enum Origin: Sendable {
    case registration(LinkID, id: Text)
    case request(Stanza)
    case control(UInt64)
  }
}

/// Keys that are being derived, and what for.
enum Derivation: Sendable {
  case login(LinkID)
  case create(JID, Errand.Origin)
  case changePassword(JID, Errand.Origin)
}

extension Server {
  /// Does the errand when the account is in memory: now, or when storage has answered.
  mutating func run(_ errand: Errand, for account: JID, _ step: inout Step) {
    if accounts[account] == nil {
      accounts[account] = Slot(entity: nil, isLoading: true)
      step.immediate.append(.load(.account(account)))
    }
    guard accounts[account]!.isLoading else { return perform(errand, on: account, &step) }
    guard accounts[account]!.parked.count < configuration.limits.parkedStanzas else { return giveUp(errand, &step) }
    accounts[account]!.parked.append(errand)
  }

  mutating func receive(_ loaded: Loaded, for key: LoadKey, _ step: inout Step) {
    switch (key, loaded) {
    case (.account(let jid), .account(let snapshot)):
      guard accounts[jid]?.isLoading ?? false else { return }
      let parked = accounts[jid]!.parked
      accounts[jid] = Slot(entity: snapshot.map { Account($0, now: step.now) }, isLoading: false)
      for errand in parked { perform(errand, on: jid, &step) }
      // Of an account that does not exist nothing stays.
      if let slot = accounts[jid], slot.entity == nil { _ = accounts.remove(jid) }
      wake(.account(jid), at: step.now.monotonic + configuration.limits.idleTime)
    case (.account(let jid), .failed):
      guard let slot = accounts.remove(jid) else { return }
      for errand in slot.parked { giveUp(errand, &step) }
    case (.offline(let jid), .offline(let messages)):
      accounts[jid]?.entity?.offlineLoaded(messages, &step)
    case (.offline(let jid), .failed):
      accounts[jid]?.entity?.awaitsOffline = nil
    case (.room(let jid), .room(let snapshot)):
      roomLoaded(jid, snapshot, &step)
    case (.room(let jid), .failed):
      guard let slot = rooms.remove(jid) else { return }
      for errand in slot.parked { giveUp(errand, &step) }
    case (.rooms, _), (.accounts, _):
      listLoaded(loaded, for: key, &step)
    default:
      break
    }
  }

  private mutating func perform(_ errand: Errand, on jid: JID, _ step: inout Step) {
    switch errand {
    case .stanza(let stanza):
      guard accounts[jid]?.entity != nil else { return receiveForNobody(stanza, &step) }
      var addressees: [Addressee] = []
      accounts[jid]!.entity!.receive(stanza, &step, deliver: &addressees)
      if !addressees.isEmpty { step.outputs.append(.write(stanza.element, from: stanza.from, to: addressees)) }
    case .authenticate(let link):
      let record = accounts[jid]?.entity?.record
      let request = streams[link]?.accountFound(record, &step) ?? nil
      if let request { follow(request, link, &step) }
    case .bind(let link, let identity, let resource, let id):
      bind(link, identity, resource, id, &step)
    default:
      manage(errand, on: jid, &step)
    }
  }

  /// Storage does not answer, or too much waits for it.
  static var busy: StanzaError { StanzaError(.internalServerError, kind: .wait) }

  mutating func giveUp(_ errand: Errand, _ step: inout Step) {
    switch errand {
    case .stanza(let stanza): step.bounce(stanza, Server.busy)
    case .authenticate(let link): streams[link]?.accountUnavailable(&step)
    case .bind(let link, _, _, let id): streams[link]?.bindRefused(Server.busy, id: id, &step)
    case .register(let link, _, let id): finish(.registration(link, id: id), Server.busy, &step)
    case .create(_, let origin), .changePassword(_, let origin), .setDisabled(_, let origin), .remove(let origin),
      .startPasswordChange(_, let origin), .startCreation(_, let origin):
      finish(origin, Server.busy, &step)
    }
  }

  mutating func releaseIfIdle(account jid: JID, _ step: inout Step) {
    guard let slot = accounts[jid], !slot.isLoading, let entity = slot.entity, entity.sessions.isEmpty else { return }
    let due = entity.idleSince + configuration.limits.idleTime
    guard isPast(due, step) else { return wake(.account(jid), at: due) }
    _ = accounts.remove(jid)
  }

  /// Takes an account out of memory, its streams with it.
  mutating func dropAccount(_ jid: JID, _ error: StreamError, _ step: inout Step) {
    endStreams(of: jid, error, &step)
    guard let slot = accounts[jid], !slot.isLoading else { return }
    _ = accounts.remove(jid)
  }

  // MARK: Rooms

  mutating func receiveAtRoom(_ stanza: Stanza, _ step: inout Step) {
    let jid = stanza.to.bare
    if rooms[jid] == nil {
      rooms[jid] = Slot(entity: nil, isLoading: true)
      step.immediate.append(.load(.room(jid)))
    }
    if rooms[jid]!.isLoading {
      guard rooms[jid]!.parked.count < configuration.limits.parkedStanzas else { return giveUp(.stanza(stanza), &step) }
      return rooms[jid]!.parked.append(.stanza(stanza))
    }
    hand(stanza, to: jid, &step)
  }

  private mutating func roomLoaded(_ jid: JID, _ snapshot: RoomSnapshot?, _ step: inout Step) {
    guard rooms[jid]?.isLoading ?? false else { return }
    let parked = rooms[jid]!.parked
    rooms[jid] = Slot(entity: snapshot.map { Room(restoring: $0) }, isLoading: false)
    for case .stanza(let stanza) in parked { hand(stanza, to: jid, &step) }
    if let slot = rooms[jid], slot.entity == nil { _ = rooms.remove(jid) }
    wake(.room(jid), at: step.now.monotonic + configuration.limits.idleTime)
  }

  /// To the room in memory, or to nobody, who becomes one if this is how rooms begin.
  private mutating func hand(_ stanza: Stanza, to jid: JID, _ step: inout Step) {
    if rooms[jid]?.entity == nil {
      guard Room.isCreation(stanza) else {
        if stanza.kind != .presence || stanza.type == nil { step.bounce(stanza, StanzaError(.itemNotFound)) }
        return
      }
      rooms[jid] = Slot(entity: Room(creating: jid, &step), isLoading: false)
    }
    rooms[jid]!.entity!.receive(stanza, &step)
    roomSettled(jid, &step)
  }

  private mutating func roomSettled(_ jid: JID, _ step: inout Step) {
    guard let room = rooms[jid]?.entity else { return }
    if room.isGone { return _ = rooms.remove(jid) }
    if let deadline = room.nextDeadline { wake(.room(jid), at: deadline) }
    if room.isIdle { wake(.room(jid), at: step.now.monotonic + configuration.limits.idleTime) }
  }

  mutating func checkRoom(_ jid: JID, _ step: inout Step) {
    guard let room = rooms[jid]?.entity else { return }
    if room.isIdle { return _ = rooms.remove(jid) }
    guard let deadline = room.nextDeadline, isPast(deadline, step) else { return }
    rooms[jid]!.entity!.deadlinePassed(&step)
    roomSettled(jid, &step)
  }
}
