internal import DequeModule

/// The stanzas of one pair of domains that are on their way out, in order: those that a stream has taken and perhaps not sent, and behind
/// them those that wait. None is lost and none is doubled: each leaves by exactly one of `drained`, `expire`, `takeSent`, `takeAll` and
/// `takeBack`.
struct OutgoingQueue<Stanza: Sendable>: Sendable {
  fileprivate struct Item: Sendable {
    let stanza: Stanza
    let bytes: Int
    /// On the monotonic clock.
    let since: Int64
  }

  private var waitingItems: Deque<Item> = []
  private var sentItems: Deque<Item> = []
  private var waitingBytes = 0
  private var sentBytes = 0

  /// All stanzas in memory.
  var count: Int { sentItems.count + waitingItems.count }
  /// Their bytes.
  var bytes: Int { sentBytes + waitingBytes }
  var isEmpty: Bool { count == 0 }
  /// Those that no stream has taken, in order.
  var waiting: [Stanza] { waitingItems.map(\.stanza) }
  /// When the oldest that waits began to, on the monotonic clock.
  var waitingSince: Int64? { waitingItems.first?.since }

  /// Appends a stanza, unless there would be more than `maximumCount` or more than `maximumBytes` then.
  ///
  /// - Parameters:
  ///   - bytes: what it counts as; not negative.
  ///   - now: never less than that of the stanza before.
  /// - Returns: whether there was room.
  mutating func append(_ stanza: Stanza, bytes: Int, at now: Int64, maximumCount: Int, maximumBytes: Int) -> Bool {
    guard count < maximumCount, self.bytes <= maximumBytes - bytes else { return false }
    waitingItems.append(Item(stanza: stanza, bytes: bytes, since: now))
    waitingBytes += bytes
    return true
  }

  /// Hands the next ones to the stream, as many as keep what it has not sent within `window` bytes, and one at least if it has sent
  /// everything: or a stanza that is larger than the window would wait for ever.
  mutating func release(window: Int) -> [Stanza] {
    var released: [Stanza] = []
    while let next = waitingItems.first, sentItems.isEmpty || sentBytes + next.bytes <= window {
      waitingItems.removeFirst()
      waitingBytes -= next.bytes
      sentBytes += next.bytes
      sentItems.append(next)
      released.append(next.stanza)
    }
    return released
  }

  /// The system has all that the stream has taken: nobody will hear what becomes of it.
  mutating func drained() {
    sentItems.removeAll(keepingCapacity: sentItems.count <= 16)
    sentBytes = 0
  }

  /// Takes out those that have waited since before `limit`, the oldest first. Those that a stream has taken stay: nobody knows whether they
  /// will arrive.
  mutating func expire(before limit: Int64) -> [Stanza] {
    var expired: [Stanza] = []
    while let first = waitingItems.first, first.since < limit {
      waitingItems.removeFirst()
      waitingBytes -= first.bytes
      expired.append(first.stanza)
    }
    return expired
  }

  /// The stream is gone: takes out what it may not have sent, in order.
  mutating func takeSent() -> [Stanza] {
    defer { drained() }
    return sentItems.map(\.stanza)
  }

  /// Takes out everything, in the order of sending, to be bounced.
  mutating func takeAll() -> [Stanza] {
    let all = takeSent() + waiting
    waitingItems = []
    waitingBytes = 0
    return all
  }

  /// Takes back those that no stream has taken and that are no longer to be said.
  mutating func takeBack(where isTakenBack: (Stanza) -> Bool) {
    waitingItems.removeAll { item in
      guard isTakenBack(item.stanza) else { return false }
      waitingBytes -= item.bytes
      return true
    }
  }
}

extension OutgoingQueue.Item: Codable where Stanza: Codable {}
extension OutgoingQueue: Codable where Stanza: Codable {}
