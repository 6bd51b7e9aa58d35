public import ServerCore
public import XMPP

/// A rule that no run may break, checked by what can be seen from outside.
///
/// An oracle keeps its own account of what ought to be and knows nothing of the server's code.
public protocol Oracle: Sendable {
  /// For reports, and for switching it off.
  static var name: String { get }
  /// The clause that it checks.
  static var clause: String { get }
  /// Whether it is watched in runs, in small worlds and in recordings.
  static var scope: OracleScope { get }
  init()
  /// Called once, before anything is observed, with what the server is told at start.
  mutating func begin(with configuration: Configuration)
  /// Somebody sets the server's wall clock, by so many nanoseconds, at a time that only the other clock tells.
  mutating func wallClockSet(by offset: Int64, at time: Int64)
  /// Looks at one observation. Returns what is wrong, if anything is.
  mutating func observe(_ observation: Observation, at time: Int64) -> String?
  /// Looks at the whole when nothing is under way any more.
  func atRest(_ state: RestState) -> String?
  /// Right after `observe` has told what is wrong: what clients should have received, the likeliest first. Without any, the stanza that was
  /// received should not have come.
  func expectations(after observation: Observation) -> [ClientExpectation]
  /// Right after `atRest` has told what is wrong: what clients should have received, the likeliest first.
  func expectations(atRest state: RestState) -> [ClientExpectation]
}

extension Oracle {
  public static var scope: OracleScope { .runs }
  public mutating func begin(with configuration: Configuration) {}
  public mutating func wallClockSet(by offset: Int64, at time: Int64) {}
  public func expectations(after observation: Observation) -> [ClientExpectation] { [] }
  public func expectations(atRest state: RestState) -> [ClientExpectation] { [] }
}

/// Whether a rule is watched in runs, in small worlds and in recordings.
public struct OracleScope: OptionSet, Sendable {
  public let rawValue: UInt8
  public init(rawValue: UInt8) { self.rawValue = rawValue }
  public static let runs = OracleScope(rawValue: 1)
  /// `SmallWorld`: what the oracle keeps is part of a state there.
  public static let smallWorlds = OracleScope(rawValue: 2)
  /// Recordings: it needs nothing but what passes on the connections.
  public static let recordings = OracleScope(rawValue: 4)
}

/// The rules that belong to no feature, then those of features.
enum Oracles {
  static let all: [any Oracle.Type] =
    [
      StanzaLedger.self, SenderIsAuthentic.self, AcknowledgedIsDurable.self, AnswersMatchStorage.self, NoLeaks.self,
      DisabledAccountsStayOut.self, RequestsAreAnswered.self,
    ] + SimulatedFeature.all.flatMap(\.oracles)

  static func watched(in scope: OracleScope) -> [any Oracle.Type] { all.filter { $0.scope.contains(scope) } }
}

/// The facts that can be known when the world stands still.
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
