import ClientCore
import OrderedCollections
import SASL
import ServerCore
import Storage
import XML
import XMPP

@testable import Simulation

/// A small world with a model beside it, and devices that say whatever a test wants them to.
struct ModelFixture {
  var world: World
  private let pool = ParserPool()
  private var devices: OrderedDictionary<JID, Device> = [:]
  private var logins = 0

  private struct Device {
    var connection: World.SocketID
    var client: Client
    var received: [Element] = []
  }

  /// - Parameter believed: what the model takes the limits to be, if not what they are.
  init(
    seed: UInt64, accounts: [JID], believed: Configuration.Limits? = nil, change: (inout WorldSettings) -> Void = { _ in }
  ) {
    var configuration = Configuration(domains: ["localhost"])
    configuration.scramRounds = 1
    var settings = WorldSettings(configuration: configuration)
    change(&settings)
    world = World(choices: Choices(seed: seed), settings: settings)
    if let believed {
      settings.configuration.limits = believed
      world.model = ReferenceModel(configuration: settings.configuration)
    }
    world.compareWithModel()
    for account in accounts { create(account) }
    settle()
  }

  var problem: String? { world.model?.problem }

  /// For reports.
  var roomsInWords: [String] {
    let server = world.engine.server
    return server.roomsInMemory.map { room in
      let inside = server.occupants(of: room).map { "\($0.nick)=\($0.jid) \($0.affiliation)/\($0.role)" }
      let list = server.affiliations(of: room).map { "\($0.jid) \($0.affiliation) \($0.nick ?? "-")" }
      return "\(room): \(inside), list \(list)\(server.isLocked(room: room) ? ", locked" : "")"
    }
  }

  mutating func create(_ account: JID) { world.control(1, .addAccount(account, password: Secret(Array("pw".utf8)))) }

  func isBound(_ device: JID) -> Bool { devices[device]?.client.isBound ?? false }

  mutating func connect(_ device: JID) {
    logins += 1
    let connection = world.connect(UInt64(logins))
    var client = Client(
      account: device.bare, password: "pw", resource: device.resource, nonce: "n\(logins)", security: .opportunistic)
    let outputs = client.begin()
    devices[device] = Device(connection: connection, client: client)
    follow(outputs, device)
  }

  mutating func send(_ element: Element, as device: JID) {
    guard isBound(device) else { return }
    world.send(Client.encode(element), on: devices[device]!.connection)
  }

  /// The stanzas that came since this was asked last.
  mutating func takeReceived(by device: JID) -> [Element] {
    defer { devices[device]?.received = [] }
    return devices[device]?.received ?? []
  }

  /// Ends the stream, or only the connection.
  mutating func leave(_ device: JID, politely: Bool) {
    guard var found = devices.removeValue(forKey: device) else { return }
    guard politely else { return world.reset(found.connection) }
    for case .bytes(let bytes) in found.client.close() { world.send(bytes, on: found.connection) }
    world.close(found.connection)
  }

  /// Lets so many things happen.
  mutating func advance(_ count: Int = .max) {
    deliver()
    for _ in 0..<count {
      guard world.advance(untilRest: true) else { return }
      deliver()
    }
  }
  mutating func settle() { advance() }

  private mutating func deliver() {
    for notice in world.takeNotices() {
      switch notice {
      case .bytes(let connection, let bytes):
        guard let device = device(of: connection) else { continue }
        follow(devices[device]!.client.received(bytes, using: pool), device)
      case .handshake(let connection):
        guard let device = device(of: connection) else { continue }
        world.completeHandshake(on: connection)
        follow(devices[device]!.client.tlsEstablished(), device)
      case .closed(let connection):
        if let device = device(of: connection) { devices[device] = nil }
      case .crashed, .restarted, .unreadable, .alarm, .reply: break
      }
    }
  }

  private func device(of connection: World.SocketID) -> JID? { devices.first { $0.value.connection == connection }?.key }

  private mutating func follow(_ outputs: [Client.Output], _ device: JID) {
    for output in outputs {
      guard let connection = devices[device]?.connection else { return }
      switch output {
      case .bytes(let bytes): world.send(bytes, on: connection)
      case .ended:
        world.close(connection)
        devices[device] = nil
      case .stanza(let element): devices[device]!.received.append(element)
      case .startTLS, .ready: break
      }
    }
  }
}
