import OrderedCollections
import Testing

@testable import Simulation

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

  /// From a trace, from bytes and from a seed alike: what is drawn after a run diverged is fresh, and the same each time.
  @Test(arguments: [Choices.Source.seed, .trace(ChoiceTrace()), .bytes([])])
  func whatDivergesDrawsFromTheSeed(source: Choices.Source) {
    func draws(_ number: UInt64) -> [Int] {
      var choices = Choices(seed: 9, source: source)
      let first = choices.draw(.latency, below: 1 << 30)
      choices.diverge(number)
      return [first] + (0..<5).map { _ in choices.draw(.latency, below: 1 << 30) }
    }
    #expect(draws(1) == draws(1))
    #expect(draws(1)[0] == draws(2)[0])
    #expect(Set(draws(1) + draws(2)).count == 11)
  }

  @Test func drawsAreKeptWithTheirBounds() {
    var choices = Choices(seed: 3).recording(keepsDraws: true)
    let value = choices.draw(.split, 7, item: 2, below: 50)
    choices.event = 4
    _ = choices.draw(.split, 7, item: 2, below: 1)
    let other = choices.draw(.split, 7, item: 2, below: 60)
    let stream = Choices.Stream(purpose: .split, who: 7, item: 2)
    #expect(
      choices.draws == [
        Choices.Draw(stream: stream, index: 0, value: value, bound: 50, event: 0),
        Choices.Draw(stream: stream, index: 1, value: other, bound: 60, event: 4),
      ])
  }

  @Test func oneDrawOfATraceIsReplaced() {
    let stream = Choices.Stream(purpose: .action, who: 0, item: 0)
    var trace = ChoiceTrace()
    trace.set([1, 2, 3], for: stream)
    trace.replace(stream, 1, with: 9)
    #expect(trace.streams[stream] == [1, 9, 3])
    trace.replace(stream, 4, with: 5)
    #expect(trace.streams[stream] == [1, 9, 3, 0, 5])
    trace.replace(stream, 4, with: 0)
    #expect(trace.streams[stream] == [1, 9, 3])
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
