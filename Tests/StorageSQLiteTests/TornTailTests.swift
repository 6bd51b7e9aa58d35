import Foundation
import ServerCore
import Storage
import Testing
import XML
import XMPP

@testable import StorageSQLite

/// A machine that loses power in the middle of a write leaves a log that ends anywhere, or whose last pages are what was on the disk before.
/// What was acknowledged before is all there then, and of the rest whole commits or nothing: the simulated disk supposes just that.
@Suite struct TornTailTests {
  private static func user(_ index: Int) -> JID { JID("user\(index)@example.org")! }
  private static func friend(_ index: Int) -> RosterItem { RosterItem(jid: user(index + 100), name: "A friend", groups: ["Friends"]) }

  /// The files of a database as they are after each of some commits, every one of an account and a contact of it.
  private static func history() throws -> (database: Data, logs: [Data]) {
    let folder = TemporaryFolder()
    let storage = try SQLiteStorage(path: folder.database, .server)
    var logs: [Data] = []
    for index in 0..<4 {
      try storage.commit(account(user(index)), [.put(friend(index), of: user(index))])
      logs.append(try Data(contentsOf: URL(fileURLWithPath: folder.database + "-wal")))
    }
    return (try Data(contentsOf: URL(fileURLWithPath: folder.database)), logs)
  }

  /// How many of the commits are there, in a folder with such a log; `nil` if one is there in part, or a later one without an earlier.
  private static func commits(_ database: Data, _ log: Data) throws -> Int? {
    let folder = TemporaryFolder()
    try database.write(to: URL(fileURLWithPath: folder.database))
    try log.write(to: URL(fileURLWithPath: folder.database + "-wal"))
    let storage = try SQLiteStorage(path: folder.database, .server)
    var count = 0
    for index in 0..<4 {
      guard case .owner(let found) = try storage.answer(.account(user(index))) else { return nil }
      guard let found else { continue }
      if try found.rows(RosterItem.self) != [friend(index)] || count != index { return nil }
      count += 1
    }
    return count
  }

  @Test func aLogThatEndsAnywhereHasWholeCommits() throws {
    let (database, logs) = try Self.history()
    let whole = try #require(logs.last)
    var seen: Set<Int> = []
    for end in Array(stride(from: 0, to: whole.count, by: 1511)) + [whole.count] {
      let count = try #require(try Self.commits(database, whole.prefix(end)), "cut at \(end)")
      // What was durable when an earlier commit returned is in what was written until then.
      let durable = logs.lastIndex { $0.count <= end }.map { $0 + 1 } ?? 0
      #expect(count >= durable, "cut at \(end)")
      seen.insert(count)
    }
    #expect(seen == [0, 1, 2, 3, 4])
  }

  @Test func aLogWithAWrongPageInItsTailHasWholeCommits() throws {
    let (database, logs) = try Self.history()
    let whole = try #require(logs.last)
    let tail = logs[2].count
    for place in stride(from: tail, to: whole.count, by: 777) {
      var torn = whole
      for index in place..<min(place + 512, whole.count) { torn[index] = 0 }
      #expect(try Self.commits(database, torn).map { [3, 4].contains($0) } ?? false, "nothing at \(place)")
    }
  }
}
