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

extension Table: Codable where Key: Codable & Comparable, Value: Codable {
  /// In the order of the keys: what is written may be compared.
  func encode(to encoder: any Encoder) throws {
    var container = encoder.unkeyedContainer()
    for key in sortedKeys() {
      try container.encode(key)
      if let value = self[key] { try container.encode(value) }
    }
  }

  init(from decoder: any Decoder) throws {
    var container = try decoder.unkeyedContainer()
    while !container.isAtEnd {
      let key = try container.decode(Key.self)
      self[key] = try container.decode(Value.self)
    }
  }
}
