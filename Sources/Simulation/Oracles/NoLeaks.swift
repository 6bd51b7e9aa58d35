internal import ServerCore

/// When nothing is under way any more, the server holds nothing that was under way: no bytes for a peer that has read all, no stanza
/// that waits for an answer which came, no step behind a commit that is done.
public struct NoLeaks: Oracle {
  public static let name = "leftovers"
  public static let clause = "what passes through a server leaves it"
  public static let scope: OracleScope = [.runs, .smallWorlds]

  public init() {}

  public mutating func observe(_ observation: Observation, at time: Int64) -> String? { nil }

  public func atRest(_ state: RestState) -> String? {
    guard state.isPeaceful, let left = state.world.engine.leftover else { return nil }
    return "in peace there is still something held: \(left)"
  }
}
