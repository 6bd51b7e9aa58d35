internal import OrderedCollections
internal import SASL
internal import Storage
internal import XML
internal import XMPP

// Accounts come, change and go: by their owners (XEP-0077) and by whoever runs the server.

extension Shard {
  mutating func control(_ id: UInt64, _ request: ControlRequest, _ transaction: inout Transaction) {
    let requester = Requester.control(id)
    switch request {
    case .addAccount(let jid, let password):
      guard destination(of: jid) == .account, jid.isBare else {
        return transaction.outputs.append(.reply(id, .refused("\(jid) is not an address of this server; it serves \(domainList)")))
      }
      guard let prepared = password.prepared else {
        return transaction.outputs.append(transaction.reach(AccountControlMark.controlBadPassword, .reply(id, Shard.badPassword)))
      }
      run(.startCreation(prepared, requester), for: jid, &transaction)
    case .changePassword(let jid, let password):
      guard let prepared = password.prepared else {
        return transaction.outputs.append(transaction.reach(AccountControlMark.controlBadPassword, .reply(id, Shard.badPassword)))
      }
      run(.startPasswordChange(prepared, requester), for: jid, &transaction)
    case .deleteAccount(let jid): run(.remove(requester), for: jid, &transaction)
    case .disableAccount(let jid): run(.setDisabled(true, requester), for: jid, &transaction)
    case .enableAccount(let jid): run(.setDisabled(false, requester), for: jid, &transaction)
    case .listAccounts: ask(for: RowQuery(AccountRow.self, .everywhere), .control(id), &transaction)
    }
  }
  private static let badPassword = ControlReply.refused("the password is empty, too long, or holds characters that no password may hold")
  private var domainList: String { configuration.domains.map(\.string).joined(separator: ", ") }

  /// Errands that concern the account as such. It is in memory now, or does not exist.
  mutating func manage(_ task: PendingTask, on jid: JID, _ absent: AbsentAccount, _ transaction: inout Transaction) {
    let exists = accounts[jid]?.entity != nil
    switch task {
    case .startCreation(let password, let requester):
      guard !exists else {
        return finish(requester, transaction.reach(AccountControlMark.accountTaken, StanzaError(.conflict)), &transaction)
      }
      if let refusal = absent.refusal(&transaction) { return finish(requester, refusal, &transaction) }
      derive(password, .creation(jid, requester), requester, &transaction)
    case .startPasswordChange(let password, let requester):
      guard exists else {
        return finish(requester, transaction.reach(AccountControlMark.accountMissing, StanzaError(.itemNotFound)), &transaction)
      }
      let requester = withConnection(requester)
      derive(password, .passwordChange(jid, requester), requester, &transaction)
    case .create(let credentials, let requester):
      // Somebody was quicker while the keys were being derived.
      guard !exists else {
        return finish(requester, transaction.reach(AccountControlMark.accountTakenMeanwhile, StanzaError(.conflict)), &transaction)
      }
      if let refusal = absent.refusal(&transaction) { return finish(requester, refusal, &transaction) }
      let record = StoredAccount(jid: jid, credentials: credentials)
      accounts[jid] = Loadable(Account(record, now: transaction.now))
      wake(.account(jid), at: transaction.now.monotonic + configuration.limits[time: .idleTime])
      for change in record.changes { transaction.persist(change) }
      absent.created(&transaction)
      finish(requester, nil, &transaction)
    case .changePassword(let credentials, let requester):
      guard exists else {
        return finish(requester, transaction.reach(AccountControlMark.accountMissing, StanzaError(.itemNotFound)), &transaction)
      }
      // A session that was cut while its keys were being derived changes nothing any more.
      if case .request = requester, session(of: requester) == nil {
        return transaction.reach(AccountControlMark.accountPasswordRequesterGone)
      }
      transaction.reach(AccountControlMark.accountPasswordChanged)
      accounts[jid]!.entity!.record.credentials = credentials
      for change in accounts[jid]!.entity!.record.changes { transaction.persist(change) }
      finish(requester, nil, &transaction)
      // Every stream of the account ends but for that of the session that made the change.
      endStreams(of: jid, StreamError(.reset, text: "the password was changed"), except: session(of: requester)?.connection, &transaction)
    case .setDisabled(let isDisabled, let requester):
      guard exists else {
        return finish(requester, transaction.reach(AccountControlMark.accountMissing, StanzaError(.itemNotFound)), &transaction)
      }
      transaction.reach(isDisabled ? AccountControlMark.accountDisabled : .accountEnabled)
      accounts[jid]!.entity!.record.isDisabled = isDisabled
      transaction.persist(.put(AccountRow(isDisabled: isDisabled), of: jid))
      if isDisabled { endStreams(of: jid, StreamError(.notAuthorized, text: "the account was disabled"), &transaction) }
      finish(requester, nil, &transaction)
    case .remove(let requester):
      guard exists else {
        return finish(requester, transaction.reach(AccountControlMark.accountMissing, StanzaError(.itemNotFound)), &transaction)
      }
      finish(requester, transaction.reach(AccountControlMark.accountDeleted, nil), &transaction)
      remove(jid, &transaction)
    case .stanza, .authenticate, .bind:
      break
    }
  }

  /// XEP-0077, 3.2: contacts hear of it, sessions end, nothing stays.
  private mutating func remove(_ jid: JID, _ transaction: inout Transaction) {
    let items = accounts[jid]!.entity!.roster.values.elements
    for item in items { accounts[jid]!.entity!.endSubscriptions(with: item, &transaction) }
    // They have heard all there is to hear: that the sessions end is no news to them.
    accounts[jid]!.entity!.clearRoster()
    endStreams(of: jid, StreamError(.notAuthorized, text: "the account was deleted"), &transaction)
    transaction.persist(.deleteOwner(.account(jid)))
    for feature in Feature.all { feature.hooks.accountRemoved?(jid, &transaction) }
    forgetAffiliations(of: jid, &transaction)
    passToOthers(.accountRemoved(jid), &transaction)
    let line = accounts.remove(jid)?.entity?.states.waiting ?? []
    // Stanzas that waited for the account are answered like stanzas that come after its end.
    let absent = AbsentAccount(jid: jid, leftBy: transaction.changes)
    for stanza in line { receive(transaction.reach(ActivationMark.abandonedLine, stanza), for: absent, &transaction) }
  }

  /// Removes an account's affiliations from rooms: a later owner of the name must not inherit them, and rooms that it alone owned pass on.
  /// (Its stored affiliations go with the account.)
  mutating func forgetAffiliations(of jid: JID, isOfAnotherShard: Bool = false, _ transaction: inout Transaction) {
    for room in rooms.sortedKeys() {
      if rooms[room]!.isLoading {
        // Its answer may tell what was before: another question counts from now on.
        reload(room, &transaction)
      } else if let entry = rooms[room]!.entity?.affiliations.entry(jid) {
        transaction.reach(AccountControlMark.accountRemovalEndsRank)
        rooms[room]!.entity!.forget(jid, &transaction)
        if isOfAnotherShard {
          // A row that this shard made while the account's end was on its way to the disk may have come after it.
          transaction.persist(.delete(AffiliationRow.self, key: .jid(jid), of: room))
          // And a row of another that was to keep the room may have come when the room had gone with its last owner.
          if entry.affiliation == .owner { rooms[room]!.entity!.persistAnew(&transaction) }
        }
        roomSettled(room, &transaction)
      }
    }
  }

  private mutating func derive(
    _ password: Secret, _ purpose: Inquiry.Purpose, _ requester: Requester, _ transaction: inout Transaction
  ) {
    let hashes = ScramHash.allCases
    let request = DerivationRequest(
      password: password, hashes: hashes, salts: hashes.map { _ in transaction.random.bytes(16) },
      rounds: hashes.map { _ in configuration.scramRounds })
    if transaction.ask(.deriveKeys(request), purpose) == nil {
      finish(requester, transaction.reach(AccountControlMark.accountDerivationsFull, Shard.busy), &transaction)
    }
  }

  /// The session that made the request, if it is still there. One that was bound in its place did not.
  private func session(of requester: Requester) -> Session? {
    guard case .request(let stanza, let connection) = requester,
      let session = accounts[stanza.from.bare]?.entity?.sessions[stanza.from.resource]
    else { return nil }
    return connection == nil || connection == session.connection ? session : nil
  }

  /// For an answer that comes later.
  private func withConnection(_ requester: Requester) -> Requester {
    guard case .request(let stanza, nil) = requester else { return requester }
    return .request(stanza, session(of: requester)?.connection)
  }

  /// Tells whoever asked how it went.
  ///
  /// - Parameter explanation: for an operator, instead of what is said of every such error.
  mutating func finish(
    _ requester: Requester, _ error: StanzaError?, explanation: String? = nil, _ transaction: inout Transaction
  ) {
    switch requester {
    case .stream(let connection, let id):
      guard streams[connection] != nil, !streams[connection]!.isClosing else {
        return transaction.reach(AccountControlMark.accountRequesterGone)
      }
      withStream(connection, &transaction) { StreamFeature.accountSettled?(id, error, &$0, &$1) }
    case .request(let stanza, _):
      // Straight to the session: it may be about to end.
      guard let session = session(of: requester) else { return }
      let reply = error.map { stanza.element.errorReply($0) } ?? stanza.element.resultReply()
      transaction.deliver(reply, from: stanza.to, to: session)
    case .control(let id):
      transaction.outputs.append(.reply(id, error.map { .refused(explanation ?? $0.explanation) } ?? .done))
    }
  }

  private mutating func finish(_ requester: Requester, _ refusal: CreationRefusal, _ transaction: inout Transaction) {
    finish(requester, refusal.error, explanation: refusal.explanation, &transaction)
  }

  // MARK: Lists

  /// One list serves all who ask while it is read, page by page.
  mutating func ask(for list: RowQuery, _ asker: ListAsker, _ transaction: inout Transaction) {
    let waiting = listings[list]?.askers.count ?? 0
    guard waiting < configuration.limits[.queuedWhileLoading], waiting > 0 || transaction.ask(.query(.rows(list)), .page(list)) != nil
    else {
      return refuse(asker, transaction.reach(ActivationMark.parkedAskersFull, Shard.busy), &transaction)
    }
    listings[list, default: Listing()].askers.append(asker)
    parkedCount += 1
  }

  /// - Parameter query: the question, which names the place where the page begins.
  mutating func pageLoaded(_ answer: Answer, for query: RowQuery, _ transaction: inout Transaction) {
    var list = query
    list.after = nil
    guard var listing = listings.removeValue(forKey: list) else { return }
    var next = query
    if case .result(.page(let page)) = answer {
      do throws(RowProblem) { try listing.add(page) } catch {
        transaction.outputs.append(.log(.error, "storage: \(error)"))
        listing.isComplete = false
      }
      if listing.isComplete, let table = TableCatalog.server[query.table], let place = page.next(of: table) {
        next.after = place
        if transaction.ask(.query(.rows(next)), .page(next)) != nil { return listings[list] = listing }
        listing.isComplete = false
      }
    } else {
      listing.isComplete = false
    }
    parkedCount -= listing.askers.count
    for asker in listing.askers {
      switch asker {
      case _ where !listing.isComplete: refuse(asker, transaction.reach(ActivationMark.loadListFailed, Shard.busy), &transaction)
      case .control(let id):
        transaction.outputs.append(transaction.reach(AccountControlMark.controlListed, .reply(id, .accounts(listing.accounts))))
      case .stanza(let stanza): addRooms(to: listing.rooms, for: stanza, askedBy: index, &transaction)
      }
    }
  }

  private mutating func refuse(_ asker: ListAsker, _ error: StanzaError, _ transaction: inout Transaction) {
    switch asker {
    case .control(let id): finish(.control(id), error, &transaction)
    case .stanza(let stanza): transaction.bounce(stanza, error)
    }
  }
}

/// A requester that waits for a list.
enum ListAsker: Sendable, Codable {
  case control(UInt64)
  case stanza(Stanza)
}

/// A list that is being read.
struct Listing: Sendable, Codable {
  var askers: [ListAsker] = []
  var accounts: [AccountListing] = []
  var rooms: [RoomListing] = []
  /// No page failed.
  var isComplete = true

  mutating func add(_ page: Page) throws(RowProblem) {
    if page.table == RoomRow.table.name {
      for (jid, row) in try page.rows(RoomRow.self) { rooms.append(RoomListing(jid: jid, name: row.name)) }
    } else {
      for (jid, row) in try page.rows(AccountRow.self) { accounts.append(AccountListing(jid: jid, isDisabled: row.isDisabled)) }
    }
  }
}

extension StanzaError {
  /// For whoever runs the server.
  fileprivate var explanation: String {
    switch condition {
    case .conflict: "there is such an account already"
    case .itemNotFound: "there is no such account"
    default: "storage does not answer; look into the server's log"
    }
  }
}
