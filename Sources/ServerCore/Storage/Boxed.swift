/// A value in storage of its own: where it stands, it takes the room of one reference, and a copy is one reference more until it is
/// changed. For what is large, and is moved about or kept in quantity.
struct Boxed<Value: Sendable>: Sendable {
  /// Always one: an array's elements are read and changed in their place, and copied when they are shared.
  private var storage: ContiguousArray<Value>

  init(_ value: Value) { storage = [value] }

  var value: Value {
    _read { yield storage[0] }
    _modify { yield &storage[0] }
  }
}

extension Boxed: Codable where Value: Codable {
  init(from decoder: any Decoder) throws { self.init(try Value(from: decoder)) }
  func encode(to encoder: any Encoder) throws { try value.encode(to: encoder) }
}
