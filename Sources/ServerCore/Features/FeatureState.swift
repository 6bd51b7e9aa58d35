internal import Storage

/// The state that a feature keeps in memory of an account or of a session, for as long as that is there.
protocol FeatureState: Sendable, Codable {
  /// Of a new account or session.
  init()
  /// Whether it is as of a new one: such a state takes no memory.
  var isEmpty: Bool { get }
  /// Everything in it that can grow, with its bound.
  func gauges(_ limits: Configuration.Limits) -> [(name: StaticString, value: Int, limit: Int)]
  /// Messages that are nowhere else: while there are some, or some are on their way, an account stays in memory; if it has to go all the same,
  /// their senders are told.
  var waiting: [Stanza] { get }
  /// Whether the state needs the account in memory.
  var isBusy: Bool { get }
}

extension FeatureState {
  func gauges(_ limits: Configuration.Limits) -> [(name: StaticString, value: Int, limit: Int)] { [] }
  var waiting: [Stanza] { [] }
  var isBusy: Bool { false }
}

/// The state that a feature keeps of an account.
protocol AccountState: FeatureState {
  /// Of an account as it is stored.
  init(_ rows: OwnerRows) throws(RowProblem)
}

/// The states that features keep of one account or one session.
struct FeatureStates: Sendable {
  private static let accountTypes = Feature.all.compactMap(\.accountState)
  private static let types: [any FeatureState.Type] = accountTypes + Feature.all.compactMap(\.sessionState)

  /// Those that are not empty. To look for one of few by its class costs less than to find a place for it.
  private var boxes: [any StateBox] = []

  /// Of a new account or session.
  init() {}

  /// Of an account as it is stored.
  init(_ rows: OwnerRows) throws(RowProblem) {
    for type in FeatureStates.accountTypes {
      let state = try type.init(rows)
      add(state)
    }
  }

  private mutating func add<State: FeatureState>(_ state: State) { if !state.isEmpty { boxes.append(Box(state)) } }

  /// - Precondition: a feature declares the type (`Feature.accountState`, `Feature.sessionState`), or else the state would not be written down.
  subscript<State: FeatureState>(_: State.Type) -> State {
    get {
      for box in boxes { if let box = box as? Box<State> { return box.state } }
      return State()
    }
    _modify {
      var state = State()
      if let place = boxes.firstIndex(where: { $0 is Box<State> }), let box = boxes.remove(at: place) as? Box<State> { state = box.state }
      defer { add(state) }
      yield &state
    }
  }

  var isEmpty: Bool { boxes.isEmpty }
  func gauges(_ limits: Configuration.Limits) -> [(name: StaticString, value: Int, limit: Int)] {
    boxes.flatMap { $0.content.gauges(limits) }
  }
  var waiting: [Stanza] { boxes.flatMap(\.content.waiting) }
  var isBusy: Bool { boxes.contains(where: \.content.isBusy) }
}

/// A state in storage of its own, which copies of the account share.
private protocol StateBox: AnyObject, Sendable {
  var content: any FeatureState { get }
}

private final class Box<State: FeatureState>: StateBox {
  let state: State
  init(_ state: State) { self.state = state }
  var content: any FeatureState { state }
}

extension FeatureStates: Codable, CustomReflectable {
  /// In the order of declaration, whichever came first, each with its place in that order.
  private var inOrder: [(place: Int, state: any FeatureState)] {
    FeatureStates.types.enumerated().compactMap { place, type in
      boxes.lazy.map(\.content).first { Swift.type(of: $0) == type }.map { (place, $0) }
    }
  }

  /// A look through a server's parts shows the states, and not that they have storage of their own.
  var customMirror: Mirror { Mirror(self, unlabeledChildren: inOrder, displayStyle: .collection) }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.unkeyedContainer()
    for (place, state) in inOrder {
      try container.encode(place)
      try container.encode(state)
    }
  }

  init(from decoder: any Decoder) throws {
    var container = try decoder.unkeyedContainer()
    while !container.isAtEnd {
      let place = try container.decode(Int.self)
      guard FeatureStates.types.indices.contains(place) else {
        throw DecodingError.dataCorruptedError(in: container, debugDescription: "there is no feature state \(place)")
      }
      let state = try container.decode(FeatureStates.types[place])
      add(state)
    }
  }
}
