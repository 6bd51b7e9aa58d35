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
    "scram_rounds": { file, node, target throws(SetupError) in target.core.scramRounds = try file.number(node, 4096...10_000_000) },
    "features": { file, node, target throws(SetupError) in
      try file.read(node, "`features`", into: &target.core.features, featureKeys)
    },
    "limits": { file, node, target throws(SetupError) in try file.read(node, "`limits`", into: &target.core.limits, limitKeys) },
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

  private typealias Limits = Configuration.Limits

  /// Names end in their unit, except counts.
  private static let limitKeys: [String: Setter<Limits>] = [
    "stanza_bytes": count(\Limits.authenticatedStream.stanzaBytes, 10_000...(1 << 24)),
    "stanza_depth": count(\Limits.authenticatedStream.depth, 8...200),
    "stanza_elements": count(\Limits.authenticatedStream.elements, 64...1_000_000),
    "unauthenticated_stanza_bytes": count(\Limits.unauthenticatedStream.stanzaBytes, 1000...(1 << 24)),
    "outbox_bytes": count(\Limits.outboxBytes, 4096...(.max)),
    "all_outboxes_bytes": count(\Limits.allOutboxesBytes, 4096...(.max)),
    "unprocessed_bytes": count(\Limits.unprocessedBytes, 4096...(.max)),
    "bytes_per_second": count(\Limits.bytesPerSecond, 0...1 << 32),
    "burst_bytes": count(\Limits.burstBytes, 0...1 << 32),
    "connections_per_address": count(\Limits.connectionsPerAddress, 1...(.max)),
    "negotiation_idle_seconds": seconds(\Limits.negotiationIdle),
    "negotiation_total_seconds": seconds(\Limits.negotiationTotal),
    "close_wait_seconds": seconds(\Limits.closeWait),
    "idle_seconds": seconds(\Limits.idleTime),
    "authentication_attempts": count(\Limits.authenticationAttempts, 2...5),
    "derivations": count(\Limits.derivations, 1...(.max)),
    "sessions_per_account": count(\Limits.sessionsPerAccount, 1...(.max)),
    "roster_items": count(\Limits.rosterItems, 0...(.max)),
    "pending_requests": count(\Limits.pendingRequests, 0...(.max)),
    "groups_per_item": count(\Limits.groupsPerItem, 0...(.max)),
    "blocked_addresses": count(\Limits.blockedAddresses, 0...(.max)),
    "offline_bytes": count(\Limits.offlineBytes, 0...(.max)),
    "offline_messages": count(\Limits.offlineMessages, 0...(.max)),
    "directed_presences": count(\Limits.directedPresences, 0...(.max)),
    "parked_stanzas": count(\Limits.parkedStanzas, 1...(.max)),
    "held_steps": count(\Limits.heldSteps, 1...(.max)),
    "room_affiliations": count(\Limits.rooms.affiliations, 1...(.max)),
    "room_sessions": count(\Limits.rooms.sessions, 1...(.max)),
    "room_spare_sessions": count(\Limits.rooms.spareSessions, 0...(.max)),
    "room_history_messages": count(\Limits.rooms.historyMessages, 0...(.max)),
    "room_history_bytes": count(\Limits.rooms.historyBytes, 0...(.max)),
    "room_relays": count(\Limits.rooms.relays, 1...(.max)),
    "room_invitations": count(\Limits.rooms.invitations, 1...(.max)),
    "room_open_invitations": count(\Limits.rooms.openInvitations, 0...(.max)),
    "room_lock_seconds": seconds(\Limits.rooms.lockTime),
  ]

  private static func count(_ field: any WritableKeyPath<Limits, Int> & Sendable, _ range: ClosedRange<Int>) -> Setter<Limits> {
    { file, node, target throws(SetupError) in target[keyPath: field] = try file.number(node, range) }
  }

  /// Between a second and a year.
  private static func seconds(_ field: any WritableKeyPath<Limits, Int64> & Sendable) -> Setter<Limits> {
    { file, node, target throws(SetupError) in target[keyPath: field] = .seconds(Int64(try file.number(node, 1...31_536_000))) }
  }
}
