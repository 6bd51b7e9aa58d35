import Simulation
import Testing

struct RunTests {
  static let duration: Int64 = 5_000_000_000

  @Test func sameSeedSameRun() {
    var first = Run(Choices(seed: 7), RunOptions(duration: Self.duration))
    var second = Run(Choices(seed: 7), RunOptions(duration: Self.duration))
    let (a, b) = (first.run(), second.run())
    #expect(a.digest == b.digest)
    #expect(a.happenings == b.happenings)
    #expect(a.happenings > 100)
  }

  @Test func anotherSeedAnotherRun() {
    var first = Run(Choices(seed: 7), RunOptions(duration: Self.duration))
    var second = Run(Choices(seed: 8), RunOptions(duration: Self.duration))
    #expect(first.run().digest != second.run().digest)
  }

  @Test(arguments: 0..<20)
  func noRuleIsBroken(seed: Int) {
    var run = Run(Choices(seed: UInt64(seed)), RunOptions(duration: Self.duration))
    let failure = run.run().failure
    #expect(failure == nil, "spondee simulate --seed \(seed) --duration 5s --trace: \(failure.map(\.description) ?? "")")
  }
}
