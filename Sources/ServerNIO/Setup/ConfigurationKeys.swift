internal import NIOCore
internal import ServerCore
internal import XML
internal import XMPP
internal import Yams

// Every key that a configuration file may have.

extension ConfigurationFile {
  static let keys: [String: Setter<ServeConfiguration>] = [
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
        guard !listener.address.isEmpty else { throw file.refuse(item, "a listener needs an `address`, such as \"0.0.0.0\" or \"::\"") }
        target.listeners.append(listener)
      }
    },
    "data": { file, node, target throws(SetupError) in target.dataFolder = try file.path(node) },
    "certificates": { file, node, target throws(SetupError) in target.certificatesFolder = try file.path(node) },
    "log_level": { file, node, target throws(SetupError) in target.logLevel = try file.choice(node, [.debug, .info, .warning, .error]) },
    "event_loops": { file, node, target throws(SetupError) in target.eventLoops = try file.number(node, 1...64) },
    "requires_tls": { file, node, target throws(SetupError) in target.core.requiresTLS = try file.flag(node) },
    "conflict_policy": { file, node, target throws(SetupError) in
      target.core.conflictPolicy = try file.choice(node, Configuration.ConflictPolicy.allCases)
    },
    "blocked_messages": { file, node, target throws(SetupError) in
      target.core.blockedMessages = try file.choice(node, Configuration.BlockedMessages.allCases)
    },
    "conference_label": { file, node, target throws(SetupError) in
      guard let jid = JID(Text(try file.text(node))), jid.isDomain, !jid.domain.utf8.contains(UInt8(ascii: ".")) else {
        throw file.refuse(node, "`\(file.shown(node))` is not one label of a domain name, such as conference")
      }
      target.core.conferenceLabel = jid.domain
    },
    "scram_rounds": { file, node, target throws(SetupError) in try setter(of: Limit.rounds)(file, node, &target.core) },
    "features": { file, node, target throws(SetupError) in
      try file.read(node, "`features`", into: &target.core.features, featureKeys)
    },
    "limits": { file, node, target throws(SetupError) in try file.read(node, "`limits`", into: &target.core, limitKeys) },
  ]

  private static let listenerKeys: [String: Setter<ServeConfiguration.Listener>] = [
    "address": { file, node, target throws(SetupError) in
      target.address = try file.text(node)
      guard (try? SocketAddress(ipAddress: target.address, port: 0)) != nil else {
        throw file.refuse(node, "`\(target.address)` is not an IP address, such as \"0.0.0.0\" or \"::\"")
      }
    },
    "port": { file, node, target throws(SetupError) in target.port = try file.number(node, 0...65535) },
  ]

  private static let featureKeys: [String: Setter<Configuration.Features>] = [
    "open_registration": { file, node, target throws(SetupError) in target.openRegistration = try file.flag(node) },
    "rooms": { file, node, target throws(SetupError) in target.rooms = try file.flag(node) },
    "offline_messages": { file, node, target throws(SetupError) in target.offlineMessages = try file.flag(node) },
  ]

  private static let limitKeys: [String: Setter<Configuration>] = Dictionary(
    uniqueKeysWithValues: Limit.all.compactMap { limit in
      limit.property == Limit.rounds.property ? nil : limit.key.map { ($0, setter(of: limit)) }
    })

  private static func setter(of limit: Limit) -> Setter<Configuration> {
    { file, node, target throws(SetupError) in
      let number = try file.number(node, limit.settable)
      switch limit.field {
      case .count(let path): target[keyPath: path] = number
      case .time(let path): target[keyPath: path] = .seconds(Int64(number))
      }
    }
  }
}
