import Testing
import XML

@testable import ServerCore

/// From a domain to endpoints (RFC 6120, 3.2; XEP-0368, 3 and 5).
@Suite struct ResolutionTests {
  // MARK: Answers

  static func ipv4(_ n: UInt8) -> HostAddress { HostAddress([192, 0, 2, n])! }
  static func ipv6(_ n: UInt8) -> HostAddress { HostAddress([UInt8](repeating: 0x20, count: 15) + [n])! }

  /// What DNS says; a question that is not there fails.
  struct Zone: Sendable {
    var answers: [DNSQuestion: DNSAnswer.Found] = [:]

    func answer(_ question: DNSQuestion) -> DNSAnswer? { answers[question].map { DNSAnswer($0, isSecure: false, seconds: 60) } }

    /// `found` are records of services, `nil` for none.
    func services(_ found: [(UInt16, UInt16, Text)]?, direct: Bool = false) -> Zone {
      let records = found?.map { DNSRecord.service(priority: $0.0, weight: 1, port: $0.1, target: $0.2) }
      return with(.service, direct ? "_xmpps-server._tcp.far.example" : "_xmpp-server._tcp.far.example", records.map { .records($0) })
    }

    /// The host has these addresses; none of a family where the list is empty.
    func host(_ name: Text, _ v6: [UInt8], _ v4: [UInt8]) -> Zone {
      with(.ipv6, name, v6.isEmpty ? nil : .records(v6.map { .address(ipv6($0)) }))
        .with(.ipv4, name, v4.isEmpty ? nil : .records(v4.map { .address(ipv4($0)) }))
    }

    func with(_ kind: DNSQuestion.Kind, _ name: Text, _ found: DNSAnswer.Found?) -> Zone {
      var zone = self
      zone.answers[DNSQuestion(kind: kind, name: name)] = found ?? .noRecords
      return zone
    }
  }

  // MARK: Runs

  /// A resolution, with an endpoint as `6.1:5269` for the first address of IPv6 and `4.1:5270+tls` for one of IPv4 with direct TLS.
  struct Outcome: Hashable, CustomStringConvertible {
    var endpoints: [String] = []
    var end: Resolution.End?
    var description: String { "\(endpoints.joined(separator: " ")) \(end.map { "\($0)" } ?? "unfinished")" }
  }

  static func words(_ endpoint: Endpoint) -> String {
    let family = endpoint.address.family == .ipv6 ? 6 : 4
    return "\(family).\(endpoint.address.bytes.last!):\(endpoint.port)\(endpoint.isDirectTLS ? "+tls" : "")"
  }

  /// The outcomes of all orders in which the open questions can be answered.
  static func outcomes(_ zone: Zone, of domain: Text = "far.example", at host: StaticHost? = nil) -> Set<Outcome> {
    var resolution = Resolution(of: domain, staticHost: host)
    let first = resolution.begin()
    var outcomes: Set<Outcome> = []
    answer(zone, resolution, first.questions, Outcome(endpoints: first.endpoints.map(words), end: first.end), &outcomes)
    return outcomes
  }

  private static func answer(_ zone: Zone, _ resolution: Resolution, _ open: [DNSQuestion], _ outcome: Outcome, _ found: inout Set<Outcome>)
  {
    if open.isEmpty || outcome.end != nil { found.insert(outcome) }
    guard outcome.end == nil else { return }
    #expect(Set(open).count == open.count, "no question is open twice")
    for place in open.indices {
      var next = resolution
      var rest = open
      let question = rest.remove(at: place)
      var random = RandomSource(key: [1])
      let progress = next.answered(question, with: zone.answer(question), &random)
      // The same answer again, and one to a question that nobody asked.
      #expect(next.answered(question, with: zone.answer(question), &random) == Resolution.Progress())
      let odd = DNSQuestion(kind: .ipv4, name: "odd.example")
      #expect(next.answered(odd, with: zone.answer(odd), &random) == Resolution.Progress())
      let endpoints = outcome.endpoints + progress.endpoints.map(words)
      answer(zone, next, rest + progress.questions, Outcome(endpoints: endpoints, end: progress.end), &found)
    }
  }

  struct Row: Sendable, CustomTestStringConvertible {
    var testDescription: String
    var zone: Zone
    var endpoints: [String]
    var end: Resolution.End
    init(_ name: String, _ zone: Zone, _ endpoints: [String], _ end: Resolution.End) {
      (testDescription, self.zone, self.endpoints, self.end) = (name, zone, endpoints, end)
    }
  }

  static let none = Zone().services(nil, direct: true).services(nil)
  static let noDirect = Zone().services(nil, direct: true)

  static let rows: [Row] = [
    Row("one service", noDirect.services([(0, 5269, "a.example")]).host("a.example", [1], [1]), ["6.1:5269", "4.1:5269"], .complete),
    Row(
      "by priority",
      noDirect.services([(20, 5269, "b.example"), (10, 5270, "a.example")]).host("a.example", [], [1]).host("b.example", [], [2]),
      ["4.1:5270", "4.2:5269"], .complete),
    Row(
      "direct TLS between two with STARTTLS",
      Zone().services([(2, 443, "b.example")], direct: true).services([(1, 5269, "a.example"), (3, 5269, "c.example")])
        .host("a.example", [], [1]).host("b.example", [], [2]).host("c.example", [], [3]),
      ["4.1:5269", "4.2:443+tls", "4.3:5269"], .complete),
    Row(
      "one host, asked for once, for two services",
      Zone().services([(1, 5270, "a.example")], direct: true).services([(2, 5269, "A.example.")]).host("a.example", [1], []),
      ["6.1:5270+tls", "6.1:5269"], .complete),
    Row(
      "families in turn", noDirect.services([(0, 5269, "a.example")]).host("a.example", [1, 2, 3], [1]),
      ["6.1:5269", "4.1:5269", "6.2:5269", "6.3:5269"], .complete),
    Row(
      "the same address by two names",
      noDirect.services([(1, 5269, "a.example"), (2, 5269, "b.example")]).host("a.example", [], [1]).host("b.example", [], [1, 2]),
      ["4.1:5269", "4.2:5269"], .complete),
    Row("no service: the domain itself", none.host("far.example", [1], [1]), ["6.1:5269", "4.1:5269"], .complete),
    Row(
      "no such name of a service: the domain itself",
      Zone().with(.service, "_xmpps-server._tcp.far.example", .noSuchName).with(.service, "_xmpp-server._tcp.far.example", .noSuchName)
        .host("far.example", [], [1]), ["4.1:5269"], .complete),
    Row("both services fail: the domain itself", Zone().host("far.example", [], [1]), ["4.1:5269"], .complete),
    Row("both services fail, and no address", Zone().host("far.example", [], []), [], .unanswered),
    Row("everything fails", Zone(), [], .unanswered),
    Row(
      "one service fails, the other has a host", Zone().services([(0, 5269, "a.example")]).host("a.example", [], [1]), ["4.1:5269"],
      .complete),
    Row("one service fails, the other has none", Zone().services(nil).host("far.example", [], [1]), ["4.1:5269"], .complete),
    Row("no service and no address", none.host("far.example", [], []), [], .notFound),
    Row(
      "no such domain", none.with(.ipv6, "far.example", .noSuchName).with(.ipv4, "far.example", .noSuchName), [], .notFound),
    Row(
      "both services are refused", Zone().services([(0, 0, ".")], direct: true).services([(0, 0, ".")]).host("far.example", [1], [1]), [],
      .notProvided),
    Row(
      "one is refused, the other has none: no look at the domain", noDirect.services([(0, 0, ".")]).host("far.example", [1], [1]), [],
      .notProvided),
    Row(
      "direct TLS is refused, the other fails", Zone().services([(0, 0, ".")], direct: true).host("far.example", [1], []), [], .notProvided),
    Row(
      "direct TLS is refused, the other has a host",
      Zone().services([(0, 0, ".")], direct: true).services([(0, 5269, "a.example")]).host("a.example", [], [1]), ["4.1:5269"], .complete),
    Row(
      "a refusal among hosts says nothing", noDirect.services([(0, 0, "."), (1, 5269, "a.example")]).host("a.example", [], [1]),
      ["4.1:5269"],
      .complete),
    Row(
      "hosts that are none", noDirect.services([(0, 0, "a.example"), (0, 1, "a b.example"), (0, 1, "")]).host("far.example", [1], []), [],
      .notProvided),
    Row(
      "a host without an address: no look at the domain",
      noDirect.services([(0, 5269, "a.example")]).host("a.example", [], []).host("far.example", [1], [1]), [], .notFound),
    Row(
      "one family fails", noDirect.services([(0, 5269, "a.example")]).with(.ipv4, "a.example", .records([.address(ipv4(1))])), ["4.1:5269"],
      .complete),
    Row(
      "the first host fails, the second is there",
      noDirect.services([(1, 5269, "a.example"), (2, 5269, "b.example")]).host("b.example", [2], []), ["6.2:5269"], .complete),
    Row(
      "records of another kind",
      none.with(.ipv6, "far.example", .records([.address(ipv4(1)), .service(priority: 0, weight: 0, port: 1, target: "a")]))
        .with(.ipv4, "far.example", .records([.address(ipv6(1)), .address(ipv4(2))])), ["4.2:5269"], .complete),
    Row(
      "addresses in the answer about services",
      Zone().services(nil).with(.service, "_xmpps-server._tcp.far.example", .records([.address(ipv4(9))])).host("far.example", [], [1]),
      ["4.1:5269"], .complete),
  ]

  /// The same endpoints in the same order, in whichever order the answers come.
  @Test(arguments: rows) func answersLeadToEndpoints(row: Row) {
    #expect(Self.outcomes(row.zone) == [Outcome(endpoints: row.endpoints, end: row.end)])
  }

  // MARK: Questions

  @Test func questions() {
    var resolution = Resolution(of: "bücher.example")
    let direct = DNSQuestion(kind: .service, name: "_xmpps-server._tcp.xn--bcher-kva.example")
    let other = DNSQuestion(kind: .service, name: "_xmpp-server._tcp.xn--bcher-kva.example")
    #expect(resolution.begin() == Resolution.Progress(questions: [direct, other]))
    var random = RandomSource(key: [1])
    #expect(resolution.answered(direct, with: nil, &random) == Resolution.Progress())
    let hosts = [DNSQuestion.Kind.ipv6, .ipv4].map { DNSQuestion(kind: $0, name: "xn--bcher-kva.example") }
    #expect(resolution.answered(other, with: nil, &random) == Resolution.Progress(questions: hosts))
    let found = DNSAnswer(.records([.address(Self.ipv4(1))]), isSecure: false, seconds: 1)
    #expect(resolution.answered(hosts[0], with: nil, &random) == Resolution.Progress())
    let endpoint = Endpoint(address: Self.ipv4(1), port: 5269, isDirectTLS: false, serverName: "xn--bcher-kva.example")
    #expect(resolution.answered(hosts[1], with: found, &random) == Resolution.Progress(endpoints: [endpoint], end: .complete))
  }

  /// Endpoints of the first host do not wait for the second, and those of the second wait for the first.
  @Test func endpointsComeAsSoonAsTheirTurn() {
    let zone = Self.noDirect.services([(1, 5269, "a.example"), (2, 5269, "b.example")]).host("a.example", [], [1]).host(
      "b.example", [], [2])
    for order in ServiceOrderTests.permutations(["6a", "4a", "6b", "4b"]) {
      var resolution = Resolution(of: "far.example")
      var random = RandomSource(key: [1])
      for question in resolution.begin().questions { _ = resolution.answered(question, with: zone.answer(question), &random) }
      var answered: Set<String> = []
      var came: [String] = []
      for step in order {
        let question = DNSQuestion(kind: step.hasPrefix("6") ? .ipv6 : .ipv4, name: Text("\(step.last!).example"))
        came += resolution.answered(question, with: zone.answer(question), &random).endpoints.map(Self.words)
        answered.insert(step)
        let isFirstKnown = answered.isSuperset(of: ["6a", "4a"])
        let expected = isFirstKnown ? answered.count == 4 ? ["4.1:5269", "4.2:5269"] : ["4.1:5269"] : []
        #expect(came == expected, "\(order)")
      }
    }
  }

  // MARK: Bounds

  @Test func atMostEightHostsAndSixteenEndpoints() {
    var zone = Self.noDirect.services((0..<40).map { (UInt16($0), 5269, Text("host\($0).example")) })
    for n in 0..<40 as Range<UInt8> { zone = zone.host(Text("host\(n).example"), [2 * n], [2 * n + 1, 2 * n]) }
    var resolution = Resolution(of: "far.example")
    var random = RandomSource(key: [1])
    var open = resolution.begin().questions
    var endpoints: [String] = []
    var end: Resolution.End?
    var asked = open.count
    while !open.isEmpty, end == nil {
      let question = open.removeFirst()
      let progress = resolution.answered(question, with: zone.answer(question), &random)
      open += progress.questions
      asked += progress.questions.count
      endpoints += progress.endpoints.map(Self.words)
      end = progress.end
    }
    #expect(asked == 2 + 16 && endpoints.count == 16 && end == .complete)
    #expect(endpoints.prefix(4) == ["6.0:5269", "4.1:5269", "4.0:5269", "6.2:5269"])
    for question in open { #expect(resolution.answered(question, with: zone.answer(question), &random) == Resolution.Progress()) }
    let wide = Self.none.host("far.example", Array(0...255), Array(0...255))
    let first = (0..<8).flatMap { ["6.\($0):5269", "4.\($0):5269"] }
    #expect(Self.outcomes(wide) == [Outcome(endpoints: first, end: .complete)])
  }

  @Test(arguments: ["127.0.0.1", "[::1]", "FAR.example", "a.1"] as [Text]) func noNameInDNS(domain: Text) {
    #expect(Self.outcomes(Zone(), of: domain) == [Outcome(end: .notFound)])
  }

  // MARK: The operator's word

  @Test func staticHosts() {
    let zone = Zone().services([(0, 5269, "a.example")]).host("a.example", [], [1]).host("static.example", [3], [2])
    let named = StaticHost(of: "far.example", host: .name("static.example"), port: 5270, isDirectTLS: true)
    #expect(Self.outcomes(zone, at: named) == [Outcome(endpoints: ["6.3:5270+tls", "4.2:5270+tls"], end: .complete)])
    let addressed = StaticHost(of: "far.example", host: .address(Self.ipv4(7)))
    #expect(Self.outcomes(zone, at: addressed) == [Outcome(endpoints: ["4.7:5269"], end: .complete)])
    #expect(Self.outcomes(zone, at: StaticHost(of: "far.example", host: .name("nowhere.example"))) == [Outcome(end: .unanswered)])
    #expect(Self.outcomes(zone, of: "127.0.0.1", at: named) == [Outcome(end: .notFound)])
    let direct = StaticHost(of: "far.example", host: .address(Self.ipv4(7)), isDirectTLS: true)
    var resolution = Resolution(of: "far.example", staticHost: direct)
    let endpoint = Endpoint(address: Self.ipv4(7), port: 5269, isDirectTLS: true, serverName: "far.example")
    #expect(resolution.begin() == Resolution.Progress(endpoints: [endpoint], end: .complete))
  }
}
