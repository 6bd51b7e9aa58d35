internal import DequeModule

/// Goes through every future of a stage: depth first, and each state once.
public struct Exploration: Sendable {
  /// Different states, the first one among them.
  public private(set) var states = 0
  /// Steps from a state to another: each took a copy of the world.
  public private(set) var branches = 0
  /// States in which nothing can happen any more.
  public private(set) var ends = 0
  /// Steps of the longest way that was gone.
  public private(set) var depth = 0
  /// Not all was seen: there are more states than were allowed.
  public private(set) var isCutShort = false
  /// The first broken rule, and how one gets there.
  public private(set) var failure: Failure?

  public struct Failure: Sendable {
    public var what: RunReport.Failure
    /// The steps, in words.
    public var path: [String]
    public var history: [Run.Moment]
  }

  /// - Parameter most: give up after so many states.
  public init(of world: SmallWorld, most: Int = 1_000_000) {
    let stage = world.stage
    var seen: Set<StateDigest> = [stage.digest]
    states = 1
    var path: [(stage: ModelCheck, steps: [ModelCheck.Step])] = [(stage, stage.steps.reversed())]
    while !path.isEmpty, failure == nil {
      guard let step = path[path.count - 1].steps.popLast() else {
        path.removeLast()
        continue
      }
      var next = path[path.count - 1].stage
      next.take(step)
      branches += 1
      guard seen.insert(next.digest).inserted else { continue }
      states += 1
      let steps = next.steps
      if steps.isEmpty { ends += 1 }
      depth = max(depth, path.count)
      if next.problem != nil { failure = Exploration.shortest(from: stage, most: most) }
      if states >= most {
        isCutShort = true
        break
      }
      path.append((next, steps.reversed()))
    }
  }

  /// The shortest way to a broken rule: breadth first.
  private static func shortest(from stage: ModelCheck, most: Int) -> Failure? {
    var seen: Set<StateDigest> = [stage.digest]
    var frontier: Deque<(stage: ModelCheck, path: [ModelCheck.Step])> = [(stage, [])]
    while let (here, path) = frontier.popFirst(), seen.count < 10 * most {
      for step in here.steps {
        var next = here
        next.take(step)
        if let what = next.problem { return retell(path + [step], from: stage, what) }
        if seen.insert(next.digest).inserted { frontier.append((next, path + [step])) }
      }
    }
    return nil
  }

  private static func retell(_ path: [ModelCheck.Step], from stage: ModelCheck, _ what: RunReport.Failure) -> Failure {
    var stage = stage
    stage.keepsHistory = true
    var words: [String] = []
    for step in path {
      words.append(stage.describe(step))
      stage.take(step)
    }
    return Failure(what: what, path: words, history: stage.history)
  }
}
