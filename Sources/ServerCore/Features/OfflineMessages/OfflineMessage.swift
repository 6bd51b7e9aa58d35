public import Storage
public import XML
internal import XMPP

/// A message that waits for its addressee. Sequence numbers grow within an account.
public struct OfflineMessage: StoredRow {
  public var sequence: Int64
  public var stanza: Element
  public init(sequence: Int64, stanza: Element) {
    self.sequence = sequence
    self.stanza = stanza
  }

  public static let table = StoredTable(
    "offline", owner: .account, key: [.integer("sequence")], columns: [.xml("stanza")], residency: .summarised)
  public var values: [ColumnValue] { [.integer(sequence), .xml(stanza)] }
  public init(_ row: inout RowReader) throws(RowProblem) { self.init(sequence: try row.integer(), stanza: try row.xml()) }

  /// The sequence number in a key; 0 if there is none.
  static func sequence(_ key: [ColumnValue]?) -> Int64 {
    guard case .integer(let sequence)? = key?.first else { return 0 }
    return sequence
  }
}

/// The server's knowledge of an account's stored messages while those are on the disk.
struct OfflineState: AccountState {
  /// How many there are.
  var count = 0
  /// Their size together, in bytes as stored.
  var bytes = 0
  /// The last sequence number.
  var last: Int64 = 0
  /// While it waits for its answer, later messages are queued: they would overtake older ones.
  var inquiry: OfflineInquiry?
  var queue: [Stanza] = []
  /// The size of the queue, in bytes as stored.
  var queuedBytes = 0

  init() {}
  init(_ rows: OwnerRows) throws(RowProblem) {
    let summary = rows.summary(OfflineMessage.self)
    count = summary.rowCount
    bytes = summary.bytes
    last = OfflineMessage.sequence(summary.lastKey)
  }

  var isEmpty: Bool { count == 0 && last == 0 && inquiry == nil && queue.isEmpty }
  var waiting: [Stanza] { queue }
  var isBusy: Bool { inquiry != nil }

  func gauges(_ limits: Configuration.Limits) -> [(name: StaticString, value: Int, limit: Int)] {
    [
      ("offline messages", count, limits[.offlineMessages]), ("offline bytes", bytes, limits[.offlineBytes]),
      ("messages queued behind stored ones", queue.count, limits[.offlineMessages]),
      ("bytes queued behind stored ones", queuedBytes, limits[.offlineBytes]),
    ]
  }
}

/// The question for an account's stored messages.
struct OfflineInquiry: Sendable, Codable {
  var id: InquiryID
  /// The session that gets them.
  var resource: Text
}

extension OfflineInquiry: Recorded {
  static var shown: Shown { .properties(["resource"]) }
}
