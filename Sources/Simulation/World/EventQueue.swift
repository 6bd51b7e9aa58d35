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

  /// The server's process is gone, and all that only concerned it.
  mutating func dropServer() {
    let kept = (heap.unordered + queues.values.flatMap(\.entries)).filter(\.what.outlivesServer).sorted()
    (heap, queues, busy) = ([], [:], 0)
    for entry in kept {
      if entry.what.counts { busy += 1 }
      if ordering.isOpen { queues[entry.what.lane, default: Queue(entries: [])].add(entry) } else { heap.insert(entry) }
    }
  }
}

/// Things of the same lane happen in their order; those of different lanes may overtake each other.
enum Lane: Hashable, Sendable {
  case toServer(World.SocketID)
  case toClient(World.SocketID)
  case resetAtServer(World.SocketID)
  case resetOutside(World.SocketID)
  case patience(World.SocketID)
  case process
  case sync
  case question(Query)
  case derivation(InquiryID)
  case alarm(UInt64)

  /// The label of draws that concern it.
  var label: UInt64 {
    func label(_ kind: UInt64, _ number: UInt64) -> UInt64 { kind << 56 | number & (1 << 56 - 1) }
    switch self {
    case .toServer(let id): return label(1, id.number)
    case .toClient(let id): return label(2, id.number)
    case .resetAtServer(let id): return label(3, id.number)
    case .resetOutside(let id): return label(4, id.number)
    case .patience(let id): return label(5, id.number)
    case .process: return label(6, 0)
    case .sync: return label(7, 0)
    // One label for all questions: an address is no number, and which of them is asked matters little.
    case .question: return label(8, 0)
    case .derivation: return label(9, 0)
    case .alarm(let id): return label(10, id)
    }
  }
}

extension World.SimulatedEvent {
  var lane: Lane {
    switch self {
    case .arriveAtServer(let id, _): .toServer(id)
    case .arriveOutside(let id, _): .toClient(id)
    case .resetAtServer(let id): .resetAtServer(id)
    case .resetOutside(let id): .resetOutside(id)
    case .patience(let id, _): .patience(id)
    case .flush, .restart, .stop: .process
    case .sync: .sync
    case .answer(_, .query(let query), _, _): .question(query)
    case .answer(let id, .deriveKeys, _, _): .derivation(id)
    case .alarm(let id): .alarm(id)
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
