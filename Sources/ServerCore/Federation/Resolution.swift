internal import XML

/// The way from a domain to the endpoints of its servers (RFC 6120, 3.2): questions go out, answers come in, in any order, and endpoints go
/// out in the order in which they are to be tried.
///
/// Both services are asked for at once: `_xmpps-server`, with direct TLS (XEP-0368, 3), and `_xmpp-server`. When both have answered, the
/// addresses of all their hosts are asked for. Endpoints of a host go out when its addresses are known and those of all hosts before it. A
/// question that fails counts as answered, and the caller may let one fail for which it does not want to wait longer.
struct Resolution: Sendable, Codable {
  /// The end of a resolution; nothing comes after it.
  enum End: Sendable, Hashable, Codable {
    /// All endpoints have gone out, one at least.
    case complete
    /// The domain says that it has no such service, or names no host that could be asked for.
    case notProvided
    /// There is no such name, or it has no address.
    case notFound
    /// There is no address, but a question had no answer that would have told of one.
    case unanswered
  }

  /// The consequence of one input.
  struct Progress: Sendable, Hashable {
    var questions: [DNSQuestion] = []
    /// Behind those that have gone out before.
    var endpoints: [Endpoint] = []
    var end: End?
  }

  /// The number of endpoints that go out.
  static let maximumCount = 16
  /// RFC 6120, 3.2.2.
  static let defaultPort: UInt16 = 5269

  /// The domain in A-labels; `nil` if it has no name in DNS.
  private let name: Text?
  private let staticHost: StaticHost?
  private var pending: [DNSQuestion] = []
  private var services: [Service] = []
  /// Whether there was a record of a service, usable or not.
  private var isDeclared = false
  private var hasFailure = false
  /// In the order of the attempts.
  private var targets: [Target] = []
  private var hosts: [Host] = []
  /// How many targets have been turned into endpoints.
  private var done = 0
  private var endpoints: [Endpoint] = []

  private struct Target: Sendable, Codable {
    var host: Text
    var port: UInt16
    var isDirectTLS: Bool
  }

  /// A host with its addresses; `nil` for those that are not known yet.
  private struct Host: Sendable, Codable {
    var name: Text
    var ipv6: [HostAddress]?
    var ipv4: [HostAddress]?
  }

  /// - Parameters:
  ///   - domain: prepared, with U-labels.
  ///   - staticHost: where the operator says that the domain's server is; DNS is not asked for services then.
  init(of domain: Text, staticHost: StaticHost? = nil) {
    name = DomainName.ascii(domain)
    self.staticHost = staticHost
  }

  /// The first questions, or the end where there is nothing to ask. To be called once.
  mutating func begin() -> Progress {
    guard let name else { return end(.notFound) }
    guard let staticHost else {
      pending = [true, false].map { Resolution.question(isDirectTLS: $0, name) }
      return Progress(questions: pending)
    }
    switch staticHost.host {
    case .name(let host): return findAddresses(of: [Target(host: host, port: staticHost.port, isDirectTLS: staticHost.isDirectTLS)])
    case .address(let address):
      let endpoint = Endpoint(address: address, port: staticHost.port, isDirectTLS: staticHost.isDirectTLS, serverName: name)
      return end(.complete, [endpoint])
    }
  }

  /// - Parameters:
  ///   - question: one that is open. To any other, or to one that has been answered, nothing happens.
  ///   - answer: `nil` if the question failed.
  mutating func answered(_ question: DNSQuestion, with answer: DNSAnswer?, _ random: inout RandomSource) -> Progress {
    guard let place = pending.firstIndex(of: question) else { return Progress() }
    pending.remove(at: place)
    var records: [DNSRecord] = []
    if case .records(let found) = answer?.found { records = found }
    if answer == nil { hasFailure = true }
    guard question.kind == .service else {
      addressesFound(records.prefix(Resolution.maximumCount), by: question)
      return progress()
    }
    servicesFound(records, by: question)
    return pending.isEmpty ? servicesKnown(&random) : Progress()
  }

  private static func question(isDirectTLS: Bool, _ name: Text) -> DNSQuestion {
    DNSQuestion(kind: .service, name: (isDirectTLS ? "_xmpps-server._tcp." : "_xmpp-server._tcp.") + name)
  }

  private mutating func end(_ end: End, _ endpoints: [Endpoint] = []) -> Progress {
    pending = []
    return Progress(endpoints: endpoints, end: end)
  }
}

// MARK: - Services

extension Resolution {
  private mutating func servicesFound(_ records: [DNSRecord], by question: DNSQuestion) {
    let isDirectTLS = name.map { question == Resolution.question(isDirectTLS: true, $0) } ?? false
    for case .service(let priority, let weight, let port, let target) in records {
      isDeclared = true
      // "." says that the service is not provided (RFC 2782).
      guard port != 0, let host = Resolution.host(target) else { continue }
      services.append(Service(priority: priority, weight: weight, port: port, target: host, isDirectTLS: isDirectTLS))
    }
  }

  /// A host's name as it is asked for; `nil` if it can't be one.
  private static func host(_ target: Text) -> Text? {
    var bytes = target.utf8.map { (0x41...0x5A).contains($0) ? $0 | 0x20 : $0 }
    if bytes.last == UInt8(ascii: ".") { bytes.removeLast() }
    guard (1...253).contains(bytes.count), bytes.allSatisfy({ (0x21...0x7E).contains($0) }) else { return nil }
    return Text(utf8: bytes)
  }

  /// Only where neither service has a record, the domain itself is looked up (RFC 6120, 3.2.1 and 3.2.2; XEP-0368, 5).
  private mutating func servicesKnown(_ random: inout RandomSource) -> Progress {
    guard !services.isEmpty else {
      guard !isDeclared, let name else { return end(.notProvided) }
      return findAddresses(of: [Target(host: name, port: Resolution.defaultPort, isDirectTLS: false)])
    }
    let ordered = ServiceOrder.order(services, &random)
    services = []
    return findAddresses(of: ordered.map { Target(host: $0.target, port: $0.port, isDirectTLS: $0.isDirectTLS) })
  }
}

// MARK: - Addresses

extension Resolution {
  private mutating func findAddresses(of targets: [Target]) -> Progress {
    self.targets = targets
    for target in targets where !hosts.contains(where: { $0.name == target.host }) {
      hosts.append(Host(name: target.host))
      pending.append(DNSQuestion(kind: .ipv6, name: target.host))
      pending.append(DNSQuestion(kind: .ipv4, name: target.host))
    }
    return Progress(questions: pending)
  }

  private mutating func addressesFound(_ records: some Sequence<DNSRecord>, by question: DNSQuestion) {
    guard let place = hosts.firstIndex(where: { $0.name == question.name }) else { return }
    let addresses = records.compactMap { if case .address(let address) = $0 { address } else { nil } }
    if question.kind == .ipv6 { hosts[place].ipv6 = addresses } else { hosts[place].ipv4 = addresses }
  }

  /// Hands out the endpoints of all targets that are next and whose addresses are known.
  private mutating func progress() -> Progress {
    let before = endpoints.count
    while done < targets.count, let more = self.endpoints(of: targets[done]) {
      done += 1
      for endpoint in more where endpoints.count < Resolution.maximumCount && !endpoints.contains(endpoint) { endpoints.append(endpoint) }
    }
    let new = Array(endpoints[before...])
    guard done == targets.count || endpoints.count == Resolution.maximumCount else { return Progress(endpoints: new) }
    return end(endpoints.isEmpty ? hasFailure ? .unanswered : .notFound : .complete, new)
  }

  /// `nil` while they are not known.
  private func endpoints(of target: Target) -> [Endpoint]? {
    guard let name, let host = hosts.first(where: { $0.name == target.host }), let ipv6 = host.ipv6, let ipv4 = host.ipv4 else {
      return nil
    }
    return AddressOrder.interleaved(ipv6: ipv6, ipv4: ipv4).map {
      Endpoint(address: $0, port: target.port, isDirectTLS: target.isDirectTLS, serverName: name)
    }
  }
}
