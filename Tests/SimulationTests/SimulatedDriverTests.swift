import Foundation
import Scenario
import Simulation
import Testing

/// The scripts of `spec/` in the simulated world, with every byte split one way or another.
struct SimulatedDriverTests {
  static let spec = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent("spec")
  static let scripts = ((try? FileManager.default.contentsOfDirectory(atPath: spec.path)) ?? []).filter { $0.hasSuffix(".scs") }.sorted()

  @Test func thereAreScripts() { #expect(Self.scripts.count >= 10) }

  @Test(arguments: scripts)
  func scriptPasses(name: String) throws {
    let source = try String(contentsOf: Self.spec.appendingPathComponent(name), encoding: .utf8)
    let script = try Script(parsing: source, name: name)
    for seed: UInt64 in 0..<10 {
      var driver = SimulatedDriver(script: script, seed: seed)
      let outcome = ScenarioRunner(exact: true).run(script, with: &driver)
      #expect(outcome == .passed, "seed \(seed): \(outcome)")
    }
  }
}
