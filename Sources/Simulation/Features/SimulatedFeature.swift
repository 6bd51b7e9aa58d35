internal import ServerCore
internal import Storage

/// The part of the simulator that belongs to a feature: actions of users with it, and the rules that must hold.
struct SimulatedFeature: Sendable {
  var actions: [UserAction] = []
  var oracles: [any Oracle.Type] = []
  /// Chooses how the feature is configured in a run. Where every roll is zero, the configuration stays as it is.
  var configure: (@Sendable (_ configuration: inout Configuration, _ roll: (Int) -> Int) -> Void)?
  /// For how long, in nanoseconds from now, an account can't be created whose name was once taken: peace waits before everybody comes back.
  var patience: (@Sendable (_ world: World) -> Int64)?
  /// The letters that the reference model expects from an account that is not there, beside those that RFC 6121 has it send. `rows` are those
  /// that outlived it, as storage told the server.
  var absentAccountAnswers:
    (@Sendable (_ letter: ModelStanza, _ rows: OwnerRows, _ configuration: Configuration, _ time: Instant) -> [ModelStanza])?

  static let all: [SimulatedFeature] = [PrivateXMLUse.feature, TombstonesUse.feature]
}
