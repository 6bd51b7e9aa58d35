internal import OrderedCollections
internal import ServerCore
internal import Storage
internal import XML
internal import XMPP

/// Watches one server's events for pairs of coverage marks. It changes nothing in the run.
struct PairMeter: Sendable {
  private var pairs = MarkPairs()
  /// The marks that had been reached before the event.
  private var server = Marks()
  private var connections = Marks()
  /// The marks of the last events, from the oldest; none of an event that reached none.
  private var window: [MarkPairs.Bits] = []
  private var inRun = MarkPairs.Bits()
  private var inRooms: OrderedDictionary<JID, MarkPairs.Bits> = [:]

  /// A new process: it counts from zero, and its events follow nobody's.
  mutating func restart() { (server, connections, window) = (Marks(), Marks(), []) }

  mutating func note(_ handled: HandledEvent) {
    let marks = handled.server.marks
    let reached = marks.reached(since: server)
    server = marks
    add(reached, Self.rooms(of: handled))
  }

  /// The marks that were reached between bytes and stanzas, by one input or by the writing before it.
  mutating func note(connections marks: Marks) {
    let reached = marks.reached(since: connections)
    connections = marks
    if !reached.isEmpty { add(reached, []) }
  }

  /// An event, with the marks that it reached and the rooms that it concerns.
  mutating func add(_ reached: [Int], _ rooms: [JID]) {
    var bits = MarkPairs.Bits()
    for mark in reached { bits.insert(mark) }
    inRun.formUnion(bits)
    for room in rooms { inRooms[room, default: MarkPairs.Bits()].formUnion(bits) }
    pairs[.window].add(bits)
    if window.count == MarkPairs.windowLength { window.removeFirst() }
    window.append(bits)
    guard !reached.isEmpty else { return }
    var near = MarkPairs.Bits()
    for earlier in window { near.formUnion(earlier) }
    pairs[.window].pair(bits, with: near)
  }

  /// The rooms that an event concerns: to which a stanza goes, whose rows change or come from storage, or which say something at once. (On a commit
  /// they say what was decided earlier.)
  private static func rooms(of handled: HandledEvent) -> [JID] {
    var rooms: OrderedSet<JID> = []
    let configuration = handled.server.configuration
    let domains = configuration.domains.map { configuration.conferenceLabel + "." + $0 }
    func add(_ address: JID?) { if let address, !address.local.isEmpty, domains.contains(address.domain) { rooms.append(address.bare) } }
    var isCommit = false
    switch handled.event {
    case .stanza(_, let element): add(element["to"].flatMap { JID($0) })
    case .answered(_, .result(.owner(let rows?))): add(rows.owner.jid)
    case .committed: isCommit = true
    default: break
    }
    for effect in handled.effects {
      switch effect {
      case .commit(_, let changes): for change in changes { add(change.owner.jid) }
      case .write(_, let from, _) where !isCommit: add(from)
      default: break
      }
    }
    return rooms.elements
  }

  /// The pairs of a run that is over.
  var result: MarkPairs {
    var all = pairs
    all.expectWindows()
    all[.run].add(inRun)
    all[.run].pair(inRun, with: inRun)
    for marks in inRooms.values {
      all[.room].add(marks)
      all[.room].pair(marks, with: marks)
    }
    return all
  }
}
