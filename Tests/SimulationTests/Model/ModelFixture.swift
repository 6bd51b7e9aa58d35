import ClientCore
import OrderedCollections
import SASL
import ServerCore
import Storage
import XML
import XMPP

@testable import Simulation

/// A small world with a model beside it, and devices that say whatever a test wants them to.
struct ModelFixture: ClientHost {
  var world: World
  var clients = SimulatedClients()
  /// The places of the devices' addresses are the numbers of their clients.
  private var devices: OrderedSet<JID> = []
  private var logins: UInt64 = 0

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

  func isBound(_ device: JID) -> Bool { devices.firstIndex(of: device).map { clients[$0].isBound } ?? false }

  mutating func connect(_ device: JID) {
    logins += 1
    let stream = Client(account: device.bare, password: "pw", resource: device.resource, nonce: "n\(logins)", security: .opportunistic)
    open(clients.nextSession(of: devices.append(device).index), label: logins, as: stream)
  }

  mutating func send(_ element: Element, as device: JID) {
    if let index = devices.firstIndex(of: device), clients[index].isBound { write(element, as: index) }
  }

  /// The stanzas that came since this was asked last.
  mutating func takeReceived(by device: JID) -> [Element] {
    guard let index = devices.firstIndex(of: device) else { return [] }
    defer { clients[index].inbox = [] }
    return clients[index].inbox
  }

  /// Ends the stream, or only the connection.
  mutating func leave(_ device: JID, politely: Bool) {
    guard let index = devices.firstIndex(of: device) else { return }
    guard politely else { return breakConnection(index) }
    endStream(index)
    hangUp(index)
  }

  /// Lets so many things happen.
  mutating func advance(_ count: Int) {
    attend()
    for _ in 0..<count {
      guard world.advance(untilRest: true) else { return }
      attend()
    }
  }
}
