internal import OrderedCollections
internal import XMPP

/// How full one of the server's buffers or queues is.
public struct Gauge: Sendable, Hashable, CustomStringConvertible {
  public var name: String
  public var value: Int
  public var limit: Int
  public var description: String { "\(name): \(value) of \(limit)" }
}

// MARK: - For those who check it

extension Engine {
  /// Everything that may grow, and how far. What is not in this list has a size that nobody outside can change.
  ///
  /// - Parameter body: called for each; must not keep what costs to make.
  public func visitGauges(_ body: (_ name: StaticString, _ value: Int, _ limit: Int) -> Void) {
    visitLinkGauges(body)
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

extension Server {
  func visitGauges(_ body: (_ name: StaticString, _ value: Int, _ limit: Int) -> Void) {
    let limits = configuration.limits
    body("derivations under way", derivations.count, limits.derivations)
    for askers in listings.values { body("who waits for a list", askers.count, limits.parkedStanzas) }
    for jid in accounts.sortedKeys() {
      guard let slot = accounts[jid] else { continue }
      body("stanzas parked for an account", slot.parked.count, limits.parkedStanzas)
      guard let account = slot.entity else { continue }
      body("sessions of an account", account.sessions.count, limits.sessionsPerAccount)
      body("roster items", account.listedCount, limits.rosterItems)
      body("requests to subscribe", account.roster.count - account.listedCount, limits.pendingRequests)
      body("blocked addresses", account.blocklist.count, limits.blockedAddresses)
      body("offline messages", account.offlineCount, limits.offlineMessages)
      body("offline bytes", account.offlineBytes, limits.offlineBytes)
      body("messages lined up behind stored ones", account.linedUp.count, limits.offlineMessages)
      body("bytes lined up behind stored ones", account.linedUpBytes, limits.offlineBytes)
      for session in account.sessions.values {
        body("addresses with directed presence", session.directed.count, limits.directedPresences)
      }
    }
    for jid in rooms.sortedKeys() {
      guard let slot = rooms[jid] else { continue }
      body("stanzas parked for a room", slot.parked.count, limits.parkedStanzas)
      slot.entity?.visitGauges(limits.rooms, body)
    }
  }
}

extension Room {
  fileprivate func visitGauges(_ limits: Configuration.Limits.Rooms, _ body: (_ name: StaticString, _ value: Int, _ limit: Int) -> Void) {
    body("affiliations of a room", affiliations.count, limits.affiliations)
    body("sessions in a room", sessionCount, limits.sessions + limits.spareSessions)
    body("messages in a room's history", history.entries.count, limits.historyMessages)
    body("bytes in a room's history", history.bytes, limits.historyBytes)
    body("requests between occupants", relays.count, limits.relays)
  }
}
