public import ServerCore

/// Feeds a recording to an engine, as it was fed to the one that was recorded, compares what it then wants, and lets the oracles look.
public struct Replay {
  /// A problem that a replay found.
  public enum Problem: Sendable, CustomStringConvertible {
    /// An action of the engine that differs from the recorded one.
    case difference(entry: Int, time: Int64, String)
    /// A rule that was broken, or a limit that was passed.
    case failure(RunReport.Failure)

    public var description: String {
      switch self {
      case .difference(let entry, let time, let message): "another outcome at \(time / 1_000_000) ms, entry \(entry): \(message)"
      case .failure(let failure): failure.description
      }
    }
    /// As a run would have it.
    public var failure: RunReport.Failure {
      switch self {
      case .difference(_, let time, let message): RunReport.Failure(oracle: "another outcome", message: message, time: time)
      case .failure(let failure): failure
      }
    }
    /// The same for all problems of the same kind.
    public var signature: String {
      switch self {
      case .difference: "another outcome"
      case .failure(let failure): failure.signature
      }
    }
  }

  public private(set) var engine: Engine
  private let recording: Recording
  private var observer: ReplayObserver
  private var mutant: Mutant?
  private let watchesLimits: Bool
  /// Inputs that were fed.
  public private(set) var inputs = 0
  /// Outputs that were compared.
  public private(set) var outputs = 0
  /// Nanoseconds on the recording's monotonic clock.
  public private(set) var time: Int64 = 0
  public private(set) var problem: Problem?

  /// - Parameters:
  ///   - without: names of rules to leave out.
  ///   - sabotage: a bug that is planted behind the engine, to see it found.
  public init(_ recording: Recording, without: [String] = [], mutation: Mutation? = nil) {
    self.recording = recording
    engine = recording.start.engine()
    observer = ReplayObserver(engine, isBeginning: recording.start.isBeginning, without: without)
    mutant = mutation.map { Mutant($0) }
    watchesLimits = !without.contains("limits")
  }

  /// Only look at the last input: the server may have trapped at it.
  public var sparesLastInput = false

  /// Keep what was observed, for whoever looks into it.
  public var keepsHistory: Bool {
    get { observer.keepsHistory }
    set { observer.keepsHistory = newValue }
  }
  public var history: [Run.Moment] { observer.history }

  /// To the end or to the first problem.
  public mutating func run() {
    let isInput: (Recording.Entry) -> Bool = { if case .input = $0 { true } else { false } }
    let spared = sparesLastInput ? recording.entries.lastIndex(where: isInput) : nil
    for (index, entry) in recording.entries.enumerated() {
      switch entry {
      case .input(let input, let now):
        inputs += 1
        time = now.monotonic &- recording.start.time.monotonic
        observer.input(input, at: time)
        if index == spared { return }
        for input in mutant?.distort(input) ?? [input] {
          mutant?.trap(at: input)
          engine.handle(input, at: now)
        }
        // Looking at all limits costs as much as an input.
        if watchesLimits, inputs & 63 == 0, let gauge = engine.overLimit { fail("limits", gauge.description) }
      case .outputs(let expected):
        let actions = engine.flush()
        outputs += actions.count
        if let difference = expected.difference(from: Recording.Outputs(actions)) {
          problem = problem ?? .difference(entry: index, time: time, difference)
        }
        for action in actions { for done in mutant?.distort(action) ?? [action] { observer.output(done, at: time) } }
      }
      if let failure = observer.failure, problem == nil { problem = .failure(failure) }
      if problem != nil { return }
    }
    if watchesLimits, let gauge = engine.overLimit { fail("limits", gauge.description) }
  }

  private mutating func fail(_ rule: String, _ message: String) {
    problem = problem ?? .failure(RunReport.Failure(oracle: rule, message: message, time: time))
  }
}
