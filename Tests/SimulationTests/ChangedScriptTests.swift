import Foundation
import Scenario
import Simulation
import Testing

/// A script that can't fail shows nothing: with one expected value changed, each of `spec/` fails.
struct ChangedScriptTests {
  /// So many values of each script are tried, spread over its length. (All of them were, once, by hand.)
  static let tries = 4

  @Test(arguments: SimulatedDriverTests.scripts)
  func aChangedValueIsSeen(name: String) throws {
    let source = try String(contentsOf: SimulatedDriverTests.spec.appendingPathComponent(name), encoding: .utf8)
    let places = Self.expectedValues(in: source)
    #expect(!places.isEmpty)
    for step in 0..<min(Self.tries, places.count) {
      let place = places[step * places.count / min(Self.tries, places.count)]
      let changed = source.replacingCharacters(in: place, with: source[place] + "x")
      let script = try Script(parsing: changed, name: name)
      var driver = SimulatedDriver(script: script, seed: 1)
      let outcome = ScenarioRunner(exact: true).run(script, with: &driver)
      let line = source[..<place.lowerBound].split(separator: "\n", omittingEmptySubsequences: false).count
      #expect(outcome != .passed, "line \(line): '\(source[place])' does not matter")
    }
  }

  /// Values of attributes, other than namespaces and placeholders, in what is to be received.
  private static func expectedValues(in source: String) -> [Range<String.Index>] {
    var found: [Range<String.Index>] = []
    var isReceived = false
    for line in source.split(separator: "\n", omittingEmptySubsequences: false) {
      if let first = line.first, !first.isWhitespace { isReceived = line.hasSuffix("receives:") || line.hasSuffix("receives next:") }
      guard isReceived else { continue }
      for match in line.matches(of: /([A-Za-z][\w:-]*)='([^'{$]+)'/) where !match.1.hasPrefix("xmlns") && !match.1.hasPrefix("scansion") {
        found.append(match.2.startIndex..<match.2.endIndex)
      }
    }
    return found
  }
}
