import Testing
import XML
import XMPP

@testable import Storage

/// A result that a stranger wrote is refused unless a backend could have given it.
@Suite struct ResultTests {
  private static let root = TableRows(table: "account", rows: [[.integer(1), .null]])
  private static let pairs = TableRows(
    table: "pair", rows: [[.integer(1), .text("b"), .integer(0)], [.integer(2), .text("a"), .integer(0)]])
  private static let mark = TableRows(table: "mark", rows: [[.text("a"), .integer(0)]])
  private static let mail = OwnerRows.Summary(table: "mail", rowCount: 2, bytes: 9, lastKey: [.integer(5)])
  private static func result(
    of owner: Owner = romeo, _ tables: [TableRows], _ summaries: [OwnerRows.Summary] = []
  ) -> QueryResult {
    .owner(OwnerRows(owner, tables: tables, summaries: summaries))
  }
  private static func page(of table: TableName = "pair", _ entries: [(Owner, [ColumnValue])]) -> QueryResult {
    .page(Page(table: table, entries: entries.map { Page.Entry(owner: $0.jid, values: $1) }, hasMore: false))
  }
  private static let rows = pairs.rows

  static let good: [QueryResult] = [
    .owner(nil), result([root]), result([root, pairs, mark], [mail]), result([mark]), result(of: host, []),
    result([root], [.init(table: "mail", rowCount: 0, bytes: 0, lastKey: nil)]),
    page([]), page([(romeo, rows[0]), (romeo, rows[1])]), page([(romeo, rows[1]), (romeo, rows[0])]),
    page([(juliet, rows[1]), (romeo, rows[0])]), page([(romeo, rows[0]), (juliet, rows[1])]),
    page(of: "account", [(juliet, [.integer(1), .text("")]), (romeo, [.integer(1), .null])]),
  ]
  @Test(arguments: good.indices) func aGoodResultIsTaken(_ index: Int) {
    #expect(TableCatalog.contract.problem(of: Self.good[index]) == nil)
  }

  static let bad: [(problem: String, result: QueryResult)] = [
    ("are not its own", result([root, TableRows(table: "member", rows: [])])),
    ("are not its own", result([root, TableRows(table: "nothing", rows: [])])),
    ("are not its own", result([root, TableRows(table: "archive", rows: [])])),
    ("are not its own", result([root, TableRows(table: "mail", rows: [])])),
    ("are not its own", result([root, mark, mark])),
    ("has 2 columns instead of 3", result([root, TableRows(table: "pair", rows: [[.integer(1), .text("b")]])])),
    ("has 4 columns instead of 3", result([root, TableRows(table: "pair", rows: [rows[0] + [.null]])])),
    ("minor of pair can't be read", result([root, TableRows(table: "pair", rows: [[.integer(1), .integer(1), .integer(0)]])])),
    ("value of pair can't be read", result([root, TableRows(table: "pair", rows: [[.integer(1), .text("b"), .null]])])),
    ("pair are not in order", result([root, TableRows(table: "pair", rows: rows.reversed())])),
    ("pair are not in order", result([root, TableRows(table: "pair", rows: [rows[0], rows[0]])])),
    ("account are not in order", result([TableRows(table: "account", rows: root.rows + root.rows)])),
    ("a root is missing", result([])), ("a root is missing", result([pairs])), ("a root is missing", result([mark, pairs])),
    ("a root is missing", result([TableRows(table: "account", rows: [])])), ("a root is missing", result([mark], [mail])),
    ("a root is missing", result([TableRows(table: "mark", rows: [])])),
    ("less than nothing", result([root], [.init(table: "mail", rowCount: -1, bytes: 0, lastKey: nil)])),
    ("less than nothing", result([root], [.init(table: "mail", rowCount: 1, bytes: -1, lastKey: [.integer(1)])])),
    ("contradicts itself", result([root], [.init(table: "mail", rowCount: 1, bytes: 1, lastKey: nil)])),
    ("contradicts itself", result([root], [.init(table: "mail", rowCount: 0, bytes: 0, lastKey: [.integer(1)])])),
    ("contradicts itself", result([root], [.init(table: "mail", rowCount: 0, bytes: 1, lastKey: nil)])),
    ("key of mail can't be read", result([root], [.init(table: "mail", rowCount: 1, bytes: 1, lastKey: [])])),
    ("key of mail can't be read", result([root], [.init(table: "mail", rowCount: 1, bytes: 1, lastKey: [.text("1")])])),
    ("summaries of an owner are not its own", result([root], [mail, mail])),
    ("summaries of an owner are not its own", result([root], [.init(table: "pair", rowCount: 0, bytes: 0, lastKey: nil)])),
    ("summaries of an owner are not its own", result([root], [.init(table: "log", rowCount: 0, bytes: 0, lastKey: nil)])),
    ("nothing is not known", page(of: "nothing", [])),
    ("has 0 columns instead of 3", page([(romeo, [])])),
    ("major of pair can't be read", page([(romeo, [.null, .text(""), .integer(0)])])),
    ("page of pair are not in order", page([(romeo, rows[0]), (romeo, rows[0])])),
    ("page of pair are not in order", page([(romeo, rows[0]), (romeo, rows[1]), (romeo, rows[0])])),
    ("page of pair are not in order", page([(juliet, rows[0]), (juliet, rows[1]), (romeo, rows[1]), (romeo, rows[0])])),
    ("page of account are not in order", page(of: "account", [(romeo, [.integer(1), .null]), (romeo, [.integer(1), .null])])),
  ]
  @Test(arguments: bad.indices) func aBadResultIsRefused(_ index: Int) {
    let problem = TableCatalog.contract.problem(of: Self.bad[index].result)
    #expect(problem?.contains(Self.bad[index].problem) ?? false, "\(problem ?? "no problem")")
  }
}
