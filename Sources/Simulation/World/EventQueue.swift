internal import DequeModule
internal import HeapModule
internal import OrderedCollections
internal import ServerCore
internal import Storage

/// The events that are to come in a world, and which of them happens next.
struct EventQueue: Sendable {
  struct Entry: Comparable, Sendable {
    let time: Int64
    let order: UInt64
    let what: World.SimulatedEvent
    static func < (a: Entry, b: Entry) -> Bool { (a.time, a.order) < (b.time, b.order) }
    static func == (a: Entry, b: Entry) -> Bool { (a.time, a.order) == (b.time, b.order) }
  }

  /// All that is to come, while the order is that of time.
  private var heap = Heap<Entry>()
  /// The same by lane, while it is open. None is empty.
  private var queues: OrderedDictionary<Lane, Queue> = [:]
  private struct Queue: Sendable {
    var entries: Deque<Entry>
    /// Not asked for yet: `nil`.
    var priority: Int?
    var first: Entry { entries[0] }

    mutating func add(_ entry: Entry) {
      // Nearly always the last: what was sent later comes later.
      entries.insert(entry, at: entries.lastIndex { $0 < entry }.map { $0 + 1 } ?? 0)
    }
  }
  private var order: UInt64 = 0
  /// How many of the entries belong to what is under way.
  private(set) var busy = 0
  private var ordering = Ordering()

  init(_ ordering: Ordering = Ordering()) { self.ordering = ordering }

  /// The time of the first entry.
  var firstTime: Int64? { ordering.isOpen ? queues.values.lazy.map(\.first.time).min() : heap.min?.time }

  mutating func add(_ what: World.SimulatedEvent, at time: Int64) {
    order += 1
    if what.counts { busy += 1 }
    let entry = Entry(time: time, order: order, what: what)
    if ordering.isOpen { queues[what.lane, default: Queue(entries: [])].add(entry) } else { heap.insert(entry) }
  }

  /// The entry that comes next while the order is that of time, if one comes before `limit`.
  func first(upTo limit: Int64) -> Entry? { heap.min.flatMap { $0.time <= limit ? $0 : nil } }

  /// The entry that comes next, if one comes before `limit`.
  mutating func next(upTo limit: Int64, _ choices: inout Choices) -> Entry? {
    guard ordering.isOpen else {
      guard let first = heap.min, first.time <= limit else { return nil }
      return remove(first)
    }
    guard let first = queues.values.lazy.map(\.first).min(), first.time <= limit else { return nil }
    if first.what.isImmediate { return remove(first) }
    let latest = min(limit, first.time + ordering.window)
    let open = queues.values.indices.filter { queues.values[$0].first.time <= latest }.sorted {
      queues.values[$0].first < queues.values[$1].first
    }
    return remove(open.count > 1 ? queues.values[choose(among: open, &choices)].first : first)
  }

  private mutating func choose(among open: [Int], _ choices: inout Choices) -> Int {
    for place in open where queues.values[place].priority == nil {
      queues.values[place].priority = ordering.priority(of: queues.keys[place], &choices)
    }
    let (chosen, isSetBack) = ordering.choose(among: open.map { queues.values[$0].priority ?? 0 }, &choices)
    guard isSetBack else { return open[chosen] }
    queues.values[open[chosen]].priority = ordering.setBack(queues.keys[open[chosen]])
    return open[ordering.leader(of: open.map { queues.values[$0].priority ?? 0 })]
  }

  private mutating func remove(_ entry: Entry) -> Entry {
    if entry.what.counts { busy -= 1 }
    if ordering.isOpen {
      let place = queues.index(forKey: entry.what.lane)!
      queues.values[place].entries.removeFirst()
      if queues.values[place].entries.isEmpty { queues.remove(at: place) }
    } else if heap.min == entry {
      heap.removeMin()
    } else {
      heap = Heap(heap.unordered.filter { $0 != entry })
    }
    return entry
  }

  /// The next thing of a lane, whatever its time.
  mutating func next(of lane: Lane) -> Entry? { lanes[lane].map { remove($0[0]) } }

  /// All entries by lane, in the order of their first ones, each in its order.
  var lanes: OrderedDictionary<Lane, [Entry]> {
    OrderedDictionary(grouping: (heap.unordered + queues.values.flatMap(\.entries)).sorted()) { $0.what.lane }
  }

  /// From now on the order is that of time.
  mutating func followTimes() {
    heap = Heap(heap.unordered + queues.values.flatMap(\.entries))
    (queues, ordering) = ([:], Ordering())
  }

  /// A server's process is gone, and all that only concerned it.
  mutating func drop(_ server: Int) {
    let kept = (heap.unordered + queues.values.flatMap(\.entries)).filter { $0.what.server != server }.sorted()
    (heap, queues, busy) = ([], [:], 0)
    for entry in kept {
      if entry.what.counts { busy += 1 }
      if ordering.isOpen { queues[entry.what.lane, default: Queue(entries: [])].add(entry) } else { heap.insert(entry) }
    }
  }
}

/// Things of the same lane happen in their order; those of different lanes may overtake each other. Servers are known by their numbers.
enum Lane: Hashable, Sendable {
  case arrival(EndID)
  case reset(EndID)
  case patience(EndID)
  case process(Int)
  case sync(Int)
  case question(Int, Query)
  case derivation(Int, InquiryID)
  case alarm(UInt64)

  /// The label of draws that concern it.
  var label: UInt64 {
    func label(_ kind: UInt64, _ number: UInt64) -> UInt64 { kind << 56 | number & (1 << 56 - 1) }
    switch self {
    case .arrival(let end): return label(end.side == .acceptor ? 1 : 2, end.socket.number)
    case .reset(let end): return label(end.side == .acceptor ? 3 : 4, end.socket.number)
    case .patience(let end): return label(end.side == .acceptor ? 5 : 11, end.socket.number)
    case .process(let server): return label(6, Node.label(server))
    case .sync(let server): return label(7, Node.label(server))
    // One label for all questions of a server: an address is no number, and which of them is asked matters little.
    case .question(let server, _): return label(8, Node.label(server))
    case .derivation(let server, _): return label(9, Node.label(server))
    case .alarm(let id): return label(10, id)
    }
  }
}

extension World.SimulatedEvent {
  var lane: Lane {
    switch self {
    case .arrive(let end, _): .arrival(end)
    case .reset(let end): .reset(end)
    case .patience(let end, _): .patience(end)
    case .flush(let server), .restart(let server), .stop(let server, _): .process(server)
    case .sync(let server): .sync(server)
    case .answer(let server, _, .query(let query), _, _): .question(server, query)
    case .answer(let server, let id, _, _, _): .derivation(server, id)
    case .alarm(let id): .alarm(id)
    }
  }

  /// The server that it happens to, or to whose end of a connection; `nil` if it happens outside of all.
  var server: Int? {
    switch self {
    case .arrive(let end, _), .reset(let end), .patience(let end, _): end.server
    case .flush(let server), .restart(let server), .stop(let server, _), .sync(let server), .answer(let server, _, _, _, _): server
    case .alarm: nil
    }
  }

  /// Nothing may come between: an event loop works off its turn before it hears of more.
  var isImmediate: Bool {
    switch self {
    case .flush, .restart: true
    default: false
    }
  }
}
