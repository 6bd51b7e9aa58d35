/// A `Table` for what is large: connections, streams, accounts, rooms. Each stands in storage of its own, which has just its size, is changed in
/// its place, and is shared by the copies of a server until one of them changes it.
struct Store<Key: StoreKey, Value: Sendable>: Sendable {
  private var places = Key.Places()
  /// One value each, or none where a place is free: an array's elements are changed in their place, those of a `Dictionary` or an
  /// `Optional` are copied for every look at a part of them.
  private var values: ContiguousArray<ContiguousArray<Value>> = []
  private var free: [Int] = []

  subscript(key: Key) -> Value? {
    get { places[key].map { values[$0][0] } }
    _modify {
      var value: Value?
      let place = places[key]
      if let place { value = values[place].removeLast() }
      yield &value
      switch (place, value) {
      case (let place?, let value?): values[place].append(value)
      case (let place?, nil): release(place, of: key)
      case (nil, let value?): insert(value, for: key)
      case (nil, nil): break
      }
    }
  }

  /// Does something with what stands there, with one look-up and no copy; `nil` if nothing stands there.
  mutating func modify<Answer>(_ key: Key, _ body: (inout Value) -> Answer) -> Answer? {
    guard let place = places[key] else { return nil }
    return body(&values[place][0])
  }

  /// The same for a look.
  func read<Answer>(_ key: Key, _ body: (borrowing Value) -> Answer) -> Answer? {
    guard let place = places[key] else { return nil }
    return body(values[place][0])
  }

  var count: Int { places.count }

  func contains(_ key: Key) -> Bool { places[key] != nil }

  mutating func remove(_ key: Key) -> Value? {
    guard let place = places[key] else { return nil }
    let value = values[place].removeLast()
    release(place, of: key)
    return value
  }

  private mutating func insert(_ value: Value, for key: Key) {
    let place = free.popLast() ?? values.count
    if place == values.count { values.append([value]) } else { values[place] = [value] }
    places[key] = place
  }

  private mutating func release(_ place: Int, of key: Key) {
    values[place] = []
    free.append(place)
    places[key] = nil
  }

  /// All keys in order. O(n log n): for what happens rarely.
  func sortedKeys() -> [Key] { places.sortedKeys }
}

extension Store: LookUp, Codable where Key: Codable, Value: Codable {}
