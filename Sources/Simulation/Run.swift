internal import ClientCore
internal import OrderedCollections
internal import ServerCore
internal import XML
internal import XMPP

/// What became of one seed.
public struct RunReport: Sendable {
  public var seed: UInt64
  public var happenings: UInt64
  /// Nanoseconds of virtual time.
  public var time: Int64
  public var digest: Digest
  /// Which rule was broken and how; `nil` if none was.
  public var failure: Failure?

  public struct Failure: Sendable, CustomStringConvertible {
    public var oracle: String
    public var message: String
    public var time: Int64
    public var description: String { "\(oracle) at \(time / 1_000_000) ms: \(message)" }
  }
}

/// One seed: a server, its users, and whatever goes wrong, watched by oracles.
public struct Run {
  private var world: World
  private let pool = ParserPool()
  private var actors: [Actor] = []
  private var byConnection: OrderedDictionary<World.ConnectionID, Int> = [:]
  private var oracles: [any Oracle]
  private let faults: Faults
  private var number = 0
  private var failure: RunReport.Failure?
  private var accountsThere: OrderedSet<UInt64> = []
  private var isPeace = false
  private var hadFault = false
  private let duration: Int64
  /// Keep what happens as lines of text, for whoever looks into a failure.
  public var keepsTrace = false
  public private(set) var trace: [String] = []

  /// Percentages for each time an actor or the world may err; a quarter of all seeds is free of any.
  private struct Faults {
    var reset = 0
    var tornStanza = 0
    var crash = 0
    var failedCommit = 0
    var goodbye = 0
  }

  /// All oracles there are.
  public static let oracles: [(any Oracle.Type)] = [
    StanzaLedger.self, TrueSender.self, BlockedMeansBlocked.self, OccupantsAgree.self, AcknowledgedIsDurable.self, WordAgreesWithDisk.self,
    ModelAgrees.self,
  ]

  /// - Parameters:
  ///   - duration: virtual nanoseconds of activity; what is under way then may end.
  ///   - without: names of oracles to leave out.
  public init(seed: UInt64, duration: Int64, without: [String] = []) {
    var choices = Choices(seed: seed)
    var configuration = Configuration(domains: ["localhost"])
    configuration.scramRounds = 1
    configuration.secret = [1]
    configuration.limits.idleTime = .milliseconds(Int64(1 + choices.draw(.swarm, 1, below: 2000)))
    if choices.chance(.swarm, 2, percent: 30) { configuration.features.offlineMessages = false }
    var settings = WorldSettings(configuration: configuration)
    settings.pieces = 1 + choices.draw(.swarm, 3, below: 6)
    // Disks and networks from quick to slow: only a disk that is slower than the network shows what was said too early.
    let slowest = { (choices: inout Choices, who: UInt64) -> Int64 in
      let scale = [5, 50, 1000][choices.draw(.swarm, who, below: 3)]
      return .milliseconds(Int64(1 + choices.draw(.swarm, who, below: scale)))
    }
    settings.commitTime = 0...slowest(&choices, 4)
    settings.latency = 0...min(slowest(&choices, 5), .milliseconds(200))
    var faults = Faults()
    if !choices.chance(.swarm, 6, percent: 25) {
      faults.reset = choices.draw(.swarm, 7, below: 4)
      faults.tornStanza = choices.draw(.swarm, 8, below: 3)
      faults.crash = choices.draw(.swarm, 9, below: 12)
      faults.failedCommit = choices.draw(.swarm, 10, below: 12)
      faults.goodbye = choices.draw(.swarm, 11, below: 4)
    }
    self.faults = faults
    self.duration = duration
    world = World(seed: seed, settings: settings)
    world.choices = choices
    if !without.contains(ModelAgrees.name) { world.compareWithModel() }
    oracles = Run.oracles.filter { !without.contains($0.name) }.map { $0.init() }
    let accounts = 2 + choices.draw(.swarm, 12, below: 3)
    for account in 0..<accounts {
      for device in 0..<(1 + choices.draw(.swarm, 13, below: 2)) {
        let jid = JID(local: "user\(account)", domain: "localhost", resource: "")!
        actors.append(Actor(index: actors.count, account: jid, resource: "d\(device)"))
      }
    }
  }

  /// Runs to the end or to the first broken rule.
  public mutating func run() -> RunReport {
    createAccounts()
    for actor in actors.indices { think(after: actor) }
    world.alarm(Run.faultAlarm, after: .milliseconds(100))
    while failure == nil, world.now < duration, world.advance(untilRest: false, upTo: duration) { attend() }
    isPeace = true
    world.crash(afterActions: nil)
    rest()
    checkAtRest()
    makePeace()
    return RunReport(seed: world.choices.seed, happenings: world.happenings, time: world.now, digest: world.digest, failure: failure)
  }

  private static let faultAlarm: UInt64 = 1 << 32

  private mutating func createAccounts() {
    for (index, actor) in actors.enumerated() where actor.resource == "d0" && !accountsThere.contains(UInt64(index)) {
      world.control(UInt64(index), .addAccount(actor.account, password: Secret(Array("pw".utf8))))
    }
  }

  private func isThere(_ account: JID) -> Bool {
    actors.contains { $0.account == account && accountsThere.contains(UInt64($0.index)) }
  }

  private mutating func rest() {
    attend()
    while failure == nil, world.advance(untilRest: true) { attend() }
  }

  /// Faults are over: everyone comes back, and everyone hears everyone.
  private mutating func makePeace() {
    guard failure == nil else { return }
    createAccounts()
    rest()
    for index in actors.indices where actors[index].client == nil { connect(index) }
    rest()
    for index in actors.indices {
      guard actors[index].isBound else {
        return fail("liveness", "\(actors[index].account)/\(actors[index].resource) can't log in any more")
      }
      send(Element("presence", NS.client), as: index)
    }
    rest()
    for index in actors.indices {
      for other in actors.indices { send(Workload.message(to: actors[other].account.text, "chat", nextNumber()), as: index) }
    }
    rest()
    checkAtRest()
    for index in actors.indices where actors[index].resource == "d0" {
      let roster = Element("query", NS.roster)
      send(Element("iq", NS.client, ["type": "get", "id": WordAgreesWithDisk.rosterRequest], children: [roster]), as: index)
      let blocklist = Element("blocklist", NS.blocking)
      send(Element("iq", NS.client, ["type": "get", "id": WordAgreesWithDisk.blocklistRequest], children: [blocklist]), as: index)
    }
    rest()
    checkAtRest()
  }

  // MARK: Watching

  private mutating func observe(_ observation: Observation) {
    if keepsTrace { trace.append("\(world.now / 1_000_000) ms \(describe(observation))") }
    for index in oracles.indices {
      guard failure == nil else { return }
      if let problem = oracles[index].observe(observation, at: world.now) { fail(type(of: oracles[index]).name, problem) }
    }
  }

  private func describe(_ observation: Observation) -> String {
    switch observation {
    case .connected(let session): "\(session) connected"
    case .began(let session, let jid): "\(session) began as \(jid)"
    case .ended(let session): "\(session) ended"
    case .sent(let session, let element): "\(session) --> \(element)"
    case .received(let session, let element): "\(session) <-- \(element)"
    case .fault(let what): "*** \(what)"
    }
  }

  private mutating func checkAtRest() {
    guard failure == nil else { return }
    let sessions = actors.filter(\.isBound).compactMap { actor in actor.client?.jid.map { (id: actor.session, jid: $0) } }
    let state = RestState(world: world, sessions: sessions, isFaultless: !hadFault)
    for oracle in oracles {
      if let problem = oracle.atRest(state) { return fail(type(of: oracle).name, problem) }
    }
  }

  private mutating func fail(_ oracle: String, _ message: String) {
    if failure == nil { failure = RunReport.Failure(oracle: oracle, message: message, time: world.now) }
  }

  private mutating func disturb(_ what: String) {
    hadFault = true
    observe(.fault(what))
  }

  // MARK: Actors

  private mutating func attend() {
    if let problem = world.model?.problem { fail(ModelAgrees.name, problem) }
    for notice in world.takeNotices() {
      switch notice {
      case .bytes(let connection, let bytes):
        guard let index = byConnection[connection] else { continue }
        let outputs = actors[index].client!.received(bytes, using: pool)
        follow(outputs, index)
      case .handshake(let connection):
        guard let index = byConnection[connection] else { continue }
        world.completeHandshake(on: connection)
        follow(actors[index].client!.tlsEstablished(), index)
      case .closed(let connection):
        if let index = byConnection[connection] { lost(index) }
      case .restarted:
        disturb("crash")
        createAccounts()
        if !isPeace {
          for index in actors.indices { think(after: index) }
          world.alarm(Run.faultAlarm, after: .milliseconds(100))
        }
      case .alarm(Run.faultAlarm): if !isPeace { err() }
      case .alarm(let index):
        guard !isPeace else { continue }
        act(Int(index))
        think(after: Int(index))
      case .reply(let id, let reply):
        switch reply {
        case .done: accountsThere.append(id)
        case .refused(let why) where why.contains("already"): accountsThere.append(id)
        // Asked again when the actor next thinks of connecting.
        case .refused: break
        case .accounts: break
        }
      }
    }
  }

  private mutating func think(after index: Int) {
    world.alarm(UInt64(index), after: .milliseconds(Int64(1 + world.choices.draw(.workload, UInt64(index), below: 300))))
  }

  private mutating func act(_ index: Int) {
    let who = UInt64(index)
    guard let connection = actors[index].connection, actors[index].isBound else {
      if actors[index].connection == nil {
        createAccounts()
        if isThere(actors[index].account) { connect(index) }
      }
      return
    }
    if world.choices.chance(.reset, who, percent: faults.reset) { return reset(index, "reset") }
    if world.choices.chance(.reset, who, percent: faults.goodbye) {
      disturb("goodbye")
      follow(actors[index].client!.close(), index)
      return
    }
    let deed = Workload.draw(&world.choices, actors[index])
    let number = nextNumber()
    guard let stanza = Workload.stanza(deed, of: actors[index], among: actors, number: number, &world.choices) else { return }
    if world.choices.chance(.reset, who, percent: faults.tornStanza) {
      let bytes = Client.encode(stanza)
      world.send(Array(bytes.prefix(1 + world.choices.draw(.reset, who, below: bytes.count - 1))), on: connection)
      return reset(index, "torn stanza")
    }
    actors[index].requests += 1
    send(stanza, as: index)
  }

  private mutating func nextNumber() -> Int {
    number += 1
    return number
  }

  private mutating func send(_ stanza: Element, as index: Int) {
    guard let connection = actors[index].connection, actors[index].isBound else { return }
    observe(.sent(actors[index].session, stanza))
    world.send(Client.encode(stanza), on: connection)
  }

  private mutating func connect(_ index: Int) {
    let connection = world.connect()
    actors[index].incarnation += 1
    observe(.connected(actors[index].session))
    let actor = actors[index]
    var client = Client(
      account: actor.account, password: "pw", resource: actor.resource, nonce: "n\(index)x\(actor.incarnation)", security: .opportunistic)
    let outputs = client.begin()
    actors[index].client = client
    actors[index].connection = connection
    byConnection[connection] = index
    follow(outputs, index)
  }

  private mutating func reset(_ index: Int, _ what: String) {
    disturb(what)
    if let connection = actors[index].connection { world.reset(connection) }
    lost(index)
  }

  private mutating func lost(_ index: Int) {
    guard let connection = actors[index].connection else { return }
    observe(.ended(actors[index].session))
    byConnection[connection] = nil
    actors[index].connection = nil
    actors[index].client = nil
  }

  private mutating func follow(_ outputs: [Client.Output], _ index: Int) {
    for output in outputs {
      guard let connection = actors[index].connection else { return }
      switch output {
      case .bytes(let bytes): world.send(bytes, on: connection)
      case .startTLS: break
      case .ready(let jid): observe(.began(actors[index].session, jid))
      case .stanza(let element): received(element, index)
      case .ended(let reason):
        if let reason, !isExcused(reason) { fail("stream", "\(actors[index].account)/\(actors[index].resource): \(reason)") }
        world.close(connection)
        lost(index)
      }
    }
  }

  private mutating func received(_ element: Element, _ index: Int) {
    if let id = element.id, element.is("iq", NS.client), element.type == "set" {
      // Clients answer pushes (RFC 6121, 2.1.6).
      send(Element("iq", NS.client, ["type": "result", "id": id, "to": element["from"]]), as: index)
    }
    observe(.received(actors[index].session, element))
  }

  /// What a client may be told without having done wrong.
  private func isExcused(_ reason: String) -> Bool {
    if !hadFault && !reason.contains("conflict") { return false }
    let excuses = [
      "internal-server-error", "conflict", "not-authorized", "temporary-auth-failure", "connection-timeout", "refused the resource",
    ]
    return excuses.contains { reason.contains($0) }
  }

  // MARK: Faults of the world

  private mutating func err() {
    if world.choices.chance(.crash, percent: faults.crash) {
      hadFault = true
      world.crash(afterActions: world.choices.draw(.crash, 3, below: 12))
    }
    if world.choices.chance(.crash, 2, percent: faults.failedCommit) {
      disturb("failed commit")
      world.failCommit()
    }
    world.alarm(Run.faultAlarm, after: .milliseconds(100))
  }
}
