import Storage
import XMPP
import Testing
import XML

@testable import ServerCore

struct LimitTests {
  /// Every number in a value, by the way to its property.
  private static func numbers(_ value: Any, _ prefix: String = "") -> [String: Int64] {
    var found: [String: Int64] = [:]
    for child in Mirror(reflecting: value).children {
      guard let label = child.label else { continue }
      let name = prefix + label
      switch child.value {
      case let number as Int: found[name] = Int64(number)
      case let number as Int64: found[name] = number
      case is Configuration.Limits, is Configuration.Limits.Rooms, is StreamLimits:
        found.merge(numbers(child.value, name + ".")) { $1 }
      case is Bool, is String, is Text, is [Text], is Configuration.Features, is any RawRepresentable, is PrivateKey, is RoundsHistory?:
        break
      default: Issue.record("\(name) is of a kind that no limit has: \(type(of: child.value))")
      }
    }
    return found
  }

  private static let configuration = Configuration(domains: ["localhost"])

  @Test func everyNumberOfAConfigurationIsALimit() {
    #expect(Set(Self.numbers(Self.configuration).keys) == Set(Limit.all.map(\.property)))
    #expect(Set(Limit.all.map(\.property)).count == Limit.all.count)
    #expect(Set(Limit.all.compactMap(\.key)).count == Limit.all.compactMap(\.key).count)
  }

  /// The name, the property and the bounds belong together, and each is looked at.
  @Test(arguments: Limit.all.indices) func aLimitIsHeldToItsBounds(index: Int) {
    let limit = Limit.all[index]
    #expect(Self.configuration.problem == nil)
    func changed(_ number: Int64) -> Configuration {
      var copy = Self.configuration
      switch limit.field {
      case .count(let path): copy[keyPath: path] = Int(number)
      case .time(let path): copy[keyPath: path] = number
      }
      return copy
    }
    let odd = changed(limit.possible.upperBound - 77)
    #expect(Self.numbers(odd)[limit.property] == limit.possible.upperBound - 77)
    #expect(odd.problem == nil)
    for number in [-1, .min, .max, limit.possible.upperBound + 1] {
      #expect(changed(number).problem?.hasSuffix(limit.property) ?? false, "\(number)")
    }
    let unit: Int64 = if case .time = limit.field { .seconds(1) } else { 1 }
    for end in [limit.settable.lowerBound, limit.settable.upperBound] {
      #expect(limit.possible.contains(Int64(end) * unit), "what may be set must be possible")
    }
    let current = Self.numbers(Self.configuration)[limit.property]!
    if limit.key != nil { #expect(limit.settable.contains(Int(current / unit)), "the default may be set") }
  }

  /// A recording that somebody forged says in words what is wrong with it, and nothing in it makes a sum overflow.
  @Test(arguments: Limit.all.indices) func aForgedLimitIsRefused(index: Int) {
    var configuration = Self.configuration
    switch Limit.all[index].field {
    case .count(let path): configuration[keyPath: path] = .max
    case .time(let path): configuration[keyPath: path] = .max
    }
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
      + recorder.input(.answered(InquiryID(1), .result(.page(Page([message], of: owner)))), at: zero, before: engine)
    #expect(throws: RecordingProblem.self) { try Recording(parsing: file) }
  }
}
