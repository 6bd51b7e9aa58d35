internal import ServerCore
internal import Storage
internal import XML

/// A planted bug at work. It strikes at every so many chances.
struct Mutant: Sendable {
  let kind: Mutation.Kind
  private let answer: (@Sendable (QueryResult) -> QueryResult)?
  private var chances = 0
  private var held: Action?
  private var lastConnection: ConnectionID?
  private var otherConnection: ConnectionID?
  private var heldChanges: [Change] = []
  /// The stream that ended because of what its client wrote.
  private var rubbish: ConnectionID?

  init(_ mutation: Mutation) {
    kind = mutation.kind
    answer = mutation.answer
  }

  mutating func shouldInject(oneIn count: Int) -> Bool {
    chances += 1
    return chances % count == 0
  }

  // MARK: Actions

  /// The effects of one event, in another order.
  func reorder(_ actions: [Action]) -> [Action] {
    guard kind == .hashOrder else { return actions }
    return Set(actions.indices).map { actions[$0] }
  }

  /// The actions that are done instead.
  mutating func distort(_ action: Action) -> [Action] {
    if case .write(let connection, let bytes) = action { return distortWrite(connection, bytes) }
    switch (kind, action) {
    case (.readingNotResumed, .read(_, true)), (.hungDiskEndured, .giveUp): return []
    default: return [action]
    }
  }

  private mutating func distortWrite(_ connection: ConnectionID, _ bytes: [UInt8]) -> [Action] {
    let text = String(decoding: bytes, as: UTF8.self)
    if kind == .rubbishDeafens, rubbish == nil, text.contains("<not-well-formed") { rubbish = connection }
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

  /// The inputs that are heard instead.
  mutating func distort(_ input: Input) -> [Input] {
    switch (kind, input) {
    case (.byteLost, .bytes(let connection, let bytes)):
      return shouldInject(oneIn: 40) ? [.bytes(connection, bytes.dropLast())] : [input]
    case (.rubbishDeafens, .bytes(let connection, _)):
      return rubbish == nil || connection == rubbish ? [input] : []
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

  /// The answer that storage gives instead.
  mutating func distort(_ result: QueryResult) -> QueryResult {
    switch (kind, result) {
    case (.loadEmpty, .owner(let rows)) where rows?.holds(AccountRow.self) ?? true: return shouldInject(oneIn: 6) ? .owner(nil) : result
    case (.disabledForgotten, .owner(var rows?)):
      for table in rows.tables.indices where rows.tables[table].table == AccountRow.table.name {
        rows.tables[table].rows = rows.tables[table].rows.map { _ in AccountRow(isDisabled: false).values }
      }
      return .owner(rows)
    default: return answer?(result) ?? result
    }
  }
}

extension OwnerRows {
  fileprivate func holds<Row: StoredRow>(_: Row.Type) -> Bool { tables.contains { $0.table == Row.table.name } }
}
