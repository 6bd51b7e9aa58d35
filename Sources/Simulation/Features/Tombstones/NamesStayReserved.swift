internal import OrderedCollections
internal import ServerCore
internal import Storage
internal import XML
internal import XMPP

/// The name of a deleted account is reserved: from the word that the account is deleted until `tombstone_seconds` have passed by the wall clock,
/// nobody creates an account of that name or logs in to one, whatever crashes or fails.
///
/// When exactly an account was deleted is not to be seen, and the clock may be set meanwhile. So a reservation counts from the earliest time
/// that the clock can have shown, and it is over once the clock has shown its end, even for a moment. That names become free again is seen in
/// peace: everybody must be able to come back.
struct NamesStayReserved: Oracle {
  static let name = "reserved"
  static let clause = "limit tombstone_seconds"

  /// A deletion: the earliest time that the wall clock can have shown at it, and the latest that the clock was set from or to since.
  private struct Deletion {
    var account: JID
    var earliest: Int64
    var latest: Int64
  }
  private struct Reservation {
    var deletion: Deletion
    /// When it became known, on the oracle's own clock.
    var known: Int
  }
  private var time: Int64 = 0
  /// Of the wall clock, against the other.
  private var offset: Int64 = 0
  /// Counts observations.
  private var clock = 0
  private var deletions: OrderedDictionary<String, Deletion> = [:]
  private var reservations: OrderedDictionary<JID, Reservation> = [:]
  private var addresses: OrderedDictionary<SessionID, JID> = [:]
  private var connected: OrderedDictionary<SessionID, Int> = [:]
  /// Requests to create an account, by their numbers, which are used again: the first of those that have no answer, and how many have none.
  private var creations: OrderedDictionary<UInt64, (account: JID, asked: Int, count: Int)> = [:]

  init() {}

  mutating func begin(with configuration: Configuration) { time = configuration.limits[time: .tombstoneTime] }

  mutating func wallClockSet(by step: Int64, at now: Int64) {
    let (before, after) = (now + offset, now + offset + step)
    offset += step
    func widen(_ deletion: inout Deletion) {
      deletion.earliest = min(deletion.earliest, after)
      deletion.latest = max(deletion.latest, before, after)
    }
    for key in deletions.keys.elements { widen(&deletions[key]!) }
    // When the account was deleted is past; only the end of the reservation may be reached.
    for key in reservations.keys.elements {
      reservations[key]!.deletion.latest = max(reservations[key]!.deletion.latest, before, after)
    }
  }

  mutating func observe(_ observation: Observation, at now: Int64) -> String? {
    guard time > 0 else { return nil }
    clock += 1
    switch observation {
    case .connected(let session): connected[session] = clock
    case .began(let session, let jid):
      addresses[session] = jid
      guard let reservation = privileges(jid.bare, at: now), connected[session] ?? 0 > reservation.known else { return nil }
      return "\(jid) logged in, and its name was reserved"
    case .sent(let session, let iq):
      // Rooms are asked so to forget a nick (XEP-0045, 7.10).
      guard let account = addresses[session]?.bare, let id = iq.id, iq.type == "set", iq["to"] == nil, iq.removesAccount else { return nil }
      deletions["\(session)/\(id)"] = Deletion(account: account, earliest: now + offset, latest: now + offset)
    case .received(let session, let iq):
      guard iq.is("iq", NS.client), let id = iq.id else { return nil }
      answered("\(session)/\(id)", isDone: iq.type == "result")
    case .asked(let id, .deleteAccount(let account)):
      deletions["\(id)"] = Deletion(account: account, earliest: now + offset, latest: now + offset)
    case .asked(let id, .addAccount(let account, _)):
      creations[id, default: (account, clock, 0)].count += 1
    case .answered(let id, let reply):
      answered("\(id)", isDone: reply == .done)
      return created(id, isDone: reply == .done, at: now)
    // A request that a process had not answered when it died is not answered any more.
    case .fault("crash"): creations = [:]
    default: break
    }
    return nil
  }

  private mutating func answered(_ request: String, isDone: Bool) {
    guard let deletion = deletions.removeValue(forKey: request), isDone else { return }
    reservations[deletion.account] = Reservation(deletion: deletion, known: clock)
  }

  private mutating func created(_ id: UInt64, isDone: Bool, at now: Int64) -> String? {
    guard let creation = creations[id] else { return nil }
    creations[id]!.count -= 1
    if creation.count == 1 { creations[id] = nil }
    guard isDone, let reservation = privileges(creation.account, at: now), creation.asked > reservation.known else { return nil }
    return "\(creation.account) was created, and its name was reserved"
  }

  /// The account's reservation, if the clock can't have shown its end.
  private func privileges(_ account: JID, at now: Int64) -> Reservation? {
    reservations[account].flatMap { isOver($0.deletion, at: now) ? nil : $0 }
  }
  private func isOver(_ deletion: Deletion, at now: Int64) -> Bool { max(deletion.latest, now + offset) >= deletion.earliest + time }

  func atRest(_ state: RestState) -> String? {
    let disk = state.world.durable
    for account in disk.owners(.account) where !disk.rows(Tombstone.self, of: account).isEmpty {
      return "there is an account \(account), and a tombstone of it"
    }
    for account in reservations.keys where privileges(account, at: state.world.now) != nil {
      if disk.has(.account(account)) { return "there is an account \(account), and its name is reserved" }
      if disk.rows(Tombstone.self, of: account).isEmpty { return "\(account) was deleted and has left no tombstone" }
    }
    return nil
  }
}
