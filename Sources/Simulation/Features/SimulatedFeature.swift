/// What a feature of the server adds to the simulator: what users do with it, and the rules that must hold.
struct SimulatedFeature: Sendable {
  var actions: [Deed] = []
  var oracles: [any Oracle.Type] = []

  static let all: [SimulatedFeature] = [PrivateXMLUse.feature]
}
