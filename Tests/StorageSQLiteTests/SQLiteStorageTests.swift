import Foundation
import ServerCore
import Storage
import Testing
import XML
import XMPP

@testable import StorageSQLite

@Suite struct SQLiteStorageTests {
  let folder = TemporaryFolder()
  let romeo = JID("romeo@example.org")!
  let juliet = JID("juliet@example.org")!

  @Test func theDiskIsWaitedForAtEachCommit() throws {
    let storage = try SQLiteStorage(path: folder.database, .server)
    #expect(try storage.pragma("synchronous") == "2")
    #expect(try storage.pragma("journal_mode") == "wal")
    #expect(try storage.pragma("foreign_keys") == "1")
    // Opening once more must not have let GRDB's own choice slip in.
    #expect(try SQLiteStorage(path: folder.database, .server).pragma("synchronous") == "2")
  }

  @Test func aNewerSchemaIsRefusedInOneLine() throws {
    try SQLiteStorage(path: folder.database, .server).execute("PRAGMA user_version = 99")
    let error = #expect(throws: StorageError.self) { try SQLiteStorage(path: folder.database, .server) }
    #expect(error?.description.contains("newer Spondee (schema 99, this one knows up to \(Schema.version))") ?? false)
    #expect(!(error?.description.contains("\n") ?? true))
  }

  @Test func aFileThatIsNoDatabaseIsRefused() throws {
    try String(repeating: "no database\n", count: 100).write(toFile: folder.database, atomically: true, encoding: .utf8)
    let error = #expect(throws: StorageError.self) { try SQLiteStorage(path: folder.database, .server) }
    #expect(error?.description.contains("can't be opened") ?? false)
  }

  @Test func aBatchIsStoredWhollyOrNotAtAll() throws {
    let storage = try SQLiteStorage(path: folder.database, .server)
    try storage.execute(
      "CREATE TRIGGER t BEFORE INSERT ON account WHEN new.jid = 'juliet@example.org' BEGIN SELECT raise(ABORT, 'no'); END")
    #expect(throws: StorageError.self) { try storage.commit([(1, account(romeo)), (2, account(juliet))]) }
    #expect(try storage.page(RowQuery(AccountRow.self, .everywhere), AccountRow.self).isEmpty)
  }

  @Test func whatCannotBeReadIsAFailure() throws {
    let storage = try SQLiteStorage(path: folder.database, .server)
    try storage.execute("DROP TABLE affiliation; DROP TABLE room")
    #expect(throws: StorageError.self) { try storage.answer(.room(romeo)) }
  }
}
