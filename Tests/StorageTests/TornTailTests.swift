import Foundation
import StorageSQLite
import Testing
import XML
import XMPP

@testable import Storage

/// A machine that loses power in the middle of a write leaves a log that ends anywhere, or whose last pages are what was on the disk before.
/// Acknowledged changes are all there then, and of the rest whole commits or nothing.
@Suite struct TornTailTests {
  /// Each puts, replaces and deletes in several tables, so that no part of it looks like the whole.
  private static let commits: [[Change]] = (0..<5).map { number in
    let owner = Owner.account(JID("user\(number)@example.org")!)
    let before = Owner.account(JID("user\(number - 1)@example.org")!)
    let text = Text(String(repeating: "\(number)", count: 700))
    return [
      .put(AccountRoot(Int64(number), note: text), of: owner.jid),
      .put("pair", owner, [.integer(1), .text(text), .integer(Int64(number))]),
      .put("archive", owner, [.text("a"), .integer(1), .text(text)]), .put("archive", owner, [.text("b"), .integer(1), .null]),
      .put("mark", before, [.text("seen"), .integer(Int64(number))]), .put("room", balcony, [.integer(Int64(number))]),
      .put("visit", balcony, [.jid(owner.jid), .integer(0), .integer(0)]), .delete("archive", before, key: [.text("b")]),
    ] + (number == 3 ? [.deleteOwner(before)] : [])
  }

  /// All rows after none of the commits, after the first, and so on.
  private static func states() throws -> [[QueryResult]] {
    var database = MemoryDatabase(.contract)
    return try [everything { database.answer($0) }]
      + commits.map { commit in
        database.apply(commit)
        return try everything { database.answer($0) }
      }
  }

  /// The files of an SQLite database as they are after each commit.
  private static func history() throws -> (database: Data, logs: [Data]) {
    let folder = try Folder()
    let storage = try SQLiteStorage(path: folder.database, .contract)
    var logs: [Data] = []
    for (number, commit) in commits.enumerated() {
      try storage.commit([(CommitID(UInt64(number)), commit)])
      logs.append(try Data(contentsOf: URL(fileURLWithPath: folder.database + "-wal")))
    }
    return (try Data(contentsOf: URL(fileURLWithPath: folder.database)), logs)
  }

  /// How many of the commits are in a database with such a log; `nil` if there is a part of one.
  private static func count(_ database: Data, _ log: Data, _ states: [[QueryResult]]) throws -> Int? {
    let folder = try Folder()
    try database.write(to: URL(fileURLWithPath: folder.database))
    try log.write(to: URL(fileURLWithPath: folder.database + "-wal"))
    let storage = try SQLiteStorage(path: folder.database, .contract)
    return try states.lastIndex(of: everything(storage.answer))
  }

  @Test func aLogThatEndsAnywhereHasWholeCommits() throws {
    let states = try Self.states()
    let (database, logs) = try Self.history()
    let whole = try #require(logs.last)
    // The places at which something begins or ends, and many places in between.
    let edges = logs.flatMap { [$0.count - 1, $0.count, $0.count + 24, $0.count + 4096] }
    var seen: Set<Int> = []
    for end in Set(Array(stride(from: 0, to: whole.count, by: 1511)) + edges).sorted() where end <= whole.count {
      let count = try #require(try Self.count(database, whole.prefix(end), states), "cut at \(end)")
      // The log as an earlier commit left it holds all that was durable then.
      let durable = logs.lastIndex { $0.count <= end }.map { $0 + 1 } ?? 0
      #expect(count >= durable, "cut at \(end)")
      seen.insert(count)
    }
    #expect(seen == Set(0...Self.commits.count))
  }

  @Test func aLogWithAWrongPageInItsTailHasWholeCommits() throws {
    let states = try Self.states()
    let (database, logs) = try Self.history()
    let whole = try #require(logs.last)
    let last = Self.commits.count
    for place in stride(from: logs[last - 2].count, to: whole.count, by: 777) {
      var torn = whole
      for index in place..<min(place + 512, whole.count) { torn[index] = 0 }
      #expect(try Self.count(database, torn, states).map { [last - 1, last].contains($0) } ?? false, "nothing at \(place)")
    }
  }

  // MARK: The simulated disk

  private func disk(synced: Int) -> MemoryDisk {
    var disk = MemoryDisk(MemoryDatabase(.contract))
    for (number, commit) in Self.commits.enumerated() { disk.write(CommitID(UInt64(number + 1)), commit) }
    disk.sync(through: CommitID(UInt64(synced)))
    return disk
  }
  private func durable(_ disk: MemoryDisk) throws -> [QueryResult] { try everything { disk.durable.answer($0) } }

  @Test func aCrashOfTheSimulatedDiskKeepsWholeCommits() throws {
    let states = try Self.states()
    let count = Self.commits.count
    for synced in 0...count {
      for kept in 0...(count - synced) {
        var disk = disk(synced: synced)
        #expect(try everything { disk.answer($0) } == states[count] && durable(disk) == states[synced])
        disk.crash(keeping: kept)
        #expect(try durable(disk) == states[synced + kept] && everything { disk.answer($0) } == states[synced + kept])
        #expect(disk.pending.isEmpty)
      }
    }
  }

  /// The fault that a planted error asks for is one: a torn commit is neither there nor away.
  @Test func aDiskThatTearsKeepsAPart() throws {
    let states = try Self.states()
    for kept in Self.commits.indices {
      var disk = disk(synced: 0)
      disk.crash(keeping: kept, tears: true)
      #expect(try !states.contains(durable(disk)))
    }
    var disk = disk(synced: 0)
    disk.crash(keeping: Self.commits.count, tears: true)
    #expect(try durable(disk) == states[Self.commits.count])
  }

  @Test func whatFailsIsNeverDurable() throws {
    let states = try Self.states()
    var disk = disk(synced: 1)
    disk.fail(from: 4)
    #expect(try durable(disk) == states[1] && everything { disk.answer($0) } == states[3])
    #expect(disk.sync() == [3])
    #expect(try durable(disk) == states[3])
    #expect(disk.sync().isEmpty && disk.fail().isEmpty)
  }
}
