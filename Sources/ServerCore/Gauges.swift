internal import OrderedCollections
internal import XMPP

/// How full one of the server's buffers or queues is.
public struct Gauge: Sendable, Hashable, CustomStringConvertible {
  public var name: String
  public var value: Int
  public var limit: Int
  public init(name: String, value: Int, limit: Int) {
    self.name = name
    self.value = value
    self.limit = limit
  }
  public var description: String { "\(name): \(value) of \(limit)" }
}

// MARK: - For those who check it

extension Engine {
  /// Everything that may grow, and how far. A thing that is not in this list has a size that nobody outside can change.
  ///
  /// - Parameter body: called for each; must not keep what costs to make.
  public func visitGauges(_ body: (_ name: StaticString, _ value: Int, _ limit: Int) -> Void) {
    visitConnectionGauges(body)
    server.visitGauges(body)
  }

  /// The first buffer or queue that holds more than it may.
  public var overLimit: Gauge? {
    var found: Gauge?
    visitGauges { name, value, limit in
      if found == nil, value > limit { found = Gauge(name: "\(name)", value: value, limit: limit) }
    }
    return found
  }
}

extension Engine {
  /// Something that is held for a moment only, and is still held: to be asked when nothing is under way.
  public var leftover: Gauge? {
    let there = connections.sortedKeys()
    for id in there {
      guard let connection = connections[id] else { continue }
      if connection.backlog > 0 { return Gauge(name: "bytes for a peer", value: connection.backlog, limit: 0) }
      if !connection.isReading { return Gauge(name: "connections that are not read from", value: 1, limit: 0) }
    }
    if server.homeCount > there.count { return Gauge(name: "shards of connections", value: server.homeCount, limit: there.count) }
    return server.leftover
  }
}

extension Server {
  var leftover: Gauge? {
    for shard in shards { if let gauge = shard.leftover { return gauge } }
    return nil
  }

  func visitGauges(_ body: (_ name: StaticString, _ value: Int, _ limit: Int) -> Void) {
    let limits = configuration.limits
    var backlog = OutputCommit.Backlog()
    for shard in shards { shard.commits.addUp(&backlog) }
    backlog.visitGauges(limits, body)
    for origin in connectionCounts.sortedKeys() {
      body("connections from an address", connectionCounts[origin] ?? 0, limits[.connectionsPerAddress])
    }
    for shard in shards { shard.visitGauges(body) }
  }
}

extension Shard {
  var leftover: Gauge? {
    var counts = [
      ("stanzas that wait for storage", parkedCount), ("open questions", inquiries.count),
      ("transactions behind a commit", commits.depth),
      ("askers of a list", listings.count), ("bytes for other servers", abroadBytes),
    ]
    for jid in accounts.sortedKeys() {
      counts.append(("messages that wait in an account", accounts[jid]?.entity?.states.waiting.count ?? 0))
    }
    return counts.first { $0.1 > 0 }.map { Gauge(name: $0.0, value: $0.1, limit: 0) }
  }

  func visitGauges(_ body: (_ name: StaticString, _ value: Int, _ limit: Int) -> Void) {
    let limits = configuration.limits
    body("derivations under way", inquiries.derivations, limits[.concurrentKeyDerivations])
    body("open questions", inquiries.limitedCount, limits[.inquiries])
    body("questions about other servers", inquiries.remoteCount, limits[.remoteQuestions])
    body("pairs of domains", pairs.count, limits[.remotePairs])
    body("bytes for other servers", abroadBytes, limits[.allRemoteQueuesBytes])
    for pair in pairs.sortedKeys() {
      guard let queue = pairs[pair]?.queue else { continue }
      body("stanzas for a remote domain", queue.count, limits[.remoteQueueStanzas])
      body("bytes for a remote domain", queue.bytes, limits[.remoteQueueBytes])
    }
    for listing in listings.values { body("who waits for a list", listing.askers.count, limits[.queuedWhileLoading]) }
    for jid in accounts.sortedKeys() {
      guard let loadable = accounts[jid] else { continue }
      body("stanzas parked for an account", loadable.parked.count, limits[.queuedWhileLoading])
      guard let account = loadable.entity else { continue }
      body("sessions of an account", account.sessions.count, limits[.sessionsPerAccount])
      body("roster items", account.listedCount, limits[.rosterItems])
      body("requests to subscribe", account.roster.count - account.listedCount, limits[.pendingRequests])
      for gauge in account.states.gauges(limits) { body(gauge.name, gauge.value, gauge.limit) }
      for session in account.sessions.values {
        body("addresses with directed presence", session.directed.count, limits[.directedPresences])
        for gauge in session.states.gauges(limits) { body(gauge.name, gauge.value, gauge.limit) }
      }
    }
    for jid in rooms.sortedKeys() {
      guard let loadable = rooms[jid] else { continue }
      body("stanzas parked for a room", loadable.parked.count, limits[.queuedWhileLoading])
      loadable.entity?.visitGauges(limits, body)
    }
  }
}

extension Room {
  fileprivate func visitGauges(_ limits: Configuration.Limits, _ body: (_ name: StaticString, _ value: Int, _ limit: Int) -> Void) {
    body("affiliations of a room", affiliations.count, limits[.roomAffiliations])
    body("sessions in a room", sessionCount, limits[.roomSessions] + limits[.roomAdminSessions])
    body("messages in a room's history", history.entries.count, limits[.roomHistoryMessages])
    body("bytes in a room's history", history.bytes, limits[.roomHistoryBytes])
    body("requests between occupants", relays.count, limits[.roomPendingIQs])
    body("invitations of a room", invitations.count, limits[.roomOpenInvitations])
  }
}
