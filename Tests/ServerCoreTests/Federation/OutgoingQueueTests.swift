import Testing

@testable import ServerCore

/// A queue of stanzas, which are numbers here.
@Suite struct OutgoingQueueTests {
  static func queue(_ sizes: [Int]) -> OutgoingQueue<Int> {
    var queue = OutgoingQueue<Int>()
    for (number, size) in sizes.enumerated() {
      #expect(queue.append(number, bytes: size, at: Int64(number), maximumCount: 100, maximumBytes: 10_000) == true)
    }
    return queue
  }

  @Test func bounds() {
    var queue = OutgoingQueue<Int>()
    func append(_ number: Int, _ bytes: Int) -> Bool { queue.append(number, bytes: bytes, at: 0, maximumCount: 3, maximumBytes: 10) }
    #expect(!append(0, 11) && append(1, 10) && !append(2, 1) && append(3, 0) && append(4, 0) && !append(5, 0))
    #expect(queue.waiting == [1, 3, 4] && queue.count == 3 && queue.bytes == 10)
    #expect(queue.release(window: 0) == [1] && !append(6, 0), "what the stream has taken is in memory, too")
    queue.drained()
    #expect(!append(7, 11) && append(8, 10) && !append(9, 0))
    #expect(!append(10, .max))
  }

  @Test func aStanzaThatIsLargerThanTheWindowGoesAlone() {
    var queue = Self.queue([5, 5, 50, 5])
    #expect(queue.release(window: 10) == [0, 1] && queue.release(window: 10) == [])
    #expect(queue.release(window: 14) == [], "it would be the third within the window")
    queue.drained()
    #expect(queue.release(window: 10) == [2] && queue.release(window: 10) == [])
    queue.drained()
    #expect(queue.release(window: 10) == [3])
    queue.drained()
    #expect(queue.isEmpty && queue.bytes == 0)
  }

  @Test func theOldestExpireFirst() {
    var queue = Self.queue([1, 1, 1, 1])
    #expect(queue.release(window: 1) == [0] && queue.waitingSince == 1)
    #expect(queue.expire(before: 1) == [] && queue.expire(before: 3) == [1, 2])
    #expect(queue.waiting == [3] && queue.waitingSince == 3 && queue.bytes == 2)
    #expect(queue.takeAll() == [0, 3] && queue.isEmpty && queue.waitingSince == nil)
  }

  @Test func theStreamIsGone() {
    var queue = Self.queue([10, 10, 10, 10])
    #expect(queue.release(window: 10) == [0])
    queue.drained()
    #expect(queue.release(window: 20) == [1, 2] && queue.takeSent() == [1, 2] && queue.waiting == [3] && queue.bytes == 10)
    #expect(queue.takeSent() == [] && queue.release(window: 20) == [3])
    queue.drained()
    #expect(queue.isEmpty && queue.bytes == 0)
  }

  /// A departure takes back an arrival, but not one that a stream has.
  @Test func takenBack() {
    var queue = Self.queue([1, 2, 4, 8])
    #expect(queue.release(window: 1) == [0])
    queue.takeBack { $0 == 0 || $0 == 2 }
    #expect(queue.waiting == [1, 3] && queue.bytes == 11 && queue.takeAll() == [0, 1, 3])
  }

  // MARK: Against a model

  /// The same by searching through arrays.
  private struct Model {
    var items: [(number: Int, bytes: Int, since: Int64, isSent: Bool)] = []
    var sentBytes: Int { items.filter { $0.isSent }.reduce(0) { $0 + $1.bytes } }

    mutating func release(_ window: Int) -> [Int] {
      var released: [Int] = []
      for i in items.indices where !items[i].isSent {
        guard sentBytes == 0 && !items.contains(where: { $0.isSent }) || sentBytes + items[i].bytes <= window else { break }
        items[i].isSent = true
        released.append(items[i].number)
      }
      return released
    }

    mutating func take(where isTaken: ((number: Int, bytes: Int, since: Int64, isSent: Bool)) -> Bool) -> [Int] {
      let taken = items.filter(isTaken).map(\.number)
      items.removeAll(where: isTaken)
      return taken
    }
  }

  /// Random operations: each number leaves once, in order, and never comes back.
  @Test(arguments: 0..<40 as Range<UInt8>) func likeAnArray(seed: UInt8) {
    var random = RandomSource(key: [seed])
    var queue = OutgoingQueue<Int>()
    var model = Model()
    var now: Int64 = 0
    var left: [Int] = []
    var accepted = 0
    for number in 0..<1500 {
      now += Int64(random.number(through: 2))
      switch random.number(through: 9) {
      case 0...4:
        let bytes = Int(random.number(through: 12))
        let hasRoom = model.items.count < 20 && model.items.reduce(bytes) { $0 + $1.bytes } <= 100
        #expect(queue.append(number, bytes: bytes, at: now, maximumCount: 20, maximumBytes: 100) == hasRoom)
        if hasRoom {
          model.items.append((number, bytes, now, false))
          accepted += 1
        }
      case 5, 6:
        let window = Int(random.number(through: 30))
        #expect(queue.release(window: window) == model.release(window))
      case 7:
        queue.drained()
        left += model.take { $0.isSent }
      case 8:
        let limit = now - Int64(random.number(through: 30))
        let expired = model.take { !$0.isSent && $0.since < limit }
        #expect(queue.expire(before: limit) == expired)
        left += expired
      default:
        let isAll = random.number(through: 5) == 0
        let taken = model.take { isAll || $0.isSent }
        #expect((isAll ? queue.takeAll() : queue.takeSent()) == taken)
        left += taken
      }
      let waiting = model.items.filter { !$0.isSent }
      #expect(queue.waiting == waiting.map(\.number) && queue.waitingSince == waiting.first?.since)
      #expect(queue.count == model.items.count && queue.bytes == model.items.reduce(0) { $0 + $1.bytes })
      #expect(queue.isEmpty == model.items.isEmpty)
    }
    left += queue.takeAll()
    #expect(accepted > 300 && left.count == accepted && Set(left).count == accepted)
  }
}
