import Foundation
import Scenario
import ServerCore
import Simulation
import Testing

/// The scripts of `spec/` in the simulated world, with every byte split one way or another.
struct SimulatedDriverTests {
  static let spec = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent("spec")
  static let scripts = ((try? FileManager.default.contentsOfDirectory(atPath: spec.path)) ?? []).filter { $0.hasSuffix(".scs") }.sorted()

  @Test func thereAreScripts() { #expect(Self.scripts.count >= 10) }

  /// A script names limits in the unit of a configuration file; a name or a value that a file could not have is a mistake.
  @Test(
    arguments: [
      ("## limit inquiry_seconds: 7", nil), ("## muc", nil), ("## limits: 7", nil),
      (
        "## limit no_such_limit: 7",
        "`limit no_such_limit` is no limit that a configuration file may set, or `7` is beyond its bounds"
      ),
      (
        "## limit inquiry_seconds: 0",
        "`limit inquiry_seconds` is no limit that a configuration file may set, or `0` is beyond its bounds"
      ),
      ("## limit inquiry_seconds", "`limit inquiry_seconds` is no limit that a configuration file may set, or `` is beyond its bounds"),
    ] as [(String, String?)])
  func aScriptNamesLimits(tag: String, problem: String?) throws {
    let script = try Script(parsing: "# Title\n\(tag)\n\n[Client] A\n\tjid: a@localhost\n\tpassword: a\n\n-----\n", name: "s")
    #expect(SimulatedDriver.problem(of: script) == problem)
    let time = SimulatedDriver.configuration(for: script).limits[time: .inquiryTime]
    #expect(time == (tag == "## limit inquiry_seconds: 7" ? .seconds(7) : Limit.inquiryTime.standard))
  }

  @Test(arguments: scripts)
  func scriptPasses(name: String) throws {
    let source = try String(contentsOf: Self.spec.appendingPathComponent(name), encoding: .utf8)
    let script = try Script(parsing: source, name: name)
    for seed: UInt64 in 0..<2 {
      var driver = SimulatedDriver(script: script, seed: seed)
      let outcome = ScenarioRunner(exact: true).run(script, with: &driver)
      #expect(outcome == .passed, "seed \(seed): \(outcome)")
    }
  }
}
