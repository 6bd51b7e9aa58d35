internal import DequeModule

/// One direction of a simulated TCP connection: what the sender's program has queued, what its system has accepted, what is in
/// flight, and what the receiver's system holds until it is read. Nothing is lost or reordered within it.
struct Pipe: Sendable {
  enum Item: Sendable {
    case bytes(ArraySlice<UInt8>)
    /// One side's half of a TLS handshake.
    case handshake
    /// A handshake that went wrong.
    case alert
    /// The sender will say nothing more.
    case fin
  }

  /// Accepted by the sender's system or still waiting for it, in order.
  private(set) var queue: Deque<Item> = []
  private(set) var queuedBytes = 0
  /// Sizes of writes, at the end of the queue, that the system has not accepted whole: what is left of the first, and how big it was.
  private var writes: Deque<(left: Int, size: Int)> = []
  private(set) var unaccepted = 0
  private(set) var inFlight = 0
  private(set) var arrived: Deque<Item> = []
  private(set) var arrivedBytes = 0
  var lastArrival: Int64 = 0
  /// Nothing leaves for the time being.
  var isClogged = false
  var sendCapacity: Int
  let receiveCapacity: Int

  init(sendCapacity: Int, receiveCapacity: Int) {
    self.sendCapacity = sendCapacity
    self.receiveCapacity = receiveCapacity
  }

  var isEmpty: Bool { queue.isEmpty && inFlight == 0 && arrived.isEmpty }

  mutating func write(_ bytes: [UInt8]) {
    guard !bytes.isEmpty else { return }
    queue.append(.bytes(bytes[...]))
    queuedBytes += bytes.count
    unaccepted += bytes.count
    writes.append((bytes.count, bytes.count))
  }
  mutating func write(_ item: Item) { queue.append(item) }

  /// Lets the sender's system take what it has room for. Returns the sizes of the writes that it has now taken whole.
  mutating func accept() -> [Int] {
    var done: [Int] = []
    var room = sendCapacity - (queuedBytes - unaccepted) - inFlight
    while room > 0, let first = writes.first {
      let taken = min(room, first.left)
      room -= taken
      unaccepted -= taken
      if taken == first.left {
        writes.removeFirst()
        done.append(first.size)
      } else {
        writes[0].left -= taken
      }
    }
    return done
  }

  /// How many bytes may leave now; of the first item that is not bytes only itself.
  var sendable: Int {
    guard !isClogged else { return 0 }
    return max(0, min(queuedBytes - unaccepted, receiveCapacity - arrivedBytes - inFlight))
  }
  var nextIsMark: Bool { if case .bytes = queue.first { false } else { !queue.isEmpty && !isClogged } }

  /// The next segment: at most `limit` bytes, joined across writes; or one mark.
  mutating func takeSegment(_ limit: Int) -> Item? {
    guard case .bytes = queue.first else { return queue.popFirst() }
    var segment: [UInt8] = []
    while segment.count < limit, case .bytes(let bytes)? = queue.first {
      let taken = bytes.prefix(limit - segment.count)
      segment += taken
      if taken.count == bytes.count { queue.removeFirst() } else { queue[0] = .bytes(bytes.dropFirst(taken.count)) }
    }
    queuedBytes -= segment.count
    inFlight += segment.count
    return .bytes(segment[...])
  }

  mutating func arrive(_ item: Item) {
    if case .bytes(let bytes) = item {
      inFlight -= bytes.count
      arrivedBytes += bytes.count
    }
    arrived.append(item)
  }

  /// Reads as the receiver's program does: at most `limit` bytes, joined across segments; or one mark.
  mutating func read(_ limit: Int) -> Item? {
    guard case .bytes = arrived.first else { return arrived.popFirst() }
    var result: [UInt8] = []
    while result.count < limit, case .bytes(let bytes)? = arrived.first {
      let taken = bytes.prefix(limit - result.count)
      result += taken
      if taken.count == bytes.count { arrived.removeFirst() } else { arrived[0] = .bytes(bytes.dropFirst(taken.count)) }
    }
    arrivedBytes -= result.count
    return .bytes(result[...])
  }

  /// The sender's program is gone: what its system has not accepted is lost.
  mutating func dropUnaccepted() {
    while unaccepted > 0, let last = queue.popLast() {
      guard case .bytes(let bytes) = last else { continue }
      let dropped = min(unaccepted, bytes.count)
      unaccepted -= dropped
      queuedBytes -= dropped
      if dropped < bytes.count { queue.append(.bytes(bytes.dropLast(dropped))) }
    }
    writes = []
  }

  /// The sender's system is gone too, or will hear of nothing more: only what is in flight still arrives.
  mutating func dropQueue() {
    queue = []
    writes = []
    (queuedBytes, unaccepted) = (0, 0)
  }
}
