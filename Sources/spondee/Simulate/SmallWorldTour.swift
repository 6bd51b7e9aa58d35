internal import ArgumentParser
internal import Dispatch
internal import Foundation
internal import Simulation

/// `simulate --explore`: every order in which things can happen in a small world.
struct SmallWorldTour {
  var names: [String]
  /// Give up on a world with more states.
  var most = 100_000

  static let all = "all"

  struct Result {
    var world: SmallWorld
    var exploration: Exploration
    /// No rule was broken, and there are exactly as many states as are known.
    var isGood: Bool { exploration.failure == nil && !exploration.isCutShort && (world.states ?? exploration.states) == exploration.states }
  }

  /// Prints a line for each world, and the shortest way to each broken rule.
  func run() -> [Result] {
    let worlds = SmallWorld.all.filter { names.contains($0.name) || names.contains(SmallWorldTour.all) }
    return worlds.map { world in
      let began = DispatchTime.now().uptimeNanoseconds
      let exploration = Exploration(of: world, most: most)
      let seconds = Double(DispatchTime.now().uptimeNanoseconds - began) / 1e9
      if let failure = exploration.failure {
        print("FAIL \(world.name): \(failure.what.oracle): \(failure.what.message)")
        for (number, step) in failure.path.enumerated() { print("  \(number + 1). \(step)") }
      }
      print(SmallWorldTour.line(world, exploration, seconds))
      return Result(world: world, exploration: exploration)
    }
  }

  private static func line(_ world: SmallWorld, _ exploration: Exploration, _ seconds: Double) -> String {
    let rate = Int(Double(exploration.branches) / max(seconds, 1e-9))
    let whole = exploration.isCutShort ? "not all of its states" : "all states"
    let pinned = world.states.map { $0 == exploration.states ? "" : ", expected \($0)" } ?? ""
    return "\(world.name): \(exploration.states) states\(pinned) (\(whole)), \(exploration.branches) branches (\(rate) a second), "
      + "\(exploration.ends) ends, \(exploration.depth) deep"
  }
}
