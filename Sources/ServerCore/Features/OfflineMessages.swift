internal import OrderedCollections
public import Storage
public import XML
internal import XMPP

/// A message that waits for its addressee. Sequence numbers grow within an account.
public struct OfflineMessage: StoredRow {
  public var sequence: Int64
  public var stanza: Element
  public init(sequence: Int64, stanza: Element) {
    self.sequence = sequence
    self.stanza = stanza
  }

  public static let table = StoredTable(
    "offline", owner: .account, key: [.integer("sequence")], columns: [.xml("stanza")], residency: .summarised)
  public var values: [ColumnValue] { [.integer(sequence), .xml(stanza)] }
  public init(_ row: inout RowReader) throws(RowProblem) { self.init(sequence: try row.integer(), stanza: try row.xml()) }

  /// The sequence number in a key; 0 if there is none.
  static func sequence(_ key: [ColumnValue]?) -> Int64 {
    guard case .integer(let sequence)? = key?.first else { return 0 }
    return sequence
  }
}

/// Messages that wait until somebody is there: XEP-0160 with stamps of XEP-0203, and RFC 6121, 8.5.2.2.
enum OfflineMessages {
  static let feature = Feature(
    xep: 160, version: "1.0.1", name: "Offline Messages", tables: [OfflineMessage.table], marks: [OfflineMark.self],
    limits: [.offlineMessages, .offlineBytes], settings: [.offlineMessages])

  /// All of an account's messages: `offline_bytes` bounds them.
  static func query(_ account: JID) -> Query {
    var query = RowQuery(OfflineMessage.self, of: account)
    query.rowLimit = nil
    query.byteLimit = nil
    return .rows(query)
  }
}

extension Shard {
  mutating func offlineLoaded(_ jid: JID, _ inquiry: InquiryID, _ answer: Answer, _ transaction: inout Transaction) {
    // An account that came back into memory meanwhile has asked again: the same messages would be handed over twice.
    guard accounts[jid]?.entity?.offlineInquiry?.id == inquiry else { return transaction.reach(ActivationMark.loadOfflineTooLate) }
    var messages: [OfflineMessage] = []
    do throws(RowProblem) {
      guard case .result(.page(let page)) = answer else { throw RowProblem("messages can't be read") }
      messages = try page.rows(OfflineMessage.self).map(\.row)
    } catch {
      if case .result = answer { transaction.outputs.append(.log(.error, "storage: \(jid): \(error)")) }
      transaction.reach(ActivationMark.loadOfflineFailed)
    }
    accounts[jid]!.entity!.offlineLoaded(messages, &transaction)
    // Its last session may have ended while it waited.
    wake(.account(jid), at: transaction.now.monotonic + configuration.limits[time: .idleTime])
  }
}

/// The question for an account's stored messages.
struct OfflineInquiry: Sendable, Codable {
  var id: InquiryID
  /// The session that gets them. While it waits, later messages line up behind.
  var resource: Text
}

extension Account {
  mutating func storeOffline(_ stanza: Stanza, _ transaction: inout Transaction) {
    // XEP-0160, 3. Nobody is to be told of it, either.
    guard !stanza.element.isOnlyStates else { return transaction.reach(OfflineMark.offlineNotWorthKeeping) }
    let limits = transaction.configuration.limits
    var message = stanza.element.delayed(from: jid.domain, at: transaction.now.wall)
    message["from"] = stanza.from.text
    message["to"] = stanza.to.text
    // In bytes too: all of it will stand in one outbox.
    let size = message.stored.count
    let isFull = offlineCount >= limits[.offlineMessages]
    guard transaction.configuration[flag: .offlineMessages], !isFull, offlineBytes + size <= limits[.offlineBytes] else {
      transaction.reach(
        !transaction.configuration[flag: .offlineMessages] ? OfflineMark.offlineOff : isFull ? .offlineFull : .offlineBytesFull)
      return refuseToKeep(stanza, StanzaError(.serviceUnavailable), &transaction)
    }
    transaction.reach(OfflineMark.offlineStored)
    lastOffline += 1
    offlineCount += 1
    offlineBytes += size
    transaction.persist(.put(OfflineMessage(sequence: lastOffline, stanza: message), of: jid))
  }

  /// There is no room for a message. A receipt or a marker is dropped without a word: its sender did not ask for anything, and could do nothing.
  private func refuseToKeep(_ stanza: Stanza, _ error: StanzaError, _ transaction: inout Transaction) {
    guard !stanza.element.isOnlySignals else { return transaction.reach(OfflineMark.offlineSignalDropped) }
    transaction.bounce(stanza, error)
  }

  /// A session became able to take messages: what waited is its.
  mutating func offerOffline(to session: Session, _ transaction: inout Transaction) {
    guard offlineCount > 0, offlineInquiry == nil, session.priority >= 0 else { return }
    offlineInquiry = transaction.ask(.query(OfflineMessages.query(jid)), .offlineMessages(jid)).map {
      OfflineInquiry(id: $0, resource: session.jid.resource)
    }
  }

  /// Whether messages must wait, or they would overtake older ones that are on their way from storage.
  var mustQueueBehindOffline: Bool { offlineInquiry != nil }

  /// The line is as long as what may be stored: all of it may have to be.
  mutating func queueBehindOffline(_ stanza: Stanza, _ transaction: inout Transaction) {
    let limits = transaction.configuration.limits
    let size = stanza.element.stored.count
    let isFull = queuedBehindOffline.count >= limits[.offlineMessages]
    guard !isFull, linedUpBytes + size <= limits[.offlineBytes] else {
      transaction.reach(isFull ? OfflineMark.offlineLineFull : .offlineLineBytesFull)
      return refuseToKeep(stanza, StanzaError(.resourceConstraint), &transaction)
    }
    queuedBehindOffline.append(transaction.reach(OfflineMark.offlineLinedUp, stanza))
    linedUpBytes += size
  }

  /// Storage answered: what it has is handed over, then what lined up behind.
  mutating func offlineLoaded(_ messages: [OfflineMessage], _ transaction: inout Transaction) {
    guard let resource = offlineInquiry?.resource else { return }
    offlineInquiry = nil
    let waiting = sessions[resource].flatMap { $0.presence != nil && $0.priority >= 0 ? $0 : nil }
    if let session = waiting ?? available.first(where: { $0.priority >= 0 }) {
      if waiting == nil { transaction.reach(OfflineMark.offlineTakerGone) }
      handOver(messages, to: session, &transaction)
    } else {
      transaction.reach(OfflineMark.offlineNobodyLeft)
    }
    let line = queuedBehindOffline
    queuedBehindOffline = []
    linedUpBytes = 0
    if !line.isEmpty { transaction.reach(OfflineMark.offlineLineReleased) }
    // From the beginning: the sender may have been blocked meanwhile.
    for stanza in line { receive(stanza, &transaction) }
  }

  private mutating func handOver(_ messages: [OfflineMessage], to session: Session, _ transaction: inout Transaction) {
    guard let last = messages.last else { return transaction.reach(OfflineMark.offlineNothingThere) }
    for message in messages {
      guard let from = message.stanza["from"].flatMap({ JID($0) }), let to = message.stanza["to"].flatMap({ JID($0) }) else { continue }
      var stanza = message.stanza
      stanza["from"] = nil
      stanza["to"] = nil
      if isBlocked(from) {
        transaction.reach(BlockingMark.blockedStored)
        // Blocked since it was sent.
        refuseBlocked(Stanza(stanza, from: from, to: to), &transaction)
      } else {
        transaction.deliver(Stanza(stanza, from: from, to: to), to: session)
      }
    }
    // Handed over with the same commit that forgets them: a crash before it leaves both undone.
    transaction.persist(.deleteRange(OfflineMessage.self, .through(.integer(last.sequence)), of: jid))
    offlineCount = max(0, offlineCount - messages.count)
    offlineBytes = offlineCount == 0 ? 0 : max(0, offlineBytes - messages.reduce(0) { $0 + $1.stanza.stored.count })
    if offlineCount > 0 { transaction.reach(OfflineMark.offlineMoreStored) }
    // What was stored since the question was asked comes next.
    offerOffline(to: session, &transaction)
  }
}

extension Element {
  private static let chatStates: Text = "http://jabber.org/protocol/chatstates"
  /// Receipts (XEP-0184), chat markers (XEP-0333), and what may stand beside them: hints (XEP-0334) and ids (XEP-0359).
  private static let signals: [Text] = [chatStates, "urn:xmpp:receipts", "urn:xmpp:chat-markers:0", NS.hints, "urn:xmpp:sid:0"]

  /// Whether the message says no more than what its sender does at the moment (XEP-0085), or nothing: of no use later.
  var isOnlyStates: Bool {
    children.allSatisfy { $0.has(name: "thread") || $0.has(namespace: Element.chatStates) || $0.has(namespace: NS.hints) }
  }

  /// Whether a program sent the message to say that another arrived or was read, and there is nothing in it for a person. (A receipt or a
  /// marker that is only asked for stands beside what it is for.)
  var isOnlySignals: Bool {
    children.allSatisfy { child in
      // Of events (XEP-0022) nobody needs to hear either.
      child.has(name: "thread") || child.has(namespace: "jabber:x:event") || Element.signals.contains { child.has(namespace: $0) }
    }
  }
}
