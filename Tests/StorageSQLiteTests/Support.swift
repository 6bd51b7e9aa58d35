import Foundation
import SASL
import ServerCore
import Synchronization
import Storage
import XML
import XMPP

@testable import StorageSQLite

/// A folder that goes with the test.
final class TemporaryFolder {
  let path: String
  init() {
    path = FileManager.default.temporaryDirectory.appendingPathComponent("spondee-\(UInt64.random(in: 0...UInt64.max))").path
    try? FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }
  deinit { try? FileManager.default.removeItem(atPath: path) }
  var database: String { path + "/spondee.sqlite" }
}

/// Answers in the order in which they came.
final class Answers: Sendable {
  private let list = Mutex<[StorageAnswer]>([])
  func add(_ answers: [StorageAnswer]) { list.withLock { $0 += answers } }

  /// One word each: `c3` committed through 3, `f2` failed from 2, `l` an answer.
  var summary: String {
    list.withLock {
      $0.map {
        switch $0 {
        case .committed(let number): "c\(Answers.word(number))"
        case .commitFailed(let number, _): "f\(Answers.word(number))"
        case .answered: "l"
        }
      }.joined(separator: " ")
    }
  }
  /// `2/1`: the second commit of shard 1.
  private static func word(_ id: CommitID) -> String { id.shard == 0 ? "\(id.number)" : "\(id.number)/\(id.shard)" }
  var results: [QueryResult] { list.withLock { $0.compactMap { if case .answered(_, .success(let result)) = $0 { result } else { nil } } } }
}

func account(_ jid: JID, salt: UInt8 = 1, isDisabled: Bool = false) -> [Change] { record(jid, salt: salt, isDisabled: isDisabled).changes }

func record(_ jid: JID, salt: UInt8 = 1, isDisabled: Bool = false) -> StoredAccount {
  StoredAccount(
    jid: jid,
    credentials: ScramHash.allCases.map {
      ScramCredentials(hash: $0, salt: [salt, 0, 255], rounds: 4096, storedKey: [salt, 2], serverKey: [salt, 3])
    },
    isDisabled: isDisabled)
}

extension SQLiteStorage {
  func commit(_ changes: [Change]...) throws { try commit([(1, changes.flatMap { $0 })]) }

  /// Everything resident of an owner; `nil` if there is none, or the answer is of another kind.
  func rows(_ query: Query) -> OwnerRows? { if case .owner(let rows)? = try? answer(query) { rows } else { nil } }

  /// All rows of a query.
  func page<Row: StoredRow>(_ query: RowQuery, _: Row.Type) throws -> [(owner: JID, row: Row)] {
    guard case .page(let page) = try answer(.rows(query)) else { return [] }
    return try page.rows(Row.self)
  }
}
