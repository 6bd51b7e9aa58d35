internal import ServerCore

extension SessionReplay {
  /// The outcome of doing some of the actions.
  public struct Outcome: Sendable {
    public var failure: RunReport.Failure?
    /// A recording of it, which `Replay` takes.
    public var recording: [UInt8]
    /// The clients' actions as a scansion script; `nil` if nothing failed.
    public var script: String?
    public var history: [Run.Moment]
  }

  /// Does some of the actions.
  ///
  /// - Parameters:
  /// - kept: indices of actions, in order.
  /// - sink: gets what is recorded, piece by piece and before it happens: for a caller that expects the server to trap.
  public func perform(_ kept: [Int], mutation: Mutation? = nil, sink: (@Sendable ([UInt8]) -> Void)? = nil) -> Outcome {
    var performance = ReplayRun(self, mutation: mutation, sink: sink)
    performance.run(kept.filter { actions.indices.contains($0) }.map { actions[$0] })
    let failure = performance.failure
    return Outcome(
      failure: failure, recording: performance.world.recordings.first ?? [],
      script: failure.map { ScriptWriter(performance.history, failure: $0, seed: 0).script }, history: performance.history)
  }

  /// The actions of one connection after the other, the most first: what can be left out together.
  private func actors(of kept: [Int]) -> [Int] {
    var seen: [Int] = []
    for index in kept where !seen.contains(actions[index].actor) { seen.append(actions[index].actor) }
    return seen
  }

  /// The fewest actions that were found of which `fails` holds. All together must do.
  ///
  /// - Parameters:
  ///   - budget: the most attempts.
  ///   - fails: whether doing just these fails in the way that is looked for.
  public func shrink(budget: Int = 1000, _ fails: ([Int]) throws -> Bool) rethrows -> (kept: [Int], attempts: Int) {
    var kept = Array(actions.indices)
    var attempts = 0
    func stillFails(_ candidate: [Int]) throws -> Bool {
      guard attempts < budget, candidate.count < kept.count else { return false }
      attempts += 1
      guard try fails(candidate) else { return false }
      kept = candidate
      return true
    }
    var before: Int
    repeat {
      before = kept.count
      // The tail first: nothing that comes after the failure matters.
      var tail = kept.count / 2
      while tail >= 1 {
        if try !stillFails(kept.dropLast(tail)) { tail /= 2 }
        tail = min(tail, kept.count / 2)
      }
      for actor in actors(of: kept) { _ = try stillFails(kept.filter { actions[$0].actor != actor }) }
      var group = max(1, kept.count / 2)
      while group >= 1 {
        var start = 0
        while start < kept.count {
          let end = min(start + group, kept.count)
          if try !stillFails(Array(kept[..<start] + kept[end...])) { start = end }
        }
        group /= 2
      }
    } while kept.count < before && attempts < budget
    return (kept, attempts)
  }
}
