internal import ClientCore
internal import OrderedCollections
internal import SASL
internal import ServerCore
internal import Storage
public import XML
internal import XMPP

/// A few clients with a part each to play, on a server in a world where nothing takes time: what may happen next is always open, and
/// somebody outside chooses it. A value: a copy is another future.
public struct ModelCheck {
  /// A move of a client.
  public enum Move: Sendable {
    /// Connects and logs in; each of the many steps of that is open to choice.
    case connect
    /// The same in one go, for worlds that are about something else.
    case comeBack
    /// Sends this stanza, in the namespace of clients.
    case send(Element)
    /// Goes on once a stanza was received, now or before, of which this is true. In words, for reports.
    case wait(String, @Sendable (Element) -> Bool)
    /// Breaks its connection.
    case reset
  }

  /// A client of an account `name@localhost`.
  public struct ClientScript: Sendable {
    var account: Text
    var resource: Text
    /// The moves that it makes before anything is open to choice, its login first.
    var opening: [Move]
    var moves: [Move]
    /// The moves that it makes whenever it has lost its connection; none, if it stays away.
    var onReconnect: [Move]
    /// Its answer to each stanza that it gets; `nil`: none.
    var reaction: Reaction?
    public typealias Reaction = @Sendable (Element) -> Element?

    public init(
      _ account: Text, resource: Text = "d", opening: [Move] = [.connect], moves: [Move], onReconnect: [Move] = [],
      reaction: Reaction? = nil
    ) {
      self.account = account
      self.resource = resource
      self.opening = opening
      self.moves = moves
      self.onReconnect = onReconnect
      self.reaction = reaction
    }
  }

  /// How often something may go wrong, at any moment.
  public struct Faults: Sendable {
    /// The server's process dies, and is there again; of what was on its way to the disk any beginning has reached it.
    public var crashes = 0
    public var failedCommits = 0
    public init(crashes: Int = 0, failedCommits: Int = 0) {
      self.crashes = crashes
      self.failedCommits = failedCommits
    }
  }

  /// One of the things that may happen next.
  enum Step: Hashable, Sendable {
    /// The client makes its next move.
    case move(Int)
    /// The next thing of this lane happens.
    case lane(Lane)
    /// The server's process dies; so many of the pending transactions were durable.
    case crash(keeping: Int)
    case failCommit
  }

  struct ScriptedClient: Sendable {
    let account: JID
    let resource: Text
    let part: ClientScript
    var moves: [Move]
    /// For each move whether what it waits for was received.
    var heard: [Bool]
    var position = 0

    /// Passes what it need not wait for any more.
    mutating func goOn() {
      while position < moves.count, case .wait = moves[position], heard[position] { position += 1 }
    }
  }

  var world: World
  var clients = SimulatedClients()
  private(set) var players: [ScriptedClient]
  private var faults: Faults
  private var isFaultless = true
  private var oracles: [any Oracle]
  private(set) var problem: RunReport.Failure?
  private(set) var isOpening = true
  /// Keep what was observed.
  var keepsHistory = false
  private(set) var history: [Run.Moment] = []

  /// Plays all openings, one after the other.
  init(
    _ parts: [ClientScript], faults: Faults = Faults(), configuration: Configuration, oracles: [any Oracle.Type],
    watchesLimitsClosely: Bool = true
  ) {
    var settings = WorldSettings(configuration: configuration)
    (settings.shortPercent, settings.latency, settings.commitTime, settings.readSize) = (0, 0...0, 0...0, 1 << 20)
    settings.watchesLimitsClosely = watchesLimitsClosely
    // Nothing is left to draws.
    world = World(choices: Choices(seed: 0, source: .bytes([])), settings: settings)
    self.oracles = oracles.map { $0.init() }
    self.faults = faults
    players = parts.map { part in
      let moves = part.opening + part.moves
      let account = JID(local: part.account, domain: "localhost", resource: "")!
      return ScriptedClient(account: account, resource: part.resource, part: part, moves: moves, heard: moves.map { _ in false })
    }
    for (index, player) in players.enumerated() {
      world.control(UInt64(index), .addAccount(player.account, password: Secret(Array("pw".utf8))))
      settle()
    }
    for (index, part) in parts.enumerated() {
      for _ in part.opening {
        move(index)
        settle()
      }
    }
    isOpening = false
  }

  // MARK: Possible steps

  /// All that may happen next, in an order that is the same for the same state.
  var steps: [Step] {
    guard problem == nil else { return [] }
    let moves =
      players.indices.filter(mayMove).map { Step.move($0) } + world.eventQueue.lanes.keys.filter(ModelCheck.isOpen).map { .lane($0) }
    // While nothing is under way, a fault changes nothing that the next step would not show.
    guard !moves.isEmpty else { return [] }
    let pending = world.node.disk.pending.count
    return moves + (faults.crashes > 0 ? (0...pending).map { .crash(keeping: $0) } : [])
      + (faults.failedCommits > 0 && pending > 0 ? [.failCommit] : [])
  }

  /// Time-outs belong to time, which does not pass here.
  private static func isOpen(_ lane: Lane) -> Bool {
    if case .patience = lane { false } else { true }
  }

  private func mayMove(_ index: Int) -> Bool {
    let player = players[index]
    guard player.position < player.moves.count else { return false }
    switch player.moves[player.position] {
    case .connect, .comeBack: return clients[index].connection == nil
    case .send: return clients[index].isBound
    case .wait: return false
    case .reset: return clients[index].connection != nil
    }
  }

  /// - Parameter step: one of `steps`.
  mutating func take(_ step: Step) {
    switch step {
    case .move(let index): move(index)
    case .lane(let lane): world.advance(lane)
    case .crash(let kept):
      faults.crashes -= 1
      disturb("crash")
      world.crash(keeping: kept)
    case .failCommit:
      faults.failedCommits -= 1
      disturb("a commit fails")
      world.failCommit()
    }
    attend()
    while let lane = idleDelivery {
      world.advance(lane)
      attend()
    }
    if steps.isEmpty { end() }
  }

  /// Stanzas on their way to a client that will not react to them, whatever they are: when they come changes nothing for anybody else, so
  /// one order stands for all (a persistent set of one; Godefroid, "Partial-Order Methods", 1996).
  private var idleDelivery: Lane? {
    world.eventQueue.lanes.first { lane, entries in
      guard case .arrive(let end, .bytes(let bytes)) = entries[0].what, end.server == nil, let index = clients.actor(on: end.socket)
      else { return false }
      let player = players[index]
      let isWaiting =
        player.part.reaction != nil || player.moves[player.position...].contains { if case .wait = $0 { true } else { false } }
      // The end of a stream makes a client close its connection.
      return clients[index].isBound && !isWaiting && !bytes.ends(with: "</stream:stream>".utf8)
    }?.key
  }

  /// In words.
  func describe(_ step: Step) -> String {
    switch step {
    case .move(let index): "\(name(index)): \(describe(players[index].moves[players[index].position]))"
    case .lane(let lane): "\(lane)"
    case .crash(let kept): "crash; of \(world.node.disk.pending.count) pending transactions \(kept) are durable"
    case .failCommit: "a commit fails"
    }
  }
  private func describe(_ move: Move) -> String {
    switch move {
    case .connect, .comeBack: "connects"
    case .send(let element): "sends \(element)"
    case .wait(let what, _): "waits for \(what)"
    case .reset: "breaks its connection"
    }
  }
  func name(_ index: Int) -> String { "\(players[index].account.local)/\(players[index].resource)" }

  /// The digest that tells this state from others.
  var digest: StateDigest {
    var digest = StateDigest()
    digest.add(bytes: world.engine.stateBytes)
    digest.add(world.node.disk)
    for id in world.openConnections {
      digest.add(world.connections[id])
    }
    for (lane, entries) in world.eventQueue.lanes {
      digest.add(lane)
      for entry in entries { digest.add(entry.what) }
    }
    digest.add(faults)
    for (index, player) in players.enumerated() {
      digest.add(player.moves.count - player.position)
      digest.add(clients[index].session.incarnation)
      for isSubscribedTo in player.heard { digest.add(isSubscribedTo ? 1 : 0) }
      if let stream = clients[index].stream { digest.add(stream) }
    }
    for oracle in oracles { digest.add(oracle) }
    return digest
  }

  // MARK: Taking steps

  private mutating func move(_ index: Int) {
    let move = players[index].moves[players[index].position]
    players[index].position += 1
    switch move {
    case .connect: connect(index)
    case .comeBack:
      connect(index)
      while let lane = world.eventQueue.lanes.keys.first(where: { isLogin($0, index) }) {
        world.advance(lane)
        attend()
      }
    case .send(let element): write(element, as: index)
    case .wait: return
    case .reset: breakConnection(index)
    }
  }

  private mutating func connect(_ index: Int) {
    let session = clients.nextSession(of: index)
    let player = players[index]
    let stream = Client(
      account: player.account, password: "pw", resource: player.resource, nonce: session.nonce, security: .opportunistic)
    open(session, label: session.label, as: stream)
  }

  /// Part of what a client's login needs, until it is bound.
  private func isLogin(_ lane: Lane, _ index: Int) -> Bool {
    guard let connection = clients[index].connection, !clients[index].isBound else { return false }
    if case .arrival(let end) = lane { return end.socket == connection }
    return lane == .question(0, .account(players[index].account))
  }

  // MARK: Watching

  private mutating func disturb(_ what: String) {
    isFaultless = false
    observe(.fault(what))
  }

  mutating func observe(_ observation: Observation) {
    if keepsHistory { history.append(Run.Moment(time: world.now, observation: observation)) }
    for index in oracles.indices {
      if let wrong = oracles[index].observe(observation, at: world.now) { fail(type(of: oracles[index]).name, wrong) }
    }
  }

  /// Nothing can happen any more: everybody must have come to the end of his part, and all that is to hold at rest must hold.
  private mutating func end() {
    guard problem == nil else { return }
    for (index, player) in players.enumerated() where player.position < player.moves.count {
      if case .wait(let what, _) = player.moves[player.position] { return fail("liveness", "\(name(index)) waits for ever for \(what)") }
    }
    let state = RestState(world: world, sessions: clients.bound, isFaultless: isFaultless, mayLoseStanzas: false, isPeaceful: true)
    for oracle in oracles {
      if let wrong = oracle.atRest(state) { return fail(type(of: oracle).name, wrong, isAtRest: true) }
    }
  }

  private mutating func fail(_ oracle: String, _ message: String, isAtRest: Bool = false) {
    if problem == nil { problem = RunReport.Failure(oracle: oracle, message: message, time: world.now, isAtRest: isAtRest) }
  }
}

// MARK: - What the clients do by themselves

extension ModelCheck: ClientHost {
  mutating func attend() {
    deliverNotices()
    if let gauge = world.overLimit { fail("limits", gauge.description) }
    for index in players.indices { players[index].goOn() }
  }

  mutating func received(_ element: Element, by index: Int) {
    for (place, move) in players[index].moves.enumerated() {
      if case .wait(_, let isIt) = move, isIt(element) { players[index].heard[place] = true }
    }
    observe(.received(clients[index].session, element))
    if let answer = players[index].part.reaction?(element) { write(answer, as: index) }
  }

  mutating func hungUp(_ index: Int) {
    let moves = players[index].part.onReconnect
    players[index].moves.insert(contentsOf: moves, at: players[index].position)
    players[index].heard.insert(contentsOf: moves.map { _ in false }, at: players[index].position)
  }
}

extension Collection where Element == UInt8 {
  fileprivate func ends(with end: some Collection<UInt8>) -> Bool { count >= end.count && suffix(end.count).elementsEqual(end) }
}
