import ServerCore
import Testing

@testable import Simulation

/// Worlds that are mixed of earlier ones.
struct SteeringTests {
  @Test func aMixedWorldTakesEachDrawFromOneOfTwo() {
    let world = WorldSeeds(mixing: WorldSeeds(of: 7), with: WorldSeeds(of: 9), salt: 1)
    let seeds = (0..<UInt64(WorldSeeds.count)).map { world[$0] }
    #expect(Set(seeds) == [7, 9])
    #expect(world[UInt64(WorldSeeds.count)] == nil)
    #expect(world != WorldSeeds(mixing: WorldSeeds(of: 7), with: WorldSeeds(of: 9), salt: 2))
  }

  /// Only the draws of the world come from elsewhere.
  @Test func theRestIsTheSeedsOwn() {
    var own = Choices(seed: 1)
    var other = Choices(seed: 2)
    var mixed = Choices(seed: 1, world: WorldSeeds(of: 2))
    let draws: [(Choices.Purpose, UInt64)] = [(.swarm, 3), (.swarm, 100), (.swarm, 1000), (.action, 3), (.weather, 3)]
    for (place, (purpose, who)) in draws.enumerated() {
      let values = (own.draw(purpose, who, below: 1 << 30), other.draw(purpose, who, below: 1 << 30))
      #expect(mixed.draw(purpose, who, below: 1 << 30) == (place < 2 ? values.1 : values.0))
    }
    var again = mixed.recording()
    #expect(again.draw(.swarm, 3, below: 1 << 30) == Choices(seed: 2).first(.swarm, 3))
  }

  /// A run in a mixed world is what its trace says.
  @Test func aTraceRepeatsARunInAMixedWorld() throws {
    let world = WorldSeeds(mixing: WorldSeeds(of: 11), with: WorldSeeds(of: 12), salt: 13)
    var run = Run(Choices(seed: 5, world: world, records: true), RunOptions(duration: .seconds(2)))
    let report = run.run()
    let trace = try #require(run.trace)
    var again = Run(Choices(seed: trace.seed, source: .trace(trace.choices)), RunOptions(duration: .seconds(2)))
    #expect(again.run().digest == report.digest)
    var own = Run(Choices(seed: 5), RunOptions(duration: .seconds(2)))
    #expect(own.run().digest != report.digest)
  }

  /// A run that reached these marks together.
  private static func report(_ seed: UInt64, _ marks: [Int]) -> RunReport {
    var bits = MarkPairs.Bits()
    for mark in marks { bits.insert(mark) }
    var pairs = MarkPairs()
    pairs[.run].add(bits)
    pairs[.run].pair(bits, with: bits)
    return RunReport(seed: seed, happenings: 0, time: 0, digest: Digest(), marks: Marks(), pairs: pairs)
  }

  @Test func worldsThatBroughtNewPairsAreMixed() {
    var steering = Steering()
    // Runs with new marks, among ever so many that bring nothing.
    for seed in 0..<400 {
      let isRich = seed % 8 == 0
      steering.note(Self.report(UInt64(seed), isRich ? Array(seed..<seed + 8) : [0, 1]), world: nil)
    }
    let worlds = (0..<200).compactMap { steering.world(for: $0) }
    #expect((60...140).contains(worlds.count))
    let parents = Set(worlds.flatMap { world in (0..<UInt64(WorldSeeds.count)).compactMap { world[$0] } })
    #expect(parents.count > 20)
    #expect(parents.count { $0 % 8 == 0 } > parents.count * 9 / 10)
  }

  @Test func theFirstRunsHaveWorldsOfTheirOwn() {
    var steering = Steering()
    for seed in 0..<40 { steering.note(Self.report(UInt64(seed), [seed, seed + 1]), world: nil) }
    #expect((0..<200).allSatisfy { steering.world(for: $0) == nil })
  }
}

extension Choices {
  fileprivate func first(_ purpose: Purpose, _ who: UInt64) -> Int {
    var copy = self
    return copy.draw(purpose, who, below: 1 << 30)
  }
}
