/// A dictionary for looking up only. It can't be iterated by accident: the order of a `Dictionary` differs from
/// process to process, and must never be seen.
struct Table<Key: Hashable & Sendable, Value: Sendable>: Sendable {
  private var storage: [Key: Value] = [:]

  var count: Int { storage.count }

  subscript(key: Key) -> Value? {
    get { storage[key] }
    _modify { yield &storage[key] }
  }

  func contains(_ key: Key) -> Bool { storage[key] != nil }
  mutating func remove(_ key: Key) -> Value? { storage.removeValue(forKey: key) }

  /// All keys in order. O(n log n): for what happens rarely.
  func sortedKeys() -> [Key] where Key: Comparable { storage.keys.sorted() }
}

extension Table: LookUp, Codable where Key: Codable & Comparable, Value: Codable {}

/// A table that can only be looked up. It is written in the order of the keys, so that written tables may be compared.
protocol LookUp<Key, Value>: Codable {
  associatedtype Key: Codable
  associatedtype Value: Codable
  init()
  subscript(key: Key) -> Value? { get set }
  func sortedKeys() -> [Key]
}

extension LookUp {
  func encode(to encoder: any Encoder) throws {
    var container = encoder.unkeyedContainer()
    for key in sortedKeys() {
      try container.encode(key)
      if let value = self[key] { try container.encode(value) }
    }
  }

  init(from decoder: any Decoder) throws {
    self.init()
    var container = try decoder.unkeyedContainer()
    while !container.isAtEnd {
      let key = try container.decode(Key.self)
      self[key] = try container.decode(Value.self)
    }
  }
}
