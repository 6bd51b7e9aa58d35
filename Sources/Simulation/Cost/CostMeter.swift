public import ServerCore
internal import XML
internal import XMPP

/// Compares the work that a server does for each input with what the input and its consequences justify.
///
/// The work is counted in steps of instrumented code (a step is an edge of the control-flow graph), so it is the same in every run, and changes that the
/// server makes durable count as work, too. A server whose work for one stanza grows with the number of connections, or with the length of a list of
/// which the stanza changes one entry, exceeds the bound in a world that is crowded enough: see `Crowd`.
public struct CostMeter: Sendable {
  /// The work that an input may cause: `base + perByte × bytes + perItem × items`, all in steps.
  public struct Bound: Sendable {
    public var base: Int
    public var perByte: Int
    public var perItem: Int
    /// The steps that count for a byte that is to become durable.
    public var perChangedByte: Int
    public init(base: Int, perByte: Int, perItem: Int, perChangedByte: Int) {
      (self.base, self.perByte, self.perItem, self.perChangedByte) = (base, perByte, perItem, perChangedByte)
    }

    func most(for volume: Volume) -> Int { base + perByte * volume.bytes + perItem * volume.items }
  }

  /// The cost of one input, or of handing over what was to be written.
  public struct Cost: Sendable, CustomStringConvertible {
    /// The input in words.
    public var cause: String
    public var work: Int
    public var changedBytes: Int
    public var volume: Volume
    /// The cost that it may have.
    public var most: Int
    /// In percent of what it may.
    public var share: Int { work * 100 / max(1, most) }

    public var description: String {
      "\(cause): work \(work), of which \(changedBytes) bytes of changes, for \(volume.bytes) bytes and \(volume.items) addressees, rows and timers;"
        + " \(most) would be justified"
    }
  }

  public let bound: Bound
  /// Steps so far.
  private let steps: @Sendable () -> UInt64
  /// The input that came closest to its bound, or went beyond it by most.
  public private(set) var worst: Cost?
  private var before: UInt64 = 0
  private var held = Volume()
  private var errands: UInt64 = 0
  private var crowd = 0

  /// - Parameter steps: of the server's code so far, since whenever.
  public init(_ bound: Bound, steps: @escaping @Sendable () -> UInt64) { (self.bound, self.steps) = (bound, steps) }

  /// The first cost beyond its bound.
  public var problem: Cost? { worst.flatMap { $0.work > $0.most ? $0 : nil } }

  mutating func begin() { before = steps() }

  /// Returns the steps since `begin`.
  func taken() -> Int { Int(clamping: steps() &- before) }

  /// Another process: nothing waits in it.
  mutating func restart() { (held, errands, crowd) = (Volume(), 0, 0) }

  /// - Parameters:
  ///   - steps: that handling the input took.
  ///   - handled: the events that it became.
  ///   - server: as it is then.
  mutating func judge(_ input: Input, _ steps: Int, _ handled: [HandledEvent], _ server: Server) {
    let (before, done) = (held, errands)
    held = server.heldVolume
    errands = server.errands
    var volume = input.volume + held - before
    volume.items += Int(clamping: errands &- done) + handled.count
    // A failure, an end, and a list of all are about everything that there is.
    if input.isAboutAll { volume.items += crowd }
    crowd = server.openConnections.count + server.accountsInMemory.count + server.roomsInMemory.count
    var changedBytes = 0
    for event in handled {
      // Most of its bytes may have come with earlier inputs.
      if case .stanza(_, let element) = event.event { volume.bytes += element.stored.count }
      for effect in event.effects {
        volume = volume + effect.volume
        changedBytes += effect.changedBytes
      }
    }
    note(input.summary, steps, changedBytes, volume)
  }

  mutating func judgeFlush(_ actions: [Action], _ steps: Int) {
    let bytes = actions.reduce(0) { if case .write(_, let bytes) = $1 { $0 + bytes.count } else { $0 } }
    note("flush", steps, 0, Volume(bytes: bytes, items: actions.count))
  }

  private mutating func note(_ cause: String, _ steps: Int, _ changedBytes: Int, _ volume: Volume) {
    let work = steps + changedBytes * bound.perChangedByte
    let most = bound.most(for: volume)
    // Compared as products: the quotient would lose what tells small costs apart.
    if let worst, work * worst.most <= worst.work * most { return }
    worst = Cost(cause: cause, work: work, changedBytes: changedBytes, volume: volume, most: most)
  }
}

extension Input {
  fileprivate var volume: Volume {
    switch self {
    case .bytes(_, let bytes): Volume(bytes: bytes.count)
    case .answered(_, let answer): answer.volume
    default: Volume()
    }
  }

  fileprivate var isAboutAll: Bool {
    switch self {
    case .shutdown, .commitFailed, .control(_, .listAccounts): true
    default: false
    }
  }

  fileprivate var summary: String {
    switch self {
    case .opened: "a connection opens"
    case .bytes(_, let bytes): "bytes \(String(decoding: bytes.prefix(300), as: UTF8.self))"
    case .accepted: "bytes were accepted"
    case .encrypted: "encrypted"
    case .closed: "a connection ended"
    case .committed: "a commit is durable"
    case .commitFailed: "a commit failed"
    case .answered: "storage answers"
    case .control(_, let request): "the operator's request: \(request.summary)"
    case .deadline: "a deadline passes"
    case .shutdown: "shutdown"
    }
  }
}
