internal import OrderedCollections
internal import Storage
internal import XML
internal import XMPP

/// Messages that wait until somebody is there: XEP-0160 with stamps of XEP-0203, and RFC 6121, 8.5.2.2.
enum OfflineMessages {
  static let feature = Feature(
    xep: 160, version: "1.0.1", name: "Offline Messages", hostFeatures: ["msgoffline"],
    isOn: { $0[flag: .offlineMessages] }, tables: [OfflineMessage.table], marks: [OfflineMark.self],
    limits: [.offlineMessages, .offlineBytes], settings: [.offlineMessages], accountState: OfflineState.self,
    hooks: Hooks(needState: true, accountAnswered: loaded, messageAccepted: queue, messageUntaken: store, presenceBroadcast: offer))

  /// All of an account's messages: `offline_bytes` bounds them.
  private static func query(_ account: JID) -> RowQuery {
    var query = RowQuery(OfflineMessage.self, of: account)
    query.rowLimit = nil
    query.byteLimit = nil
    return query
  }

  private static func store(_ account: inout Account, _ stanza: Stanza, _ transaction: inout Transaction) -> Bool {
    // XEP-0160, 3. Nobody is to be told of it, either.
    guard !stanza.element.isOnlyStates else { return transaction.reach(OfflineMark.offlineNotWorthKeeping, true) }
    let limits = transaction.configuration.limits
    var message = stanza.element.delayed(from: account.jid.domain, at: transaction.now.wall)
    message["from"] = stanza.from.text
    message["to"] = stanza.to.text
    // In bytes too: all of it will stand in one outbox.
    let size = message.stored.count
    let state = account.states[OfflineState.self]
    let isFull = state.count >= limits[.offlineMessages]
    guard transaction.configuration[flag: .offlineMessages], !isFull, state.bytes + size <= limits[.offlineBytes] else {
      transaction.reach(
        !transaction.configuration[flag: .offlineMessages] ? OfflineMark.offlineOff : isFull ? .offlineFull : .offlineBytesFull)
      refuseToKeep(stanza, StanzaError(.serviceUnavailable), &transaction)
      return true
    }
    transaction.reach(OfflineMark.offlineStored)
    account.states[OfflineState.self].add(size)
    transaction.persist(.put(OfflineMessage(sequence: state.last + 1, stanza: message), of: account.jid))
    return true
  }

  /// There is no room for a message. A receipt or a marker is dropped without a word: its sender did not ask for anything, and could do nothing.
  private static func refuseToKeep(_ stanza: Stanza, _ error: StanzaError, _ transaction: inout Transaction) {
    guard !stanza.element.isOnlySignals else { return transaction.reach(OfflineMark.offlineSignalDropped) }
    transaction.bounce(stanza, error)
  }

  /// A session became able to take messages: what waited is its. A session that could take messages before may find some, too: storage may not
  /// have answered when they were asked for.
  private static func offer(_ account: inout Account, _ session: Session, _ transaction: inout Transaction) {
    let state = account.states[OfflineState.self]
    guard state.count > 0, state.inquiry == nil, session.priority >= 0 else { return }
    account.states[OfflineState.self].inquiry = transaction.ask(.query(.rows(query(account.jid))), .accountRows(query(account.jid))).map {
      OfflineInquiry(id: $0, resource: session.jid.resource)
    }
  }

  /// While stored messages are on their way, later ones must wait, or they would overtake them. The queue is as long as what may be stored: all
  /// of it may have to be.
  private static func queue(_ account: inout Account, _ stanza: Stanza, _ transaction: inout Transaction) -> Bool {
    let state = account.states[OfflineState.self]
    guard state.inquiry != nil else { return false }
    let limits = transaction.configuration.limits
    let size = stanza.element.stored.count
    let isFull = state.queue.count >= limits[.offlineMessages]
    guard !isFull, state.queuedBytes + size <= limits[.offlineBytes] else {
      transaction.reach(isFull ? OfflineMark.offlineLineFull : .offlineLineBytesFull)
      refuseToKeep(stanza, StanzaError(.resourceConstraint), &transaction)
      return true
    }
    account.states[OfflineState.self].enqueue(transaction.reach(OfflineMark.offlineLinedUp, stanza), size)
    return true
  }

  /// Storage answered: what it has is handed over, then what was queued behind.
  private static func loaded(_ account: inout Account, _ id: InquiryID, _ answer: Answer, _ transaction: inout Transaction) {
    // An account that came back into memory meanwhile has asked again: the same messages would be handed over twice.
    guard let inquiry = account.states[OfflineState.self].inquiry, inquiry.id == id else {
      return transaction.reach(OfflineMark.offlineLoadTooLate)
    }
    let messages = messages(answer, of: account.jid, &transaction)
    account.states[OfflineState.self].inquiry = nil
    let waiting = account.sessions[inquiry.resource].flatMap { $0.presence != nil && $0.priority >= 0 ? $0 : nil }
    if let session = waiting ?? account.available.first(where: { $0.priority >= 0 }) {
      if waiting == nil { transaction.reach(OfflineMark.offlineTakerGone) }
      handOver(messages, of: &account, to: session, &transaction)
    } else {
      transaction.reach(OfflineMark.offlineNobodyLeft)
    }
    let queue = account.states[OfflineState.self].takeQueue()
    if !queue.isEmpty { transaction.reach(OfflineMark.offlineLineReleased) }
    // From the beginning: meanwhile the account may have come to refuse what the sender says.
    for stanza in queue { account.receive(stanza, &transaction) }
  }

  /// None, if they can't be read: they stay where they are.
  private static func messages(_ answer: Answer, of account: JID, _ transaction: inout Transaction) -> [OfflineMessage] {
    do throws(RowProblem) {
      guard case .result(.page(let page)) = answer else { throw RowProblem("messages can't be read") }
      return try page.rows(OfflineMessage.self).map(\.row)
    } catch {
      if case .result = answer { transaction.outputs.append(.log(.error, "storage: \(account): \(error)")) }
      return transaction.reach(OfflineMark.offlineLoadFailed, [])
    }
  }

  private static func handOver(
    _ messages: [OfflineMessage], of account: inout Account, to session: Session, _ transaction: inout Transaction
  ) {
    guard let last = messages.last else { return transaction.reach(OfflineMark.offlineNothingThere) }
    for message in messages {
      guard let from = message.stanza["from"].flatMap({ JID($0) }), let to = message.stanza["to"].flatMap({ JID($0) }) else { continue }
      var element = message.stanza
      element["from"] = nil
      element["to"] = nil
      let stanza = Stanza(element, from: from, to: to)
      // Since the message was sent, the account may have come to refuse what its sender says.
      if account.intercepts(stanza, &transaction) {
        transaction.reach(OfflineMark.offlineIntercepted)
      } else {
        transaction.deliver(stanza, to: session)
      }
    }
    // Handed over with the same commit that forgets them: a crash before it leaves both undone.
    transaction.persist(.deleteRange(OfflineMessage.self, .through(.integer(last.sequence)), of: account.jid))
    account.states[OfflineState.self].remove(messages)
    if account.states[OfflineState.self].count > 0 { transaction.reach(OfflineMark.offlineMoreStored) }
    // Messages that were stored since the question was asked come next.
    offer(&account, session, &transaction)
  }
}

extension OfflineState {
  fileprivate mutating func add(_ size: Int) {
    last += 1
    count += 1
    bytes += size
  }

  fileprivate mutating func remove(_ messages: [OfflineMessage]) {
    count = max(0, count - messages.count)
    bytes = count == 0 ? 0 : max(0, bytes - messages.reduce(0) { $0 + $1.stanza.stored.count })
  }

  fileprivate mutating func enqueue(_ stanza: Stanza, _ size: Int) {
    queue.append(stanza)
    queuedBytes += size
  }

  fileprivate mutating func takeQueue() -> [Stanza] {
    defer { (queue, queuedBytes) = ([], 0) }
    return queue
  }
}
