public import ServerCore
public import XML
public import XMPP

/// One thing that an observer outside the server can see.
public enum Observation: Sendable {
  /// A client connected, and will log in.
  case connected(SessionID)
  /// A session was bound.
  case began(SessionID, JID)
  /// Its connection is gone.
  case ended(SessionID)
  /// It wrote this stanza, whole.
  case sent(SessionID, Element)
  /// It read this stanza.
  case received(SessionID, Element)
  /// Something was broken on purpose.
  case fault(String)
  /// Whoever runs the server wanted something of it.
  case asked(UInt64, ControlRequest)
  case answered(UInt64, ControlReply)
}

extension Observation: CustomStringConvertible {
  public var description: String {
    switch self {
    case .connected(let session): "\(session) connected"
    case .began(let session, let jid): "\(session) began as \(jid)"
    case .ended(let session): "\(session) ended"
    case .sent(let session, let element): "\(session) --> \(element)"
    case .received(let session, let element): "\(session) <-- \(element)"
    case .fault(let what): "*** \(what)"
    case .asked(let id, let request): "operator \(id) --> \(request.summary)"
    case .answered(let id, let reply): "operator \(id) <-- \(reply)"
    }
  }
}

extension ControlRequest {
  /// For people, without the password.
  var summary: String {
    switch self {
    case .addAccount(let jid, _): "add \(jid)"
    case .changePassword(let jid, _): "change the password of \(jid)"
    case .deleteAccount(let jid): "delete \(jid)"
    case .disableAccount(let jid): "disable \(jid)"
    case .enableAccount(let jid): "enable \(jid)"
    case .listAccounts: "list all accounts"
    }
  }
  /// Sessions of the account may end by it.
  var isCutting: Bool {
    switch self {
    case .changePassword, .deleteAccount, .disableAccount: true
    case .addAccount, .enableAccount, .listAccounts: false
    }
  }
  /// The account that it is about.
  var account: JID? {
    switch self {
    case .addAccount(let jid, _), .changePassword(let jid, _), .deleteAccount(let jid), .disableAccount(let jid), .enableAccount(let jid):
      jid
    case .listAccounts: nil
    }
  }
}

/// One session's life, from login to the end of its connection; a client that comes back has a new one.
public struct SessionID: Sendable, Hashable, Comparable, CustomStringConvertible {
  public var description: String { "\(actor).\(incarnation)" }
  public var actor: Int
  public var incarnation: Int
  public static func < (a: SessionID, b: SessionID) -> Bool { (a.actor, a.incarnation) < (b.actor, b.incarnation) }
}

/// A rule that no run may break, checked by what can be seen from outside.
///
/// An oracle keeps its own account of what ought to be and knows nothing of the server's code.
public protocol Oracle: Sendable {
  /// For reports, and for switching it off.
  static var name: String { get }
  /// The clause that it checks.
  static var clause: String { get }
  init()
  /// Called once, before anything is observed, with what the server is told at start.
  mutating func begin(with configuration: Configuration)
  /// Somebody sets the server's wall clock, by so many nanoseconds, at a time that only the other clock tells.
  mutating func wallClockSet(by offset: Int64, at time: Int64)
  /// Looks at one observation. Returns what is wrong, if anything is.
  mutating func observe(_ observation: Observation, at time: Int64) -> String?
  /// Looks at the whole when nothing is under way any more.
  func atRest(_ state: RestState) -> String?
}

extension Oracle {
  public mutating func begin(with configuration: Configuration) {}
  public mutating func wallClockSet(by offset: Int64, at time: Int64) {}
}

/// What can be known when the world stands still.
public struct RestState {
  public var world: World
  /// Sessions that are there, with their addresses.
  public var sessions: [(id: SessionID, jid: JID)]
  /// No fault was ever injected in this run.
  public var isFaultless: Bool
  /// Storage did not answer at times, or limits are so low that honest stanzas are refused.
  public var mayLoseStanzas: Bool
  /// All faults are over, and everybody is back and available.
  public var isPeaceful: Bool
}
