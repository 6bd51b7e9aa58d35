internal import XML
internal import XMPP

/// Everything between the bytes of one connection and its stanzas that is not a system call: the parser with its limits, and the
/// outbox with its account of what the other side has not yet taken.
struct Connection: Sendable, Codable {
  var parser: StreamParser
  /// The server wants no further events from here for now.
  var isPaused = false
  /// Nothing more is read from or written to it; what it was handed before may still be on its way.
  private(set) var isDead = false
  /// Its connection may have something to do since the last flush.
  private var isDirty = false
  /// Serialised and not yet handed to the connection.
  private var outbox: [UInt8] = []
  /// Handed to the connection and not yet accepted by the system.
  private var inFlight = 0
  /// The close of the connection or the start of TLS, which follows once the outbox has been handed over.
  private var ending: Ending?
  private enum Ending: Codable {
    case startTLS(TLSStart)
    case close
  }
  private(set) var isReading = true
  /// Its peer spoke faster than it may, and is not heard for a while.
  private(set) var isHeld = false
  /// Until when what the peer has said is paid for: see `RateLimit`.
  private var paidUntil = RateLimit.nothingPaid

  /// The server wants to know when the system has taken everything.
  private let tellsWhenDrained: Bool

  /// All but what is never so when a snapshot is taken.
  private enum CodingKeys: CodingKey {
    case parser, isPaused, isDead, outbox, inFlight, ending, isReading, isHeld, paidUntil, tellsWhenDrained
  }

  init(limits: StreamLimits, role: StreamRole) {
    let isClient = role == .client
    parser = StreamParser(
      limits: limits, contentAlias: isClient ? nil : StreamParser.ContentAlias(declared: role.contentNamespace, read: NS.client))
    tellsWhenDrained = role == .outgoingServer
  }

  /// The server wants to know, and the system has taken everything.
  var isDrained: Bool { tellsWhenDrained && backlog == 0 && !isDead }

  /// Bytes that this connection holds for a peer that has not taken them.
  var backlog: Int { outbox.count + inFlight }

  /// Notes that there may be something to do; `false` if that was known.
  mutating func dirty() -> Bool {
    defer { isDirty = true }
    return !isDirty
  }

  /// Takes what came in; `false` if nothing is read from here any more.
  mutating func receive(_ bytes: [UInt8]) -> Bool {
    guard !isDead else { return false }
    parser.feed(bytes)
    return true
  }

  /// Counts what the peer has said. Returns until when it is held back, if it has just become too much.
  mutating func charge(_ cost: Int, _ rateLimit: RateLimit, at now: Int64) -> Int64? {
    guard !isDead else { return nil }
    paidUntil = rateLimit.paidUntil(after: paidUntil, adding: cost, at: now)
    guard paidUntil > now, !isHeld else { return nil }
    isHeld = true
    return paidUntil
  }

  /// The time has come to hear the peer again; or when it will have, if more came meanwhile that had been read already.
  mutating func release(at now: Int64) -> Int64? {
    if paidUntil > now { return paidUntil }
    isHeld = false
    return nil
  }

  /// Until when it is held, if it is.
  var heldUntil: Int64? { isHeld ? paidUntil : nil }

  /// The parser's next event, if there is one; none while the connection is paused, or once it is dead.
  mutating func next(using pool: ParserPool) -> StreamParser.Event? { isPaused || isDead ? nil : parser.next(using: pool) }

  /// A stanza that is all there but for its addresses, which go in at `splice`; where it is from has been written.
  mutating func append(_ stanza: [UInt8], splice: Int, from: [UInt8], to address: JID?) {
    // For the first of a turn; where more come, the array grows as arrays do.
    if outbox.isEmpty { outbox.reserveCapacity(stanza.count + from.count + 64) }
    outbox.append(contentsOf: stanza[..<splice])
    outbox.append(contentsOf: from)
    if let address { Writer.writeAttribute("to", address.bareText, slash: address.resource, into: &outbox) }
    outbox.append(contentsOf: stanza[splice...])
  }

  mutating func open(_ opening: StreamOpening) {
    outbox.append(contentsOf: "<?xml version='1.0'?><stream:stream".utf8)
    for (name, value) in [
      ("xmlns", opening.role.contentNamespace), ("xmlns:stream", NS.streams), ("id", opening.id), ("from", opening.from),
      ("to", opening.to), ("version", "1.0"), ("xml:lang", opening.language),
    ] as [(Text, Text?)] {
      if let value { Writer.writeAttribute(name, value, into: &outbox) }
    }
    outbox.append(UInt8(ascii: ">"))
  }

  mutating func closeStream() { outbox.append(contentsOf: "</stream:stream>".utf8) }
  mutating func startTLS(_ start: TLSStart) { ending = .startTLS(start) }
  mutating func close() { ending = .close }

  /// The system took so many bytes; by how many the backlog is less.
  mutating func accepted(_ count: Int) -> Int {
    let taken = min(count, inFlight)
    inFlight -= taken
    return taken
  }

  /// Ends at once: nothing that it holds will be written.
  mutating func die() {
    isDead = true
    outbox = []
    inFlight = 0
  }

  /// Appends the actions that the connection needs now: a write, a start of TLS, a close, or a change of reading.
  mutating func flush(_ id: ConnectionID, unprocessedLimit: Int, into actions: inout [Action], _ marks: inout Marks) {
    isDirty = false
    guard !isDead else { return }
    if !outbox.isEmpty {
      inFlight += outbox.count
      actions.append(.write(id, outbox))
      outbox = []
    }
    switch ending {
    case .startTLS(let start): actions.append(.startTLS(id, start))
    case .close:
      actions.append(.close(id))
      isDead = true
    case nil: break
    }
    ending = nil
    let isFull = isPaused && parser.pendingBytes > unprocessedLimit
    let wantsReading = !isFull && !isHeld
    if wantsReading != isReading, !isDead {
      isReading = wantsReading
      marks.reach(isReading ? ConnectionMark.connectionReadResumed : isFull ? .connectionReadPaused : .connectionHeldBack)
      actions.append(.read(id, isReading))
    }
  }
}
