import Simulation
import Testing

struct ChoicesTests {
  @Test func streamsDontShiftEachOther() {
    var alone = Choices(seed: 5)
    var crowded = Choices(seed: 5)
    for _ in 0..<10 { _ = crowded.draw(.split, 3, below: 100) }
    for item in 0..<20 {
      let draws = (alone.draw(.action, 3, item: item, below: 1000), crowded.draw(.action, 3, item: item, below: 1000))
      #expect(draws.0 == draws.1)
    }
  }

  @Test func labelsDiffer() {
    var choices = Choices(seed: 1)
    var seen: Set<[Int]> = []
    for purpose in Choices.Purpose.allCases {
      for who: UInt64 in [0, 1, 1 << 32] {
        for item in [0, 1, 7] { seen.insert((0..<4).map { _ in choices.draw(purpose, who, item: item, below: 1 << 30) }) }
      }
    }
    #expect(seen.count == Choices.Purpose.allCases.count * 9)
  }

  @Test func whatIsMissingIsZero() {
    var choices = Choices(seed: 9, source: .trace(ChoiceTrace()))
    let (draw, chance) = (choices.draw(.latency, below: 1000), choices.chance(.crash, percent: 99))
    #expect(draw == 0)
    #expect(!chance)
  }

  /// A trace that was made for other bounds does no harm.
  @Test func tracesStayWithinBounds() {
    var trace = ChoiceTrace()
    trace.append(900, to: Choices.Stream(purpose: .action, who: 0, item: 0))
    var choices = Choices(seed: 9, source: .trace(trace))
    let draw = choices.draw(.action, below: 10)
    #expect(draw == 9)
  }

  @Test func bytesAreReadFromTheFront() {
    var choices = Choices(seed: 0, source: .bytes([7, 1, 44, 5]))
    let draws = [10, 1000, 256, 256].map { choices.draw(.action, below: $0) }
    #expect(draws == [7, 1 << 8 | 44, 5, 0])
  }

  @Test func chancesComeAboutAsOften() {
    var choices = Choices(seed: 3)
    let hits = (0..<10_000).count { _ in choices.chance(.crash, percent: 20) }
    #expect((1_800...2_200).contains(hits))
  }
}

struct RunTraceTests {
  private static func run(_ choices: Choices) -> (RunReport, RunTrace?) {
    var run = Run(choices, RunOptions(duration: 3_000_000_000))
    let report = run.run()
    return (report, run.trace)
  }

  @Test(arguments: [UInt64(1), 2, 3, 14])
  func aTraceIsTheRun(seed: UInt64) throws {
    let (original, recorded) = Self.run(Choices(seed: seed, records: true))
    let trace = try #require(recorded)
    let read = try RunTrace(parsing: trace.text)
    #expect(read.choices == trace.choices.trimmed)
    let (again, _) = Self.run(Choices(seed: read.seed, source: .trace(read.choices)))
    #expect(again.digest == original.digest)
    #expect(again.happenings == original.happenings)
  }

  @Test(arguments: [
    "", "hello", "spondee-trace 1\nseed 4\n", "spondee-trace 1\nduration 5\nnonsense 1 2: 3\n",
    "spondee-trace 1\nduration 5\ndeed 0 0: x\n",
  ])
  func whatIsNoTraceIsRefused(text: String) {
    #expect(throws: RunTrace.Problem.self) { try RunTrace(parsing: text) }
  }

  /// Any bytes are a run: this is how a fuzzer drives it.
  @Test func bytesAreARun() {
    let (report, _) = Self.run(Choices(seed: 0, source: .bytes((0..<4000).map { UInt8(truncatingIfNeeded: $0 &* 37 >> 3) })))
    #expect(report.failure == nil, "\(report.failure!)")
  }
}
