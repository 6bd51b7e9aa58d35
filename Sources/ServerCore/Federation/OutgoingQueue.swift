internal import DequeModule

/// The stanzas of one pair of domains that are on their way out, in order: those that a stream has taken and perhaps not sent, and behind
/// them those that wait. None is lost and none is doubled: each leaves by exactly one of `drained`, `expire`, `takeSent` and `takeAll`.
struct OutgoingQueue<Stanza: Sendable>: Sendable {
  private struct Item: Sendable {
    let stanza: Stanza
    let bytes: Int
    /// On the monotonic clock.
    let since: Int64
  }
  private struct SentItem: Sendable {
    let item: Item
    /// The bytes of all that the stream has taken of this queue up to and with this.
    let end: UInt64
  }

  private var waitingItems: Deque<Item> = []
  private var sentItems: Deque<SentItem> = []
  private var waitingBytes = 0
  private var sentBytes = 0
  /// The bytes that the present stream has taken.
  private var position: UInt64 = 0

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
      position += UInt64(next.bytes)
      sentItems.append(SentItem(item: next, end: position))
      released.append(next.stanza)
    }
    return released
  }

  /// Forgets the stanzas that the peer's system has: those that end within the first `sent` bytes that the stream has taken.
  mutating func drained(through sent: UInt64) {
    while let first = sentItems.first, first.end <= sent {
      sentItems.removeFirst()
      sentBytes -= first.item.bytes
    }
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

  /// The stream is gone: takes out what it may not have sent, in order. The next one counts from zero.
  mutating func takeSent() -> [Stanza] {
    let sent = sentItems.map(\.item.stanza)
    sentItems = []
    sentBytes = 0
    position = 0
    return sent
  }

  /// Takes out everything, in the order of sending, to be bounced.
  mutating func takeAll() -> [Stanza] {
    let all = takeSent() + waiting
    waitingItems = []
    waitingBytes = 0
    return all
  }
}
