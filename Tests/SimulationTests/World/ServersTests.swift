import SASL
import ServerCore
import Testing
import XML
import XMPP

@testable import Simulation

/// Several servers live in one world, and share nothing but its time.
struct ServersTests {
  private static let header = "<?xml version='1.0'?><stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' "

  /// A world of so many servers, of which each has a domain of its own, and one connection to each. Connections are labelled from 1.
  private static func world(servers: Int, seed: UInt64 = 7) -> World {
    var settings = WorldSettings(configuration: Configuration(domains: ["s0.example"]))
    settings.batchPercent = 50
    settings.commitTime = .milliseconds(1) ... .milliseconds(5)
    var world = World(choices: Choices(seed: seed), settings: settings)
    for number in 1..<max(servers, 1) {
      #expect(world.addServer(Configuration(domains: ["s\(number).example"])) == number)
    }
    for number in 0..<servers {
      let socket = world.connect(UInt64(number + 1), to: number)
      world.send(Array((header + "version='1.0' to='s\(number).example'>").utf8), on: socket)
    }
    return world
  }

  /// The bytes that came on each connection, by its label; and all other notices.
  private static func heard(_ world: inout World) -> (texts: [UInt64: String], others: [World.Notice]) {
    var bytes: [UInt64: [UInt8]] = [:]
    var others: [World.Notice] = []
    repeat {
      for notice in world.takeNotices() {
        if case .bytes(let socket, let some) = notice { bytes[socket.number, default: []] += some } else { others.append(notice) }
      }
    } while world.advance(untilRest: true)
    return (bytes.mapValues { String(decoding: $0, as: UTF8.self) }, others)
  }

  @Test func eachServesItsOwnDomain() {
    var world = Self.world(servers: 3)
    let texts = Self.heard(&world).texts
    for number in 0..<3 {
      let text = texts[UInt64(number + 1)] ?? ""
      #expect(text.contains("from='s\(number).example'") && text.contains("<stream:features"), "\(text)")
    }
  }

  /// The first server's choices are those that it has in a world by itself: so a seed of one server stays what it was.
  @Test(arguments: 1...10 as ClosedRange<UInt64>) func theFirstServerDoesNotNoticeTheOthers(seed: UInt64) {
    var alone = Self.world(servers: 1, seed: seed)
    var withOthers = Self.world(servers: 3, seed: seed)
    let text = Self.heard(&alone).texts[1]
    #expect(text != nil && text == Self.heard(&withOthers).texts[1])
  }

  /// No two servers of a world give the same ids, though they have one seed.
  @Test func serversHaveRandomBytesOfTheirOwn() {
    var world = Self.world(servers: 2)
    let texts = Self.heard(&world).texts
    let ids = texts.values.compactMap { $0.split(separator: " id='").dropFirst().first?.split(separator: "'").first }
    #expect(Set(ids).count == 2)
  }

  /// The crash of one server ends its connections, and drops only what was under way in it.
  @Test func aCrashConcernsOneServer() {
    var world = Self.world(servers: 2)
    _ = Self.heard(&world)
    let account = JID("ada@s0.example")!
    world.control(9, .addAccount(account, password: Secret(Array("pw".utf8))))
    world.crash(1, keeping: 0)
    let others = Self.heard(&world).others
    let ended = others.compactMap { if case .closed(let socket) = $0 { socket.number } else { nil } }
    #expect(ended == [2])
    #expect(others.contains { if case .reply(9, .done) = $0 { true } else { false } })
    #expect(world.nodes[0].incarnation == 0 && world.nodes[1].incarnation == 1)
  }

  /// A disk that fails, and a clock that is set, are one server's.
  @Test func faultsConcernOneServer() {
    var world = Self.world(servers: 2)
    _ = Self.heard(&world)
    world.setDisk(full: true, slowness: 1, at: 1)
    world.stepWall(by: .seconds(100), at: 1)
    for number in 0..<2 {
      world.control(UInt64(number), .addAccount(JID("ada@s\(number).example")!, password: Secret(Array("pw".utf8))), at: number)
    }
    var replies: [UInt64: ControlReply] = [:]
    for case .reply(let id, let reply) in Self.heard(&world).others { replies[id] = reply }
    #expect(replies[0] == .done && replies[1] != nil && replies[1] != .done, "\(replies)")
    #expect(world.instant(of: 1).wall - world.instant(of: 0).wall == .seconds(100))
  }
}
