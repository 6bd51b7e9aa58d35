import Foundation
import Scenario
import Testing

@testable import Simulation

/// The scripts of `spec/` do what a random user hardly ever does: the model must agree with the server there, too.
struct ModelScriptTests {
  @Test(arguments: SimulatedDriverTests.scripts)
  func modelAgrees(name: String) throws {
    let source = try String(contentsOf: SimulatedDriverTests.spec.appendingPathComponent(name), encoding: .utf8)
    let script = try Script(parsing: source, name: name)
    // The model is one of a single server, and knows of no other that could say something to it.
    guard script.servers.isEmpty else { return }
    for seed: UInt64 in 0..<3 {
      var driver = SimulatedDriver(script: script, seed: seed)
      driver.world.compareWithModel()
      _ = ScenarioRunner(exact: true).run(script, with: &driver)
      #expect(driver.world.model?.problem == nil, "seed \(seed)")
    }
  }
}
