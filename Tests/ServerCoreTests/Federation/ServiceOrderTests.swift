import Testing
import XML

@testable import ServerCore

/// The order of a domain's hosts (RFC 2782).
@Suite struct ServiceOrderTests {
  static func service(_ target: Text, _ priority: UInt16, _ weight: UInt16, direct: Bool = false) -> Service {
    Service(priority: priority, weight: weight, port: 5269, target: target, isDirectTLS: direct)
  }

  static func order(_ services: [Service], seed: UInt8 = 0) -> [Text] {
    var random = RandomSource(key: [seed])
    return ServiceOrder.order(services, &random).map(\.target)
  }

  /// All orders of a few things.
  static func permutations<T>(_ things: [T]) -> [[T]] {
    guard !things.isEmpty else { return [[]] }
    return things.indices.flatMap { i in
      permutations(Array(things[..<i] + things[(i + 1)...])).map { [things[i]] + $0 }
    }
  }

  @Test func lowerPrioritiesComeFirst() {
    for seed in 0..<50 as Range<UInt8> {
      #expect(Self.order([Self.service("c", 30, 1), Self.service("a", 1, 0), Self.service("b", 2, 65535)], seed: seed) == ["a", "b", "c"])
    }
  }

  @Test func directTLSIsMixedByPriority() {
    let services = [
      Self.service("a", 3, 0), Self.service("b", 2, 0, direct: true), Self.service("c", 1, 0), Self.service("d", 4, 0, direct: true),
    ]
    #expect(Self.order(services) == ["c", "b", "a", "d"])
  }

  /// The n-th of all numbers from 0 to the sum of the weights chooses the first whose running sum reaches it.
  @Test(
    arguments: [
      ([1, 3], [2.0 / 5, 3.0 / 5]), ([0, 10], [1.0 / 11, 10.0 / 11]), ([1, 1, 2], [2.0 / 5, 1.0 / 5, 2.0 / 5]), ([0, 0], [1, 0]),
      ([0, 0, 1], [0.5, 0, 0.5]), ([65535, 65535], [0.5, 0.5]),
    ] as [([UInt16], [Double])])
  func sharesOfTheFirstAttempt(weights: [UInt16], shares: [Double]) {
    let services = weights.enumerated().map { Self.service("host\($0)", 5, $1) }
    let count = 4000
    var random = RandomSource(key: [7])
    var firsts = [Int](repeating: 0, count: weights.count)
    for _ in 0..<count {
      let ordered = ServiceOrder.order(services, &random)
      #expect(Set(ordered) == Set(services) && ordered.count == services.count)
      firsts[services.firstIndex(of: ordered[0])!] += 1
    }
    for (first, share) in zip(firsts, shares) { #expect(abs(Double(first) / Double(count) - share) < 0.03, "\(firsts)") }
  }

  /// The second is drawn like the first, among those that are left.
  @Test func sharesOfTheSecondAttempt() {
    let services = [Self.service("a", 0, 1), Self.service("b", 0, 3), Self.service("c", 0, 16)]
    var random = RandomSource(key: [8])
    var seconds: [Text: Int] = [:]
    for _ in 0..<6000 {
      let ordered = ServiceOrder.order(services, &random)
      if ordered[0].target == "c" { seconds[ordered[1].target, default: 0] += 1 }
    }
    let share = Double(seconds["a"]!) / Double(seconds["a"]! + seconds["b"]!)
    #expect(abs(share - 2.0 / 5) < 0.03, "\(seconds)")
  }

  @Test func theOrderOfTheAnswerDoesNotMatter() {
    let ports = [(5269, false), (5270, false), (5270, true)].map {
      Service(priority: 0, weight: 5, port: $0.0, target: "b", isDirectTLS: $0.1)
    }
    let services = ports + [Self.service("a", 0, 0), Self.service("c", 1, 1, direct: true)]
    for seed in 0..<8 as Range<UInt8> {
      let orders = Self.permutations(services).map { permuted in
        var random = RandomSource(key: [seed])
        return ServiceOrder.order(permuted, &random)
      }
      #expect(Set(orders).count == 1)
    }
  }

  @Test func equalServicesCountOnce() {
    let a = Self.service("a", 0, 1)
    #expect(Self.order([a, a, Self.service("b", 1, 1), a]) == ["a", "b"])
    let other = Service(priority: 0, weight: 1, port: 5270, target: "a", isDirectTLS: true)
    #expect(Self.order([a, other]) == ["a", "a"])
  }

  @Test func atMostEight() {
    let many = (0..<3000).map { Self.service("host\($0)", UInt16(3000 - $0), 1) }
    #expect(Self.order(many) == (0..<8).map { Text("host\(2999 - $0)") })
    let equal = (0..<3000).map { Self.service("host\($0)", 0, 65535) }
    #expect(Set(Self.order(equal)).count == 8)
    #expect(Self.order([]) == [])
  }
}
