/// The number of a commit within a shard. Shards commit independently of each other: an order exists only among the commits of one shard.
public struct CommitID: Sendable, Hashable, Codable {
  public let shard: Int
  /// Grows with each commit of the shard.
  public let number: UInt64

  public init(shard: Int = 0, _ number: UInt64) { (self.shard, self.number) = (shard, number) }

  /// Both in one number, as a recording has it. There are at most 64 shards.
  public init(code: UInt64) { self.init(shard: Int(code & 63), code >> 6) }
  public var code: UInt64 { number << 6 | UInt64(shard) }

  /// Whether `other` is a commit of the same shard that was made after this one, or this one.
  public func isSameOrBefore(_ other: CommitID) -> Bool { shard == other.shard && number <= other.number }
}

extension CommitID: CustomStringConvertible {
  public var description: String { shard == 0 ? "\(number)" : "\(number) of shard \(shard)" }
}

/// A literal is the number of a commit of shard 0.
extension CommitID: ExpressibleByIntegerLiteral {
  public init(integerLiteral number: UInt64) { self.init(number) }
}
