/// What happens when one of the server's limits is reached: what whoever meets it may rely on, and what campaigns check.
public struct LimitOutcome: Sendable {
  /// As in the configuration file, below `limits`.
  public var limit: String
  public var outcome: String

  /// What counts how often it was reached.
  public var marks: [Mark] {
    Mark.all.filter { mark in
      mark.clause.split(separator: "; ").contains { $0 == "limit " + limit }
    }
  }

  init(_ limit: String, _ outcome: String) {
    self.limit = limit
    self.outcome = outcome
  }

  /// All limits, in the order of `Configuration.Limits`. None of them takes anything from anybody else: nothing half a stanza long is ever
  /// written, and what one peer may not have others still get.
  public static let all: [LimitOutcome] = [
    LimitOutcome(
      "unauthenticatedStream",
      "stream error policy-violation, and the end of the stream"),
    LimitOutcome("authenticatedStream", "stream error policy-violation, and the end of the stream"),
    LimitOutcome(
      "outboxBytes", "a peer that does not read loses its connection at once; what was for it is treated as for one who is gone"),
    LimitOutcome("allOutboxesBytes", "the connection with the most unread bytes ends at once, and only as many as must"),
    LimitOutcome("unprocessedBytes", "the connection is not read from until what it sent was worked off; nothing is lost"),
    LimitOutcome(
      "bytesPerSecond", "the connection is not read from until it has kept to its rate again; nothing is lost, and nobody else waits"),
    LimitOutcome("burstBytes", "from here on, the rate counts"),
    LimitOutcome("connectionsPerAddress", "stream error policy-violation, and the end of the connection"),
    LimitOutcome("negotiationIdle", "stream error connection-timeout"),
    LimitOutcome("negotiationTotal", "stream error connection-timeout"),
    LimitOutcome("closeWait", "the connection is cut; the stream has ended on our side already"),
    LimitOutcome("authenticationAttempts", "stream error policy-violation after the last failure"),
    LimitOutcome("derivations", "SASL failure temporary-auth-failure; changes of passwords are answered with resource-constraint"),
    LimitOutcome("sessionsPerAccount", "binding is refused with resource-constraint; the sessions that are there stay"),
    LimitOutcome("rosterItems", "a roster set, or a request to subscribe, is answered with resource-constraint; nothing is changed"),
    LimitOutcome("pendingRequests", "a stranger's further request is dropped; whoever is in the roster still gets through"),
    LimitOutcome("requestBytes", "the request to subscribe is answered with policy-violation; nobody is asked"),
    LimitOutcome("groupsPerItem", "the roster set is answered with not-acceptable; nothing is changed"),
    LimitOutcome("blockedAddresses", "the block is answered with resource-constraint; nothing is changed"),
    LimitOutcome("offlineMessages", "the sender gets service-unavailable; stored messages stay"),
    LimitOutcome("offlineBytes", "the sender gets service-unavailable; stored messages stay"),
    LimitOutcome(
      "directedPresences", "the presence is answered with resource-constraint and not delivered: else its end could not be told"),
    LimitOutcome(
      "parkedStanzas", "what comes for an account or room that is being loaded is answered with an error; ends are never dropped"),
    LimitOutcome("heldSteps", "sessions that cause more are not read from until storage has caught up by half; nothing is lost"),
    LimitOutcome(
      "accountRecordBytes",
      "sessions of the account are not read from until half of what it made wait for storage is stored; nothing is lost"),
    LimitOutcome("allRecordBytes", "sessions that cause more are not read from until half of it is stored; nothing is lost"),
    LimitOutcome("idleTime", "an account or room that nobody uses leaves memory, and comes back with the next stanza for it"),
    LimitOutcome("rooms.affiliations", "a change that would add an entry is answered with resource-constraint; nothing is changed"),
    LimitOutcome("rooms.sessions", "who wants to join gets service-unavailable, unless admin or owner"),
    LimitOutcome("rooms.spareSessions", "admins and owners join a full room so many times, then get service-unavailable like others"),
    LimitOutcome("rooms.historyMessages", "the oldest message leaves the room's history"),
    LimitOutcome("rooms.historyBytes", "the oldest messages leave the room's history"),
    LimitOutcome("rooms.relays", "the oldest request that has no answer is given up: whoever asked gets an error"),
    LimitOutcome("rooms.invitations", "the message with the invitations is answered with resource-constraint; nobody is invited"),
    LimitOutcome("rooms.openInvitations", "the oldest invitation is forgotten: whoever declines it gets not-acceptable"),
    LimitOutcome("rooms.lockTime", "a room that its creator did not configure is destroyed"),
  ]
}
