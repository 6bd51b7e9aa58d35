/// The seeds from which the draws of a run's world come, one for each number of a draw: a mixture of other runs' worlds. Users and faults
/// come from the run's own seed.
public struct WorldSeeds: Sendable, Hashable {
  /// Numbers of the draws of worlds are below this (`Swarm`, limits, features).
  static let count = 128
  private let seeds: [UInt64]

  /// The world that a seed makes.
  init(of seed: UInt64) { seeds = Array(repeating: seed, count: WorldSeeds.count) }

  /// Each draw as in one of two worlds.
  ///
  /// - Parameter salt: another one mixes the two in another way.
  init(mixing first: WorldSeeds, with second: WorldSeeds, salt: UInt64) {
    seeds = (0..<WorldSeeds.count).map { number in
      (Choices.mix(salt ^ Choices.mix(UInt64(number))) & 1 == 0 ? first : second).seeds[number]
    }
  }

  /// The seed of a draw; `nil` if the number is beyond those of worlds.
  subscript(number: UInt64) -> UInt64? { number < WorldSeeds.count ? seeds[Int(number)] : nil }
}

/// Steers a campaign towards pairs of coverage marks that have not come together yet: half of the later runs have worlds that are mixed of two
/// earlier ones, which brought more new pairs than the runs about them.
///
/// The worlds of a generation depend on the generations before it alone, and so not on how many runs go on at the same time.
public struct Steering: Sendable {
  /// In runs.
  public static let generation = 32
  /// So many worlds are mixed.
  private static let pool = 48
  /// So many runs before a run say how many new pairs are usual by now.
  private static let recent = 50

  private var pairs = MarkPairs()
  private var gains: [Double] = []
  /// The worlds that brought most, with how often what was usual they brought, less with every run since.
  private var best: [(world: WorldSeeds, gain: Double)] = []

  public init() {}

  /// The world of a run; `nil`: its own.
  public func world(for seed: UInt64) -> WorldSeeds? {
    guard best.count == Steering.pool, Choices.mix(seed) & 1 == 1 else { return nil }
    let (first, second) = (Choices.mix(seed ^ 1), Choices.mix(seed ^ 2))
    return WorldSeeds(
      mixing: best[Int(first % UInt64(Steering.pool))].world, with: best[Int(second % UInt64(Steering.pool))].world, salt: seed)
  }

  /// A run that is over, which measured its pairs.
  public mutating func note(_ report: RunReport, world: WorldSeeds?) {
    guard let reached = report.pairs else { return }
    let before = pairs.weight
    pairs.merge(reached)
    let gain = Double(pairs.weight - before)
    gains.append(gain)
    if gains.count > Steering.recent { gains.removeFirst() }
    let usual = gains.reduce(0, +) / Double(gains.count)
    for index in best.indices { best[index].gain *= 0.98 }
    best.append((world ?? WorldSeeds(of: report.seed), gain / max(1, usual)))
    guard best.count > Steering.pool, let least = best.indices.min(by: { best[$0].gain < best[$1].gain }) else { return }
    best.remove(at: least)
  }
}
