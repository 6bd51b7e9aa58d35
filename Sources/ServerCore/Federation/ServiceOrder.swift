internal import XML

/// A host that provides a service, from a record of DNS.
struct Service: Sendable, Hashable, Codable {
  /// Lower comes first.
  var priority: UInt16
  /// The share of attempts among services of the same priority.
  var weight: UInt16
  var port: UInt16
  /// A host's name in lower case, without a final dot.
  var target: Text
  var isDirectTLS: Bool
}

/// The order in which the hosts of a domain are tried (RFC 2782).
enum ServiceOrder {
  /// The number of services that are tried.
  static let maximumCount = 8

  /// By priority, and within a priority by weights and chance. Services with direct TLS and with STARTTLS are mixed (XEP-0368, 3).
  ///
  /// Equal services count once. The result depends on which services there are and on the random source, not on the order that DNS gave
  /// them: so replays and tests do not depend on it either.
  static func order(_ services: [Service], _ random: inout RandomSource) -> [Service] {
    var rest: [Service] = []
    // Those without a weight come before the others of their priority, as the selection by running sums wants it.
    for service in services.sorted(by: precedes) where rest.last != service { rest.append(service) }
    var ordered: [Service] = []
    while ordered.count < maximumCount, let first = rest.first {
      let group = rest.prefix { $0.priority == first.priority }
      ordered.append(rest.remove(at: draw(group, &random)))
    }
    return ordered
  }

  private static func precedes(_ a: Service, _ b: Service) -> Bool {
    if a.priority != b.priority { return a.priority < b.priority }
    if a.weight != b.weight { return a.weight < b.weight }
    if a.target != b.target { return a.target < b.target }
    return (a.port, a.isDirectTLS ? 0 : 1) < (b.port, b.isDirectTLS ? 0 : 1)
  }

  /// The place of the first whose running sum of weights is no less than a random number from 0 to the sum of all.
  private static func draw(_ group: ArraySlice<Service>, _ random: inout RandomSource) -> Int {
    guard group.count > 1 else { return 0 }
    let number = random.number(through: group.reduce(0) { $0 + UInt64($1.weight) })
    var sum: UInt64 = 0
    for (place, service) in group.enumerated() {
      sum += UInt64(service.weight)
      if sum >= number { return place }
    }
    return group.count - 1
  }
}
