import ServerCore
import Testing
import XML
import XMPP

@testable import Simulation

/// Pairs of coverage marks: what counts as together, and which pairs are said to be missing.
struct MarkPairsTests {
  private static func bits(_ marks: Int...) -> MarkPairs.Bits {
    var bits = MarkPairs.Bits()
    for mark in marks { bits.insert(mark) }
    return bits
  }

  @Test func bitsAreASet() {
    let bits = Self.bits(3, 64, 500, 3)
    #expect(bits.elements == [3, 64, 500])
    #expect(bits.contains(64) && !bits.contains(65))
    #expect(MarkPairs.Bits().isEmpty && !bits.isEmpty)
  }

  @Test func aPairHasNoOrderAndAMarkIsNoPairWithItself() {
    var pairs = MarkPairs()
    pairs[.run].add(Self.bits(1, 70))
    pairs[.run].pair(Self.bits(70), with: Self.bits(1, 70))
    #expect(pairs[.run].has(1, 70) && pairs[.run].has(70, 1))
    #expect(pairs.count(.run) == 1)
    #expect(pairs.markCount(.run) == 2)
    #expect(pairs.count(.room) == 0)
  }

  @Test func mergingIsTheSameInEitherOrder() {
    var (first, second) = (MarkPairs(), MarkPairs())
    first[.run].add(Self.bits(1, 2))
    first[.run].pair(Self.bits(1), with: Self.bits(2))
    second[.run].add(Self.bits(2, 3))
    second[.run].pair(Self.bits(2), with: Self.bits(3))
    var (one, other) = (first, second)
    one.merge(second)
    other.merge(first)
    #expect(one == other)
    #expect(one.count(.run) == 2)
    #expect(one.markCount(.run) == 3)
  }

  /// Ten runs of twenty reach the one mark, ten the other: five should have reached both.
  @Test func aPairThatShouldHaveComeIsMissing() {
    var pairs = MarkPairs()
    for _ in 0..<10 {
      pairs[.run].add(Self.bits(4))
      pairs[.run].add(Self.bits(9))
    }
    let missing = pairs.missing(.run, expectedAtLeast: 5)
    #expect(missing.map { [$0.first.index, $0.second.index] } == [[4, 9]])
    #expect(missing.map(\.expected) == [5])
    #expect(pairs.missing(.run, expectedAtLeast: 5.1).isEmpty)
    pairs[.run].pair(Self.bits(4), with: Self.bits(9))
    #expect(pairs.missing(.run, expectedAtLeast: 5).isEmpty)
  }

  @Test func theMostExpectedComesFirst() {
    var pairs = MarkPairs()
    for _ in 0..<10 {
      pairs[.run].add(Self.bits(1, 2))
      pairs[.run].add(Self.bits(3))
    }
    pairs[.run].add(Self.bits(3))
    pairs[.run].add(Self.bits(5))
    pairs[.run].add(Self.bits(1))
    let missing = pairs.missing(.run, expectedAtLeast: 4).map { [$0.first.index, $0.second.index] }
    #expect(missing == [[1, 3], [1, 2], [2, 3]])
  }

  /// One run of twenty events has two marks twice each, ten events apart; they should have met in it, and another such run says so again.
  @Test func aRunCountsOnceForWhatItsEventsShouldHaveMet() {
    var pairs = MarkPairs()
    for event in 0..<20 { pairs[.window].add(event == 0 || event == 1 ? Self.bits(4) : event > 17 ? Self.bits(9) : MarkPairs.Bits()) }
    pairs.expectWindows()
    #expect(pairs.missing(.window, expectedAtLeast: 0.5).map(\.expected) == [1])
    var both = pairs
    both.merge(pairs)
    #expect(both.missing(.window, expectedAtLeast: 0.5).map(\.expected) == [2])
    both[.window].pair(Self.bits(9), with: Self.bits(4))
    #expect(both.missing(.window, expectedAtLeast: 0.5).isEmpty)
  }

  /// The window holds ten events: the one that is nine later is in it, and the next is not.
  @Test(arguments: [(9, true), (10, false)])
  func aWindowHasTenEvents(later: Int, isTogether: Bool) {
    var meter = PairMeter()
    meter.add([4], [])
    for _ in 1..<later { meter.add([], []) }
    meter.add([9], [])
    #expect(meter.result[.window].has(4, 9) == isTogether)
    #expect(meter.result[.run].has(4, 9))
  }

  @Test func aRoomHasItsOwnPairs() throws {
    let (tea, den) = (try #require(JID("tea@conference.localhost")), try #require(JID("den@conference.localhost")))
    var meter = PairMeter()
    meter.add([4], [tea])
    meter.add([9], [den])
    meter.add([70], [tea])
    #expect(meter.result[.room].has(4, 70))
    #expect(!meter.result[.room].has(4, 9))
    #expect(meter.result.markCount(.room) == 3)
  }

  /// A run with measuring is the run without.
  @Test func measuringChangesNothing() throws {
    var options = RunOptions(duration: 3_000_000_000)
    var plain = Run(Choices(seed: 7), options)
    options.measuresPairs = true
    var measured = Run(Choices(seed: 7), options)
    let (without, with) = (plain.run(), measured.run())
    #expect(without.digest == with.digest)
    #expect(without.pairs == nil)
    let pairs = try #require(with.pairs)
    #expect(pairs.markCount(.run) == with.marks.reachedCount)
    let marks = with.marks.reachedCount
    #expect(pairs.count(.run) == marks * (marks - 1) / 2)
    #expect((1...pairs.count(.run)).contains(pairs.count(.window)))
  }
}
