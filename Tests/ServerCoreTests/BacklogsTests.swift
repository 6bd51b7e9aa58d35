import Testing
import XML
import XMPP

@testable import ServerCore

/// Which connection ends when all hold too much: the one that holds the most, and the oldest of several.
@Suite struct BacklogsTests {
  /// Some connections whose peers take something now and then, and what each holds.
  private struct Crowd {
    var connections = Store<ConnectionID, Connection>()
    var backlogs: Backlogs
    private(set) var held: [Int: Int] = [:]

    init(limit: Int, count: Int) {
      backlogs = Backlogs(limit: limit)
      for number in 0..<count { connections[ConnectionID(UInt64(number))] = Connection(limits: .authenticated, role: .client) }
    }

    /// Returns which connection is found to hold the most, if it is too much.
    mutating func write(_ bytes: Int, to number: Int) -> Int? {
      let connection = ConnectionID(UInt64(number))
      connections[connection]?.append(Array(repeating: 0, count: bytes), splice: 0, from: [], to: nil)
      held[number, default: 0] += bytes
      backlogs.all += bytes
      guard backlogs.isWatched else { return nil }
      return backlogs.largestIfTooMuch(connection, held[number]!, connections).map { Int($0.number) }
    }

    /// The peer takes about a part of what there is.
    mutating func take(_ bytes: Int, from number: Int) {
      let connection = ConnectionID(UInt64(number))
      var (actions, marks): ([Action], Marks) = ([], Marks())
      connections[connection]?.flush(connection, unprocessedLimit: 0, into: &actions, &marks)
      let taken = connections[connection]?.accepted(bytes) ?? 0
      held[number, default: 0] -= taken
      backlogs.all -= taken
    }

    mutating func end(_ number: Int) {
      connections[ConnectionID(UInt64(number))]?.die()
      backlogs.all -= held.removeValue(forKey: number) ?? 0
    }

    /// By looking at all of them.
    var largest: Int? { held.sorted { $0.key < $1.key }.max { $0.value < $1.value }?.key }
  }

  @Test(arguments: UInt64(1)...20) func theLargestOfAllIsFound(seed: UInt64) {
    var generator = RandomSource(key: [UInt8(seed)])
    let limit = 2_000
    var crowd = Crowd(limit: limit, count: 40)
    var ends = 0
    for _ in 0..<5_000 {
      let number = Int(generator.next() % 40)
      // Few sizes, so that many hold equally much.
      guard generator.next() % 4 > 0 else {
        crowd.take(Int(generator.next() % 5) * 50, from: number)
        continue
      }
      let found = crowd.write(Int(generator.next() % 3 + 1) * 50, to: number)
      #expect(found == (crowd.backlogs.all > limit ? crowd.largest : nil))
      if let found {
        crowd.end(found)
        ends += 1
      }
    }
    #expect(ends > 10)
  }

  /// Each write beyond the half adds one entry at most, and those that say too much don't pile up.
  @Test func entriesAreBoundedByConnections() {
    var crowd = Crowd(limit: 1_000_000, count: 100)
    var most = 0
    for round in 0..<20_000 {
      _ = crowd.write(10_000, to: round % 100)
      if round >= 60 { crowd.take(10_000, from: (round - 60) % 100) }
      most = max(most, crowd.backlogs.entryCount)
    }
    #expect(crowd.backlogs.all == 600_000)
    #expect((60...264).contains(most))
  }

  /// While there is room enough nothing is kept, nor after it has become so again.
  @Test func nothingIsKeptWhileAllIsWell() {
    var crowd = Crowd(limit: 1_000, count: 10)
    for number in 0..<10 { _ = crowd.write(50, to: number) }
    #expect(crowd.backlogs.entryCount == 0)
    _ = crowd.write(1, to: 0)
    #expect(crowd.backlogs.entryCount == 10)
    for number in 0..<8 { crowd.take(51, from: number) }
    _ = crowd.write(1, to: 0)
    #expect(crowd.backlogs.entryCount == 0)
  }
}
