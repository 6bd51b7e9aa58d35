/// All connections of a world, in the order in which they were made. They are changed where they lie.
struct ConnectionTable: Sendable {
  private var slots: [SimulatedConnection?] = []
  private var places: [World.SocketID: Int] = [:]

  func has(_ id: World.SocketID) -> Bool { places[id] != nil }

  /// One that is there.
  subscript(id: World.SocketID) -> SimulatedConnection {
    _read { yield slots[places[id]!]! }
    _modify { yield &slots[places[id]!]! }
  }

  /// An end of one that is there.
  subscript(end: EndID) -> SimulatedConnection.End {
    _read { yield slots[places[end.socket]!]![end.side] }
    _modify { yield &slots[places[end.socket]!]![end.side] }
  }

  /// The end at the other side of one that is there.
  func other(_ end: EndID) -> EndID { self[end.socket].id(of: end.side.other) }

  mutating func add(_ connection: SimulatedConnection) {
    places[connection.id] = slots.count
    slots.append(connection)
  }

  mutating func remove(_ id: World.SocketID) {
    if let place = places.removeValue(forKey: id) { slots[place] = nil }
  }

  var ids: [World.SocketID] { slots.compactMap { $0?.id } }
}
