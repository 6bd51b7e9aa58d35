public import ServerCore

/// Feeds a recording to an engine, as it was fed to the one that was recorded, and compares what it then wants.
public struct Replay {
  /// Where a replay did something else than what was recorded.
  public struct Difference: Sendable, CustomStringConvertible {
    /// Of the entry in the recording.
    public var index: Int
    /// Nanoseconds since the recording began.
    public var time: Int64
    public var message: String
    public var description: String { "entry \(index) at \(time / 1_000_000) ms: \(message)" }
  }

  public private(set) var engine: Engine
  private let recording: Recording
  /// Inputs that were fed.
  public private(set) var inputs = 0
  /// Outputs that were compared.
  public private(set) var outputs = 0
  /// Nanoseconds on the recording's monotonic clock.
  public private(set) var time: Int64 = 0
  public private(set) var difference: Difference?
  /// The first limit of the server's that was seen to be passed.
  public private(set) var overLimit: Gauge?
  /// What is wrong, in words; `nil` if nothing is.
  public var problem: String? { difference.map { "another outcome: \($0)" } ?? overLimit.map { "limits: \($0)" } }
  /// Keep what happened, for whoever looks into it.
  public var keepsHistory = false
  public private(set) var history: [String] = []

  public init(_ recording: Recording) {
    self.recording = recording
    engine = Engine(configuration: recording.start.configuration, seed: recording.start.seed)
  }

  /// To the end or to the first difference.
  public mutating func run() {
    for (index, entry) in recording.entries.enumerated() where difference == nil {
      switch entry {
      case .input(let input, let now):
        inputs += 1
        time = now.monotonic &- recording.start.time.monotonic
        engine.handle(input, at: now)
        // Looking at all limits costs as much as an input.
        if overLimit == nil, inputs & 63 == 0 { overLimit = engine.overLimit }
      case .outputs(let expected):
        let found = Recording.Outputs(engine.flush())
        outputs += found.count
        difference = expected.difference(from: found).map { Difference(index: index, time: time, message: $0) }
      }
    }
  }
}
