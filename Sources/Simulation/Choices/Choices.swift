internal import OrderedCollections

/// The one source of every decision in a simulated world.
///
/// Each draw is bounded, has a label (what for, and whom it concerns), and is taken from the stream of that label: so a draw more or
/// less in one place does not shift those of another. A run is its draws: a seed makes them, a trace repeats them, bytes of a fuzzer
/// are read as them, and the shrinker lowers them. Zero is always the harmless outcome, and what a missing draw yields.
public struct Choices: Sendable {
  /// The source that draws come from.
  public enum Source: Sendable {
    case seed
    case trace(ChoiceTrace)
    /// Read from the front, as few bytes as the bound needs.
    case bytes([UInt8])
  }

  /// Feeds what is not drawn: the server's generator of ids and nonces.
  public let seed: UInt64
  let origin: Source
  private var counters: [Stream: Int] = [:]
  private var position = 0
  /// Where a world comes from that is not the seed's own.
  private let world: WorldSeeds?
  /// Which of many futures the draws of a seed are for.
  private var future: UInt64 = 0
  /// The draws so far; `nil` unless they were to be recorded.
  public private(set) var recorded: ChoiceTrace?
  /// The same in the order in which it was drawn, with what else is known of each draw; `nil` unless it was asked for.
  private(set) var draws: [Draw]?
  /// The event that draws now belong to.
  var event: UInt64 = 0

  public init(seed: UInt64, source: Source = .seed, world: WorldSeeds? = nil, records: Bool = false) {
    self.seed = seed
    self.world = world
    origin = source
    if records { recorded = ChoiceTrace() }
  }

  /// The same from the beginning.
  var repeated: Choices { Choices(seed: seed, source: origin, world: world) }

  /// The same from the beginning, and recorded.
  func recording(keepsDraws: Bool = false) -> Choices {
    var copy = Choices(seed: seed, source: origin, world: world, records: true)
    if keepsDraws { copy.draws = [] }
    return copy
  }

  /// A number below `bound`, for `purpose`, of the actor or connection `who`. `item` names a stream within the stream, so that one
  /// action can be taken away and the next stays what it was.
  public mutating func draw(_ purpose: Purpose, _ who: UInt64 = 0, item: Int = 0, below bound: Int) -> Int {
    guard bound > 1 else { return 0 }
    let stream = Stream(purpose: purpose, who: who, item: item)
    let count = counters[stream, default: 0]
    counters[stream] = count + 1
    let value: Int
    switch origin {
    case .trace(let trace) where future == 0: value = min(trace[stream, count], bound - 1)
    // The crowd may not use up the bytes of those who act.
    case .bytes(let bytes) where future == 0: value = who < Crowd.firstLabel || who >= Node.label(1) ? read(bytes, below: bound) : 0
    case .seed, .trace, .bytes:
      let seed = stream.purpose == .swarm ? world?[stream.who] ?? seed : seed
      value = Int(Choices.mix(stream.key(seed ^ future) &+ UInt64(count) &* 0x9E37_79B9_7F4A_7C15) % UInt64(bound))
    }
    recorded?.append(value, to: stream)
    draws?.append(Draw(stream: stream, index: count, value: value, bound: bound, event: event))
    return value
  }

  /// From here on draws are others than they would have been: they come from the seed, also where they came from a trace or from bytes,
  /// and from another part of it for each number. Zero leaves them as they were.
  mutating func diverge(_ number: UInt64) { future = number == 0 ? 0 : Choices.mix(number) }

  /// True with the given probability; what happens then is never the harmless thing.
  public mutating func chance(_ purpose: Purpose, _ who: UInt64 = 0, item: Int = 0, percent: Int) -> Bool {
    percent > 0 && draw(purpose, who, item: item, below: 100) >= 100 - percent
  }

  private mutating func read(_ bytes: [UInt8], below bound: Int) -> Int {
    var value = 0
    var reach = 1
    while reach < bound, position < bytes.count {
      value = value << 8 | Int(bytes[position])
      reach <<= 8
      position += 1
    }
    return value % bound
  }

  /// The purpose of a draw.
  public enum Purpose: UInt32, Sendable, CaseIterable {
    case swarm, action, think, split, latency, bandwidth, reading, commitTime, loadTime, deriveTime, inquiryFault, crash, connection,
      mischief,
      weather, tie, operate, ordering
  }

  /// A label: draws with the same one follow each other.
  public struct Stream: Hashable, Comparable, Sendable {
    public var purpose: Purpose
    public var who: UInt64
    public var item: Int

    public init(purpose: Purpose, who: UInt64, item: Int) {
      self.purpose = purpose
      self.who = who
      self.item = item
    }

    fileprivate func key(_ seed: UInt64) -> UInt64 {
      Choices.mix(seed ^ Choices.mix(UInt64(purpose.rawValue) << 48 ^ Choices.mix(who) ^ UInt64(truncatingIfNeeded: item) << 20))
    }
    public static func < (a: Stream, b: Stream) -> Bool {
      (a.purpose.rawValue, a.who, a.item) < (b.purpose.rawValue, b.who, b.item)
    }
  }

  /// One draw, as it was made in a run.
  public struct Draw: Sendable, Hashable {
    public var stream: Stream
    /// Its place among the draws of the stream.
    public var index: Int
    public var value: Int
    /// The value was to be below this.
    public var bound: Int
    /// The event of the run in which it was made: 0 before the first.
    public var event: UInt64
  }

  /// SplitMix64's finaliser.
  static func mix(_ value: UInt64) -> UInt64 {
    var z = value &+ 0x9E37_79B9_7F4A_7C15
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
