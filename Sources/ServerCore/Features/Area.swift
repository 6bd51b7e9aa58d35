/// A part of the server that is there whichever features are, with what it declares.
struct Area: Sendable {
  var name: String
  /// Places in it that tests should reach.
  var marks: [any CoverageMark.Type] = []
  var limits: [Limit] = []
  var settings: [Setting] = []

  /// Every area, in the order of reports. A feature declares its own (`Feature.all`).
  static let core: [Area] = [
    .connections, .streams, .authentication, .binding, .shards, .outputCommit, .activation, .inquiries, .accountControl, .routing,
    .federation,
    .presence,
    .subscriptions,
  ]
}
