internal import OrderedCollections

/// Finds out when the failure of a run became likely, and which of its choices it needed.
///
/// The run is copied at many moments, and each copy goes on with fresh choices in the same world: the share of copies that fail in the same
/// way is the chance of the failure at that moment. At the beginning it is the chance that any run of this world fails, in the end it is 1.
/// Where it jumps is the cause. Every continuation of one number draws alike from each moment on, so what differs between two moments is due
/// to what lies between them.
public struct Explainer {
  /// How much is tried.
  public struct Effort: Sendable {
    public var moments = 100
    /// Of each moment.
    public var continuations = 50
    /// The most jumps that are told.
    public var jumps = 3
    /// Of the moments before and after each jump, to say how high it is.
    public var confirmations = 200
    /// The most other values that are tried of each choice.
    public var values = 8
    /// With more choices than that none is tried: whoever wants verdicts makes the run smaller first.
    public var mostChoices = 400

    public init() {}
  }

  /// Does something for each number below `count`, in any order or at once, and returns the results in order.
  public typealias Workers = (_ count: Int, _ work: @escaping @Sendable (Int) -> Int) -> [Int]

  /// Virtual nanoseconds by which other runs may be longer than one that fails before its time is over.
  private static let patience: [Int64] = [1_000_000_000, 300_000_000, 100_000_000]

  public let failure: RunReport.Failure
  private var probe: Probe
  private let effort: Effort
  /// The run as it ended, with all that was seen of it.
  private let run: Run
  private var shares: OrderedDictionary<UInt64, Int> = [:]
  private var runs = 1

  /// Makes the run once. `nil` if it does not fail.
  ///
  /// - Parameter choices: a run's, from whatever source.
  public init?(_ choices: Choices, _ options: RunOptions = RunOptions(), _ effort: Effort = Effort()) {
    var run = Run(choices.recording(keepsDraws: true), options)
    run.keepsHistory = true
    run.world.eventLog = EventLog()
    guard let failure = run.run().failure, let trace = run.trace else { return nil }
    (self.failure, self.run, self.effort) = (failure, run, effort)
    probe = Probe(choices: choices.repeated, options: options, trace: trace, signature: failure.signature)
  }

  /// Events until the rule was broken.
  public var events: UInt64 { failure.event }
  /// The most runs that `explain` makes.
  public var mostRuns: Int {
    let shares = (sampled.count + mostHalvings) * effort.continuations + 2 * effort.jumps * effort.confirmations
    return 1 + shares + trials.count + Explainer.patience.count * effort.continuations
  }

  public mutating func explain(_ workers: Workers = { count, work in (0..<count).map(work) }) -> Causality {
    takeTime(workers)
    count(sampled, workers)
    narrow(workers)
    let jumps = confirm(steepest, workers)
    let verdicts = judge(workers)
    return Causality(failure: failure, moments: moments, jumps: jumps, verdicts: verdicts, choices: draws.count, runs: runs)
  }

  /// A run that was made small ends with its failure: without more time each delay would prevent it, and the last event be the cause. With
  /// too much time a failure that is common comes by itself, and nothing would be the cause.
  private mutating func takeTime(_ workers: Workers) {
    let duration = probe.options.duration
    guard failure.time < duration else { return }
    for patience in Explainer.patience {
      probe.options.duration = duration + patience
      if failing(after: [0], 1...UInt64(effort.continuations), workers)[0] * 10 <= effort.continuations { return }
    }
    probe.options.duration = duration
  }

  // MARK: Shares

  /// The moments to look at first; the failure itself needs no runs.
  private var sampled: [UInt64] {
    let count = UInt64(min(max(effort.moments, 1), Int(clamping: events)))
    return (0..<count).map { $0 * events / count }
  }

  private var moments: [Causality.Moment] {
    (shares.keys.sorted() + [events]).map { moment($0, share(at: $0)) }
  }
  private func moment(_ event: UInt64, _ share: Causality.Share) -> Causality.Moment {
    Causality.Moment(event: event, time: time(of: event), share: share)
  }
  private func time(of event: UInt64) -> Int64 { run.world.eventLog?[event]?.time ?? 0 }
  private func share(at event: UInt64) -> Causality.Share {
    Causality.Share(failing: event == events ? effort.continuations : shares[event] ?? 0, of: effort.continuations)
  }

  private mutating func count(_ events: [UInt64], _ workers: Workers) {
    let counts = failing(after: events, 1...UInt64(effort.continuations), workers)
    for (event, count) in zip(events, counts) { shares[event] = count }
  }

  /// Of the continuations with these numbers, how many fail in the same way, for each of these moments.
  private mutating func failing(after events: [UInt64], _ numbers: ClosedRange<UInt64>, _ workers: Workers) -> [Int] {
    runs += events.count * numbers.count
    // A part walks to its moment by itself, so that parts share nothing, and then makes several continuations of it.
    let size: UInt64 = 10
    let starts = Array(stride(from: numbers.lowerBound, through: numbers.upperBound, by: Int(size)))
    let counts = workers(events.count * starts.count) { [probe] part in
      let start = starts[part % starts.count]
      return probe.failing(after: events[part / starts.count], start...min(start + size - 1, numbers.upperBound))
    }
    return events.indices.map { index in counts[index * starts.count..<(index + 1) * starts.count].reduce(0, +) }
  }

  // MARK: Jumps

  /// Halvings of steep stretches until each is one event; more than it takes in most runs.
  private var mostHalvings: Int {
    let stretch = events / UInt64(max(sampled.count, 1)) + 1
    return stretch == 1 ? 0 : 6 * (UInt64.bitWidth - stretch.leadingZeroBitCount)
  }

  /// Until there is only one event between the neighbouring moments of each steep stretch, if the effort allows.
  private mutating func narrow(_ workers: Workers) {
    for _ in 0..<mostHalvings {
      guard let wide = steepest.first(where: { $0.after - $0.before > 1 }) else { return }
      count([wide.before + (wide.after - wide.before) / 2], workers)
    }
  }

  /// Neighbouring moments between which the share rises most, and others between which it jumps, the highest rise first.
  private var steepest: [(before: UInt64, after: UInt64)] {
    let rises = zip(moments, moments.dropFirst()).map { ($0.event, $1.event, rise: $1.share.failing - $0.share.failing) }
    let sorted = rises.filter { $0.rise > 0 }.sorted { ($1.rise, $0.0) < ($0.rise, $1.0) }
    let least = Int(Causality.leastRise * Double(effort.continuations))
    let steep = sorted.prefix(1) + sorted.dropFirst().filter { $0.rise >= least }
    return steep.prefix(effort.jumps).map { ($0.0, $0.1) }
  }

  /// Counts both sides of each anew: of many small rises the highest looks higher than it is.
  private mutating func confirm(_ stretches: [(before: UInt64, after: UInt64)], _ workers: Workers) -> [Causality.Jump] {
    let first = UInt64(effort.continuations) + 1
    let numbers = first...first + UInt64(effort.confirmations) - 1
    var jumps: [Causality.Jump] = []
    for (before, after) in stretches {
      var counts = failing(after: after == events ? [before] : [before, after], numbers, workers)
      if after == events { counts.append(effort.confirmations) }
      let shares = counts.map { Causality.Share(failing: $0, of: effort.confirmations) }
      jumps.append(jump(from: moment(before, shares[0]), to: moment(after, shares[1])))
    }
    let sorted = jumps.sorted { $0.rise > $1.rise }
    return sorted.prefix(1) + sorted.dropFirst().filter { $0.rise >= Causality.leastRise }
  }

  private func jump(from before: Causality.Moment, to after: Causality.Moment) -> Causality.Jump {
    let observation = run.observation(at: after.event)
    return Causality.Jump(
      before: before, after: after, words: run.words(forEvent: after.event), observation: observation,
      isObserved: observation.map { run.history[$0].event == after.event } ?? false)
  }

  // MARK: Choices

  /// Those that were not the harmless one.
  private var draws: [Choices.Draw] { run.world.choices.draws?.filter { $0.value > 0 } ?? [] }

  private var trials: [(draw: Int, value: Int)] {
    let draws = draws
    guard draws.count <= effort.mostChoices else { return [] }
    return draws.indices.flatMap { index in draws[index].others(effort.values).map { (index, $0) } }
  }

  private mutating func judge(_ workers: Workers) -> [Causality.Verdict] {
    let (draws, trials) = (draws, trials)
    guard !trials.isEmpty else { return [] }
    runs += trials.count
    let results = workers(trials.count) { [probe] index in probe.fails(with: draws[trials[index].draw], as: trials[index].value) ? 1 : 0 }
    var shares = draws.map { _ in Causality.Share(failing: 0, of: 0) }
    for (trial, result) in zip(trials, results) {
      shares[trial.draw].of += 1
      shares[trial.draw].failing += result
    }
    return zip(draws, shares).map { Causality.Verdict(draw: $0, time: time(of: $0.event), words: run.words(for: $0), share: $1) }
  }
}

extension Choices.Draw {
  /// Other values that the draw could have had, at most so many: zero, the next ones, and some from the whole range.
  func others(_ most: Int) -> [Int] {
    var values: OrderedSet<Int> = [0]
    if bound - 1 <= most {
      values.append(contentsOf: 0..<bound)
    } else {
      values.append(contentsOf: [value - 1, value + 1, value / 2, bound - 1])
      values.append(contentsOf: (1..<most).map { bound * $0 / most })
    }
    return Array(values.filter { $0 != value && (0..<bound).contains($0) }.prefix(most))
  }
}
