internal import OrderedCollections
internal import ServerCore
internal import XML
internal import XMPP

/// Nobody logs in to an account that an operator has disabled or deleted, from the word that it is done until it is enabled or made again.
public struct DisabledAccountsStayOut: Oracle {
  public static let name = "accounts"
  public static let clause = "RFC 6120, 6.5.2; the output commit rule: what operators are told is so"

  private var requests: OrderedDictionary<UInt64, ControlRequest> = [:]
  /// Accounts that are shut: how, and when the operator was told.
  private var shut: OrderedDictionary<JID, (isDeleted: Bool, time: Int64)> = [:]
  private var connected: OrderedDictionary<SessionID, Int64> = [:]
  /// Requests that are under way undo what was said last: in which order they are done is not to be seen.
  private var enabling: OrderedDictionary<UInt64, JID> = [:]
  private var adding: OrderedDictionary<UInt64, JID> = [:]

  public init() {}

  public mutating func observe(_ observation: Observation, at time: Int64) -> String? {
    switch observation {
    case .connected(let session): connected[session] = time
    case .asked(let id, let request):
      requests[id] = request
      if case .addAccount(let account, _) = request { adding[id] = account }
      if case .enableAccount(let account) = request {
        enabling[id] = account
        shut[account] = nil
      }
    case .answered(let id, let reply):
      enabling[id] = nil
      adding[id] = nil
      if let request = requests[id] { answered(request, reply, time) }
    case .began(let session, let jid):
      guard let since = shut[jid.bare]?.time, (connected[session] ?? 0) > since else { return nil }
      return "\(jid) logged in, and the account was shut at \(since / 1_000_000) ms"
    default: break
    }
    return nil
  }

  private mutating func answered(_ request: ControlRequest, _ reply: ControlReply, _ time: Int64) {
    switch request {
    case .disableAccount(let account) where reply == .done && !enabling.values.contains(account): shut[account] = (false, time)
    case .deleteAccount(let account) where reply == .done && !adding.values.contains(account): shut[account] = (true, time)
    case .addAccount(let account, _): if Self.shows(reply, thatThereIsAnAccount: shut[account]) { shut[account] = nil }
    default: break
    }
  }

  /// A refusal because the account exists shows that an earlier request made it, whose answer was lost; a disabled account stays disabled.
  private static func shows(_ reply: ControlReply, thatThereIsAnAccount shut: (isDeleted: Bool, time: Int64)?) -> Bool {
    if case .refused(let why) = reply { return shut?.isDeleted ?? false && why.contains("already") }
    return reply == .done
  }

  public func expectations(after observation: Observation) -> [ClientExpectation] {
    guard case .began(_, let jid) = observation else { return [] }
    return [.noLogin(of: jid.bare)]
  }

  public func atRest(_ state: RestState) -> String? { nil }
}
