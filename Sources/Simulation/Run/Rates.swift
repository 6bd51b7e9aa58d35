internal import ClientCore
internal import ServerCore
internal import XML
internal import XMPP

/// How fast the simulator is on this machine, on one core: what a campaign's reach depends on.
public struct Rates {
  /// Stanzas that the server's core handles in a second, given as values, none read or written as text: messages from one session to
  /// another.
  public var coreEvents: Double
  /// The same messages as bytes, through framing, parser, core and writer.
  public var stanzas: Double
  /// Seeds with all their faults and oracles, ten virtual seconds each.
  public var seeds: Double
  /// Copies of a small world with one step taken in each.
  public var branches: Double
  /// Real seconds that a virtual day of a thousand sessions takes that do nothing but ask every ten minutes whether the server is there.
  public var idleDay: Double

  /// Takes about a second for each.
  ///
  /// - Parameter clock: nanoseconds; nothing in here knows real time.
  public init(clock: @escaping () -> UInt64) {
    let watch = Watch(clock: clock)
    coreEvents = Rates.coreEvents(watch)
    stanzas = Rates.stanzas(watch)
    seeds = Rates.seeds(watch)
    branches = Rates.branches(watch)
    idleDay = Rates.idleDay(watch)
  }

  private struct Watch {
    let clock: () -> UInt64

    func seconds(_ body: () -> Void) -> Double {
      let began = clock()
      body()
      return max(Double(clock() - began) / 1e9, 1e-9)
    }

    /// How often in a second it can be done, a thousand times in a row.
    func rate(_ body: () -> Void) -> Double {
      var count = 0.0
      var spent = 0.0
      while spent < 1 {
        spent += seconds { for _ in 0..<1000 { body() } }
        count += 1000
      }
      return count / spent
    }
  }

  /// A server with so many available sessions, each of an account of its own.
  private static func stage(of count: Int) -> ModelCheck {
    var configuration = Configuration(domains: ["localhost"])
    configuration.scramRounds = 1
    let parts = (0..<count).map { index in
      ModelCheck.ClientScript("user\(index)", opening: [.connect, .send(Element("presence", NS.client))], moves: [])
    }
    return ModelCheck(parts, configuration: configuration, oracles: [], watchesLimitsClosely: false)
  }

  private static let message = EverydayWorkload.message(to: "user1@localhost/d", "chat", 1)

  private static func coreEvents(_ watch: Watch) -> Double {
    let world = stage(of: 2).world
    var server = world.engine.server
    let sender = server.openConnections[0]
    var effects: [Effect] = []
    return watch.rate {
      effects.removeAll(keepingCapacity: true)
      server.handle(.stanza(sender, message), at: world.instant, into: &effects)
    }
  }

  private static func stanzas(_ watch: Watch) -> Double {
    let world = stage(of: 2).world
    var engine = world.engine
    let sender = engine.server.openConnections[0]
    let bytes = Client.encode(message)
    return watch.rate {
      engine.handle(.bytes(sender, bytes), at: world.instant)
      for case .write(let connection, let written) in engine.flush() {
        engine.handle(.accepted(connection, written.count), at: world.instant)
      }
    }
  }

  private static func seeds(_ watch: Watch) -> Double {
    let count = 40
    return Double(count)
      / watch.seconds {
        for seed in 0..<count {
          var run = Run(Choices(seed: UInt64(seed)))
          _ = run.run()
        }
      }
  }

  private static func branches(_ watch: Watch) -> Double {
    var count = 0
    let spent = watch.seconds { count = Exploration(of: SmallWorld.room).branches }
    return Double(count) / spent
  }

  private static func idleDay(_ watch: Watch) -> Double {
    let stage = stage(of: 1000)
    var world = stage.world
    let connections = stage.clients.connections
    let ping = Client.encode(Element("iq", NS.client, ["type": "get", "id": "p"], children: [Element("ping", NS.ping)]))
    return watch.seconds {
      for round in Int64(1)...144 {
        for connection in connections { world.send(ping, on: connection) }
        while world.advance(untilRest: false, upTo: round * .seconds(600)) {}
        _ = world.takeNotices()
      }
    }
  }
}
