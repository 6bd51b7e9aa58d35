internal import OrderedCollections
public import Storage
public import XML
internal import XMPP

/// What happens to an `Engine`: all that a socket adapter or a simulated world can tell it.
public enum Input: Sendable {
  /// Somebody connected; `nil` if nobody knows from where.
  case opened(LinkID, from: Origin?)
  case bytes(LinkID, [UInt8])
  /// So many bytes of what was to be written were accepted by the system.
  case accepted(LinkID, Int)
  case encrypted(LinkID)
  /// The connection ended, from either side.
  case closed(LinkID)
  case committed(through: UInt64)
  case commitFailed(from: UInt64)
  case answered(InquiryID, Answer)
  case control(UInt64, ControlRequest)
  case deadline
  case shutdown
}

/// What an `Engine` wants from the world outside. Nothing here takes a decision.
public enum Action: Sendable {
  case write(LinkID, [UInt8])
  /// Do the server's side of the handshake once all is written, then say `encrypted`. Unless the client names a domain in its handshake (SNI),
  /// the certificate is this domain's (RFC 6120, 5.4.3.1); it is empty where the client named none that is served.
  case startTLS(LinkID, domain: Text)
  /// End the connection once all is written, then say `closed`.
  case close(LinkID)
  /// End the connection now, and drop what was not written.
  case abort(LinkID)
  /// Read from the connection, or leave what comes in the system's buffers.
  case read(LinkID, Bool)
  /// Make the changes durable; all that `commit` actions name, in their order.
  case commit(UInt64, [Change])
  /// The answer comes as `answered`.
  case ask(InquiryID, Question)
  case reply(UInt64, ControlReply)
  case log(LogLevel, String)
}

/// One event that the server handled, for those who check it.
public struct HandledEvent: Sendable {
  public var event: Event
  public var time: Instant
  public var effects: [Effect]
  /// The server right after it. A value like any: to keep it costs a copy of what changes next.
  public var server: Server
}

/// A server with its links: bytes, facts and time go in, bytes and wishes come out. Sockets or a simulated network do the rest.
///
/// A value like its parts: a copy is a snapshot (the parser pool is a cache that copies share, so they stay on one thread).
public struct Engine {
  public private(set) var server: Server
  private(set) var links = Store<LinkID, Link>()
  private let pool: ParserPool
  let limits: Configuration.Limits
  private let pace: Pace?
  /// Links that are too fast to be read from now.
  private var holds = HeldLinks()
  private var heldCount = 0
  private var effects: [Effect] = []
  private var actions: [Action] = []
  /// Links with something to hand over at the next `flush`.
  private var dirty: [LinkID] = []
  /// Links that were resumed with input left, and links whose outbox ran over.
  private var resumed: [LinkID] = []
  private var overrun: [LinkID] = []
  private var isEndingLinks = false
  private(set) var backlogs: Backlogs
  /// Bytes for peers that the next `flush` hands over.
  private var unflushedBytes = 0
  /// How many of them, during an input, were charged to somebody or are nobody's.
  private var charged = 0
  private var scratch: [UInt8] = []
  private var sender: [UInt8] = []
  /// What was reached between bytes and stanzas.
  private var linkMarks = Marks()
  /// Keep the events that the server handles, until `takeEvents`.
  public var keepsEvents = false
  private var handled: [HandledEvent] = []

  public init(configuration: Configuration, seed: [UInt8], pool: ParserPool = ParserPool()) {
    server = Server(configuration: configuration, seed: seed)
    limits = configuration.limits
    backlogs = Backlogs(limit: limits[.allOutboxesBytes])
    pace = Pace(limits)
    self.pool = pool
  }

  /// A server with its links as they were when nothing was left to be flushed.
  init(server: Server, links: Store<LinkID, Link>) {
    self.server = server
    self.links = links
    limits = server.configuration.limits
    backlogs = Backlogs(limit: limits[.allOutboxesBytes])
    pace = Pace(limits)
    pool = ParserPool()
    for link in links.sortedKeys() {
      backlogs.all += links[link]?.backlog ?? 0
      if let time = links[link]?.heldUntil { hold(link, until: time) }
    }
  }

  /// When `Input.deadline` should come, on the monotonic clock.
  public var nextDeadline: Int64? {
    guard let first = holds.next else { return server.nextDeadline }
    return min(first, server.nextDeadline ?? first)
  }

  /// Whether somebody who spoke too fast is not heard at the moment.
  public var holdsSomebodyBack: Bool { heldCount > 0 }

  /// All that was reached, in links and server.
  public var marks: Marks {
    var all = server.marks
    all.merge(linkMarks)
    return all
  }

  /// So much is to be written that an adapter must `flush` before it feeds on, though more may be there: in one turn of its loop thousands may
  /// speak, and each to thousands, whose outboxes would run over though they read.
  public var isFull: Bool { unflushedBytes > min(16 << 20, limits[.allOutboxesBytes] / 4) }

  /// Takes one input. What is to be done is collected until `flush`.
  public mutating func handle(_ input: Input, at now: Instant) {
    charged = unflushedBytes
    switch input {
    case .opened(let link, let origin):
      links[link] = Link(limits: limits.unauthenticatedStream)
      tell(.opened(link, from: origin), now)
    case .bytes(let link, let bytes):
      guard links.change(link, { $0.receive(bytes) }) ?? false else { break }
      pump(link, now)
      charge(link, bytes.count, now)
    case .accepted(let link, let count):
      backlogs.all -= links.change(link) { $0.accepted(count) } ?? 0
    case .encrypted(let link): tell(.encrypted(link), now)
    case .closed(let link):
      guard let gone = remove(link) else { return }
      backlogs.all -= gone.backlog
      tell(.closed(link), now)
    case .committed(let number): tell(.committed(through: number), now)
    case .commitFailed(let number):
      // What storage has not been asked for yet was made in ignorance of the failure, too.
      actions.removeAll { if case .commit(let later, _) = $0 { later >= number } else { false } }
      tell(.commitFailed(from: number), now)
    case .answered(let id, let answer): tell(.answered(id, answer), now)
    case .control(let id, let request): tell(.control(id, request), now)
    case .deadline:
      release(at: now.monotonic)
      tell(.deadline, now)
    case .shutdown: tell(.shutdown, now)
    }
    while let link = resumed.popLast() {
      pump(link, now)
      charge(link, 0, now)
    }
  }

  /// What a peer has said is paid for, by being heard later if need be, with all that was written since somebody was charged.
  private mutating func charge(_ link: LinkID, _ said: Int, _ now: Instant) {
    let cost = Pace.cost(of: said, causing: unflushedBytes - charged)
    charged = unflushedBytes
    guard let pace, let time = links.change(link, { $0.charge(cost, pace, at: now.monotonic) }) ?? nil else { return }
    hold(link, until: time)
  }

  private mutating func hold(_ link: LinkID, until time: Int64) {
    holds.add(link, until: time)
    heldCount += 1
  }

  /// Those who were too fast and have waited long enough are heard again.
  private mutating func release(at now: Int64) {
    var due: [LinkID] = []
    while let link = holds.popDue(at: now) { due.append(link) }
    // In an order that a snapshot can't change: it knows when each may be heard, but not for when that was put off.
    for link in due.sorted() {
      guard let later = links.change(link, { $0.release(at: now) }) else { continue }
      heldCount -= 1
      if let later { hold(link, until: later) } else { change(link) { _ in } }
    }
  }

  private mutating func remove(_ link: LinkID) -> Link? {
    guard let gone = links.remove(link) else { return nil }
    if gone.isHeld { heldCount -= 1 }
    return gone
  }

  /// What is to be done since the last time; each link's output joined in one write.
  public mutating func flush() -> [Action] {
    var wanted: [Action] = []
    flush(into: &wanted)
    return wanted
  }

  /// The same, for an adapter that has an array whose storage it uses again.
  ///
  /// - Parameter wanted: is empty.
  public mutating func flush(into wanted: inout [Action]) {
    for link in dirty {
      _ = links.change(link) { $0.flush(link, unprocessedLimit: limits[.unprocessedBytes], into: &actions, &linkMarks) }
    }
    dirty.removeAll(keepingCapacity: dirty.count <= 16)
    unflushedBytes = 0
    swap(&actions, &wanted)
  }

  /// What the server handled since the last time, while `keepsEvents`.
  public mutating func takeEvents() -> [HandledEvent] {
    defer { handled = [] }
    return handled
  }

  /// Gives the server what the link's parser has, one event at a time: each may change how the next is read.
  private mutating func pump(_ link: LinkID, _ now: Instant) {
    while let event = links.change(link, { $0.next(using: pool) }) ?? nil {
      switch event {
      case .header(let header): tell(.header(link, header), now)
      case .stanza(let element): tell(.stanza(link, element), now)
      case .end: tell(.streamEnd(link), now)
      case .failure(let failure): tell(.streamFailure(link, failure), now)
      }
    }
    if links.change(link, { $0.dirty() }) ?? false { dirty.append(link) }
  }

  private mutating func tell(_ event: Event, _ now: Instant) {
    server.handle(event, at: now, into: &effects)
    if keepsEvents { handled.append(HandledEvent(event: event, time: now, effects: effects, server: server)) }
    let todo = effects
    effects = []
    for effect in todo { apply(effect, now) }
    // The end of one link may be too much for the next: they are worked off here, not one inside the other.
    guard !isEndingLinks else { return }
    isEndingLinks = true
    defer { isEndingLinks = false }
    while let link = overrun.popLast() {
      guard remove(link) != nil else { continue }
      actions.append(.abort(link))
      actions.append(.log(.info, "link \(link.number) ended: its peer does not read"))
      tell(.closed(link), now)
    }
  }

  private mutating func apply(_ effect: Effect, _ now: Instant) {
    switch effect {
    case .write(let element, let from, let addressees): write(element, from, addressees)
    case .openStream(let link, let opening): change(link) { $0.open(opening) }
    case .closeStream(let link): change(link) { $0.closeStream() }
    case .close(let link): change(link) { $0.close() }
    case .startTLS(let link, let domain): change(link) { $0.startTLS(domain) }
    case .restart(let link, let limits):
      change(link) {
        $0.parser.restart()
        $0.parser.limits = limits
      }
    case .pause(let link): change(link) { $0.isPaused = true }
    case .resume(let link):
      if links[link]?.parser.pendingBytes ?? 0 > 0 { linkMarks.reach(LinkMark.linkResumedWithInput) }
      change(link) { $0.isPaused = false }
      resumed.append(link)
    case .discardInput(let link):
      if links[link]?.parser.pendingBytes ?? 0 > 0 { linkMarks.reach(TLSMark.tlsInputDiscarded) }
      change(link) { $0.parser.discardPending() }
    case .charge(let link):
      charge(link, 0, now)
      change(link) { _ in }
    case .commit(let number, let changes): actions.append(.commit(number, changes))
    case .ask(let id, let question): actions.append(.ask(id, question))
    case .reply(let id, let reply): actions.append(.reply(id, reply))
    case .log(let level, let message): actions.append(.log(level, message))
    }
  }

  private mutating func change(_ link: LinkID, _ body: (inout Link) -> Void) {
    let change: (isFirst: Bool, added: Int, all: Int)?? = links.change(link) { link in
      guard !link.isDead else { return nil }
      let before = link.backlog
      body(&link)
      return (link.dirty(), link.backlog - before, link.backlog)
    }
    guard let change = change ?? nil else { return }
    if change.isFirst { dirty.append(link) }
    if change.added > 0 {
      unflushedBytes += change.added
      account(link, change.added, change.all)
    }
  }

  /// Serialises once; only the address differs from link to link.
  private mutating func write(_ element: Element, _ from: JID?, _ addressees: [Addressee]) {
    scratch.removeAll(keepingCapacity: scratch.capacity <= 64 << 10)
    let writer = Writer(defaultNamespace: NS.client, declaresStreamPrefix: true)
    let splice = writer.write(element, into: &scratch)
    sender.removeAll(keepingCapacity: true)
    if let from { Writer.writeAttribute("from", from.bareText, slash: from.resource, into: &sender) }
    let (stanza, from) = (scratch, sender)
    for addressee in addressees {
      change(addressee.link) { $0.append(stanza, splice: splice, from: from, to: addressee.to) }
    }
  }

  /// Keeps the budgets: who is over his own ends, and nobody else notices; when all together are over theirs, the one with the most ends,
  /// which may be one that is only waiting to be closed.
  private mutating func account(_ link: LinkID, _ added: Int, _ all: Int) {
    backlogs.all += added
    if all > limits[.outboxBytes] {
      linkMarks.reach(LinkMark.linkOutboxOverrun)
      kill(link)
    }
    guard backlogs.isWatched, let largest = backlogs.largestIfTooMuch(link, all, links) else { return }
    linkMarks.reach(LinkMark.linkAllOutboxesOverrun)
    kill(largest)
  }

  /// What the link held is free at once, or the rest of the same broadcast would take others along.
  private mutating func kill(_ link: LinkID) {
    let held = links.change(link) { link in
      defer { link.die() }
      return link.backlog
    }
    guard let held else { return }
    backlogs.all -= held
    overrun.append(link)
  }
}

extension Engine {
  /// Every link's part of `visitGauges`.
  func visitLinkGauges(_ body: (_ name: StaticString, _ value: Int, _ limit: Int) -> Void) {
    body("bytes for all peers", backlogs.all, limits[.allOutboxesBytes])
    for id in links.sortedKeys() {
      guard let link = links[id], !link.isDead else { continue }
      body("bytes for a peer", link.backlog, limits[.outboxBytes])
      // What was read before reading stopped comes on top, and at least one stanza must have room.
      let stanza = max(link.parser.limits.stanzaBytes, limits[.unauthenticatedStanzaBytes])
      body("bytes from a peer", link.parser.pendingBytes, limits[.unprocessedBytes] + stanza + Engine.readAhead)
    }
  }

  /// What may arrive from one peer before a wish to read no more has an effect; see `LinkLoop`, too.
  static let readAhead = 64 << 10
}
