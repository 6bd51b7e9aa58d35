internal import OrderedCollections
internal import Storage
internal import XML
internal import XMPP

// Accounts come, change and go: by their owners (XEP-0077) and by whoever runs the server.

extension Server {
  mutating func control(_ id: UInt64, _ request: ControlRequest, _ step: inout Step) {
    let origin = Errand.Origin.control(id)
    switch request {
    case .addAccount(let jid, let password):
      guard place(of: jid) == .account, jid.isBare else {
        return step.outputs.append(.reply(id, .refused("\(jid) is not an address of this server; it serves \(domainList)")))
      }
      guard let prepared = password.prepared else {
        return step.outputs.append(step.reach(AccountControlMark.controlBadPassword, .reply(id, Server.badPassword)))
      }
      run(.startCreation(prepared, origin), for: jid, &step)
    case .changePassword(let jid, let password):
      guard let prepared = password.prepared else {
        return step.outputs.append(step.reach(AccountControlMark.controlBadPassword, .reply(id, Server.badPassword)))
      }
      run(.startPasswordChange(prepared, origin), for: jid, &step)
    case .deleteAccount(let jid): run(.remove(origin), for: jid, &step)
    case .disableAccount(let jid): run(.setDisabled(true, origin), for: jid, &step)
    case .enableAccount(let jid): run(.setDisabled(false, origin), for: jid, &step)
    case .listAccounts: ask(for: RowQuery(AccountRow.self, .everywhere), .control(id), &step)
    }
  }
  private static let badPassword = ControlReply.refused("the password is empty, too long, or holds characters that no password may hold")
  private var domainList: String { configuration.domains.map(\.string).joined(separator: ", ") }

  /// Errands that concern the account as such. It is in memory now, or does not exist.
  mutating func manage(_ errand: Errand, on jid: JID, _ absent: AbsentAccount, _ step: inout Step) {
    let exists = accounts[jid]?.entity != nil
    switch errand {
    case .register(let connection, let password, let id):
      guard !exists else {
        return finish(.registration(connection, id: id), step.reach(AccountControlMark.accountTaken, StanzaError(.conflict)), &step)
      }
      if let error = absent.mayBeCreated(&step) { return finish(.registration(connection, id: id), error, &step) }
      let origin = Errand.Origin.registration(connection, id: id)
      derive(password, .creation(jid, origin), origin, &step)
    case .startCreation(let password, let origin):
      guard !exists else { return finish(origin, step.reach(AccountControlMark.accountTaken, StanzaError(.conflict)), &step) }
      if let error = absent.mayBeCreated(&step) { return finish(origin, error, &step) }
      derive(password, .creation(jid, origin), origin, &step)
    case .startPasswordChange(let password, let origin):
      guard exists else { return finish(origin, step.reach(AccountControlMark.accountMissing, StanzaError(.itemNotFound)), &step) }
      derive(password, .passwordChange(jid, origin), origin, &step)
    case .create(let credentials, let origin):
      // Somebody was quicker while the keys were being derived.
      guard !exists else { return finish(origin, step.reach(AccountControlMark.accountTakenMeanwhile, StanzaError(.conflict)), &step) }
      if let error = absent.mayBeCreated(&step) { return finish(origin, error, &step) }
      let record = AccountRecord(jid: jid, credentials: credentials)
      accounts[jid] = Slot(Account(record, now: step.now))
      wake(.account(jid), at: step.now.monotonic + configuration.limits[time: .idleTime])
      for change in record.changes { step.persist(change) }
      absent.created(&step)
      finish(origin, nil, &step)
    case .changePassword(let credentials, let origin):
      guard exists else { return finish(origin, step.reach(AccountControlMark.accountMissing, StanzaError(.itemNotFound)), &step) }
      // A session that was cut while its keys were being derived changes nothing any more.
      if case .request = origin, connection(of: origin) == nil { return step.reach(RegistrationMark.passwordRequesterGone) }
      step.reach(AccountControlMark.accountPasswordChanged)
      accounts[jid]!.entity!.record.credentials = credentials
      for change in accounts[jid]!.entity!.record.changes { step.persist(change) }
      finish(origin, nil, &step)
      // Whoever else is in with the old password is out, but for the session that made the change.
      endStreams(of: jid, StreamError(.reset, text: "the password was changed"), except: connection(of: origin), &step)
    case .setDisabled(let isDisabled, let origin):
      guard exists else { return finish(origin, step.reach(AccountControlMark.accountMissing, StanzaError(.itemNotFound)), &step) }
      step.reach(isDisabled ? AccountControlMark.accountDisabled : .accountEnabled)
      accounts[jid]!.entity!.record.isDisabled = isDisabled
      step.persist(.put(AccountRow(isDisabled: isDisabled), of: jid))
      if isDisabled { endStreams(of: jid, StreamError(.notAuthorized, text: "the account was disabled"), &step) }
      finish(origin, nil, &step)
    case .remove(let origin):
      guard exists else { return finish(origin, step.reach(AccountControlMark.accountMissing, StanzaError(.itemNotFound)), &step) }
      finish(origin, step.reach(AccountControlMark.accountDeleted, nil), &step)
      remove(jid, &step)
    case .stanza, .authenticate, .bind:
      break
    }
  }

  /// XEP-0077, 3.2: contacts hear of it, sessions end, nothing stays.
  private mutating func remove(_ jid: JID, _ step: inout Step) {
    let items = accounts[jid]!.entity!.roster.values.elements
    for item in items { accounts[jid]!.entity!.endSubscriptions(with: item, &step) }
    // They have heard all there is to hear: that the sessions end is no news to them.
    accounts[jid]!.entity!.clearRoster()
    endStreams(of: jid, StreamError(.notAuthorized, text: "the account was deleted"), &step)
    step.persist(.deleteOwner(.account(jid)))
    for feature in Feature.all { feature.hooks.accountRemoved?(jid, &step) }
    forgetRanks(of: jid, &step)
    let line = accounts.remove(jid)?.entity?.linedUp ?? []
    // What waited for the account is answered like what comes after its end.
    for stanza in line { receiveForNobody(step.reach(ActivationMark.abandonedLine, stanza), &step) }
  }

  /// Whoever gets the name later must not inherit its rank in rooms, and those that it alone owned pass on. (What is stored of its ranks
  /// goes with the account.)
  private mutating func forgetRanks(of jid: JID, _ step: inout Step) {
    for room in rooms.sortedKeys() {
      if rooms[room]!.isLoading {
        // Its answer may tell what was before: another question counts from now on.
        reload(room, &step)
      } else if rooms[room]!.entity?.affiliations.entry(jid) != nil {
        step.reach(RegistrationMark.registrationRemovalEndsRank)
        rooms[room]!.entity!.forget(jid, &step)
        roomSettled(room, &step)
      }
    }
  }

  private mutating func derive(_ password: Secret, _ purpose: Inquiry.Purpose, _ origin: Errand.Origin, _ step: inout Step) {
    let hashes = ScramHash.allCases
    let request = DerivationRequest(
      password: password, hashes: hashes, salts: hashes.map { _ in step.generator.bytes(16) },
      rounds: hashes.map { _ in configuration.scramRounds })
    if step.ask(.deriveKeys(request), purpose) == nil {
      finish(origin, step.reach(AccountControlMark.accountDerivationsFull, Server.busy), &step)
    }
  }

  private func connection(of origin: Errand.Origin) -> ConnectionID? {
    guard case .request(let stanza) = origin else { return nil }
    return accounts[stanza.from.bare]?.entity?.sessions[stanza.from.resource]?.connection
  }

  /// Tells whoever asked how it went.
  mutating func finish(_ origin: Errand.Origin, _ error: StanzaError?, _ step: inout Step) {
    switch origin {
    case .registration(let connection, let id):
      guard streams[connection] != nil, !streams[connection]!.isClosing else { return step.reach(RegistrationMark.registrationStreamGone) }
      withStream(connection, &step) { RegistrationBeforeLogin.finished(id, error, &$0, &$1) }
    case .request(let stanza):
      // Straight to the session: it may be about to end.
      guard let session = accounts[stanza.from.bare]?.entity?.sessions[stanza.from.resource] else { return }
      let reply = error.map { stanza.element.errorReply($0) } ?? stanza.element.resultReply()
      step.outputs.append(.write(reply, from: stanza.to, to: [Addressee(connection: session.connection, to: stanza.from)]))
    case .control(let id):
      step.outputs.append(.reply(id, error.map { .refused($0.explanation) } ?? .done))
    }
  }

  // MARK: Lists

  /// One list serves all who ask while it is read, page by page.
  mutating func ask(for list: RowQuery, _ asker: ListAsker, _ step: inout Step) {
    let waiting = listings[list]?.askers.count ?? 0
    guard waiting < configuration.limits[.parkedStanzas], waiting > 0 || step.ask(.query(.rows(list)), .page(list)) != nil else {
      return refuse(asker, step.reach(ActivationMark.parkedAskersFull, Server.busy), &step)
    }
    listings[list, default: Listing()].askers.append(asker)
    parkedCount += 1
  }

  /// - Parameter query: the question, which names the place where the page begins.
  mutating func pageLoaded(_ answer: Answer, for query: RowQuery, _ step: inout Step) {
    var list = query
    list.after = nil
    guard var listing = listings.removeValue(forKey: list) else { return }
    var next = query
    if case .result(.page(let page)) = answer {
      do throws(RowProblem) { try listing.add(page) } catch {
        step.outputs.append(.log(.error, "storage: \(error)"))
        listing.isComplete = false
      }
      if listing.isComplete, let table = TableCatalog.server[query.table], let place = page.next(of: table) {
        next.after = place
        if step.ask(.query(.rows(next)), .page(next)) != nil { return listings[list] = listing }
        listing.isComplete = false
      }
    } else {
      listing.isComplete = false
    }
    parkedCount -= listing.askers.count
    for asker in listing.askers {
      switch asker {
      case _ where !listing.isComplete: refuse(asker, step.reach(ActivationMark.loadListFailed, Server.busy), &step)
      case .control(let id): step.outputs.append(step.reach(AccountControlMark.controlListed, .reply(id, .accounts(listing.accounts))))
      case .stanza(let stanza): answerRoomList(stanza, listing.rooms, &step)
      }
    }
  }

  private mutating func refuse(_ asker: ListAsker, _ error: StanzaError, _ step: inout Step) {
    switch asker {
    case .control(let id): finish(.control(id), error, &step)
    case .stanza(let stanza): step.bounce(stanza, error)
    }
  }
}

/// Who waits for a list.
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
