internal import ClientCore
internal import Foundation
internal import NIOCore
internal import NIOPosix
public import Scenario
public import XML
internal import XMPP

/// Plays a script's characters over real sockets, against any server. TLS is used where it is offered; whose certificate it is does not
/// matter, because what is tested is on loopback.
public struct SocketDriver: ScenarioDriver {
  /// The ports at which a server listens.
  public struct Ports: Sendable {
    /// Of streams that begin in the clear.
    public var clear: Int
    /// Of connections that begin with TLS (XEP-0368), if there is one.
    public var directTLS: Int?

    public init(clear: Int, directTLS: Int? = nil) {
      self.clear = clear
      self.directTLS = directTLS
    }
  }

  private let host: String
  private var ports: Ports
  /// Restarts the server and returns the ports of the new one; `nil` if the server is not this program's.
  private let restart: (() throws -> Ports)?
  /// Asks the server as whoever runs it, and returns why it refused; `nil` if the server is not this program's.
  private let operatorAsks: ((OperatorRequest) throws -> String?)?
  /// How long `receive` waits for a stanza, in milliseconds.
  private let patience: Int
  private let group: MultiThreadedEventLoopGroup
  private var connections: [(name: String, connection: SocketConnection, domain: Text)] = []
  private var pings = 0

  /// - Parameters:
  ///   - host, ports: where characters connect that don't say otherwise.
  ///   - patience: milliseconds to wait for a stanza that is expected.
  ///   - restart: restarts the server and returns the ports of the new one, if the server is the caller's.
  ///   - operatorAsks: asks the server as whoever runs it, if it is the caller's, and returns why it refused, if it did.
  public init(
    host: String, ports: Ports, patience: Int = 3000, restart: (() throws -> Ports)? = nil,
    operatorAsks: ((OperatorRequest) throws -> String?)? = nil
  ) {
    self.restart = restart
    self.operatorAsks = operatorAsks
    self.host = host
    self.ports = ports
    self.patience = patience
    group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
  }

  public mutating func connect(_ character: Scenario.Character) throws(DriverError) -> Text {
    guard let account = JID(character.jid) else { throw DriverError(message: "'\(character.jid)' is not an address") }
    let nonce = (0..<20).map { _ in "0123456789abcdefghijklmnopqrstuvwxyz".randomElement()! }
    let client = Client(
      account: account, password: character.password, resource: character.resource ?? "", nonce: Text(String(nonce)),
      security: .lenient)
    let connection = try open(character, as: client)
    guard let jid = connection.waitForSession(milliseconds: 10_000) else {
      throw DriverError(message: "login failed: \(connection.trouble ?? "the server gave no answer")")
    }
    return jid.text
  }

  public mutating func open(_ character: Scenario.Character) throws(DriverError) {
    guard let account = JID(character.jid) else { throw DriverError(message: "'\(character.jid)' is not an address") }
    _ = try open(character, as: Client(silent: account))
  }

  private mutating func open(_ character: Scenario.Character, as client: Client) throws(DriverError) -> SocketConnection {
    var client = client
    client.isDirectTLS = character.isDirectTLS
    let host = character.connectHost ?? host
    guard let port = character.connectPort ?? (character.isDirectTLS ? ports.directTLS : ports.clear) else {
      throw DriverError(message: "\(character.name) begins with TLS: say at which port, with `connect_port`")
    }
    let connection = SocketConnection(client: client)
    let bootstrap = ClientBootstrap(group: group).channelOption(.socketOption(.so_reuseaddr), value: 1)
      .channelOption(.tcpOption(.tcp_nodelay), value: 1)
      .channelInitializer { channel in channel.pipeline.addHandler(SocketHandler(connection)) }
    do {
      connection.channel = try bootstrap.connect(host: host, port: port).wait()
    } catch {
      throw DriverError(message: "no connection to \(host):\(port); check the address, and that a server listens there")
    }
    connections.removeAll { $0.name == character.name }
    connections.append((character.name, connection, client.account.domain))
    return connection
  }

  private func connection(_ name: String) throws(DriverError) -> (connection: SocketConnection, domain: Text) {
    guard let found = connections.first(where: { $0.name == name }) else { throw DriverError(message: "not connected") }
    return (found.connection, found.domain)
  }

  public mutating func send(_ element: Element, as character: String) throws(DriverError) {
    let connection = try connection(character).connection
    if let trouble = connection.trouble { throw DriverError(message: trouble) }
    connection.send(Client.encode(element))
  }

  public mutating func write(_ bytes: [UInt8], as character: String) throws(DriverError) {
    let connection = try connection(character).connection
    if let trouble = connection.trouble { throw DriverError(message: trouble) }
    connection.write(bytes)
  }

  public mutating func receive(as character: String) throws(DriverError) -> Element? {
    try connection(character).connection.next(milliseconds: patience)
  }

  /// A ping on every connection, answered, shows that the server has worked off all that was sent before; one more on the character's own
  /// then comes behind all that was on its way there. Where a script writes bytes of its own a ping could land in the midst of an element:
  /// there some time must do.
  public mutating func receiveIfUnderWay(as character: String) throws(DriverError) -> Element? {
    let target = try connection(character)
    if let waiting = target.connection.next(milliseconds: 0) { return waiting }
    for other in connections where other.name != character { ping(other.connection, other.domain) }
    if connections.contains(where: { $0.connection.hasRawBytes }) { Thread.sleep(forTimeInterval: 0.3) }
    ping(target.connection, target.domain)
    return target.connection.next(milliseconds: 0)
  }

  private mutating func ping(_ connection: SocketConnection, _ domain: Text) {
    guard !connection.hasRawBytes else { return }
    pings += 1
    let id: Text = "driver-ping-\(pings)"
    connection.expectPong(id)
    connection.send(Client.encode(Element("iq", NS.client, ["type": "get", "id": id, "to": domain], children: [Element("ping", NS.ping)])))
    connection.waitForPong(milliseconds: patience)
  }

  public mutating func disconnect(_ character: String) throws(DriverError) {
    let connection = try connection(character).connection
    connection.close(milliseconds: 2000)
    connections.removeAll { $0.name == character }
  }

  public mutating func restartServer() throws(DriverError) {
    guard let restart else { throw DriverError(message: "the server at \(host):\(ports.clear) is not this program's to restart") }
    do { ports = try restart() } catch { throw DriverError(message: "the server does not start again: \(error)") }
    for (_, connection, _) in connections { connection.close(milliseconds: 2000) }
    connections = []
  }

  public mutating func operate(_ request: OperatorRequest) throws(DriverError) -> String? {
    guard let operatorAsks else {
      throw DriverError(message: "the server at \(host):\(ports.clear) is another's to operate; without --connect the script has its own")
    }
    do { return try operatorAsks(request) } catch { throw DriverError(message: "the operator is not heard: \(error)") }
  }

  public mutating func wait(seconds: Int) throws(DriverError) { Thread.sleep(forTimeInterval: TimeInterval(seconds)) }

  public mutating func finish() {
    for (_, connection, _) in connections { connection.close(milliseconds: 2000) }
    connections = []
    try? group.syncShutdownGracefully()
  }
}
