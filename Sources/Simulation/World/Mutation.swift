internal import Storage

/// Bugs that are planted at the server's boundary, to see whether a campaign finds them: a simulator that finds none of them proves
/// nothing by being green.
///
/// Most strike at the boundary whatever passes there; those of features strike what a feature stores, and are in the features' folders.
public struct Mutation: Sendable {
  public let rawValue: String
  public let summary: String
  let kind: Kind
  /// The answer that storage gives instead.
  let answer: (@Sendable (QueryResult) -> QueryResult)?

  private init(_ kind: Kind) {
    (rawValue, summary, self.kind, answer) = (kind.rawValue, kind.summary, kind, nil)
  }

  /// A feature's.
  init(_ name: String, _ summary: String, answer: @escaping @Sendable (QueryResult) -> QueryResult) {
    (rawValue, self.summary, kind, self.answer) = (name, summary, .ofFeature, answer)
  }

  public init?(rawValue: String) {
    guard let found = Mutation.allCases.first(where: { $0.rawValue == rawValue }) else { return nil }
    self = found
  }

  /// Does nothing: what is reported with it is the simulator's own fault.
  public static let none = Mutation(.none)
  public static let senderForged = Mutation(.senderForged)
  public static let errorSwallowed = Mutation(.errorSwallowed)

  /// Those that one process can find, and tell of.
  public static var findable: [Mutation] { allCases.filter { $0.kind != .hashOrder && $0.kind != .processTraps } }

  enum Kind: String, CaseIterable, Sendable {
    // Faults of writing.
    case writeDropped, writeDoubled, writesSwapped, writeMisdirected, writeLeaked, writeTruncated, writeEscapedTwice, senderBared,
      senderForged
    case presenceLeaked, errorSwallowed
    // Faults of hearing.
    case byteLost, rubbishDeafens, splitMatters, endUnheard, acceptanceUnheard, readingNotResumed, handshakeUnheard, deadlineUnheard
    // Faults of storing.
    case commitUnwritten, recordDropped, deletionDropped, recordsSwapped, failureUnheard, fullDiskUnheard, hungDiskEndured, syncPromised,
      crashForgets, transactionTorn
    // Faults of reading back.
    case loadStale, loadEmpty, disabledForgotten
    /// A feature's own: `Mutation.answer` does it.
    case ofFeature
    // Faults that only two processes show.
    case hashOrder
    // Faults that end the process.
    case processTraps
    /// Does nothing: what is reported with it is the simulator's own fault.
    case none

    fileprivate var summary: String {
      switch self {
      case .writeDropped: "a stanza is not written"
      case .writeDoubled: "a stanza is written twice"
      case .writesSwapped: "two stanzas for a client change places"
      case .writeMisdirected: "a stanza is written to somebody else"
      case .writeLeaked: "a stanza is written to somebody else too"
      case .writeTruncated: "the last byte of a write is lost"
      case .writeEscapedTwice: "text is escaped twice"
      case .senderBared: "a message comes from the bare address"
      case .senderForged: "a message comes from another user"
      case .presenceLeaked: "presence goes to a stranger too"
      case .errorSwallowed: "an error is not written"
      case .byteLost: "a byte that was received is lost"
      case .rubbishDeafens: "behind bytes that are no XML, nobody else is heard"
      case .splitMatters: "a byte that comes alone is read twice"
      case .endUnheard: "the end of a connection is not noticed"
      case .acceptanceUnheard: "it is not noticed that written bytes were accepted"
      case .readingNotResumed: "a connection that was not read from is never read from again"
      case .handshakeUnheard: "a complete handshake is not noticed"
      case .deadlineUnheard: "no time-out ever comes"
      case .commitUnwritten: "a commit is confirmed and was never written"
      case .recordDropped: "a record of a commit is not written"
      case .deletionDropped: "what is deleted stays"
      case .recordsSwapped: "two commits are written in the wrong order"
      case .failureUnheard: "a failed commit is taken for a good one"
      case .fullDiskUnheard: "a commit for which the disk has no room is confirmed"
      case .hungDiskEndured: "a disk that hangs is waited for without end"
      case .syncPromised: "a commit is confirmed before it is on the disk"
      case .crashForgets: "a crash loses the last durable commit"
      case .transactionTorn: "a crash keeps half of a commit"
      case .loadStale: "a load does not see the commits before it"
      case .ofFeature: "a feature does wrong"
      case .disabledForgotten: "an account that was disabled is loaded as one that is not"
      case .loadEmpty: "an account that is there is not found"
      case .hashOrder: "what is done for one event is done in the order of a hash table"
      case .processTraps: "the process traps at every third message"
      case .none: "nothing is wrong"
      }
    }
  }
}

extension Mutation: Hashable, CaseIterable {
  public static let allCases: [Mutation] =
    Kind.allCases.filter { $0 != .ofFeature && $0 != .none }.map { Mutation($0) } + SimulatedFeature.all.flatMap(\.mutations) + [.none]

  public static func == (a: Mutation, b: Mutation) -> Bool { a.rawValue == b.rawValue }
  public func hash(into hasher: inout Hasher) { hasher.combine(rawValue) }
}
