internal import Scenario
internal import ServerCore
internal import XML
internal import XMPP

/// The world that a script asks for by tags before its actions, each in a line of its own:
///
/// - `## limit NAME: VALUE`: a limit of the server, in the unit of a configuration file.
/// - `## setting NAME: VALUE`: a policy or a feature of the server, as in a configuration file, such as `conflict_policy: refuse-new`.
/// - `## world NAME: VALUE`: the disk and the network in the simulator; other drivers ignore it.
///
/// Other tags are left to others.
enum ScriptWorld {
  /// A property of a simulated disk or network.
  struct Property: Sendable {
    let name: String
    /// Values that a script may give.
    let range: ClosedRange<Int>
    let get: @Sendable (WorldSettings) -> Int
    let set: @Sendable (inout WorldSettings, Int) -> Void
  }

  static let properties: [Property] = [
    Property(name: "commit_milliseconds", range: 0...10_000) {
      Int($0.commitTime.upperBound / 1_000_000)
    } set: {
      $0.commitTime = 0 ... .milliseconds(Int64($1))
    },
    // As long as a commit, unless it is given.
    Property(name: "load_milliseconds", range: 0...10_000) {
      Int(($0.loadTime ?? $0.commitTime).upperBound / 1_000_000)
    } set: {
      $0.loadTime = 0 ... .milliseconds(Int64($1))
    },
    Property(name: "latency_milliseconds", range: 0...10_000) {
      Int($0.latency.upperBound / 1_000_000)
    } set: {
      $0.latency = 0 ... .milliseconds(Int64($1))
    },
    Property(name: "read_bytes", range: 1...1 << 20) {
      $0.readSize
    } set: {
      $0.readSize = $1
    },
    Property(name: "short_percent", range: 0...100) {
      $0.shortPercent
    } set: {
      $0.shortPercent = $1
    },
    Property(name: "batch_percent", range: 0...100) {
      $0.batchPercent
    } set: {
      $0.batchPercent = $1
    },
  ]

  private enum Change {
    case limit(Limit, Int64)
    case setting(Setting, Text)
    case world(Property, Int)
  }

  /// `nil` if the tag is none of these, or wrong.
  private static func change(_ tag: Script.Tag) -> Change? {
    guard let value = tag.value else { return nil }
    if let limit = Limit.all.first(where: { "\($0)" == tag.name }) {
      guard let number = Int(value), limit.settable?.contains(number) ?? false else { return nil }
      return .limit(limit, limit.unit == .seconds ? .seconds(Int64(number)) : Int64(number))
    }
    if let setting = Setting.all.first(where: { "setting \($0.name)" == tag.name }) {
      return setting.isPossible(Text(value)) ? .setting(setting, Text(value)) : nil
    }
    let property = properties.first { "world \($0.name)" == tag.name }
    guard let property, let number = Int(value), property.range.contains(number) else { return nil }
    return .world(property, number)
  }

  /// Why a tag of the script says nothing; `nil` if all do.
  static func problem(of script: Script) -> String? {
    let kinds = [
      ("limit ", "limit that a configuration file may set"), ("setting ", "setting"), ("world ", "property of a simulated world"),
    ]
    for tag in script.tags {
      guard let (_, kind) = kinds.first(where: { tag.name.hasPrefix($0.0) }), change(tag) == nil else { continue }
      return "`\(tag.name)` is no \(kind), or `\(tag.value ?? "")` is beyond its bounds"
    }
    return nil
  }

  /// The domains of the cast, cheap passwords, and the limits and settings that the script names.
  static func configuration(for script: Script) -> Configuration {
    var domains: [Text] = []
    for character in script.cast {
      if let jid = JID(character.jid), !domains.contains(jid.domain) { domains.append(jid.domain) }
    }
    var configuration = plain(domains.isEmpty ? ["localhost"] : domains)
    for tag in script.tags {
      switch change(tag) {
      case .limit(let limit, let value): configuration.limits.set(limit, to: value)
      case .setting(let setting, let text): configuration[text: setting] = text
      case .world, nil: break
      }
    }
    return configuration
  }

  private static func plain(_ domains: [Text]) -> Configuration {
    var configuration = Configuration(domains: domains)
    configuration.scramRounds = 1
    configuration[flag: .openRegistration] = true
    return configuration
  }

  static func settings(for script: Script, _ configuration: Configuration) -> WorldSettings {
    var settings = WorldSettings(configuration: configuration)
    for tag in script.tags { if case .world(let property, let number) = change(tag) { property.set(&settings, number) } }
    return settings
  }

  /// The tags by which a script asks for a world like this, as far as it can.
  static func tags(for settings: WorldSettings) -> [String] {
    let configuration = settings.configuration
    let standard = WorldSettings(configuration: plain(["localhost"]))
    var tags: [String] = []
    for limit in Limit.all {
      let value = configuration.limits.value(of: limit)
      guard value != standard.configuration.limits.value(of: limit), let settable = limit.settable else { continue }
      let number = limit.unit == .seconds ? Int((value + .seconds(1) - 1) / .seconds(1)) : Int(value)
      tags.append("limit \(limit.name): \(min(max(number, settable.lowerBound), settable.upperBound))")
    }
    for setting in Setting.all where configuration[text: setting] != standard.configuration[text: setting] {
      tags.append("setting \(setting.name): \(configuration[text: setting])")
    }
    for property in properties where property.get(settings) != property.get(standard) {
      let value = min(max(property.get(settings), property.range.lowerBound), property.range.upperBound)
      tags.append("world \(property.name): \(value)")
    }
    return tags
  }
}
