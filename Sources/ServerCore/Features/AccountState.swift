internal import Storage

/// The state that a feature keeps in memory of an account while the account is there.
protocol AccountState: Sendable, Codable {
  /// Of a new account.
  init()
  /// Of an account as it is stored.
  init(_ rows: OwnerRows) throws(RowProblem)
  /// Everything in it that can grow, with its bound.
  func gauges(_ limits: Configuration.Limits) -> [(name: StaticString, value: Int, limit: Int)]
}

/// The states of all features that declare one, for one account.
struct AccountStates: Sendable {
  private static let types = Feature.all.compactMap(\.accountState)
  /// In the order of the types.
  private var values: [any AccountState]

  init() { values = AccountStates.types.map { $0.init() } }
  init(_ rows: OwnerRows) throws(RowProblem) {
    values = []
    for type in AccountStates.types { values.append(try type.init(rows)) }
  }

  func gauges(_ limits: Configuration.Limits) -> [(name: StaticString, value: Int, limit: Int)] { values.flatMap { $0.gauges(limits) } }

  /// - Precondition: a feature declares the type.
  subscript<State: AccountState>(_: State.Type) -> State {
    get {
      guard let state = values.lazy.compactMap({ $0 as? State }).first else { preconditionFailure("no feature declares \(State.self)") }
      return state
    }
    set {
      guard let index = AccountStates.types.firstIndex(where: { $0 == State.self }) else { return }
      values[index] = newValue
    }
  }
}

extension AccountStates: Codable {
  func encode(to encoder: any Encoder) throws {
    var container = encoder.unkeyedContainer()
    for value in values { try container.encode(value) }
  }

  init(from decoder: any Decoder) throws {
    var container = try decoder.unkeyedContainer()
    values = []
    for type in AccountStates.types { values.append(try container.decode(type)) }
  }
}
