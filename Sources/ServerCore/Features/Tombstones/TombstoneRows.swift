public import Storage

/// The row that a deleted account leaves. A name has one at most: creating its account anew removes it.
public struct Tombstone: StoredRow {
  /// When the account was deleted, by the wall clock, in nanoseconds since 1970.
  public var deletedAt: Int64

  public static let table = StoredTable("tombstone", owner: .account, key: [.integer("deleted_at")], residency: .lasting)
  public var values: [ColumnValue] { [.integer(deletedAt)] }
  public init(_ row: inout RowReader) throws(RowProblem) { self.init(deletedAt: try row.integer()) }
  public init(deletedAt: Int64) { self.deletedAt = deletedAt }

  /// Whether the name is reserved. The moment at which the reservation ends is not part of it.
  ///
  /// - Parameters:
  ///   - now: by the wall clock, in nanoseconds since 1970; it may be before the deletion, if the clock was set back.
  ///   - time: how long names stay reserved, in nanoseconds.
  func stands(at now: Int64, for time: Int64) -> Bool {
    let (age, isBeyond) = now.subtractingReportingOverflow(deletedAt)
    return isBeyond ? now < deletedAt : age < time
  }

  /// The moment at which the reservation ends, in nanoseconds since 1970; the last one that can be expressed, if it is later.
  func end(after time: Int64) -> Int64 {
    let (end, isBeyond) = deletedAt.addingReportingOverflow(time)
    return isBeyond ? .max : end
  }
}
