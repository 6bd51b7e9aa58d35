import Testing

@testable import Simulation

struct CausalityTextTests {
  private static func share(_ failing: Int) -> Causality.Share { Causality.Share(failing: failing, of: 50) }
  private static func moment(_ event: UInt64, _ failing: Int) -> Causality.Moment {
    Causality.Moment(event: event, time: Int64(event) * 1_000_500_000, share: share(failing))
  }

  private static func causality(_ moments: [Causality.Moment], jump: Int?, verdicts: [Causality.Verdict] = []) -> Causality {
    let failure = RunReport.Failure(oracle: "rule", message: "it is broken", time: 0)
    let jumps = jump.map {
      [Causality.Jump(before: moments[$0 - 1], after: moments[$0], words: "the disk hangs", observation: nil, isObserved: false)]
    }
    return Causality(
      failure: failure, moments: moments, jumps: jumps ?? [], verdicts: verdicts, choices: verdicts.count, runs: 1)
  }

  private static func verdict(_ words: String, _ failing: Int) -> Causality.Verdict {
    let draw = Choices.Draw(stream: Choices.Stream(purpose: .crash, who: 1, item: 0), index: 0, value: 3, bound: 51, event: 2)
    return Causality.Verdict(draw: draw, time: 7_000_000, words: words, share: share(failing))
  }

  @Test func aJumpIsTheCause() {
    let causality = Self.causality([Self.moment(0, 1), Self.moment(31, 2), Self.moment(32, 48), Self.moment(64, 50)], jump: 2)
    #expect(causality.hasClearCause)
    #expect(
      causality.text == """
        cause: at 32016 ms, event 32 of 64, from 4 % to 96 % of 50 continuations fail: the disk hangs
          100 % |                               ▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇█
                |                               █████████████████████████████████
                |                               █████████████████████████████████
            0 % |▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁█████████████████████████████████
                                                ^
                 0 ms to 64032 ms of virtual time, by events
        """)
  }

  @Test func aShareThatRisesLittleByLittleHasNoSingleCause() {
    let moments = (0...10).map { Self.moment(UInt64($0), $0 * 5) }
    let causality = Self.causality(moments, jump: 3)
    #expect(!causality.hasClearCause)
    #expect(
      causality.sentence
        == "no single event is the cause: the share rises little by little, most at 3001.500 ms, event 3 of 10, from 20 % to 30 % of 50 "
        + "continuations fail: the disk hangs")
  }

  @Test func withoutAJumpEachContinuationFails() {
    let causality = Self.causality([Self.moment(0, 50), Self.moment(9, 50)], jump: nil)
    #expect(causality.sentence == "no event makes the failure more likely: it comes in each continuation from the beginning")
  }

  @Test func choicesAreToldByTheirPart() {
    let verdicts = [
      Self.verdict("most often needed", 10), Self.verdict("always needed", 0), Self.verdict("seldom needed", 40), Self.verdict("idle", 50),
    ]
    let lines = Self.causality([Self.moment(0, 50)], jump: nil, verdicts: verdicts).text.split(separator: "\n").dropFirst()
    #expect(
      lines == [
        "choices: 1 necessary, 2 helpful, 1 irrelevant", "  necessary: at 7 ms, always needed: 3 of 0 to 50",
        "  helpful (10 of 50 others fail): at 7 ms, most often needed: 3 of 0 to 50",
        "  helpful (40 of 50 others fail): at 7 ms, seldom needed: 3 of 0 to 50",
      ])
  }
}
