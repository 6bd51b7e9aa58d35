import Testing

@testable import ServerCore

@Suite struct BackOffTests {
  @Test(arguments: [0, 5_000_000_000] as [Int64]) func twiceAsLongAfterEachFailure(now: Int64) throws {
    for seed in 0..<100 as Range<UInt8> {
      var random = RandomSource(key: [seed])
      var backOff = BackOff()
      #expect(backOff.isOver(at: now) && backOff.until == nil)
      let longest: [Int64] = [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]
      for (failures, seconds) in longest.enumerated() {
        backOff.failed(at: now, &random)
        let until = try #require(backOff.until)
        #expect(until - now >= seconds * 500_000_000 && until - now <= seconds * 1_000_000_000, "after \(failures + 1) failures")
        #expect(!backOff.isOver(at: until - 1) && backOff.isOver(at: until))
      }
      for _ in 0..<1000 { backOff.failed(at: now, &random) }
      let until = try #require(backOff.until)
      #expect(backOff.failures == 1011 && until - now >= 150_000_000_000 && until - now <= 300_000_000_000)
      backOff.reset()
      #expect(backOff == BackOff() && backOff.isOver(at: now))
    }
  }

  /// Two servers that fail in one moment do not come back in one moment, and all of the range is used.
  @Test func chance() {
    let waits = (0..<200 as Range<UInt8>).map { seed in
      var random = RandomSource(key: [seed])
      var backOff = BackOff()
      backOff.failed(at: 0, &random)
      return backOff.until ?? 0
    }
    #expect(Set(waits).count == 200)
    #expect(waits.contains { $0 < 550_000_000 } && waits.contains { $0 > 950_000_000 })
  }

  @Test func numbersUpToALimit() {
    var random = RandomSource(key: [3])
    for limit in [0, 1, 5, 255, .max] as [UInt64] {
      let numbers = (0..<500).map { _ in random.number(through: limit) }
      #expect(numbers.allSatisfy { $0 <= limit })
      if limit <= 5 { #expect(Set(numbers).count == Int(limit) + 1) }
      if limit == .max { #expect(numbers.contains { $0 > 1 << 63 } && numbers.contains { $0 < 1 << 62 }) }
    }
  }
}
