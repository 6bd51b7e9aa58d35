public import ServerCore
internal import XML
internal import XMPP

/// Compares the work that a server does for each input with what the input and its consequences justify.
///
/// The work is counted in steps of instrumented code (a step is an edge of the control-flow graph), so it hardly depends on the machine: only
/// the seeds of hash tables change it a little. Changes that the server makes durable count as work, too. A server whose work for one stanza
/// grows with the number of connections, or with the length of a list of which the stanza changes one entry, exceeds the bound in a world that
/// is crowded enough: see `Crowd`.
public struct CostMeter: Sendable {
  /// The work that an input may cause: `base × events + perByte × bytes + perItem × items`, all in steps.
  public struct Bound: Sendable {
    public var base: Int
    public var perByte: Int
    public var perItem: Int
    /// The steps that count for a byte that is to become durable.
    public var perChangedByte: Int
    public init(base: Int, perByte: Int, perItem: Int, perChangedByte: Int) {
      (self.base, self.perByte, self.perItem, self.perChangedByte) = (base, perByte, perItem, perChangedByte)
    }

    /// For changes alone, without steps: a row has about 200 bytes beside what the client said.
    public static let changes = Bound(base: 4_000, perByte: 20, perItem: 500, perChangedByte: 1)

    func most(for volume: Volume, events: Int) -> Int { base * max(1, events) + perByte * volume.bytes + perItem * volume.items }
  }

  /// The cost of one input, or of handing over what was to be written.
  public struct Cost: Sendable, CustomStringConvertible {
    /// The input in words.
    public var cause: String
    public var work: Int
    public var changedBytes: Int
    public var volume: Volume
    /// The events that the input became, such as the stanzas in its bytes.
    public var events: Int
    /// The cost that it may have.
    public var most: Int
    /// In percent of what it may.
    public var share: Int { work * 100 / max(1, most) }

    public var description: String {
      "\(cause): work \(work), of which \(changedBytes) bytes of changes, for \(events) events, \(volume.bytes) bytes and"
        + " \(volume.items) addressees, rows and timers; \(most) would be justified"
    }
  }

  public let bound: Bound
  /// Steps so far.
  private let steps: @Sendable () -> UInt64
  /// The input that came closest to its bound, or went beyond it by most.
  public private(set) var worst: Cost?
  /// Rows that each account has from the beginning: that it leaves memory is about all of them.
  var entries = 0
  /// Is told every cost, if it is there.
  public var observer: (@Sendable (Cost) -> Void)?
  private var before: UInt64 = 0
  private var held = Volume()
  private var parked = Volume()
  private var errands: UInt64 = 0
  private var crowd = 0
  private var accounts = 0

  /// - Parameter steps: of the server's code so far, since whenever; without them only changes are judged.
  public init(_ bound: Bound, steps: @escaping @Sendable () -> UInt64 = { 0 }) { (self.bound, self.steps) = (bound, steps) }

  /// The first cost beyond its bound.
  public var problem: Cost? { worst.flatMap { $0.work > $0.most ? $0 : nil } }

  mutating func begin() { before = steps() }

  /// Returns the steps since `begin`.
  func taken() -> Int { Int(clamping: steps() &- before) }

  /// Another process: nothing waits in it.
  mutating func restart() { (held, parked, errands, crowd, accounts) = (Volume(), Volume(), 0, 0, 0) }

  /// - Parameters:
  ///   - steps: that handling the input took.
  ///   - handled: the events that it became.
  ///   - server: as it is then.
  mutating func judge(_ input: Input, _ steps: Int, _ handled: [HandledEvent], _ server: Server) {
    let (before, done) = (held, errands)
    held = server.heldVolume
    errands = server.errands
    // Stanzas that waited for a load were sent by earlier inputs.
    let loaded = parked - server.parkedVolume
    parked = server.parkedVolume
    // Outputs that leave the queue count among the effects.
    let added = held - before
    var volume = input.volume + Volume(bytes: max(0, added.bytes), items: max(0, added.items))
    volume = volume + Volume(bytes: max(0, loaded.bytes), items: max(0, loaded.items))
    volume.items += Int(clamping: errands &- done)
    // A failure, an end, and a list of all are about everything that there is.
    if input.isAboutAll { volume.items += crowd }
    crowd = server.population
    let there = accounts
    accounts = server.accountsInMemory.count
    volume.items += max(0, there - accounts) * entries
    var changedBytes = 0
    for event in handled {
      // Most of its bytes may have come with earlier inputs.
      if case .stanza(_, let element) = event.event { volume.bytes += element.stored.count }
      for message in event.passed { volume = volume + message.volume }
      for effect in event.effects {
        volume = volume + effect.volume
        changedBytes += effect.changedBytes
      }
    }
    note(input.summary, steps, changedBytes, volume, events: handled.count)
  }

  mutating func judgeFlush(_ actions: [Action], _ steps: Int) {
    let bytes = actions.reduce(0) { if case .write(_, let bytes) = $1 { $0 + bytes.count } else { $0 } }
    note("flush", steps, 0, Volume(bytes: bytes, items: actions.count), events: 1)
  }

  private mutating func note(_ cause: @autoclosure () -> String, _ steps: Int, _ changedBytes: Int, _ volume: Volume, events: Int) {
    let work = steps + changedBytes * bound.perChangedByte
    let most = bound.most(for: volume, events: events)
    func cost() -> Cost { Cost(cause: cause(), work: work, changedBytes: changedBytes, volume: volume, events: events, most: most) }
    observer?(cost())
    // Compared as products: the quotient would lose what tells small costs apart.
    if let worst, work * worst.most <= worst.work * most { return }
    worst = cost()
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
    case .answered(_, .keys): "keys are derived"
    case .answered(_, .resolved): "DNS answers"
    case .answered(_, .connected): "a connection to another server is there"
    case .answered(_, .verdict): "a certificate is verified"
    case .answered(_, .failed): "a question fails"
    case .answered: "storage answers"
    case .control(_, let request): "the operator's request: \(request.summary)"
    case .deadline: "a deadline passes"
    case .shutdown: "shutdown"
    }
  }
}
