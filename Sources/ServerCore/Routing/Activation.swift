internal import OrderedCollections
internal import SASL
internal import Storage
internal import XML
internal import XMPP

// Accounts and rooms come into memory when something happens to them, and go when nothing does.

/// Something to be done with an account or room once it is there.
enum PendingTask: Sendable, Codable {
  case stanza(Stanza)
  case authenticate(ConnectionID)
  case bind(ConnectionID, VerifiedIdentity, resource: Text, id: Text?)
  case create([ScramCredentials], Requester)
  case changePassword([ScramCredentials], Requester)
  case setDisabled(Bool, Requester)
  case remove(Requester)
  case startPasswordChange(Secret, Requester)
  case startCreation(Secret, Requester)
}

/// A task that waits for its account or room.
struct ParkedTask: Sendable, Codable {
  var task: PendingTask
  /// The commit of what its transaction had changed when the task came to wait, or else the last that was to change the sender of a stanza; 0
  /// where there was neither. When that commit fails, the stanza has not been said.
  var commit: UInt64
}

/// The asker of a pending task, who gets the answer.
enum Requester: Sendable, Codable {
  /// A stream on which nobody has logged in, by the id of its request.
  case stream(ConnectionID, id: Text)
  /// A session's request. Where the answer comes later, its connection as well: by then another session may have the same address.
  case request(Stanza, ConnectionID? = nil)
  case control(UInt64)
}

extension Shard.Loadable {
  /// Lets a task wait for storage. Returns by how much more waits now; `nil` if there is no room.
  ///
  /// A departure is never refused, or whoever left would be there for good: without room for it, it takes back the arrivals that it
  /// would have undone.
  mutating func park(_ new: ParkedTask, limit: Int) -> Int? {
    if parked.count < limit {
      parked.append(new)
      return 1
    }
    guard case .stanza(let departure) = new.task, departure.isDeparture else { return nil }
    let before = parked.count
    parked.removeAll { other in
      guard case .stanza(let stanza) = other.task, stanza.kind == .presence, stanza.type == nil else { return false }
      return stanza.from == departure.from && stanza.to == departure.to
    }
    return parked.count - before
  }

  /// Takes out the stanzas that fail with the commits from `number` on. Departures stay: without one somebody would stay for ever.
  mutating func withdraw(from number: UInt64) -> [Stanza] {
    var withdrawn: [Stanza] = []
    parked.removeAll { waiting in
      guard waiting.commit >= number, case .stanza(let stanza) = waiting.task, !stanza.isDeparture else { return false }
      withdrawn.append(stanza)
      return true
    }
    return withdrawn
  }
}

extension Stanza {
  var isDeparture: Bool { kind == .presence && type == "unavailable" }
}

extension Shard {
  /// Does the task when the account is in memory: now, or when storage has answered.
  ///
  /// - Parameter commit: that of a task that has waited already.
  mutating func run(_ task: PendingTask, for account: JID, behind commit: UInt64? = nil, _ transaction: inout Transaction) {
    if !accounts.contains(account) {
      guard let inquiry = transaction.ask(.query(.account(account)), .residency(.account(account))) else {
        return giveUp(task, &transaction)
      }
      accounts[account] = Loadable(awaiting: inquiry)
    }
    guard accounts.read(account, { $0.isLoading }) ?? false else { return perform(task, on: account, nil, &transaction) }
    if !accounts[account]!.parked.isEmpty { transaction.reach(ActivationMark.parkedBehindAccount) }
    let parked = ParkedTask(task: task, commit: commit ?? pendingCommit(of: transaction, task))
    guard let added = accounts[account]!.park(parked, limit: configuration.limits[.queuedWhileLoading]) else {
      transaction.reach(ActivationMark.parkedAccountFull)
      return giveUp(task, &transaction)
    }
    parkedCount += added
  }

  /// The commit that the task depends on: the one that the transaction is going to make, if it has changed something so far, or else the last
  /// that was to change the sender. (The second of two equal requests to subscribe changes nothing, and is as void as the first.)
  func pendingCommit(of transaction: Transaction, _ task: PendingTask) -> UInt64 {
    guard transaction.changes.isEmpty else { return commits.next }
    return if case .stanza(let stanza) = task { commits.last(touching: stanza.from.bare) } else { 0 }
  }

  /// The rows of an owner in an answer, read by `body`. Unreadable rows are logged; the reason of a failed answer is in the log already.
  func read<Entity>(
    _ answer: Answer, of jid: JID, _ transaction: inout Transaction, _ body: (OwnerRows, inout Transaction) throws(RowProblem) -> Entity
  ) -> LoadResult<Entity> {
    guard case .result(.owner(let rows)) = answer else { return .failed }
    guard let rows else { return .absent(OwnerRows(.account(jid))) }
    guard rows.owner.jid == jid else { return .failed }
    guard rows.isThere(in: .server) else { return .absent(rows) }
    do throws(RowProblem) {
      return .present(try body(rows, &transaction))
    } catch {
      transaction.outputs.append(.log(.error, "storage: \(jid): \(error)"))
      return .failed
    }
  }
  enum LoadResult<Entity> {
    case present(Entity)
    /// With the rows that outlive their owner.
    case absent(OwnerRows)
    case failed
  }

  mutating func accountLoaded(_ jid: JID, _ inquiry: InquiryID, _ answer: Answer, _ transaction: inout Transaction) {
    guard let loadable = accounts[jid], loadable.inquiry == inquiry else { return transaction.reach(InquiryMark.inquiryAnswerIgnored) }
    parkedCount -= loadable.parked.count
    let now = transaction.now
    var absent: AbsentAccount?
    switch read(answer, of: jid, &transaction, { rows, _ throws(RowProblem) in try Account(jid, rows, now: now) }) {
    case .present(let account): accounts[jid] = Loadable(account)
    case .absent(let rows):
      absent = AbsentAccount(jid: jid, rows: rows)
      accounts[jid] = Loadable(nil)
    case .failed:
      transaction.reach(ActivationMark.loadAccountFailed)
      _ = accounts.remove(jid)
      for waiting in loadable.parked { giveUp(waiting.task, &transaction) }
      return
    }
    for waiting in loadable.parked {
      // An account that has just gone has left rows that are not in this answer: what comes behind its end waits for another.
      let isThis = accounts.read(jid) { !$0.isLoading } ?? false
      if isThis {
        perform(waiting.task, on: jid, absent, &transaction)
      } else {
        run(waiting.task, for: jid, behind: waiting.commit, &transaction)
      }
    }
    guard accounts.contains(jid), !accounts[jid]!.isLoading else { return }
    // Of an account that does not exist nothing stays.
    guard accounts[jid]?.entity != nil else {
      transaction.reach(ActivationMark.loadNoAccount)
      return _ = accounts.remove(jid)
    }
    wake(.account(jid), at: transaction.now.monotonic + configuration.limits[time: .idleTime])
  }

  /// - Parameter absent: the account, if it has just been found not to be there.
  private mutating func perform(_ task: PendingTask, on jid: JID, _ absent: AbsentAccount?, _ transaction: inout Transaction) {
    switch task {
    case .stanza(let stanza):
      guard accounts[jid]?.entity != nil else {
        return receive(stanza, for: absent ?? AbsentAccount(jid: jid, rows: OwnerRows(.account(jid))), &transaction)
      }
      accounts[jid]!.entity!.receive(stanza, &transaction)
    case .authenticate(let connection):
      if !streams.contains(connection) { transaction.reach(SASLMark.saslStreamGone) }
      let record = accounts.read(jid) { $0.read { $0.record } } ?? nil
      let request = withStream(connection, &transaction) { $0.accountFound(record, &$1) } ?? nil
      if let request { follow(request, connection, &transaction) }
    case .bind(let connection, let identity, let resource, let id):
      bind(connection, identity, resource, id, &transaction)
    default:
      manage(task, on: jid, absent ?? AbsentAccount(jid: jid, rows: OwnerRows(.account(jid))), &transaction)
    }
  }

  /// Storage does not answer, or too much waits for it.
  static var busy: StanzaError { StanzaError(.internalServerError, kind: .wait) }

  mutating func giveUp(_ task: PendingTask, _ transaction: inout Transaction) {
    switch task {
    // A departure needs no answer, and the client may know nothing of it: the server takes leave for its users, too.
    case .stanza(let stanza) where stanza.isDeparture:
      transaction.reach(ActivationMark.abandonedDeparture)
    case .stanza(let stanza): transaction.bounce(stanza, transaction.reach(ActivationMark.abandonedStanza, Shard.busy))
    case .authenticate(let connection): withStream(connection, &transaction) { $0.accountUnavailable(&$1) }
    case .bind(let connection, _, _, let id):
      refuseBinding(connection, transaction.reach(ActivationMark.abandonedBinding, Shard.busy), id: id, &transaction)
    case .create(_, let requester), .changePassword(_, let requester), .setDisabled(_, let requester), .remove(let requester),
      .startPasswordChange(_, let requester), .startCreation(_, let requester):
      finish(requester, transaction.reach(ActivationMark.abandonedManagement, Shard.busy), &transaction)
    }
  }

  mutating func releaseIfIdle(account jid: JID, _ transaction: inout Transaction) {
    guard let loadable = accounts[jid], !loadable.isLoading, let entity = loadable.entity, entity.sessions.isEmpty else { return }
    // The answer that a feature waits for wakes the account again.
    guard !entity.states.isBusy else { return transaction.reach(ActivationMark.idleAccountBusy) }
    let due = entity.idleSince + configuration.limits[time: .idleTime]
    guard isPast(due, transaction) else {
      transaction.reach(ActivationMark.idleAccountPostponed)
      return wake(.account(jid), at: due)
    }
    transaction.reach(ActivationMark.idleAccountReleased)
    _ = accounts.remove(jid)
  }

  /// Takes an account out of memory, its streams with it.
  mutating func dropAccount(_ jid: JID, _ error: StreamError, _ transaction: inout Transaction) {
    endStreams(of: jid, error, &transaction)
    guard let loadable = accounts[jid], !loadable.isLoading else { return }
    for stanza in loadable.entity?.states.waiting ?? [] {
      transaction.bounce(stanza, transaction.reach(ActivationMark.abandonedLine, Shard.busy))
    }
    transaction.reach(CommitMark.outputLostAccount)
    _ = accounts.remove(jid)
  }
}
