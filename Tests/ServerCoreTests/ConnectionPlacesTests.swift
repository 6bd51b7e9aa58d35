import Testing

@testable import ServerCore

/// The table of connections does what a dictionary does.
@Suite struct ConnectionPlacesTests {
  /// - Parameter stride: between the numbers: those that differ in their high bits alone, and those that follow each other.
  @Test(arguments: [1, 3, 1 << 20, 1 << 54] as [UInt64]) func isLikeADictionary(stride: UInt64) {
    var generator = RandomSource(key: [1])
    func anyConnection() -> ConnectionID { ConnectionID((UInt64(generator.next()) << 8 | UInt64(generator.next())) % 1_000 &* stride) }
    var places = ConnectionPlaces()
    var model: [ConnectionID: Int] = [:]
    for round in 0..<8_000 {
      let connection = anyConnection()
      // It grows, and shrinks again.
      let isGrowing = round / 1_000 % 2 == 0
      let value = generator.next() % 4 < (isGrowing ? 3 : 1) ? round : nil
      places[connection] = value
      model[connection] = value
      let other = anyConnection()
      guard places[other] == model[other], places.count == model.count else {
        Issue.record("in round \(round) \(other) is at \(String(describing: places[other])), not \(String(describing: model[other]))")
        return
      }
      if round % 500 == 0 { #expect(places.sortedKeys == model.keys.sorted()) }
    }
    #expect(places.count > 100)
  }

  @Test func aCopyIsItsOwn() {
    var places = ConnectionPlaces()
    places[ConnectionID(1)] = 5
    let copy = places
    places[ConnectionID(1)] = 6
    places[ConnectionID(2)] = 7
    #expect(copy[ConnectionID(1)] == 5)
    #expect(copy[ConnectionID(2)] == nil)
  }
}
