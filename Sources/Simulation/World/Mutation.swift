internal import ServerCore
internal import Storage
internal import XML

/// Bugs that are planted at the server's boundary, to see whether a campaign finds them: a simulator that finds none of them proves
/// nothing by being green.
public enum Mutation: String, CaseIterable, Sendable {
  // What the server writes.
  case writeDropped, writeDoubled, writesSwapped, writeMisdirected, writeLeaked, writeTruncated, writeEscapedTwice, senderBared,
    senderForged
  case presenceLeaked, errorSwallowed
  // What it hears.
  case byteLost, splitMatters, endUnheard, acceptanceUnheard, readingNotResumed, handshakeUnheard, deadlineUnheard
  // What it stores.
  case commitUnwritten, recordDropped, deletionDropped, recordsSwapped, failureUnheard, syncPromised, crashForgets, transactionTorn
  // What it reads back.
  case loadStale, loadEmpty, offlineEmpty, offlineDoubled, blocklistUnread
  // What only two processes show.
  case hashOrder
  // What ends the process.
  case processTraps
  /// Does nothing: what is reported with it is the simulator's own fault.
  case none

  public var summary: String {
    switch self {
    case .writeDropped: "a stanza is not written"
    case .writeDoubled: "a stanza is written twice"
    case .writesSwapped: "two stanzas for a client change places"
    case .writeMisdirected: "a stanza is written to somebody else"
    case .writeLeaked: "a stanza is written to somebody else too"
    case .writeTruncated: "the last byte of a write is lost"
    case .writeEscapedTwice: "text is escaped twice"
    case .senderBared: "a message comes from the bare address"
    case .senderForged: "a message comes from another user"
    case .presenceLeaked: "presence goes to a stranger too"
    case .errorSwallowed: "an error is not written"
    case .byteLost: "a byte that was received is lost"
    case .splitMatters: "a byte that comes alone is read twice"
    case .endUnheard: "the end of a connection is not noticed"
    case .acceptanceUnheard: "it is not noticed that written bytes were accepted"
    case .readingNotResumed: "a connection that was not read from is never read from again"
    case .handshakeUnheard: "a complete handshake is not noticed"
    case .deadlineUnheard: "no time-out ever comes"
    case .commitUnwritten: "a commit is confirmed and was never written"
    case .recordDropped: "a record of a commit is not written"
    case .deletionDropped: "what is deleted stays"
    case .recordsSwapped: "two commits are written in the wrong order"
    case .failureUnheard: "a failed commit is taken for a good one"
    case .syncPromised: "a commit is confirmed before it is on the disk"
    case .crashForgets: "a crash loses the last durable commit"
    case .transactionTorn: "a crash keeps half of a commit"
    case .loadStale: "a load does not see the commits before it"
    case .loadEmpty: "an account that is there is not found"
    case .offlineEmpty: "stored messages are not found"
    case .offlineDoubled: "stored messages are found twice"
    case .blocklistUnread: "the blocklist is not read"
    case .hashOrder: "what is done for one event is done in the order of a hash table"
    case .processTraps: "the process traps at every third message"
    case .none: "nothing is wrong"
    }
  }

  /// Those that one process can find, and tell of.
  public static var findable: [Mutation] { allCases.filter { $0 != .hashOrder && $0 != .processTraps } }
}

/// A planted bug at work. It strikes at every so many chances.
struct Mutant: Sendable {
  let kind: Mutation
  private var chances = 0
  private var held: Action?
  private var lastConnection: ConnectionID?
  private var otherConnection: ConnectionID?
  private var heldChanges: [Change] = []

  init(_ kind: Mutation) { self.kind = kind }

  mutating func shouldInject(oneIn count: Int) -> Bool {
    chances += 1
    return chances % count == 0
  }

  // MARK: Actions

  /// What is done for one event, in another order.
  func reorder(_ actions: [Action]) -> [Action] {
    guard kind == .hashOrder else { return actions }
    return Set(actions.indices).map { actions[$0] }
  }

  /// What is done instead.
  mutating func distort(_ action: Action) -> [Action] {
    if case .write(let connection, let bytes) = action { return distortWrite(connection, bytes) }
    switch (kind, action) {
    case (.readingNotResumed, .read(_, true)): return []
    default: return [action]
    }
  }

  private mutating func distortWrite(_ connection: ConnectionID, _ bytes: [UInt8]) -> [Action] {
    let text = String(decoding: bytes, as: UTF8.self)
    let isStanza = ["<message", "<presence", "<iq"].contains { text.hasPrefix($0) }
    let write = Action.write(connection, bytes)
    guard isStanza else { return [write] }
    if connection != lastConnection { (otherConnection, lastConnection) = (lastConnection, connection) }
    func with(_ replacement: String) -> [Action] { [.write(connection, Array(replacement.utf8))] }
    switch kind {
    case .writeDropped: return text.hasPrefix("<message") && shouldInject(oneIn: 9) ? [] : [write]
    case .writeDoubled: return text.hasPrefix("<message") && shouldInject(oneIn: 9) ? [write, write] : [write]
    case .writesSwapped: return swap(connection, write)
    case .writeMisdirected:
      return text.hasPrefix("<message") && shouldInject(oneIn: 9) ? [.write(otherConnection ?? connection, bytes)] : [write]
    case .writeLeaked:
      return text.hasPrefix("<message") && shouldInject(oneIn: 9) ? [write, .write(otherConnection ?? connection, bytes)] : [write]
    case .presenceLeaked:
      return text.hasPrefix("<presence from") && shouldInject(oneIn: 9) ? [write, .write(otherConnection ?? connection, bytes)] : [write]
    case .writeTruncated: return shouldInject(oneIn: 50) ? [.write(connection, bytes.dropLast())] : [write]
    case .writeEscapedTwice: return shouldInject(oneIn: 5) ? with(text.replacing("&amp;", with: "&amp;amp;")) : [write]
    case .senderBared: return text.hasPrefix("<message") ? with(text.replacing("@localhost/d0' to=", with: "@localhost' to=")) : [write]
    case .senderForged: return text.hasPrefix("<message") ? with(text.replacing("from='user0@", with: "from='user1@")) : [write]
    case .errorSwallowed: return text.hasPrefix("<message type='error'") && shouldInject(oneIn: 3) ? [] : [write]
    default: return [write]
    }
  }

  private mutating func swap(_ connection: ConnectionID, _ write: Action) -> [Action] {
    if case .write(let earlier, _)? = held {
      defer { held = nil }
      return earlier == connection ? [write, held!] : [held!, write]
    }
    guard shouldInject(oneIn: 20) else { return [write] }
    held = write
    return []
  }

  /// By how many bytes less is written to the connection than the server believes: its system would have accepted them.
  func debt(of action: Action, for distorted: [Action]) -> (ConnectionID, Int)? {
    guard case .write(let connection, let bytes) = action else { return nil }
    let written = distorted.reduce(0) { sum, action in
      if case .write(connection, let bytes) = action { sum + bytes.count } else { sum }
    }
    return written < bytes.count ? (connection, bytes.count - written) : nil
  }

  // MARK: Inputs

  /// What is heard instead.
  mutating func distort(_ input: Input) -> [Input] {
    switch (kind, input) {
    case (.byteLost, .bytes(let connection, let bytes)):
      return shouldInject(oneIn: 40) ? [.bytes(connection, bytes.dropLast())] : [input]
    case (.splitMatters, .bytes(let connection, let bytes)):
      return bytes.count == 1 && (0x61...0x7A).contains(bytes[0]) ? [.bytes(connection, bytes + bytes)] : [input]
    case (.endUnheard, .closed): return shouldInject(oneIn: 2) ? [] : [input]
    case (.acceptanceUnheard, .accepted), (.deadlineUnheard, .deadline): return []
    case (.handshakeUnheard, .encrypted): return shouldInject(oneIn: 4) ? [] : [input]
    case (.failureUnheard, .commitFailed(let first)): return [.committed(through: first)]
    default: return [input]
    }
  }

  /// To be called when the engine takes the input, behind whatever else hears of it.
  mutating func trap(at input: Input) {
    guard kind == .processTraps, case .bytes(_, let bytes) = input else { return }
    let isMessage = String(decoding: bytes, as: UTF8.self).contains("<message")
    precondition(!(isMessage && shouldInject(oneIn: 3)), "a trap that was planted")
  }

  // MARK: Storage

  /// The changes that are written instead of these.
  mutating func distort(_ changes: [Change]) -> [Change] {
    switch kind {
    case .commitUnwritten: return shouldInject(oneIn: 5) ? [] : changes
    case .recordDropped: return shouldInject(oneIn: 5) ? Array(changes.dropLast()) : changes
    case .deletionDropped:
      return changes.filter { change in
        switch change {
        case .delete(let table, _, _): table != RosterItem.table.name
        case .deleteRange(let table, _, _): table != OfflineMessage.table.name
        case .deleteOwner(let owner): owner.kind != .room
        case .put: true
        }
      }
    case .recordsSwapped:
      if heldChanges.isEmpty, shouldInject(oneIn: 3) {
        heldChanges = changes
        return []
      }
      defer { heldChanges = [] }
      return changes + heldChanges
    default: return changes
    }
  }

  /// What storage answers instead.
  mutating func distort(_ result: QueryResult) -> QueryResult {
    switch (kind, result) {
    case (.loadEmpty, .owner(let rows)) where rows?.holds(AccountRow.self) ?? true: return shouldInject(oneIn: 6) ? .owner(nil) : result
    case (.offlineEmpty, .page(var page)) where page.table == OfflineMessage.table.name:
      page.entries = []
      return .page(page)
    case (.offlineDoubled, .page(var page)) where page.table == OfflineMessage.table.name:
      page.entries += page.entries
      return .page(page)
    case (.blocklistUnread, .owner(var rows?)):
      rows.tables.removeAll { $0.table == BlockedAddress.table.name }
      return .owner(rows)
    default: return result
    }
  }
}

extension OwnerRows {
  fileprivate func holds<Row: StoredRow>(_: Row.Type) -> Bool { tables.contains { $0.table == Row.table.name } }
}
