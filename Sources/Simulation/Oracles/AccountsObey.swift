internal import OrderedCollections
internal import ServerCore
internal import XML
internal import XMPP

/// Nobody logs in to an account that an operator has disabled or deleted, from the word that it is done until it is enabled or made again.
public struct AccountsObey: Oracle {
  public static let name = "accounts"
  public static let clause = "RFC 6120, 6.5.2; the output commit rule: what operators are told is so"

  private var requests: OrderedDictionary<UInt64, ControlRequest> = [:]
  /// Accounts that are shut, and when the operator was told.
  private var shut: OrderedDictionary<JID, Int64> = [:]
  private var connected: OrderedDictionary<SessionID, Int64> = [:]
  /// Requests that are under way undo what was said last: in which order they are done is not to be seen.
  private var opening: OrderedDictionary<UInt64, JID> = [:]

  public init() {}

  public mutating func observe(_ observation: Observation, at time: Int64) -> String? {
    switch observation {
    case .connected(let session): connected[session] = time
    case .asked(let id, let request):
      requests[id] = request
      switch request {
      case .enableAccount(let account), .addAccount(let account, _):
        opening[id] = account
        shut[account] = nil
      default: break
      }
    case .answered(let id, let reply):
      opening[id] = nil
      guard reply == .done, let request = requests[id] else { return nil }
      switch request {
      case .disableAccount(let account), .deleteAccount(let account): if !opening.values.contains(account) { shut[account] = time }
      default: break
      }
    case .began(let session, let jid):
      guard let since = shut[jid.bare], (connected[session] ?? 0) > since else { return nil }
      return "\(jid) logged in, and the account was shut at \(since / 1_000_000) ms"
    case .sent, .received, .ended, .fault: break
    }
    return nil
  }

  public func atRest(_ state: RestState) -> String? { nil }
}
