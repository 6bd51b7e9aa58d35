/// The part of the simulator that belongs to a feature: actions of users with it, and the rules that must hold.
struct SimulatedFeature: Sendable {
  var actions: [UserAction] = []
  var oracles: [any Oracle.Type] = []

  static let all: [SimulatedFeature] = [PrivateXMLUse.feature]
}
