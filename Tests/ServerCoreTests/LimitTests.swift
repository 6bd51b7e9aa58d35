import Storage
import XMPP
import Testing
import XML

@testable import ServerCore

struct LimitTests {
  private static let configuration = Configuration(domains: ["localhost"])
  private static func configuration(_ limit: Limit, _ value: Int64) -> Configuration {
    var copy = configuration
    copy.limits.set(limit, to: value)
    return copy
  }

  @Test func noTwoLimitsAreTakenForOne() {
    #expect(Limit.all.count > 40)
    #expect(Set(Limit.all.map(\.name)).count == Limit.all.count)
    #expect(Set(Limit.all.map(\.id)).count == Limit.all.count)
    #expect(Set(Limit.all.compactMap { $0.trial?.draw }).count == Limit.all.count { $0.trial != nil })
    for limit in Limit.all where limit.unit == .seconds { #expect(limit.name.hasSuffix("_seconds")) }
    for limit in Limit.all where limit.unit == .bytes { #expect(limit.name.contains("bytes")) }
  }

  @Test func everyLimitSaysWhatHappensAndIsCounted() {
    // These two are numbers that an operator chooses, and bound nothing.
    for limit in Limit.all where limit !== Limit.scramRounds && limit !== Limit.shards {
      #expect(limit.effect != nil, "\(limit)")
      #expect(!limit.marks.isEmpty, "\(limit)")
    }
  }

  /// A limit that is set changes no other, and one that is set back leaves nothing.
  @Test(arguments: Limit.all.indices) func aLimitIsSetAlone(index: Int) {
    let limit = Limit.all[index]
    var limits = Configuration.Limits()
    for other in Limit.all where other !== limit { limits.set(other, to: other.standard + 1) }
    #expect(limits.value(of: limit) == limit.standard)
    limits.set(limit, to: 7)
    limits.set(limit, to: 8)
    #expect(limits[limit] == 8 && limits[time: limit] == 8)
    for other in Limit.all where other !== limit { #expect(limits.value(of: other) == other.standard + 1) }
    limits.set(limit, to: limit.standard)
    #expect(limits.value(of: limit) == limit.standard)
  }

  @Test(arguments: Limit.all.indices) func aLimitIsHeldToItsBounds(index: Int) {
    let limit = Limit.all[index]
    #expect(Self.configuration.problem == nil)
    #expect(Self.configuration(limit, max(limit.possible.lowerBound, limit.possible.upperBound - 77)).problem == nil)
    for number in [-1, .min, .max, limit.possible.upperBound + 1] {
      #expect(Self.configuration(limit, number).problem?.hasSuffix(" \(limit.name)") ?? false, "\(number)")
    }
    for value in [limit.standard] + (limit.trial?.values ?? []) { #expect(limit.possible.contains(value), "\(limit)") }
    guard let settable = limit.settable else { return }
    let unit: Int64 = limit.unit == .seconds ? .seconds(1) : 1
    for end in [settable.lowerBound, settable.upperBound] {
      #expect(limit.possible.contains(Int64(end) * unit), "what may be set must be possible")
    }
    #expect(settable.contains(Int(limit.standard / unit)), "the default may be set")
  }

  /// A recording has the limits that were set, whichever they are.
  @Test func aRecordingKeepsLimits() throws {
    var configuration = Self.configuration
    for (index, limit) in Limit.all.enumerated() where index % 3 != 0 { configuration.limits.set(limit, to: Int64(index + 1)) }
    var recorder = Recorder(secret: [1])
    let file = recorder.begin(configuration: configuration, seed: [1], at: Instant(monotonic: 0, wall: 0))
    let read = try Recording(parsing: file)
    let copy = read.start.engine().server.configuration
    for limit in Limit.all { #expect(copy.limits.value(of: limit) == configuration.limits.value(of: limit), "\(limit)") }
  }

  /// A recording that somebody forged says in words what is wrong with it, and nothing in it makes a sum overflow.
  @Test(arguments: Limit.all.indices) func aForgedLimitIsRefused(index: Int) {
    let configuration = Self.configuration(Limit.all[index], .max)
    var recorder = Recorder(secret: [1])
    let file = recorder.begin(configuration: configuration, seed: [1], at: Instant(monotonic: 0, wall: 0))
    #expect(throws: RecordingProblem.self) { try Recording(parsing: file) }
    // The same in the midst of a run.
    let engine = Engine(configuration: configuration, seed: [1])
    let next = recorder.begin(from: engine, at: Instant(monotonic: 0, wall: 0))
    #expect(throws: RecordingProblem.self) { try Recording(parsing: next) }
  }

  @Test(arguments: [Int64.max, .min, (1 << 62) + 1]) func aForgedTimeIsRefused(time: Int64) throws {
    var recorder = Recorder(secret: [1])
    let engine = Engine(configuration: Self.configuration, seed: [1])
    let zero = Instant(monotonic: 0, wall: 0)
    for now in [Instant(monotonic: time, wall: 0), Instant(monotonic: 0, wall: time)] {
      let late = recorder.begin(configuration: Self.configuration, seed: [1], at: now)
      #expect(throws: RecordingProblem.self) { try Recording(parsing: late) }
      let file = recorder.begin(configuration: Self.configuration, seed: [1], at: zero) + recorder.input(.deadline, at: now, before: engine)
      #expect(throws: RecordingProblem.self) { try Recording(parsing: file) }
    }
    let owner = JID("romeo@localhost")!
    let message = OfflineMessage(sequence: time, stanza: Element("message", "jabber:client"))
    let file =
      recorder.begin(configuration: Self.configuration, seed: [1], at: zero)
      + recorder.input(.answered(InquiryID(shard: 0, 1), .result(.page(Page([message], of: owner)))), at: zero, before: engine)
    #expect(throws: RecordingProblem.self) { try Recording(parsing: file) }
  }
}
