import Simulation
import Testing

struct BranchTests {
  private func branches(_ options: RunOptions) -> (report: RunReport, branches: [Branch]) {
    var run = Run(Choices(seed: 3, records: true), options)
    return run.run(branches: 3)
  }

  /// The run itself is what it is without branches; each branch is another; and all are the same each time.
  @Test func goOnInOtherWaysAndAlwaysTheSame() {
    let options = RunOptions(duration: 3_000_000_000)
    var alone = Run(Choices(seed: 3), options)
    let (report, branches) = branches(options)
    #expect(alone.run().digest == report.digest)
    #expect(branches.count == 12)
    #expect(Set(branches.map(\.report.digest)).count > 6)
    #expect(!branches.contains { $0.report.failure != nil })
    #expect(self.branches(options).branches.map(\.report.digest) == branches.map(\.report.digest))
  }

  /// A branch that fails is made again from its trace, from the start.
  @Test func aFailedBranchReplays() throws {
    var options = RunOptions(duration: 3_000_000_000)
    options.mutation = .errorSwallowed
    for seed in UInt64(0)..<200 {
      var run = Run(Choices(seed: seed, records: true), options)
      guard let failed = run.run(branches: 2).branches.first(where: { $0.trace != nil }), failed.report.happenings > failed.from else {
        continue
      }
      let trace = try #require(failed.trace)
      var again = Run(Choices(seed: trace.seed, source: .trace(trace.choices)), options)
      let report = again.run()
      #expect(report.failure?.description == failed.report.failure?.description)
      #expect(report.digest == failed.report.digest)
      return
    }
    Issue.record("no branch failed")
  }
}
