internal import OrderedCollections
internal import Storage
internal import XML
internal import XMPP

// Accounts and rooms come into memory when something happens to them, and go when nothing does.

/// Something to be done with an account or room once it is there.
enum Errand: Sendable, Codable {
  case stanza(Stanza)
  case authenticate(ConnectionID)
  case bind(ConnectionID, VerifiedIdentity, resource: Text, id: Text?)
  case register(ConnectionID, Secret, id: Text)
  case create([ScramCredentials], Origin)
  case changePassword([ScramCredentials], Origin)
  case setDisabled(Bool, Origin)
  case remove(Origin)
  case startPasswordChange(Secret, Origin)
  case startCreation(Secret, Origin)

  /// Who asked, and so hears the answer.
  enum Origin: Sendable, Codable {
    case registration(ConnectionID, id: Text)
    case request(Stanza)
    case control(UInt64)
  }
}

extension Server.Slot {
  /// Lets an errand wait for storage. Returns by how much more waits now; `nil` if there is no room.
  ///
  /// A departure is never refused, or whoever left would be there for good: without room for it, it takes back the arrivals that it
  /// would have undone.
  mutating func park(_ errand: Errand, limit: Int) -> Int? {
    if parked.count < limit {
      parked.append(errand)
      return 1
    }
    guard case .stanza(let departure) = errand, departure.kind == .presence, departure.type == "unavailable" else { return nil }
    let before = parked.count
    parked.removeAll { errand in
      guard case .stanza(let stanza) = errand, stanza.kind == .presence, stanza.type == nil else { return false }
      return stanza.from == departure.from && stanza.to == departure.to
    }
    return parked.count - before
  }
}

extension Server {
  /// Does the errand when the account is in memory: now, or when storage has answered.
  mutating func run(_ errand: Errand, for account: JID, _ step: inout Step) {
    if !accounts.contains(account) {
      guard let inquiry = step.ask(.query(.account(account)), .residency(.account(account))) else { return giveUp(errand, &step) }
      accounts[account] = Slot(awaiting: inquiry)
    }
    guard accounts.look(account, { $0.isLoading }) ?? false else { return perform(errand, on: account, nil, &step) }
    if !accounts[account]!.parked.isEmpty { step.reach(ActivationMark.parkedBehindAccount) }
    guard let added = accounts[account]!.park(errand, limit: configuration.limits[.parkedStanzas]) else {
      step.reach(ActivationMark.parkedAccountFull)
      return giveUp(errand, &step)
    }
    parkedCount += added
  }

  /// The rows of an owner in an answer, read by `body`. Whatever can't be read is logged; the reason of a failed answer is in the log already.
  func read<Entity>(
    _ answer: Answer, of jid: JID, _ step: inout Step, _ body: (OwnerRows, inout Step) throws(RowProblem) -> Entity
  ) -> Loaded<Entity> {
    guard case .result(.owner(let rows)) = answer else { return .failed }
    guard let rows else { return .absent(OwnerRows(.account(jid))) }
    guard rows.owner.jid == jid else { return .failed }
    guard rows.isThere(in: .server) else { return .absent(rows) }
    do throws(RowProblem) {
      return .present(try body(rows, &step))
    } catch {
      step.outputs.append(.log(.error, "storage: \(jid): \(error)"))
      return .failed
    }
  }
  enum Loaded<Entity> {
    case present(Entity)
    /// With the rows that outlive their owner.
    case absent(OwnerRows)
    case failed
  }

  mutating func accountLoaded(_ jid: JID, _ inquiry: InquiryID, _ answer: Answer, _ step: inout Step) {
    guard let slot = accounts[jid], slot.inquiry == inquiry else { return step.reach(InquiryMark.inquiryAnswerIgnored) }
    parkedCount -= slot.parked.count
    let now = step.now
    var absent: AbsentAccount?
    switch read(answer, of: jid, &step, { rows, _ throws(RowProblem) in try Account(jid, rows, now: now) }) {
    case .present(let account): accounts[jid] = Slot(account)
    case .absent(let rows):
      absent = AbsentAccount(jid: jid, rows: rows)
      accounts[jid] = Slot(nil)
    case .failed:
      step.reach(ActivationMark.loadAccountFailed)
      _ = accounts.remove(jid)
      for errand in slot.parked { giveUp(errand, &step) }
      return
    }
    for errand in slot.parked {
      // An account that has just gone has left rows that are not in this answer.
      if accounts.contains(jid) { perform(errand, on: jid, absent, &step) } else { run(errand, for: jid, &step) }
    }
    guard accounts.contains(jid), !accounts[jid]!.isLoading else { return }
    // Of an account that does not exist nothing stays.
    guard accounts[jid]?.entity != nil else {
      step.reach(ActivationMark.loadNoAccount)
      return _ = accounts.remove(jid)
    }
    wake(.account(jid), at: step.now.monotonic + configuration.limits[time: .idleTime])
  }

  /// - Parameter absent: the account, if it has just been found not to be there.
  private mutating func perform(_ errand: Errand, on jid: JID, _ absent: AbsentAccount?, _ step: inout Step) {
    switch errand {
    case .stanza(let stanza):
      guard accounts[jid]?.entity != nil else {
        if absent?.receive(stanza, &step) ?? false { return }
        return receiveForNobody(stanza, &step)
      }
      var addressees: [Addressee] = []
      accounts[jid]!.entity!.receive(stanza, &step, deliver: &addressees)
      if !addressees.isEmpty { step.outputs.append(.write(stanza.element, from: stanza.from, to: addressees)) }
    case .authenticate(let connection):
      if !streams.contains(connection) { step.reach(SASLMark.saslStreamGone) }
      let record = accounts.look(jid) { $0.look { $0.record } } ?? nil
      let request = withStream(connection, &step) { $0.accountFound(record, &$1) } ?? nil
      if let request { follow(request, connection, &step) }
    case .bind(let connection, let identity, let resource, let id):
      bind(connection, identity, resource, id, &step)
    default:
      manage(errand, on: jid, absent ?? AbsentAccount(jid: jid, rows: OwnerRows(.account(jid))), &step)
    }
  }

  /// Storage does not answer, or too much waits for it.
  static var busy: StanzaError { StanzaError(.internalServerError, kind: .wait) }

  mutating func giveUp(_ errand: Errand, _ step: inout Step) {
    switch errand {
    case .stanza(let stanza): step.bounce(stanza, step.reach(ActivationMark.abandonedStanza, Server.busy))
    case .authenticate(let connection): withStream(connection, &step) { $0.accountUnavailable(&$1) }
    case .bind(let connection, _, _, let id):
      refuseBinding(connection, step.reach(ActivationMark.abandonedBinding, Server.busy), id: id, &step)
    case .register(let connection, _, let id):
      finish(.registration(connection, id: id), step.reach(ActivationMark.abandonedRegistration, Server.busy), &step)
    case .create(_, let origin), .changePassword(_, let origin), .setDisabled(_, let origin), .remove(let origin),
      .startPasswordChange(_, let origin), .startCreation(_, let origin):
      finish(origin, step.reach(ActivationMark.abandonedManagement, Server.busy), &step)
    }
  }

  mutating func releaseIfIdle(account jid: JID, _ step: inout Step) {
    guard let slot = accounts[jid], !slot.isLoading, let entity = slot.entity, entity.sessions.isEmpty else { return }
    // What lined up behind stored messages is nowhere else. The answer wakes the account again.
    guard entity.offlineInquiry == nil else { return step.reach(ActivationMark.idleAccountAwaitsOffline) }
    let due = entity.idleSince + configuration.limits[time: .idleTime]
    guard isPast(due, step) else {
      step.reach(ActivationMark.idleAccountPostponed)
      return wake(.account(jid), at: due)
    }
    step.reach(ActivationMark.idleAccountReleased)
    _ = accounts.remove(jid)
  }

  /// Takes an account out of memory, its streams with it.
  mutating func dropAccount(_ jid: JID, _ error: StreamError, _ step: inout Step) {
    endStreams(of: jid, error, &step)
    guard let slot = accounts[jid], !slot.isLoading else { return }
    for stanza in slot.entity?.linedUp ?? [] { step.bounce(stanza, step.reach(ActivationMark.abandonedLine, Server.busy)) }
    step.reach(CommitMark.outputLostAccount)
    _ = accounts.remove(jid)
  }
}
