/// All connections of a world, in the order in which they were made. They are changed where they lie.
struct ConnectionTable: Sendable {
  private var slots: [Connection?] = []
  private var places: [World.ConnectionID: Int] = [:]

  func has(_ id: World.ConnectionID) -> Bool { places[id] != nil }

  /// One that is there.
  subscript(id: World.ConnectionID) -> Connection {
    _read { yield slots[places[id]!]! }
    _modify { yield &slots[places[id]!]! }
  }

  mutating func add(_ connection: Connection) {
    places[connection.id] = slots.count
    slots.append(connection)
  }

  mutating func remove(_ id: World.ConnectionID) {
    if let place = places.removeValue(forKey: id) { slots[place] = nil }
  }

  var ids: [World.ConnectionID] { slots.compactMap { $0?.id } }
}
