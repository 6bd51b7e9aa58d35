internal import OrderedCollections

/// How it is decided which of the things that may happen next does, where network, disk and clocks leave it open.
///
/// Every strategy is made of draws, and with nothing but zeros each is the first: what was to come first comes first.
public struct Ordering: Sendable {
  public enum Strategy: String, Sendable, CaseIterable {
    /// As times say.
    case firstIn
    /// Each time any of those that may.
    case random
    /// Each lane has a priority, drawn once; at a few moments, drawn beforehand, whoever leads falls behind all others. A bug that needs
    /// `d` things in one order is found with a probability that falls with `d`, not with the length of the run (PCT: Burckhardt et al., "A
    /// Randomized Scheduler with Probabilistic Guarantees of Finding Bugs", ASPLOS 2010).
    case priorities
    /// As times say, but for a few moments at which whoever leads falls behind (Emmi et al., "Delay-Bounded Scheduling", POPL 2011).
    case delays
  }

  public var strategy = Strategy.firstIn
  /// Nanoseconds by which something may be overtaken.
  public var window: Int64 = 0
  /// The decisions at which the leader falls behind.
  private var changes: [Int] = []
  private var decisions = 0
  private var drawn: OrderedDictionary<Lane, Int> = [:]
  private var setBacks: OrderedDictionary<Lane, Int> = [:]

  /// A run has about so many decisions at which there is a choice.
  private static let usualDecisions = 2000
  private static let priorityCount = 1000

  public init() {}

  /// - Parameter changes: at how many moments the leader falls behind.
  public init(_ strategy: Strategy, window: Int64, changes count: Int, _ choices: inout Choices) {
    self.strategy = strategy
    self.window = window
    guard strategy == .priorities || strategy == .delays else { return }
    changes = (0..<count).map { choices.draw(.ordering, 1, item: $0, below: Ordering.usualDecisions) }
  }

  var isOpen: Bool { strategy != .firstIn }

  /// Which of several lanes is next, by their priorities; they come in the order of time. With `true`: it is set back instead, and the one
  /// that leads then is next.
  mutating func choose(among priorities: [Int], _ choices: inout Choices) -> (Int, isSetBack: Bool) {
    decisions += 1
    if strategy == .random { return (choices.draw(.ordering, below: priorities.count), false) }
    return (leader(of: priorities), changes.contains(decisions))
  }

  func leader(of priorities: [Int]) -> Int {
    var leader = 0
    for index in priorities.indices where priorities[index] < priorities[leader] { leader = index }
    return leader
  }

  mutating func priority(of lane: Lane, _ choices: inout Choices) -> Int {
    guard strategy == .priorities else { return setBacks[lane] ?? 0 }
    // A lane that was empty for a while is still the same.
    if let known = setBacks[lane] ?? drawn[lane] { return known }
    let priority = choices.draw(.ordering, lane.label, item: 1, below: Ordering.priorityCount)
    drawn[lane] = priority
    return priority
  }

  /// Behind all others, until one is set back later.
  mutating func setBack(_ lane: Lane) -> Int {
    setBacks[lane] = Ordering.priorityCount + decisions
    return Ordering.priorityCount + decisions
  }
}
