internal import HeapModule
internal import XMPP

/// When the server wants to look at a connection, an account or a room again.
///
/// Each has one timer at most: a later time for one that has an earlier is ignored, because whoever is looked at too early says when to
/// come back. So a peer can't make timers pile up.
struct Timers: Sendable {
  enum Subject: Hashable, Sendable, Codable { case connection(ConnectionID), account(JID), room(JID), pair(DomainPair), inquiries, commits }

  private struct Entry: Comparable, Sendable {
    let time: Int64
    /// The order of two at the same time.
    let number: UInt64
    let subject: Subject
    static func < (a: Entry, b: Entry) -> Bool { (a.time, a.number) < (b.time, b.number) }
    static func == (a: Entry, b: Entry) -> Bool { (a.time, a.number) == (b.time, b.number) }
  }

  private var heap = Heap<Entry>()
  private var set = Table<Subject, Int64>()
  private var count: UInt64 = 0

  /// On the monotonic clock.
  var next: Int64? { heap.min?.time }

  mutating func wake(_ subject: Subject, at time: Int64) {
    if let earlier = set[subject], earlier <= time { return }
    count += 1
    set[subject] = time
    heap.insert(Entry(time: time, number: count, subject: subject))
  }

  /// The next one whose time has come.
  mutating func popDue(at now: Int64) -> Subject? {
    while let entry = heap.min, entry.time <= now {
      heap.removeMin()
      // One that was moved forward left its old entry behind.
      if set[entry.subject] == entry.time {
        _ = set.remove(entry.subject)
        return entry.subject
      }
    }
    return nil
  }
}

extension Timers: Codable {
  /// A timer as it is written: `isSet` unless it was moved forward and left behind.
  private struct Kept: Codable {
    var time: Int64
    var number: UInt64
    var subject: Subject
    var isSet: Bool
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.unkeyedContainer()
    try container.encode(count)
    for entry in heap.unordered.sorted() {
      try container.encode(
        Kept(time: entry.time, number: entry.number, subject: entry.subject, isSet: set[entry.subject] == entry.time))
    }
  }

  init(from decoder: any Decoder) throws {
    var container = try decoder.unkeyedContainer()
    count = try container.decode(UInt64.self)
    while !container.isAtEnd {
      let kept = try container.decode(Kept.self)
      heap.insert(Entry(time: kept.time, number: kept.number, subject: kept.subject))
      if kept.isSet { set[kept.subject] = kept.time }
    }
  }
}
