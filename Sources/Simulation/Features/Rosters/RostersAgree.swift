internal import OrderedCollections
public import ServerCore
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
  /// Accounts that came back, after all their sessions had ended, since something was lost: they have repeated their requests once they are available.
  private var repeated: OrderedSet<JID> = []
  private var sessionCounts: OrderedDictionary<JID, Int> = [:]
  private var shards = 1
  /// Denials, by who denies and who is denied.
  private var denials: OrderedSet<[JID]> = []
  /// Pairs of which one denied the other while its server repeated the request: the next approval meets nobody who waits for it (RFC 6121, appendix
  /// A.2.3). It takes accounts that are strangers, in two shards.
  private var crossed: OrderedSet<[JID]> = []

  public init() {}

  public mutating func begin(with configuration: Configuration) { shards = configuration.limits[.shards] }

  public mutating func observe(_ observation: Observation, at time: Int64) -> String? {
    switch observation {
    case .began(let session, let jid):
      addresses[session] = jid
      sessionCounts[jid.bare, default: 0] += 1
      if lostSomething, sessionCounts[jid.bare] == 1 { repeated.append(jid.bare) }
    case .sent(let session, let element):
      guard let account = addresses[session]?.bare else { return nil }
      silences.note(element, of: account)
      note(element, of: account)
      if element.removesAccount { deleted.append(account) }
    case .asked(_, .deleteAccount(let account)): deleted.append(account)
    case .received(let session, let element):
      guard element.is("presence", NS.client), element.type == "subscribe", element.id == nil,
        let account = addresses[session]?.bare, let contact = element["from"].flatMap({ JID($0) })
      else { return nil }
      if denials.contains([account, contact]) { crossed.append([account, contact]) }
    case .ended(let session): if let account = addresses[session]?.bare { sessionCounts[account, default: 1] -= 1 }
    case .fault("crash"), .fault("a commit fails"), .fault("the disk is full"), .fault(Run.unreadable):
      lostSomething = true
      repeated = []
    default: break
    }
    return nil
  }

  private mutating func note(_ element: Element, of account: JID) {
    guard element.is("presence", NS.client), element.type == "unsubscribed", let contact = element["to"].flatMap({ JID($0)?.bare })
    else { return }
    if Server.shard(of: account, of: shards) != Server.shard(of: contact, of: shards) { denials.append([account, contact]) }
  }

  public func atRest(_ state: RestState) -> String? {
    guard state.isPeaceful, !state.mayLoseStanzas else { return nil }
    let disk = state.world.durable
    for jid in disk.owners(.account) {
      let roster = disk.rows(RosterItem.self, of: jid)
      let isBack = state.sessions.contains { $0.jid.bare == jid }
      // A request is repeated when the one who asked comes back.
      let isRepeated = !lostSomething || repeated.contains(jid)
      for item in roster where isBack && isRepeated && item.isPendingOut && !deleted.contains(item.jid) {
        guard disk.has(.account(item.jid)), item.jid != jid, !areEstranged(jid, item.jid) else { continue }
        let theirs = disk.row(RosterItem.self, key: .jid(jid), of: item.jid)
        if theirs?.request == nil, theirs?.subscription != .from, theirs?.subscription != .both {
          return "\(jid) waits for \(item.jid), who knows of no request"
        }
      }
      // A crash, or a failed commit, between the two sides' commits loses what one said to the other. For what is no request the RFC knows no
      // remedy, and neither does the server yet.
      guard !lostSomething else { continue }
      for item in roster where item.subscription == .to || item.subscription == .both {
        guard disk.has(.account(item.jid)), item.jid != jid, !areEstranged(jid, item.jid) else { continue }
        let theirs = disk.row(RosterItem.self, key: .jid(jid), of: item.jid)?.subscription
        if theirs != .from, theirs != .both {
          return "\(jid) is subscribed to \(item.jid), whose roster says '\(theirs?.rawValue ?? "nothing")' of it"
        }
      }
      for item in roster where (item.subscription == .from || item.subscription == .both) && !crossed.contains([jid, item.jid]) {
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
