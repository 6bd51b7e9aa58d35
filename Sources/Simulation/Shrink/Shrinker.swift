internal import OrderedCollections

/// Makes a run that fails smaller while it fails in the same way: fewer kinds of faults, fewer actors, fewer actions, lower numbers.
///
/// It works on the draws alone (a lower draw is a simpler thing, zero a harmless one), so it needs to know nothing of what they are
/// for, and whatever it finds can be replayed.
public struct Shrinker {
  /// The result of shrinking.
  public struct Found: Sendable {
    public var trace: RunTrace
    public var failure: RunReport.Failure
    /// Actions of actors that did anything.
    public var actions: Int
    /// The injected faults that are left, in words.
    public var faults: [String]
    /// A scansion script that does what the run's clients did, and ends with what the broken rule expects, if a client can see that.
    public var script: String
    /// Whether the script fails with the failure, and by itself.
    public var test: ScriptTest
    public var history: [Run.Moment]
  }

  private typealias Stream = Choices.Stream

  private let first: Choices
  private let options: RunOptions
  private let budget: Int
  /// Runs in a row that bring nothing.
  private var failures = 0
  private var signature = ""
  private var best: RunTrace
  /// Runs that it took.
  public private(set) var attempts = 0

  /// - Parameters:
  ///   - choices: a run's, from whatever source.
  ///   - budget: the most runs to try in all. It ends earlier, after `Shrinker.patience` runs in a row of which none was smaller and
  ///     failed.
  public init(_ choices: Choices, _ options: RunOptions = RunOptions(), budget: Int = 20_000) {
    first = choices
    self.options = options
    self.budget = budget
    best = RunTrace(seed: choices.seed, duration: options.duration, choices: ChoiceTrace())
  }

  /// So many runs in a row may bring nothing.
  public static let patience = 1000

  private var isOver: Bool { attempts >= budget || failures >= Shrinker.patience }

  /// `nil` if the run does not fail at all.
  public mutating func run() -> Found? {
    var original = Run(first.recording(), options)
    guard let failure = original.run().failure, let trace = original.trace else { return nil }
    signature = failure.signature
    best = RunTrace(seed: trace.seed, duration: trace.duration, choices: trace.choices.trimmed)
    var before: (Int, Int, Int64)
    repeat {
      before = size(best)
      cutTail()
      for purpose in Choices.Purpose.allCases { zero { $0.purpose == purpose } }
      dropActors()
      for purpose in [Choices.Purpose.action, .weather, .mischief] { thinOut(purpose) }
      for stream in best.choices.streams.keys.elements where stream.purpose == .swarm { zero { $0 == stream } }
      zeroAll()
      lower()
    } while size(best) < before && !isOver
    return describe()
  }

  private func size(_ trace: RunTrace) -> (Int, Int, Int64) { (trace.choices.weight, trace.choices.total, trace.duration) }

  private func run(_ choices: ChoiceTrace, _ duration: Int64) -> Run {
    var options = options
    options.duration = duration
    return Run(Choices(seed: best.seed, source: .trace(choices), records: true), options)
  }

  /// Runs it; if it fails in the same way and is smaller, that is the best from now on.
  private mutating func attempt(_ choices: ChoiceTrace, duration: Int64? = nil) -> Bool {
    guard !isOver else { return false }
    attempts += 1
    failures += 1
    var run = run(choices, duration ?? best.duration)
    guard let failure = run.run().failure, failure.signature == signature, var trace = run.trace else { return false }
    // Draws that were never asked for are gone; nothing that comes after the failure matters.
    trace.choices = trace.choices.trimmed
    trace.duration = min(trace.duration, failure.time + 1)
    guard size(trace) < size(best) else { return false }
    best = trace
    failures = 0
    return true
  }

  // MARK: Passes

  /// Peace may begin earlier.
  private mutating func cutTail() {
    var step = best.duration / 2
    while step > 1_000_000 {
      if !attempt(best.choices, duration: best.duration - step) { step /= 2 }
      step = min(step, best.duration / 2)
    }
  }

  private mutating func zero(where isMeant: (Choices.Stream) -> Bool) {
    var candidate = best.choices
    for stream in candidate.streams.keys.elements where isMeant(stream) { candidate.set([], for: stream) }
    if candidate != best.choices { _ = attempt(candidate) }
  }

  private mutating func dropActors() {
    let actors = OrderedSet(best.choices.streams.keys.filter { $0.purpose == .action }.map(\.who))
    for actor in actors { zero { $0.purpose == .action && $0.who == actor } }
  }

  /// Takes away deeds, or troubles, in ever smaller groups.
  private mutating func thinOut(_ purpose: Choices.Purpose) {
    thinOut { $0.purpose == purpose }
  }
  private mutating func zeroAll() { thinOut { $0.purpose != .swarm } }

  private mutating func thinOut(_ isMeant: (Choices.Stream) -> Bool) {
    var group = max(1, best.choices.streams.keys.count(where: isMeant) / 2)
    while group >= 1, !isOver {
      var start = 0
      while true {
        let streams = best.choices.streams.keys.filter(isMeant)
        guard start < streams.count else { break }
        let chosen = streams[start..<min(start + group, streams.count)]
        var candidate = best.choices
        for stream in chosen { candidate.set([], for: stream) }
        if !attempt(candidate) { start += group }
      }
      group /= 2
    }
  }

  /// Lowers what is left, number by number.
  private mutating func lower() {
    for stream in best.choices.streams.keys.elements
    where stream.purpose == .action || stream.purpose == .swarm || stream.purpose == .weather {
      var index = 0
      while let values = best.choices.streams[stream], index < values.count {
        for value in [0, values[index] / 2, values[index] - 1] where value >= 0 && value < values[index] {
          var lowered = best.choices.streams[stream] ?? []
          guard index < lowered.count, value < lowered[index] else { continue }
          lowered[index] = value
          var candidate = best.choices
          candidate.set(lowered, for: stream)
          if attempt(candidate) { break }
        }
        index += 1
      }
    }
  }

  // MARK: The result

  private func describe() -> Found? {
    var run = run(best.choices, best.duration)
    run.keepsHistory = true
    guard let failure = run.run().failure else { return nil }
    let faults = run.history.compactMap { if case .fault(let what) = $0.observation { what } else { nil } }
    let actions = run.history.count { if case .sent = $0.observation { true } else { false } }
    var options = options
    options.duration = best.duration
    var script = ScriptShrinker(run, failure, options)
    let test = script.run()
    return Found(
      trace: best, failure: failure, actions: actions, faults: faults, script: test.script, test: test, history: run.history)
  }
}
