import Testing
import XML

@testable import ServerCore

struct SettingTests {
  private static let configuration = Configuration(domains: ["localhost"])

  @Test func noTwoSettingsAreTakenForOne() {
    #expect(Setting.all.count > 5)
    #expect(Set(Setting.all.map(\.name)).count == Setting.all.count)
    #expect(Set(Setting.all.map(\.name)).isDisjoint(with: Limit.all.map(\.name).filter { $0 == "scram_rounds" }))
    #expect(Self.configuration.problem == nil, "what is standard is possible")
  }

  @Test func aSettingIsWhatItWasSetTo() {
    var configuration = Self.configuration
    #expect(configuration[flag: .rooms] && configuration[flag: .offlineMessages] && !configuration[flag: .openRegistration])
    configuration[flag: .rooms] = false
    configuration[flag: .openRegistration] = true
    #expect(!configuration[flag: .rooms] && configuration[flag: .offlineMessages] && configuration[flag: .openRegistration])
    configuration[flag: .rooms] = true
    #expect(configuration[flag: .rooms])
    for policy in Configuration.ConflictPolicy.allCases {
      configuration.conflictPolicy = policy
      #expect(configuration.conflictPolicy == policy)
    }
    for choice in Configuration.BlockedMessages.allCases {
      configuration.blockedMessages = choice
      #expect(configuration.blockedMessages == choice)
    }
    #expect(configuration.problem == nil)
  }

  /// A recording has the settings that were chosen, and one that somebody forged is refused.
  @Test func aRecordingKeepsSettings() throws {
    var configuration = Self.configuration
    configuration[flag: .openRegistration] = true
    configuration.conflictPolicy = .rename
    configuration.conferenceLabel = "rooms"
    var recorder = Recorder(secret: [1])
    let start = Instant(monotonic: 0, wall: 0)
    let read = try Recording(parsing: recorder.begin(configuration: configuration, seed: [1], at: start))
    let copy = read.start.engine().server.configuration
    for setting in Setting.all { #expect(copy[text: setting] == configuration[text: setting], "\(setting.name)") }
    for setting in Setting.all {
      var forged = Self.configuration
      forged[text: setting] = "no . such thing"
      #expect(forged.problem?.hasSuffix(" \(setting.name)") ?? false)
      let file = recorder.begin(configuration: forged, seed: [1], at: start)
      #expect(throws: RecordingProblem.self) { try Recording(parsing: file) }
    }
  }
}
