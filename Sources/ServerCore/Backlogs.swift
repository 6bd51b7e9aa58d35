internal import HeapModule

/// The bytes that all connections together hold for peers that have not taken them, and which connection holds the most when that is too much.
///
/// Nobody asks for the largest while all is well, so the order of the connections is kept only while more than half of what may be held is held.
/// It follows from the connections alone, and a snapshot goes without it. An entry says how much a connection had at some time; what the peer has
/// taken since then is noticed when the entry has come to the top. So a write beyond the half costs O(log n) for n connections, and so does
/// the end of a connection.
struct Backlogs: Sendable {
  private struct Entry: Comparable, Sendable {
    let bytes: Int
    let connection: ConnectionID
    /// Of those that hold equally much the one that came first is the largest.
    static func < (a: Entry, b: Entry) -> Bool { a.bytes != b.bytes ? a.bytes < b.bytes : a.connection > b.connection }
  }

  private let limit: Int
  /// For each connection that holds something, one entry or more, of which the largest says at least as much as the connection holds; or nothing.
  private var heap: Heap<Entry>?
  /// How many entries there may be before those that say too much are sorted out.
  private var mostEntries = 0
  var all = 0

  /// - Parameter limit: how many bytes may be held.
  init(limit: Int) { self.limit = limit }

  /// For those who check it.
  var entryCount: Int { heap?.count ?? 0 }

  /// Whether the largest may be asked for soon.
  var isWatched: Bool { all > limit / 2 || heap != nil }

  /// To be called when a connection holds more than before, `all` has been told, and it is watched.
  ///
  /// - Parameter bytes: what it holds, or held: it may have ended since.
  /// - Returns: the one that holds the most, and the oldest of several, if all hold too much.
  mutating func largestIfTooMuch(_ connection: ConnectionID, _ bytes: Int, _ connections: borrowing Store<ConnectionID, Connection>)
    -> ConnectionID?
  {
    // Further down than where it begins, or a peer that reads and one that does not could have it made anew for each write.
    guard all > limit / 4 else {
      heap = nil
      return nil
    }
    if heap == nil || entryCount >= mostEntries {
      rebuild(connections)
    } else {
      heap!.insert(Entry(bytes: bytes, connection: connection))
    }
    return all > limit ? largest(connections) : nil
  }

  private mutating func rebuild(_ connections: borrowing Store<ConnectionID, Connection>) {
    var entries: [Entry] = []
    for connection in connections.sortedKeys() {
      if let bytes = connections.read(connection, { $0.backlog }), bytes > 0 { entries.append(Entry(bytes: bytes, connection: connection)) }
    }
    mostEntries = 2 * entries.count + 64
    heap = Heap(entries)
  }

  private mutating func largest(_ connections: borrowing Store<ConnectionID, Connection>) -> ConnectionID? {
    while let top = heap?.max {
      let bytes = connections.read(top.connection) { $0.backlog } ?? 0
      if bytes == top.bytes { return top.connection }
      // Never less: what a connection holds more than before, it has an entry for.
      heap?.removeMax()
      if bytes > 0 { heap?.insert(Entry(bytes: bytes, connection: top.connection)) }
    }
    return nil
  }
}
