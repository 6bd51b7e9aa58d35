internal import OrderedCollections
internal import SASL
public import ServerCore
public import Storage
internal import XML
internal import XMPP

/// The state that RFC 6121 and XEP-0045 require of a server after the events that it handled, worked out by other code than the server's.
///
/// It takes events in the order in which the server took them, and keeps accounts (`AccountModel`) and places (`ModelPlace`), which
/// write letters to each other. A server that is another's stranger may get them in any order that keeps each pair's; and that order
/// matters: whether a contact's "subscribed" meets the first or the second of two requests is the difference between "To" and "Pending
/// Out". So the model does not guess: it works letters off in the order of writing, as one event does; and where the server had first to
/// ask storage for the addressee, the letter waits until storage has answered. Some things it takes from the server because they
/// are no matter of these documents, such as which connection is which session, and which streams the server ended.
public struct ReferenceModel: Sendable {
  let configuration: Configuration
  var accounts: OrderedDictionary<JID, AccountModel> = [:]
  /// By bare JID.
  var places: OrderedDictionary<JID, any ModelPlace> = [:]
  /// Places that the event has ended, as they were then.
  private(set) var ended: OrderedDictionary<JID, any ModelPlace> = [:]
  /// Messages that places wrote to accounts, whichever session was to take them: they may be stored, and come later.
  var issued: OrderedSet<IssuedMessage> = []
  static let placeTypes = SimulatedFeature.all.compactMap(\.place)
  /// Bound sessions.
  var sessions: OrderedDictionary<ConnectionID, JID> = [:]
  /// The languages that streams declare for all that follows on them (RFC 6120, 4.7.4).
  var languages: OrderedDictionary<ConnectionID, Text> = [:]
  /// The queries that the server asked of storage, with the errands that wait for each answer.
  var waiting: OrderedDictionary<Query, [Errand]> = [:]
  /// The queries that it asked in this very event.
  private var asked: OrderedSet<Query> = []
  /// The questions that the server asked; of one that it asked again only the last answer counts.
  private var questions: OrderedDictionary<InquiryID, (query: Query, deadline: Int64)> = [:]
  /// The accounts and places that the server had in memory before the event.
  var present: OrderedSet<JID> = []
  var mailbox: ModelMailbox
  /// Derivations of keys that may end with a new account.
  private var creations: OrderedDictionary<InquiryID, (account: JID, deadline: Int64)> = [:]
  /// Accounts of which this very event wrote a record, and the commits that it made.
  private var (written, made) = (OrderedSet<JID>(), [CommitID]())
  /// Letters for other shards that have not been handed over.
  var crossing: [ModelStanza] = []
  /// The commits that are not durable yet, with the owners of the rows that they change.
  var pending: [(number: CommitID, touched: [JID])] = []
  /// Accounts that are to be removed when all letters are read (XEP-0077, 3.2).
  private var removals: [JID] = []
  var memory = ModelMemory()
  var expectation = Expectation()
  /// As many questions were open, before the event or after it, as may be.
  private var mayBeFull = false
  private var wasFull = false
  /// The first commit that failed, where the event is a failed commit.
  var failure: (number: CommitID, touched: OrderedSet<JID>)?
  var isRecovering: Bool { failure != nil }
  /// The first difference between the model and the server.
  public internal(set) var problem: String?
  /// The problem as a client sees it, if it is one of what sessions are told.
  var expectations: [ClientExpectation] { problem == nil ? [] : expectation.violated }

  enum Errand: Sendable {
    case letter(ModelStanza)
    case creation(JID)
    case removal(JID)
    /// The session of this connection begins, if the account is its.
    case binding(ConnectionID)
  }

  private var hasBegun = false
  /// The server takes leave: from then on nothing is compared.
  private var isEnding = false
  /// Nothing was held back when the event came: what leaves on it was decided on it.
  private(set) var wasFlushed = true

  public init(configuration: Configuration) {
    self.configuration = configuration
    mailbox = ModelMailbox(configuration)
  }

  /// The server begins anew: what is durable is there, and nobody is connected.
  public mutating func restart(_ server: Server, from durable: MemoryDatabase) {
    var fresh = ReferenceModel(configuration: configuration)
    if hasBegun, !isEnding { problem = problem ?? disagreement(with: durable).map { "\($0) (after the server began anew)" } }
    fresh.problem = problem
    fresh.issued = issued
    fresh.hasBegun = true
    fresh.memorise(durable)
    for jid in durable.owners(.account) { fresh.accounts[jid] = AccountModel(jid, from: durable) }
    for type in Self.placeTypes {
      for jid in durable.owners(type.kind) { fresh.places[jid] = type.init(jid, from: durable, limits: configuration.limits) }
    }
    fresh.present = OrderedSet(server.accountsInMemory + Self.placeTypes.flatMap { $0.inMemory(server) })
    self = fresh
  }

  /// Takes one event that the server has handled, and looks for a difference.
  ///
  /// - Parameter durable: the rows on the disk.
  public mutating func handle(_ handled: HandledEvent, durable: MemoryDatabase) {
    guard problem == nil, !isEnding else { return }
    defer { wasFlushed = handled.server.isFlushed }
    note(handled)
    switch handled.event {
    // A server that takes leave reads no room any more, and what it says to whom is not in the documents that the model was made from.
    case .shutdown: return isEnding = true
    // Nobody is concerned who has a session.
    case .opened, .encrypted: return
    case .header(let connection, let header):
      return languages[connection] = header.element.lang.flatMap { LanguageTag.isWellFormed($0) ? $0 : nil }
    // Held outputs are let go; nothing else happens.
    case .committed(let number):
      memory.committed(number)
      pending.removeAll { $0.number.isSameOrBefore(number) }
      if handled.passed.isEmpty {
        return problem = checkDeliveries([], handled).map { "\($0) (after \(handled.event.summary))" }
      }
    default: break
    }
    mayBeFull = wasFull || handled.server.openQuestions >= configuration.limits[.inquiries]
    wasFull = handled.server.openQuestions >= configuration.limits[.inquiries]
    failure = nil
    mailbox.wall = handled.time.wall
    ended = [:]
    let before = places
    if case .commitFailed(let number) = handled.event { recover(from: number, durable) }
    let seen = ObservedState(handled.server)
    react(to: handled.event, seen, at: handled.time)
    work(at: handled.time)
    let passed = receive(handled.passed.map(\.views), at: handled.time)
    catchUp(with: seen, after: handled.event, passed, at: handled.time)
    withdraw(handled.server)
    problem = problem ?? reconcileRejections(handled.server) ?? checkCrossing(handled.server)
    problem = problem ?? disagreement(with: seen) ?? misdelivery(handled, before: before)
    problem = problem ?? checkDeliveries(mailbox.takeDeliveries(), handled)
    remember(handled)
    problem = problem.map { "\($0) (after \(handled.event.summary))" }
    present = OrderedSet(seen.accounts + seen.places)
  }

  private mutating func note(_ handled: HandledEvent) {
    (asked, written, made) = ([], [], [])
    for effect in handled.effects {
      switch effect {
      case .ask(let id, .query(let query)):
        asked.append(query)
        // The one that this event answers, or whose time it ends, still counts.
        let now = handled.time.monotonic
        questions.removeAll { $0.value.query == query && !handled.event.ends($0.key, dueAt: $0.value.deadline, now: now) }
        questions[id] = (query, now + configuration.limits[time: .inquiryTime])
        if waiting[query] == nil { waiting[query] = [] }
      case .commit(let number, let changes):
        pending.append((number, changes.map(\.owner.jid)))
        made.append(number)
        for change in changes where change.row(AccountRow.self) != nil { written.append(change.owner.jid) }
      // All hashes: keys that are to be kept, of a new account or a changed password. One: a password that is to be checked.
      case .ask(let id, .deriveKeys(let request)) where request.hashes.count > 1:
        if case .answered(let cause, _) = handled.event, case .owner(let owner)? = questions[cause]?.query {
          creations[id] = (owner.jid, handled.time.monotonic + configuration.limits[time: .inquiryTime])
        }
      default: break
      }
    }
  }

  private mutating func react(to event: Event, _ seen: ObservedState, at time: Instant) {
    switch event {
    case .stanza(let connection, let element):
      if let jid = sessions[connection] {
        send(element, as: jid, on: connection)
      } else {
        // Errands that wait for the account already come before the session, later ones after it. Which account it is, nobody has said yet.
        // A connection's last stanza before the session asks for it: an earlier one says nothing of the order of sessions.
        for query in waiting.keys.elements {
          guard case .owner(let owner) = query, owner.kind == .account else { continue }
          waiting[query]?.removeAll { if case .binding(connection) = $0 { true } else { false } }
          waiting[query]?.append(.binding(connection))
        }
      }
    case .streamEnd(let connection), .closed(let connection), .streamFailure(let connection, _): end(connection)
    case .shutdown: break
    case .answered(let id, let answer):
      if let jid = creations.removeValue(forKey: id)?.account {
        if case .keys = answer { run(.creation(jid), for: jid) }
      } else if let query = questions.removeValue(forKey: id)?.query {
        arrive(query, answer, seen, at: time)
      }
    case .deadline:
      creations.removeAll { $0.value.deadline <= time.monotonic }
      for (id, question) in questions where question.deadline <= time.monotonic {
        questions[id] = nil
        arrive(question.query, .failed("no answer"), seen, at: time)
      }
      for jid in places.keys.elements {
        places[jid]?.timePassed(time.monotonic)
        dropIfGone(jid)
      }
    case .control(_, .deleteAccount(let jid)): run(.removal(jid), for: jid)
    case .opened, .header, .encrypted, .drained, .committed, .commitFailed, .control: break
    }
  }

  mutating func end(_ connection: ConnectionID) {
    languages[connection] = nil
    guard let jid = sessions.removeValue(forKey: connection) else { return }
    accounts[jid.bare]?.ended(jid, &mailbox)
  }
}

// MARK: - Where letters go

extension ReferenceModel {
  enum Destination {
    case account, host, elsewhere
    case place(any ModelPlace.Type)
  }

  func place(of address: JID) -> Destination {
    if configuration.domains.contains(address.domain) { return address.local.isEmpty ? .host : .account }
    return Self.placeTypes.first { $0.mayBe(at: address, configuration) }.map { .place($0) } ?? .elsewhere
  }

  mutating func work(at time: Instant) {
    while true {
      if let letter = mailbox.next() {
        route(letter, at: time)
      } else if !removals.isEmpty {
        let jid = removals.removeFirst()
        run(.removal(jid), for: jid)
      } else {
        return
      }
    }
  }

  func shardIndex(of address: JID) -> Int { Server.shard(of: address, of: configuration.limits[.shards]) }

  private mutating func route(_ letter: ModelStanza, at time: Instant) {
    switch place(of: letter.to) {
    case .account, .place: if keep(letter, from: shardIndex(of: letter.from), to: shardIndex(of: letter.to)) { return }
    case .host, .elsewhere: break
    }
    deliver(letter, at: time)
  }

  mutating func deliver(_ letter: ModelStanza, at time: Instant) {
    let jid = letter.to.bare
    switch place(of: letter.to) {
    case .account:
      if present.contains(jid), accounts[jid] != nil { return receiveAtAccount(letter, nil, at: time) }
      wait(.letter(letter), for: .account(jid))
    case .place(let type):
      if present.contains(jid), places[jid] != nil { return receive(letter, at: type, time) }
      wait(.letter(letter), for: .owner(Owner(type.kind, jid)))
    case .host: if letter.element.stanzaKind == .iq { receiveRequest(letter) }
    case .elsewhere: break
    }
  }

  /// The addressee is not in memory: the server must have asked for it.
  private mutating func wait(_ errand: Errand, for key: Query) {
    guard waiting[key] != nil else {
      // A failed commit ends sessions: the model decides by the durable state who has to hear of it, and the server by the state that it
      // had; and they leave places in an order that only the server knows. A user who was told of a change that is undone now has been cut
      // off as well, and to leave a room that has gone is nothing.
      if isRecovering { return }
      // As many questions were open as may be: an errand that needed another was refused.
      if mayBeFull { return }
      // A letter that need not be sent may not have been.
      if case .letter(let letter) = errand, !letter.isOwed { return }
      problem = problem ?? "the server has something for \(key), has it not in memory, and did not ask storage for it"
      return
    }
    guard case .letter(let letter) = errand else { return waiting[key]!.append(errand) }
    var waits = dependent(letter, made: made)
    // Of sessions that a failed commit ends the server writes to whom it knew, and the model to whom the durable state names (see above).
    if isRecovering { waits.isOwed = false }
    waiting[key]!.append(.letter(waits))
  }

  func isAwaited(_ key: Query) -> Bool { waiting[key] != nil }

  private mutating func arrive(_ key: Query, _ answer: Answer, _ seen: ObservedState, at time: Instant) {
    let isFailure = if case .failed = answer { true } else { false }
    let errands = waiting.removeValue(forKey: key) ?? []
    // It is asked for again where it was gone again before the event ended.
    if asked.contains(key) { waiting[key] = [] }
    // A user who asked for something that storage can't give is told so; nothing is changed.
    if isFailure { return }
    guard case .owner(let owner) = key else { return }
    let jid = owner.jid
    let stored: OwnerRows? = if case .result(.owner(let rows)) = answer { rows } else { nil }
    present.append(jid)
    switch owner.kind {
    case .account:
      let isThere = stored?.isThere(in: .server) ?? false
      if isThere != (accounts[jid] != nil) {
        problem = problem ?? "storage has \(isThere ? "an" : "no") account \(jid), and there is \(isThere ? "none" : "one")"
      }
    case .host: break
    default:
      places[jid]?.loaded()
      places[jid]?.settle(isInMemory: true, &mailbox)
      dropIfGone(jid)
    }
    var hasJustGone = false
    for errand in errands {
      // An errand behind the end of an account waits for another load, which reads what the account has left.
      if hasJustGone {
        // Of a binding it is not known whether it waited for this account.
        if case .binding = errand, waiting[key] == nil { continue }
        wait(errand, for: key)
        continue
      }
      switch (errand, owner.kind) {
      case (.letter(let letter), .account): receiveAtAccount(letter, stored, at: time)
      case (.letter(let letter), let kind):
        if let type = Self.placeTypes.first(where: { $0.kind == kind }) { receive(letter, at: type, time) }
      case (.creation(let jid), _): create(jid)
      case (.removal(let jid), _):
        hasJustGone = accounts[jid] != nil
        dissolve(jid)
      case (.binding(let connection), .account): seen.sessions[jid]?.first { $0.connection == connection }.map { adopt($0) }
      case (.binding, _): break
      }
    }
  }

  /// Does what concerns an account as such, as soon as it is in memory.
  private mutating func run(_ errand: Errand, for account: JID) {
    guard present.contains(account), accounts[account] != nil else { return wait(errand, for: .account(account)) }
    if case .removal = errand { dissolve(account) } else { create(account) }
  }

  /// - Parameter rows: what storage has of the account, if it was asked for it.
  private mutating func receiveAtAccount(_ letter: ModelStanza, _ rows: OwnerRows?, at time: Instant) {
    guard accounts[letter.to.bare] != nil else {
      let rows = rows ?? OwnerRows(.account(letter.to.bare))
      for feature in SimulatedFeature.all { feature.absentAccountAnswers?(letter, rows, configuration, time).forEach { mailbox.send($0) } }
      return
    }
    if receiveFromPlace(letter) { return }
    if letter.element.stanzaKind == .iq {
      if letter.to.isBare, letter.from.bare == letter.to { receiveRequest(letter) }
    } else {
      accounts[letter.to.bare]?.receive(letter, &mailbox)
    }
  }

  /// Takes a request of a user to the own server.
  private mutating func receiveRequest(_ letter: ModelStanza) {
    let owner = letter.from.bare
    guard let payload = letter.element.firstChild else { return }
    let request = AccountRequest(session: letter.from, type: letter.element.type, payload: payload, isToAccount: letter.to == owner)
    if accounts[owner]?.answer(request, &mailbox) ?? false { removals.append(owner) }
  }

  private mutating func receive(_ letter: ModelStanza, at type: any ModelPlace.Type, _ time: Instant) {
    let jid = letter.to.bare
    if places[jid] == nil {
      places[jid] = type.init(madeBy: letter, at: time, &mailbox)
      if places[jid] == nil { type.refuse(letter, &mailbox) }
    } else {
      places[jid]?.receive(letter, &mailbox)
    }
    dropIfGone(jid)
  }

  private mutating func dropIfGone(_ place: JID) {
    guard let there = places[place], there.isGone else { return }
    places[place] = nil
    ended[place] = there
  }

  private mutating func create(_ account: JID) {
    if accounts[account] == nil, written.contains(account) { accounts[account] = AccountModel(account) }
  }

  /// Removes an account (XEP-0077, 3.2). A later owner of the name must not inherit its affiliations anywhere.
  private mutating func dissolve(_ account: JID) {
    guard accounts[account] != nil else { return }
    accounts[account]?.dissolve(&mailbox)
    accounts[account] = nil
    for (connection, jid) in sessions where jid.bare == account { end(connection) }
    forgetAffiliations(of: account, shard: shardIndex(of: account))
  }

  /// The places of a shard forget what they were to an account that is gone.
  mutating func forgetAffiliations(of account: JID, shard: Int) {
    for jid in places.keys.elements where shardIndex(of: jid) == shard {
      guard places[jid]?.forget(account) ?? false else { continue }
      // The one record says it of all places, and takes all of them down with it.
      if let last = pending.lastIndex(where: { $0.number.shard == shard }) { pending[last].touched.append(jid) }
      places[jid]?.settle(isInMemory: present.contains(jid), &mailbox)
      dropIfGone(jid)
    }
  }
}
