internal import Storage
internal import XML
internal import XMPP

/// Tombstones: the name of a deleted account stays reserved for `tombstone_seconds`, and whoever still talks to it hears that it is gone.
///
/// Without them a stranger who registers the name anew gets what the deleted account's contacts write, and their trust. The row is written in
/// the transaction that deletes the account and is read with every question for the account, so there is no moment at which the name is free and
/// no copy in memory that could be out of date. Times are wall-clock times, since they outlive the process: a clock that is set forward ends a
/// reservation early, and one that is set back prolongs it.
///
/// RFC 6121, 8.5.1, knows one answer for every account that does not exist, `service-unavailable`, or silence for presence. It does not speak of an
/// account that was deleted, for which RFC 6120, 8.3.3.5, has `gone`.
///
/// An answer with `gone` tells strangers that the name once had an account (RFC 6120, 13.11). To answer contacts alone, the server would have to
/// keep the contacts of somebody who asked to be forgotten.
enum Tombstones {
  static let feature = Feature(
    name: "Tombstones of deleted accounts", tables: [Tombstone.table], marks: [TombstoneMark.self], limits: [.tombstoneTime],
    hooks: Hooks(accountMayBeCreated: refusal, accountCreated: removeAll, accountRemoved: leave, absentAccountReceived: answer))

  private static func leave(_ account: JID, _ transaction: inout Transaction) {
    guard transaction.configuration.limits[time: .tombstoneTime] > 0 else { return }
    transaction.reach(TombstoneMark.tombstoneLeft)
    transaction.persist(.put(Tombstone(deletedAt: transaction.now.wall), of: account))
  }

  /// A row that can't be read is taken for a reservation: nobody gets a name because storage is damaged.
  private static func refusal(_ account: AbsentAccount, _ transaction: inout Transaction) -> CreationRefusal? {
    let time = transaction.configuration.limits[time: .tombstoneTime]
    guard time > 0 else { return nil }
    let tombstones: [Tombstone]
    do throws(RowProblem) { tombstones = try account.rows.rows(Tombstone.self) } catch {
      transaction.outputs.append(.log(.error, "storage: \(account.jid): \(error)"))
      return CreationRefusal(error: Shard.busy)
    }
    guard let last = tombstones.last(where: { $0.stands(at: transaction.now.wall, for: time) }) else { return nil }
    let end = DateTime.format(nanosecondsSince1970: last.end(after: time))
    let explanation = "the name belonged to an account that was deleted, and is reserved until \(end); wait, or lower tombstone_seconds"
    return CreationRefusal(error: transaction.reach(TombstoneMark.tombstoneRefused, StanzaError(.conflict)), explanation: explanation)
  }

  /// Those that the account's creation found are past, or the feature is off.
  private static func removeAll(_ account: AbsentAccount, _ transaction: inout Transaction) {
    let hasRows = account.rows.tables.contains { $0.table == Tombstone.table.name && !$0.rows.isEmpty }
    if hasRows { transaction.persist(.deleteRange(Tombstone.self, .all, of: account.jid)) }
  }

  /// Ends what others believe of the account: that they are subscribed to it, and that it is to them.
  private static func answer(_ account: AbsentAccount, _ stanza: Stanza, _ transaction: inout Transaction) -> Bool {
    let time = transaction.configuration.limits[time: .tombstoneTime]
    guard time > 0, let tombstones = try? account.rows.rows(Tombstone.self), !tombstones.isEmpty else { return false }
    guard tombstones.contains(where: { $0.stands(at: transaction.now.wall, for: time) }) else {
      transaction.reach(TombstoneMark.tombstoneExpired)
      removeAll(account, &transaction)
      return false
    }
    switch (stanza.kind, stanza.type) {
    case (.message, _), (.iq, _): transaction.bounce(stanza, transaction.reach(TombstoneMark.tombstoneAnswered, gone))
    case (.presence, "probe"):
      // RFC 6121, 4.3.2: the prober's server takes it for the end of the subscription.
      transaction.bounce(stanza, transaction.reach(TombstoneMark.tombstoneProbed, gone))
      transaction.route(Element("presence", NS.client, ["type": "unsubscribed"]), from: account.jid, to: stanza.from.bare)
    case (.presence, nil):
      transaction.bounce(stanza, transaction.reach(TombstoneMark.tombstoneShownPresence, gone))
      // Presence for a subscriber goes to its bare JID (4.2.2), what was meant for one device alone to a full one (4.6). "Unavailable" is not
      // answered: the session that sends it has just gone, and what it sent before was answered.
      if stanza.to.isBare {
        transaction.route(Element("presence", NS.client, ["type": "unsubscribe"]), from: account.jid, to: stanza.from.bare)
      }
    default: return false
    }
    return true
  }

  /// RFC 6120, 8.3.3.5. There is no new address to name.
  private static let gone = StanzaError(.gone, text: "the account was deleted")
}
