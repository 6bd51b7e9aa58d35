/// What the server has in memory is what a model of the documents has, after every event.
///
/// The comparing is done by the world, which alone sees every event; here is the name by which it is switched off.
public struct ModelAgrees: Oracle {
  public static let name = "model"
  public static let clause = "RFC 6121, sections 2 to 4 and appendix A; XEP-0045; XEP-0191"

  public init() {}

  public mutating func observe(_ observation: Observation, at time: Int64) -> String? { nil }

  public func atRest(_ state: RestState) -> String? { state.world.model?.problem }
}
