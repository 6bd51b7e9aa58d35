internal import ServerCore
internal import Storage
internal import XMPP

/// Messages that wait for their addressees (XEP-0160): everybody writes to everybody, whether there or not.
enum OfflineMessagesUse {
  static let feature = SimulatedFeature(
    choice: RunChoice(2) { $0[flag: .offlineMessages] = $1(100) < 70 },
    unreachableMarks: [
      (
        OfflineMark.offlineMoreStored.mark,
        "while a question for stored messages is under way, what comes lines up behind it and is not stored"
      )
    ],
    oracles: [StoredMessagesAreTaken.self],
    keepsMessage: { id, account, database in
      database.rows(OfflineMessage.self, of: account).contains { $0.stanza.id == id }
    }, mutations: [empty, doubled])

  private static let empty = Mutation("offlineEmpty", "stored messages are not found") { changed($0) { _ in [] } }
  private static let doubled = Mutation("offlineDoubled", "stored messages are found twice") { changed($0) { $0 + $0 } }

  private static func changed(_ result: QueryResult, _ body: ([Page.Entry]) -> [Page.Entry]) -> QueryResult {
    guard case .page(var page) = result, page.table == OfflineMessage.table.name else { return result }
    page.entries = body(page.entries)
    return .page(page)
  }
}
