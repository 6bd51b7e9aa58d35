internal import Storage
internal import XML

/// A recorder's file, read back: it says all that is needed to start from its beginning.
///
/// It is taken for bytes from a stranger. A file that ends in the middle of something, because the process that wrote it was killed, is
/// good up to there.
public struct Recording: Sendable {
  /// The state from which it goes on.
  public struct Start: Sendable {
    public fileprivate(set) var time: Instant
    /// The texts of bodies are as they were sent.
    public fileprivate(set) var keepsText: Bool
    fileprivate var origin: Origin

    fileprivate enum Origin: Sendable {
      case seed(Configuration, [UInt8])
      case snapshot(Snapshot)
    }

    /// The first of its process: nothing had happened before.
    public var isBeginning: Bool { if case .seed = origin { true } else { false } }

    /// An engine that has yet to take the first input.
    public func engine() -> Engine {
      switch origin {
      case .seed(let configuration, let seed): Engine(configuration: configuration, seed: seed)
      case .snapshot(let snapshot): snapshot.engine
      }
    }

    fileprivate mutating func correct(_ connection: ConnectionID, at place: UInt64, with bytes: [UInt8]) {
      guard case .snapshot(var snapshot) = origin else { return }
      snapshot.correct(connection, at: place, with: bytes)
      origin = .snapshot(snapshot)
    }
  }

  public enum Entry: Sendable {
    case input(Input, at: Instant)
    /// The engine's actions after that.
    case outputs(Outputs)
  }

  /// The actions of one `flush`, in short: see `OutputMark`.
  public struct Outputs: Sendable, Hashable {
    let marks: [OutputMark]

    public init(_ actions: [Action]) { marks = actions.map { OutputMark($0) } }
    fileprivate init(marks: [OutputMark]) { self.marks = marks }

    public var count: Int { marks.count }

    /// In words: where others differ from these for the first time. `nil` if they don't.
    public func difference(from others: Outputs) -> String? {
      for (index, mark) in marks.enumerated() {
        guard index < others.marks.count else { return "\(mark) (output \(index + 1)) did not come" }
        let other = others.marks[index]
        if mark == other { continue }
        let isAlike = mark.description == other.description
        return "output \(index + 1) was \(mark)" + (isAlike ? ", and says something else now" : ", and is \(other) now")
      }
      return others.count > count ? "\(others.marks[count]) (output \(count + 1)) came, and had not come" : nil
    }
  }

  public private(set) var start: Start
  public private(set) var entries: [Entry] = []
  /// It ends in the middle of an entry, or of what its writer had reserved.
  public private(set) var isCut = false

  /// The first line of a file. Its number is raised whenever what the engine holds, and a snapshot writes, changes.
  public static let magic = Array("spondee-recording 14\n".utf8)

  /// Whether a file says that it is one, of whatever version.
  public static func isRecording(_ bytes: [UInt8]) -> Bool { bytes.starts(with: "spondee-recording ".utf8) }

  enum Tag: UInt8 {
    case start = 1
    case opened, bytes, accepted, encrypted, closed, committed, commitFailed, answered, control, deadline, shutdown
    case outputs, patch
    case snapshot
  }

  /// Reads a whole file.
  public init(parsing bytes: [UInt8]) throws(RecordingProblem) {
    guard Recording.isRecording(bytes) else { throw RecordingProblem("this is not a recording") }
    guard bytes.starts(with: Recording.magic) else { throw RecordingProblem("this is a recording of another version of spondee") }
    var file = PackedReader(bytes[Recording.magic.count...])
    guard let frame = try Recording.frame(&file) else { throw RecordingProblem("it ends before it says where it starts") }
    var first = PackedReader(frame)
    start = try Recording.readStart(&first)
    var places = BytePlaces()
    if case .snapshot(let snapshot) = start.origin {
      for (connection, count) in snapshot.counted { places.begin(connection, at: count) }
    }
    var now = start.time
    while !file.isAtEnd {
      let position = file.position
      do throws(RecordingProblem) {
        guard let frame = try Recording.frame(&file) else {
          isCut = true
          return
        }
        try read(frame, &now, &places)
      } catch { throw RecordingProblem("at byte \(position): \(error)") }
    }
  }

  /// Behind each entry: where a file was reserved and never written there are zeros, which would else pass for the end of the last.
  static let endOfEntry: UInt8 = 0xFF

  /// `nil` where the rest is cut off: a length that reaches beyond the end, or zeros that were never written over.
  private static func frame(_ file: inout PackedReader) throws(RecordingProblem) -> ArraySlice<UInt8>? {
    guard let count = try? file.number(), count > 0, count <= UInt64(file.left) else { return nil }
    let entry = try file.take(Int(count))
    if entry.last == 0 { return nil }
    guard entry.last == endOfEntry else { throw RecordingProblem("an entry has no end") }
    return entry.dropLast()
  }

  private static func readStart(_ reader: inout PackedReader) throws(RecordingProblem) -> Start {
    let tag = Tag(rawValue: try reader.byte())
    guard tag == .start || tag == .snapshot else { throw RecordingProblem("it does not say where it starts") }
    let keepsText = try reader.byte() == 1
    let time = try Recording.checked(Instant(monotonic: reader.signed(), wall: reader.signed()))
    if tag == .snapshot {
      let snapshot = try PackedDecoder.decode(Snapshot.self, from: reader.slice())
      if let problem = snapshot.problem { throw RecordingProblem(problem) }
      return Start(time: time, keepsText: keepsText, origin: .snapshot(snapshot))
    }
    let seed = try reader.blob()
    let configuration = try PackedDecoder.decode(Configuration.self, from: reader.slice())
    if let problem = configuration.problem { throw RecordingProblem(problem) }
    return Start(time: time, keepsText: keepsText, origin: .seed(configuration, seed))
  }

  private mutating func read(_ frame: ArraySlice<UInt8>, _ now: inout Instant, _ places: inout BytePlaces) throws(RecordingProblem) {
    var reader = PackedReader(frame)
    guard let tag = Tag(rawValue: try reader.byte()), tag != .start, tag != .snapshot else {
      throw RecordingProblem("an entry is of no known kind")
    }
    switch tag {
    case .outputs:
      var marks: [OutputMark] = []
      for _ in 0..<(try reader.count()) { marks.append(try OutputMark(from: &reader)) }
      entries.append(.outputs(Outputs(marks: marks)))
    case .patch:
      let connection = ConnectionID(try reader.number())
      let place = try reader.number()
      let bytes = try reader.blob()
      if places.reachesBefore(place, of: connection) { start.correct(connection, at: place, with: bytes) }
      places.apply(bytes, at: place, of: connection, to: &entries)
    default:
      let passed = try reader.signed()
      now.monotonic &+= passed
      now.wall &+= passed &+ (try reader.signed())
      now = try Recording.checked(now)
      let input = try Recording.readInput(tag, &reader)
      if case .bytes(let connection, let bytes) = input { places.note(bytes.count, of: connection, entry: entries.count) }
      entries.append(.input(input, at: now))
    }
    guard reader.isAtEnd else { throw RecordingProblem("an entry is too long") }
  }

  /// A time to which any time-out can be added.
  private static func checked(_ time: Instant) throws(RecordingProblem) -> Instant {
    let possible = -(1 << 62)...(1 << 62) as ClosedRange<Int64>
    guard possible.contains(time.monotonic), possible.contains(time.wall) else { throw RecordingProblem("a time is no time") }
    return time
  }

  private static func readInput(_ tag: Tag, _ reader: inout PackedReader) throws(RecordingProblem) -> Input {
    let subject = try reader.number()
    let connection = ConnectionID(subject)
    switch tag {
    case .opened: return .opened(connection, try PackedDecoder.decode(Opening.self, from: reader.slice()))
    case .bytes: return .bytes(connection, try reader.blob())
    case .accepted: return .accepted(connection, Int(clamping: try reader.number()))
    case .encrypted: return .encrypted(connection, try PackedDecoder.decode(TLSFacts.self, from: reader.slice()))
    case .closed: return .closed(connection)
    case .committed: return .committed(through: CommitID(code: subject))
    case .commitFailed: return .commitFailed(from: CommitID(code: subject))
    case .answered:
      let answer = try PackedDecoder.decode(Answer.self, from: reader.slice())
      if case .result(let result) = answer, let problem = TableCatalog.server.problem(of: result) { throw RecordingProblem(problem) }
      return .answered(InquiryID(subject), answer)
    case .control: return .control(subject, try PackedDecoder.decode(ControlRequest.self, from: reader.slice()))
    case .deadline: return .deadline
    case .shutdown: return .shutdown
    case .start, .snapshot, .outputs, .patch: throw RecordingProblem("an entry is of no known kind")
    }
  }
}

/// The places in a recording at which the bytes of each connection stand.
private struct BytePlaces {
  private struct Run {
    var place: UInt64
    var count: Int
    var entry: Int
  }
  private var runs = Table<ConnectionID, [Run]>()

  /// The first byte's number for a connection that was there before the recording: sums must not overflow, whatever a stranger writes.
  private var starts = Table<ConnectionID, UInt64>()

  mutating func begin(_ connection: ConnectionID, at count: UInt64) { starts[connection] = min(count, 1 << 60) }

  mutating func note(_ count: Int, of connection: ConnectionID, entry: Int) {
    if !runs.contains(connection) { runs[connection] = [] }
    let place = runs[connection]!.last.map { $0.place + UInt64($0.count) } ?? starts[connection] ?? 0
    runs[connection]!.append(Run(place: place, count: count, entry: entry))
  }

  /// Whether the place lies before the recording's beginning.
  func reachesBefore(_ place: UInt64, of connection: ConnectionID) -> Bool { place < starts[connection] ?? 0 }

  /// Puts in bytes that the recorder learned later. Those that lie before the recording's beginning are dropped.
  func apply(_ bytes: [UInt8], at place: UInt64, of connection: ConnectionID, to entries: inout [Recording.Entry]) {
    for run in (runs[connection] ?? []).reversed() {
      let (end, overflows) = place.addingReportingOverflow(UInt64(bytes.count))
      guard !overflows, run.place + UInt64(run.count) > place else { return }
      guard run.place < end, case .input(.bytes(_, var old), let time) = entries[run.entry] else { continue }
      for index in old.indices {
        let at = run.place + UInt64(index)
        if at >= place, at < end { old[index] = bytes[Int(at - place)] }
      }
      entries[run.entry] = .input(.bytes(connection, old), at: time)
    }
  }
}
