import ClientCore
import SASL
import ServerCore
import Testing
import XML
import XMPP

@testable import Simulation

/// Two servers of one world with a user each, who write to each other while the connections between the servers break, or do not pass anything for a
/// while, and servers crash: each message comes once and in order, or comes back.
struct FederatedServersTests {
  /// One client for each server.
  private struct Users: ClientHost {
    var world: World
    var clients = SimulatedClients()
    /// The ids of messages that came, and of those that came back, in order, by user.
    var received: [[Int]] = [[], []]
    var bounced: [[Int]] = [[], []]
    private var labels: UInt64 = 0

    init(seed: UInt64, shards: Int, _ change: (inout WorldSettings) -> Void = { _ in }) {
      var settings = WorldSettings(configuration: Users.configuration("a.example", shards))
      settings.batchPercent = 30
      change(&settings)
      world = World(choices: Choices(seed: seed), settings: settings)
      _ = world.addServer(Users.configuration("b.example", shards))
      for user in 0..<2 {
        world.control(UInt64(user), .addAccount(Users.jid(user), password: Secret(Array("pw".utf8))), at: user)
      }
      settle()
      for user in 0..<2 { logIn(user) }
    }

    mutating func logIn(_ user: Int) {
      labels += 1
      let client = Client(account: Users.jid(user), password: "pw", resource: "r", nonce: "n\(labels)", security: .opportunistic)
      open(clients.nextSession(of: user), label: labels, as: client, to: user)
      settle()
      #expect(clients[user].isBound)
      write(Element("presence", NS.client), as: user)
      settle()
    }

    static func configuration(_ domain: Text, _ shards: Int) -> Configuration {
      var configuration = Configuration(domains: [domain])
      configuration.scramRounds = 1
      configuration[flag: .federation] = true
      configuration.limits[.shards] = shards
      return configuration
    }

    static func jid(_ user: Int) -> JID { JID(user == 0 ? "ada@a.example" : "ben@b.example")! }

    mutating func received(_ element: Element, by actor: Int) {
      guard element.name == "message", let id = element["id"].flatMap({ Int($0.string) }) else { return }
      if element["type"] == "error" { bounced[actor].append(id) } else { received[actor].append(id) }
    }

    mutating func say(_ id: Int, _ user: Int) {
      var message = Element("message", NS.client, ["to": Users.jid(1 - user).text + "/r", "id": Text("\(id)"), "type": "chat"])
      message.append("body", NS.client)
      write(message, as: user)
    }

    mutating func pass(_ time: Int64) {
      let end = world.now + time
      while world.now < end, world.advance(untilRest: false, upTo: end) { attend() }
    }

    /// Connections between the servers.
    var links: [World.SocketID] { world.openConnections.filter { $0.number > 1000 } }
  }

  /// Each user says so many messages; after each something may happen.
  private static func converse(_ users: inout Users, _ count: Int, _ event: (inout Users, Int) -> Void) {
    for id in 0..<count {
      for user in 0..<2 { users.say(id, user) }
      event(&users, id)
    }
    users.pass(.seconds(120))
    users.settle()
  }

  /// Each of so many messages came once and in order, or came back.
  private static func check(_ users: Users, _ count: Int, seed: UInt64) {
    for user in 0..<2 {
      let (there, back) = (users.received[1 - user], users.bounced[user])
      #expect(there == there.sorted() && Set(there).count == there.count, "seed \(seed): received \(there)")
      #expect(Set(back).count == back.count, "seed \(seed): came back \(back)")
      let missing = Set(0..<count).subtracting(there).subtracting(back)
      #expect(missing.isEmpty, "seed \(seed): neither arrived nor came back: \(missing.sorted())")
      #expect(Set(there).isDisjoint(with: back), "seed \(seed): \(there) and \(back)")
    }
    for server in 0..<2 { #expect(users.world.nodes[server].engine.server.waitingMessages.isEmpty) }
  }

  @Test(arguments: 1...12 as ClosedRange<UInt64>) func inPeace(seed: UInt64) {
    var users = Users(seed: seed, shards: seed.isMultiple(of: 2) ? 1 : 3)
    Self.converse(&users, 20) { users, _ in users.pass(.milliseconds(7)) }
    #expect(users.bounced == [[], []])
    Self.check(users, 20, seed: seed)
    #expect(users.received == [Array(0..<20), Array(0..<20)], "seed \(seed)")
  }

  /// Nothing passes between the servers for longer than a stanza waits, again and again.
  @Test(arguments: 1...12 as ClosedRange<UInt64>) func linksThatStall(seed: UInt64) {
    var users = Users(seed: seed, shards: 1) { $0.sendBuffer = 600 }
    Self.converse(&users, 40) { users, id in
      if id % 10 == 3 { for link in users.links { users.world.clog(link, toAcceptor: true, toDialer: true) } }
      if id % 10 == 7 {
        users.pass(.seconds(Int64(id)))
        for link in users.links { users.world.clog(link, toAcceptor: false, toDialer: false) }
      }
      users.pass(.milliseconds(20))
    }
    Self.check(users, 40, seed: seed)
  }

  /// A server's process dies: what it had not yet handed on is lost with it, and what was on its way to it.
  @Test(arguments: 1...12 as ClosedRange<UInt64>) func aServerThatCrashes(seed: UInt64) {
    var users = Users(seed: seed, shards: 1) { $0.downtime = 0 ... .seconds(3) }
    for id in 0..<10 { users.say(id, 0) }
    users.pass(.milliseconds(Int64(seed) * 9))
    users.world.crash(1)
    for id in 10..<20 { users.say(id, 0) }
    users.pass(.seconds(60))
    users.settle()
    users.logIn(1)
    let (there, back) = (users.received[1], users.bounced[0])
    #expect(Set(there).union(back).isSuperset(of: 10..<20), "seed \(seed): \(there) and \(back)")
    #expect(there.filter { $0 >= 10 } == there.filter { $0 >= 10 }.sorted() && Set(there).count == there.count, "seed \(seed): \(there)")
    #expect(back == back.sorted() && Set(back).count == back.count, "seed \(seed): \(back)")
  }

  /// A server shuts down in order, and comes back: both go on.
  @Test(arguments: 1...6 as ClosedRange<UInt64>) func aServerThatRestarts(seed: UInt64) {
    var users = Users(seed: seed, shards: 1)
    users.say(0, 0)
    users.pass(.seconds(1))
    #expect(users.received[1] == [0])
    users.world.shutDown(grace: .seconds(1), at: 1)
    users.pass(.seconds(5))
    users.settle()
    users.say(1, 0)
    users.pass(.seconds(30))
    users.logIn(1)
    #expect(users.received[1] == [0, 1] && users.bounced[0] == [])
    #expect(users.links.count <= 2)
  }

  /// Streams that nobody needs are closed, and open again.
  @Test func idleStreams() {
    var users = Users(seed: 3, shards: 1)
    users.say(0, 0)
    users.pass(.seconds(1))
    #expect(users.links.count == 1)
    users.pass(.seconds(700))
    #expect(users.links.count == 0)
    users.say(1, 0)
    users.pass(.seconds(1))
    #expect(users.received[1] == [0, 1] && users.links.count == 1)
  }

  /// A certificate that expires ends the streams that it opened; the next attempt fails, until there is another.
  @Test func aCertificateThatExpires() {
    var users = Users(seed: 4, shards: 1)
    let now = users.world.instant(of: 1).wall
    users.world.present(SimulatedCertificate(PresentedNames(dns: ["b.example"]), validity: 0..<(now + .seconds(60))), at: 1)
    users.say(0, 0)
    users.pass(.seconds(1))
    #expect(users.received[1] == [0] && users.links.count == 1)
    users.pass(.seconds(70))
    #expect(users.links.count == 0)
    users.say(1, 0)
    users.pass(.seconds(2))
    #expect(users.received[1] == [0] && users.bounced[0] == [1])
    users.world.present(SimulatedCertificate(PresentedNames(dns: ["b.example"])), at: 1)
    users.pass(.seconds(30))
    users.say(2, 0)
    users.pass(.seconds(2))
    #expect(users.received[1] == [0, 2])
  }
}
