internal import NIOCore
internal import ServerCore
internal import XML
internal import XMPP
internal import Yams

// Every key that a configuration file may have.

extension ConfigurationFile {
  static let keys = ownKeys.merging(limitKeys(.top).merging(settingKeys(.top)) { $1 }.mapValues(inCore)) { $1 }

  private static func inCore(_ setter: @escaping Setter<Configuration>) -> Setter<ServeConfiguration> {
    { file, node, target throws(SetupError) in try setter(file, node, &target.core) }
  }

  /// Keys that no feature and no area declares.
  private static let ownKeys: [String: Setter<ServeConfiguration>] = [
    "domains": { file, node, target throws(SetupError) in
      target.core.domains = []
      for item in try file.items(node, "`domains`") {
        guard let jid = JID(Text(try file.text(item))), jid.isDomain else {
          throw file.refuse(item, "`\(file.shown(item))` is not a domain name, such as example.org")
        }
        guard !target.core.domains.contains(jid.domain) else { throw file.refuse(item, "the domain `\(jid)` stands here twice; keep one") }
        target.core.domains.append(jid.domain)
      }
    },
    "listeners": { file, node, target throws(SetupError) in
      target.listeners = []
      for item in try file.items(node, "`listeners`") {
        var listener = ServeConfiguration.Listener(address: "", port: ServeConfiguration.defaultPort)
        try file.read(item, "a listener", into: &listener, listenerKeys)
        if listener.tls == .direct, item.mapping?["port"] == nil { listener.port = ServeConfiguration.defaultDirectPort }
        guard !listener.address.isEmpty else { throw file.refuse(item, "a listener needs an `address`, such as \"0.0.0.0\" or \"::\"") }
        target.listeners.append(listener)
      }
    },
    "data": { file, node, target throws(SetupError) in target.dataFolder = try file.path(node) },
    "certificates": { file, node, target throws(SetupError) in target.certificatesFolder = try file.path(node) },
    "log_level": { file, node, target throws(SetupError) in target.logLevel = try file.choice(node, [.debug, .info, .warning, .error]) },
    "event_loops": { file, node, target throws(SetupError) in target.eventLoops = try file.number(node, 1...64) },
    "requires_tls": { file, node, target throws(SetupError) in target.core.requiresTLS = try file.flag(node) },
    "features": { file, node, target throws(SetupError) in
      try file.read(node, "`features`", into: &target.core, settingKeys(.features))
    },
    "limits": { file, node, target throws(SetupError) in try file.read(node, "`limits`", into: &target.core, limitKeys(.limits)) },
  ]

  private static let listenerKeys: [String: Setter<ServeConfiguration.Listener>] = [
    "address": { file, node, target throws(SetupError) in
      target.address = try file.text(node)
      guard (try? SocketAddress(ipAddress: target.address, port: 0)) != nil else {
        throw file.refuse(node, "`\(target.address)` is not an IP address, such as \"0.0.0.0\" or \"::\"")
      }
    },
    "port": { file, node, target throws(SetupError) in target.port = try file.number(node, 0...65535) },
    "tls": { file, node, target throws(SetupError) in target.tls = try file.choice(node, ServeConfiguration.Listener.TLSUse.allCases) },
  ]

  /// The settings that stand at this place of a file.
  private static func settingKeys(_ place: Setting.Placement) -> [String: Setter<Configuration>] {
    let settings = Setting.all.filter { $0.placement == place }
    return Dictionary(uniqueKeysWithValues: settings.map { ($0.name, setter(of: $0)) })
  }

  private static func setter(of setting: Setting) -> Setter<Configuration> {
    { file, node, target throws(SetupError) in
      switch setting.kind {
      case .flag: target[flag: setting] = try file.flag(node)
      case .choice(let names): target[text: setting] = Text(try file.choice(node, names))
      case .text(let prepare, let wanted):
        guard let text = prepare(Text(try file.text(node))) else { throw file.refuse(node, "`\(file.shown(node))` is not \(wanted)") }
        target[text: setting] = text
      case .domains:
        var domains: [Text] = []
        for item in try file.items(node, "`\(setting.name)`") {
          guard let jid = JID(Text(try file.text(item))), jid.isDomain else {
            throw file.refuse(item, "`\(file.shown(item))` is not a domain name, such as example.org")
          }
          domains.append(jid.domain)
        }
        target[text: setting] = Setting.text(of: domains)
      }
    }
  }

  /// The limits that stand at this place of a file.
  private static func limitKeys(_ place: Limit.Placement) -> [String: Setter<Configuration>] {
    let limits = Limit.all.filter { $0.placement == place }
    return Dictionary(uniqueKeysWithValues: limits.compactMap { limit in limit.settable.map { (limit.name, setter(of: limit, $0)) } })
  }

  private static func setter(of limit: Limit, _ range: ClosedRange<Int>) -> Setter<Configuration> {
    { file, node, target throws(SetupError) in
      let number = Int64(try file.number(node, range))
      target.limits.set(limit, to: limit.unit == .seconds ? .seconds(number) : number)
    }
  }
}
