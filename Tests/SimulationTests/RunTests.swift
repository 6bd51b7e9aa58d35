import Simulation
import Testing

struct RunTests {
  static let duration: Int64 = 5_000_000_000

  @Test func sameSeedSameRun() {
    var first = Run(seed: 7, duration: Self.duration)
    var second = Run(seed: 7, duration: Self.duration)
    let (a, b) = (first.run(), second.run())
    #expect(a.digest == b.digest)
    #expect(a.happenings == b.happenings)
    #expect(a.happenings > 100)
  }

  @Test func anotherSeedAnotherRun() {
    var first = Run(seed: 7, duration: Self.duration)
    var second = Run(seed: 8, duration: Self.duration)
    #expect(first.run().digest != second.run().digest)
  }

  @Test(arguments: 0..<40)
  func noRuleIsBroken(seed: Int) {
    var run = Run(seed: UInt64(seed), duration: Self.duration)
    let failure = run.run().failure
    #expect(failure == nil, "spondee simulate --seed \(seed) --duration 5s --trace: \(failure.map(\.description) ?? "")")
  }
}
