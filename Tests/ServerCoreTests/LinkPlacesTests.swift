import Testing

@testable import ServerCore

/// The table of links does what a dictionary does.
@Suite struct LinkPlacesTests {
  /// - Parameter stride: between the numbers: those that differ in their high bits alone, and those that follow each other.
  @Test(arguments: [1, 3, 1 << 20, 1 << 54] as [UInt64]) func isLikeADictionary(stride: UInt64) {
    var generator = Generator(key: [1])
    func anyLink() -> LinkID { LinkID((UInt64(generator.next()) << 8 | UInt64(generator.next())) % 1_000 &* stride) }
    var places = LinkPlaces()
    var model: [LinkID: Int] = [:]
    for round in 0..<8_000 {
      let link = anyLink()
      // It grows, and shrinks again.
      let isGrowing = round / 1_000 % 2 == 0
      let value = generator.next() % 4 < (isGrowing ? 3 : 1) ? round : nil
      places[link] = value
      model[link] = value
      let other = anyLink()
      guard places[other] == model[other], places.count == model.count else {
        Issue.record("in round \(round) \(other) is at \(String(describing: places[other])), not \(String(describing: model[other]))")
        return
      }
      if round % 500 == 0 { #expect(places.sortedKeys == model.keys.sorted()) }
    }
    #expect(places.count > 100)
  }

  @Test func aCopyIsItsOwn() {
    var places = LinkPlaces()
    places[LinkID(1)] = 5
    let copy = places
    places[LinkID(1)] = 6
    places[LinkID(2)] = 7
    #expect(copy[LinkID(1)] == 5)
    #expect(copy[LinkID(2)] == nil)
  }
}
