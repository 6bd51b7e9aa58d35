internal import OrderedCollections
internal import ServerCore
internal import Storage
internal import XML
internal import XMPP

/// Two contacts of one server agree on who sees whom, once there is peace: a subscription is written on both sides or on neither.
public struct RostersAgree: Oracle {
  public static let name = "rosters"
  public static let clause = "RFC 6121, 3 and appendix A: both sides change with the same stanza"
  public static let scope: OracleScope = [.runs, .smallWorlds]

  private var addresses: OrderedDictionary<SessionID, JID> = [:]
  /// If one account does not hear what the other says, the two may well disagree.
  private var silences = Silences()
  /// Accounts that were to be deleted: who asks one that is not there, and is then there anew, asks nobody (RFC 6121, 8.5.1).
  private var deleted: OrderedSet<JID> = []

  private var lostSomething = false

  public init() {}

  public mutating func observe(_ observation: Observation, at time: Int64) -> String? {
    switch observation {
    case .began(let session, let jid): addresses[session] = jid
    case .sent(let session, let element):
      guard let account = addresses[session]?.bare else { return nil }
      silences.note(element, of: account)
      if element.removesAccount { deleted.append(account) }
    case .asked(_, .deleteAccount(let account)): deleted.append(account)
    case .fault("crash"), .fault("a commit fails"), .fault("the disk is full"): lostSomething = true
    default: break
    }
    return nil
  }

  public func atRest(_ state: RestState) -> String? {
    guard state.isPeaceful, !state.mayLoseStanzas else { return nil }
    let disk = state.world.durable
    for jid in disk.owners(.account) {
      let roster = disk.rows(RosterItem.self, of: jid)
      let isBack = state.sessions.contains { $0.jid.bare == jid }
      for item in roster where isBack && item.isPendingOut && !deleted.contains(item.jid) {
        guard disk.has(.account(item.jid)), item.jid != jid, !areEstranged(jid, item.jid) else { continue }
        let theirs = disk.row(RosterItem.self, key: .jid(jid), of: item.jid)
        if theirs?.request == nil, theirs?.subscription != .from, theirs?.subscription != .both {
          return "\(jid) waits for \(item.jid), who knows of no request"
        }
      }
      // A crash, or a failed commit, between the two sides' commits loses what one said to the other. A request is repeated when the
      // one who asked comes back; for the rest the RFC knows no remedy, and neither does the server yet.
      guard !lostSomething else { continue }
      for item in roster where item.subscription == .to || item.subscription == .both {
        guard disk.has(.account(item.jid)), item.jid != jid, !areEstranged(jid, item.jid) else { continue }
        let theirs = disk.row(RosterItem.self, key: .jid(jid), of: item.jid)?.subscription
        if theirs != .from, theirs != .both {
          return "\(jid) is subscribed to \(item.jid), whose roster says '\(theirs?.rawValue ?? "nothing")' of it"
        }
      }
      for item in roster where item.subscription == .from || item.subscription == .both {
        guard disk.has(.account(item.jid)), item.jid != jid, !areEstranged(jid, item.jid) else { continue }
        let theirs = disk.row(RosterItem.self, key: .jid(jid), of: item.jid)?.subscription
        if theirs != .to, theirs != .both {
          return "\(jid) lets \(item.jid) see it, whose roster says '\(theirs?.rawValue ?? "nothing")' of it"
        }
      }
    }
    return nil
  }

  private func areEstranged(_ a: JID, _ b: JID) -> Bool {
    silences.mayMiss(a, b, partly: true) || silences.mayMiss(b, a, partly: true)
  }
}
