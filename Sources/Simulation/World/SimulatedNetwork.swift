public import ServerCore
internal import XML

/// What DNS says in a world, and who listens where: the same for all servers.
///
/// A server has an address of its own, `10.0.0.1` for the first, and records that lead there; a run may change them.
public struct SimulatedNetwork: Sendable {
  /// The answer to a question of DNS.
  public enum Record: Sendable, Hashable {
    case found([DNSRecord])
    case noRecords
    case noSuchName
    /// The resolver says that it could not find out (SERVFAIL), or that the answer is bogus.
    case fails
    /// No answer ever comes.
    case silent
  }

  /// A place at which somebody may listen.
  struct Place: Hashable, Sendable {
    var address: HostAddress
    var port: UInt16
  }

  /// A port on which a server takes connections of other servers.
  struct Listener: Sendable {
    var server: Int
    var isDirectTLS: Bool
  }

  /// A name that is not here does not exist.
  public var records: [DNSQuestion: Record] = [:]
  private(set) var listeners: [Place: Listener] = [:]
  /// Nothing comes back from these addresses, not even a refusal.
  public var silentAddresses: Set<HostAddress> = []

  static let port: UInt16 = 5269
  static let directPort: UInt16 = 5270

  /// The address of a server.
  public static func address(of server: Int) -> HostAddress { HostAddress([10, 0, UInt8(server >> 8 & 255), UInt8(server & 255) + 1])! }

  /// A host of a name for itself, as a record of a service gives it.
  static func host(of server: Int) -> Text { Text("host\(server).example") }

  public func answer(to question: DNSQuestion) -> Record { records[question] ?? .noSuchName }

  func listener(at endpoint: Endpoint) -> Listener? { listeners[Place(address: endpoint.address, port: endpoint.port)] }

  /// Lets a server be found, and reached, by both services.
  mutating func add(_ server: Int, domains: [Text]) {
    let host = SimulatedNetwork.host(of: server)
    let address = SimulatedNetwork.address(of: server)
    records[DNSQuestion(kind: .ipv4, name: host)] = .found([.address(address)])
    records[DNSQuestion(kind: .ipv6, name: host)] = .noRecords
    for (service, port) in [("_xmpp-server", SimulatedNetwork.port), ("_xmpps-server", SimulatedNetwork.directPort)] {
      for domain in domains {
        let name = Text("\(service)._tcp.\(domain)")
        records[DNSQuestion(kind: .service, name: name)] = .found([.service(priority: 10, weight: 0, port: port, target: host)])
      }
      listeners[Place(address: address, port: port)] = Listener(server: server, isDirectTLS: port == SimulatedNetwork.directPort)
    }
  }

  /// Gives both services of a domain, in A-labels, the same answer.
  mutating func setServices(of domain: Text, to answer: Record) {
    for service in ["_xmpp-server", "_xmpps-server"] {
      records[DNSQuestion(kind: .service, name: Text("\(service)._tcp.\(domain)"))] = answer
    }
  }

  /// Nobody listens at a port of the server any more.
  public mutating func stopListening(_ server: Int, isDirectTLS: Bool) {
    let port = isDirectTLS ? SimulatedNetwork.directPort : SimulatedNetwork.port
    listeners[Place(address: SimulatedNetwork.address(of: server), port: port)] = nil
  }
}
