import ClientCore
import SASL
import ServerCore
import Testing
import XML
import XMPP

@testable import Simulation

/// Clients that do nothing by themselves, and a list of what was observed.
private struct Host: ClientHost {
  var world: World
  var clients = SimulatedClients()
  var seen: [String] = []

  init() {
    var configuration = Configuration(domains: ["localhost"])
    configuration.scramRounds = 1
    world = World(choices: Choices(seed: 1), settings: WorldSettings(configuration: configuration))
    for index in 0..<2 { world.control(UInt64(index), .addAccount(Host.account(index), password: Secret(Array("pw".utf8)))) }
    settle()
  }

  static func account(_ index: Int) -> JID { JID(local: "user\(index)", domain: "localhost", resource: "")! }

  mutating func logIn(_ index: Int, password: Text = "pw") {
    let session = clients.nextSession(of: index)
    let stream = Client(
      account: Host.account(index), password: password, resource: "d", nonce: session.nonce, security: .opportunistic)
    open(session, label: session.label, as: stream)
  }

  mutating func observe(_ observation: Observation) { seen.append(observation.description) }
  mutating func received(_ element: Element, by actor: Int) {
    observe(.received(clients[actor].session, element))
    clients[actor].inbox.append(element)
  }
}

struct SimulatedClientTests {
  private let message = Element("message", NS.client, ["to": "user1@localhost/d", "id": "m", "type": "chat"])
  private let delivered = Element(
    "message", NS.client, ["id": "m", "type": "chat", "from": "user0@localhost/d", "to": "user1@localhost/d"])

  @Test func eachNoticeGoesToItsClient() {
    var host = Host()
    for index in 0..<2 {
      host.logIn(index)
      host.settle()
    }
    host.write(message, as: 0)
    host.settle()
    #expect(
      host.seen == [
        "0.1 connected", "0.1 began as user0@localhost/d", "1.1 connected", "1.1 began as user1@localhost/d", "0.1 --> \(message)",
        "1.1 <-- \(delivered)",
      ])
    #expect(host.clients[0].inbox == [])
    #expect(host.clients[1].inbox == [delivered])
    #expect(host.clients.bound.map(\.jid.text) == ["user0@localhost/d", "user1@localhost/d"])
  }

  @Test func aConnectionThatTheClientClosedIsForgotten() {
    var host = Host()
    host.logIn(0)
    host.settle()
    let connection = host.clients[0].connection
    host.endStream(0)
    host.hangUp(0)
    host.hangUp(0)
    host.write(message, as: 0)
    host.settle()
    #expect(host.seen == ["0.1 connected", "0.1 began as user0@localhost/d", "0.1 ended"])
    #expect(host.clients[0].connection == nil && !host.clients[0].isBound)
    #expect(connection.flatMap { host.clients.actor(on: $0) } == nil)
    #expect(host.clients.connections == [] && host.clients.bound.isEmpty)
    #expect(host.world.openConnections == [])
  }

  @Test func aClientThatComesBackHasAnotherSession() {
    var host = Host()
    for _ in 0..<2 {
      host.logIn(1)
      host.settle()
      host.breakConnection(1)
      host.settle()
    }
    let first = ["1.1 connected", "1.1 began as user1@localhost/d", "1.1 ended"]
    #expect(host.seen == first + ["1.2 connected", "1.2 began as user1@localhost/d", "1.2 ended"])
    #expect(host.clients.nextSession(of: 1) == SessionID(actor: 1, incarnation: 3))
  }

  @Test func theEndOfAStreamEndsTheConnection() {
    var host = Host()
    host.logIn(0, password: "wrong")
    host.settle()
    #expect(host.seen == ["0.1 connected", "0.1 ended"])
    #expect(host.world.openConnections == [])
  }

  @Test func withoutAStreamOnlyTheConnectionIsThere() {
    var host = Host()
    host.open(SessionID(actor: 5, incarnation: 0), label: 77)
    let connection = host.clients[5].connection!
    host.world.send(Array("<nonsense/>".utf8), on: connection)
    host.settle()
    #expect(host.seen == ["5.0 connected", "5.0 ended"])
    #expect(connection.number == 77)
  }
}
