import StorageSQLite
import Testing
import XML
import XMPP

@testable import Storage

/// Random changes and questions: both backends give the same answers after each.
@Suite struct DifferentialTests {
  @Test(arguments: 1...12) func bothBackendsAnswerAlike(_ seed: UInt64) throws {
    var random = RandomRows(seed)
    let (memory, sqlite) = (try Store(.memory), try Store(.sqlite))
    for step in 0..<120 {
      let changes = (0...random.below(8)).map { _ in random.change() }
      for store in [memory, sqlite] { try store.commit(changes) }
      let questions = RandomRows.owners.map(Query.owner) + (0..<6).map { _ in Query.rows(random.query()) }
      for question in questions {
        let answer = try memory.answer(question)
        #expect(try sqlite.answer(question) == answer, "step \(step): \(question) after \(changes)")
        #expect(TableCatalog.contract.problem(of: answer) == nil, "step \(step): \(question)")
      }
      var walked = random.query()
      walked.after = nil
      #expect(try sqlite.walk(walked).entries == memory.walk(walked).entries, "step \(step): \(walked)")
      (walked.rowLimit, walked.byteLimit) = (nil, nil)
      let whole = try memory.page(walked).entries
      (walked.rowLimit, walked.byteLimit) = (2, nil)
      #expect(try sqlite.walk(walked).entries == whole, "step \(step): \(walked)")
      if step % 10 == 0 { #expect(try everything(sqlite.answer) == everything(memory.answer), "step \(step)") }
    }
    // Nothing would be compared if nothing were there.
    #expect(try everything(memory.answer).contains { if case .page(let page) = $0 { page.entries.count > 3 } else { false } })
  }
}

/// Changes and questions about a few owners and keys, so that they meet.
struct RandomRows {
  private var state: UInt64
  init(_ seed: UInt64) { state = seed }

  private static let accounts = ["a@x", "a.b@x", "a0@x", "b@y", "\u{E5}@y"].map { Owner.account(JID($0)!) }
  private static let rooms = ["r@x", "s@y", "a@x"].map { Owner.room(JID($0)!) }
  static let owners = accounts + rooms + ["x", "y"].map { Owner(.host, JID($0)!) }

  private static let jids = owners.map(\.jid) + ["a.b", "a/b", "a0", "a@x/r", "a@x/\u{FFFD}"].map { JID($0)! }
  private static let texts: [Text] = ["", "a", "b", "'", "\"\\", "\u{212B}", "\u{C5}", "\u{FFFF}", "\u{10000}", "owner", "member"]
  private static let numbers: [Int64] = [.min, -1, 0, 1, 2, .max]
  private static let elements = [
    Element("message", "jabber:client"), Element("message", "jabber:client", ["a": "\n<&'\""], text: "\u{FFFD}&>]]>"),
    Element("a", "urn:x", children: [Element("b", "jabber:client", text: " "), Element("c", "", ["x": ""])]),
  ]

  /// SplitMix64.
  private mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
  mutating func below(_ count: Int) -> Int { Int(next() % UInt64(count)) }
  private mutating func one<T>(of all: [T]) -> T { all[below(all.count)] }

  private mutating func value(_ column: Column) -> ColumnValue {
    if column.isOptional && below(3) == 0 { return .null }
    return switch column.type {
    case .integer: .integer(one(of: Self.numbers))
    case .text: .text(one(of: Self.texts))
    case .texts: .texts((0..<below(3)).map { _ in one(of: Self.texts) })
    case .jid: .jid(one(of: Self.jids))
    case .bytes: .bytes((0..<below(4)).map { _ in UInt8(below(256)) })
    case .xml: .xml(one(of: Self.elements))
    }
  }
  /// A key, or as many columns of its beginning.
  private mutating func key(_ table: StoredTable, _ count: Int? = nil) -> [ColumnValue] {
    table.key.prefix(count ?? table.key.count).map { value($0) }
  }
  private mutating func range(_ table: StoredTable) -> KeyRange {
    KeyRange(
      from: below(3) == 0 ? nil : key(table, below(table.key.count + 1)),
      through: below(3) == 0 ? nil : key(table, below(table.key.count + 1)))
  }

  mutating func change() -> Change {
    let table = one(of: TableCatalog.contract.tables)
    let owner = one(of: Self.owners.filter { $0.kind == table.owner })
    switch below(20) {
    case 0: return .deleteOwner(one(of: Self.owners))
    case 1 where !table.isRoot || below(4) == 0: return .deleteRange(table.name, owner, range(table))
    case 2...3 where !table.isRoot || below(4) == 0: return .delete(table.name, owner, key: key(table, below(table.key.count + 1)))
    default: return .put(table.name, owner, table.allColumns.map { value($0) })
    }
  }

  mutating func query() -> RowQuery {
    let table = one(of: TableCatalog.contract.tables)
    let scopes: [RowQuery.Scope] = [.everywhere, .domain(one(of: ["x", "y", "z"])), .owner(one(of: Self.owners))]
    var query = RowQuery(table.name, one(of: scopes), isDescending: below(2) == 0, rows: one(of: [nil, 1, 2, 5, 1000]))
    query.byteLimit = one(of: [nil, 0, 20, 60, 1 << 20])
    query.range = below(2) == 0 ? .all : range(table)
    if below(3) == 0, !table.allColumns.isEmpty {
      let column = below(table.allColumns.count)
      query.filters = [.init(column: column, value: value(table.allColumns[column]))]
    }
    let owners = Self.owners.filter { $0.kind == table.owner }
    if below(2) == 0 { query.after = RowQuery.Cursor(owner: one(of: owners).jid, key: key(table)) }
    return query
  }
}
