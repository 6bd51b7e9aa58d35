internal import OrderedCollections
internal import ServerCore
internal import Storage
internal import XML
internal import XMPP

// The model takes from the server which sessions were bound, which streams the server ended, and what a failed commit takes back.

extension ReferenceModel {
  /// Sessions that were bound, and streams that the server ended.
  mutating func catchUp(with seen: ObservedState, after event: Event, _ passed: [[ShardMessage.View]], at time: Instant) {
    let bound = seen.sessions.values.joined()
    let isSame = bound.allSatisfy { sessions[$0.connection] == $0.jid } && bound.count == sessions.count
    if isSame { return }
    for (connection, jid) in sessions where !bound.contains(where: { $0.connection == connection }) {
      // One whose resource was bound anew has to make room for the other (RFC 6120, 7.7.2.2).
      if mayEndStreams(event) || bound.contains(where: { $0.jid == jid }) { end(connection) }
    }
    work(at: time)
    // The ends of sessions say something to other shards, too.
    _ = receive(passed, at: time)
    for session in bound { adopt(session) }
  }

  mutating func adopt(_ session: Server.SessionView) {
    guard sessions[session.connection] == nil else { return }
    sessions[session.connection] = session.jid
    accounts[session.jid.bare]?.began(session.jid, on: session.connection)
  }

  /// Whether the server may end streams upon this that no client ended: passwords change, accounts are disabled, storage fails.
  private func mayEndStreams(_ event: Event) -> Bool {
    switch event {
    case .answered, .control, .commitFailed: true
    default: false
    }
  }

  /// After a failed commit what is durable holds again: accounts and places that ran ahead of it are dropped, and the others never
  /// differed. Streams that lost something are ended: which, `catchUp` sees.
  mutating func recover(from number: CommitID, _ durable: MemoryDatabase) {
    let touched = OrderedSet(pending.filter { number.isSameOrBefore($0.number) }.flatMap(\.touched))
    failure = (number, touched)
    pending.removeAll { number.isSameOrBefore($0.number) }
    memory.failed(number)
    problem = problem ?? disagreement(with: durable).map { "\($0) (after a failed commit)" }
    present.subtract(touched)
    for jid in touched {
      if case .place(let type) = place(of: jid) {
        places[jid] = durable.has(Owner(type.kind, jid)) ? type.init(jid, from: durable, limits: configuration.limits) : nil
      } else if durable.has(.account(jid)) {
        let stanzas = accounts[jid, default: AccountModel(jid)].recover(from: durable)
        // In the same shard the contact's account stands behind the same commit, and its sessions end, too.
        crossing += stanzas.filter { shardIndex(of: $0.from) != shardIndex(of: $0.to) }
      } else {
        for (connection, session) in sessions where session.bare == jid { end(connection) }
        accounts[jid] = nil
      }
    }
  }
}
