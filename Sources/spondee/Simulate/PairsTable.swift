internal import Foundation
internal import ServerCore
internal import Simulation

/// The lines of a campaign about pairs of marks.
struct PairsTable {
  let pairs: MarkPairs

  /// A pair that should have come together so often comes together nonetheless in all but one of 150 campaigns.
  static let expectedAtLeast = 5.0
  /// Lines for each of the lists.
  static let listed = 50

  var text: String {
    MarkPairs.Sense.allCases.flatMap { lines($0) }.joined(separator: "\n")
  }

  private func lines(_ sense: MarkPairs.Sense) -> [String] {
    let place =
      switch sense {
      case .run: "in one run"
      case .window: "within ten events"
      case .room: "in one room"
      }
    let marks = pairs.markCount(sense)
    let missing = pairs.missing(sense, expectedAtLeast: Self.expectedAtLeast)
    var lines = ["\(pairs.count(sense)) pairs of marks came together \(place), of \(marks * (marks - 1) / 2) pairs of \(marks) marks"]
    if missing.isEmpty { return lines }
    let least = Int(Self.expectedAtLeast)
    let some = missing.count > Self.listed ? " (the first \(Self.listed) of them)" : ""
    lines.append("\(missing.count) pairs never came together \(place), and should have \(least) times or more\(some):")
    lines += missing.prefix(Self.listed).map { pair in
      String(format: "%9.1f", pair.expected) + "  \(pair.first.name), \(pair.second.name)"
    }
    return lines
  }
}
