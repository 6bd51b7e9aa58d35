internal import ClientCore
internal import OrderedCollections
internal import SASL
public import Scenario
public import ServerCore
public import XML
internal import XMPP

/// Plays a script against a fresh simulated server whose accounts are made from the cast. The seed chooses how bytes are split and how
/// what is under way interleaves; nobody sleeps.
public struct SimulatedDriver: ScenarioDriver {
  var world: World
  var clients = SimulatedClients()
  private var connectionCount: UInt64 = 0
  /// The places of the characters' names are the numbers of their clients.
  private var names: OrderedSet<String> = []
  /// Why a client that has not disconnected can't send any more.
  private var troubles: OrderedDictionary<Int, String> = [:]
  /// Characters who write bytes of their own: their streams may end for any reason.
  private var raw: OrderedSet<Int> = []
  /// Requests of the operator, beyond those that make the cast's accounts, with their answers.
  private var operations: [ControlReply?] = []
  /// Accounts that an operator has cut off: the ends of their streams are nobody's fault.
  private(set) var administered: OrderedSet<JID> = []

  /// The rules that watch the script's run, if any do.
  var watch: RuleWatch?

  /// The configuration that a script asks for; see `ScriptWorld`.
  public static func configuration(for script: Script) -> Configuration { ScriptWorld.configuration(for: script) }

  /// Why a tag of the script says nothing; `nil` if all do.
  public static func problem(of script: Script) -> String? { ScriptWorld.problem(of: script) ?? ScriptServers.problem(of: script) }

  /// - Parameters:
  ///   - configuration: instead of the one that the script asks for.
  ///   - mutation: a bug that is planted.
  public init(script: Script, seed: UInt64, configuration: Configuration? = nil, mutation: Mutation? = nil) {
    self.init(script: script, seed: seed, configuration: configuration, mutation: mutation, watch: nil)
  }

  init(script: Script, seed: UInt64, configuration: Configuration? = nil, mutation: Mutation?, watch: RuleWatch?) {
    let configurations = ScriptServers.configurations(for: script, configuration ?? ScriptWorld.configuration(for: script))
    let settings = ScriptWorld.settings(for: script, configurations[0])
    world = World(choices: Choices(seed: seed), settings: settings, mutation: mutation)
    for configuration in configurations.dropFirst() { _ = world.addServer(configuration) }
    ScriptServers.prepare(&world, for: script)
    self.watch = watch
    self.watch?.begin(with: settings.configuration)
    if watch?.comparesWithModel ?? false { world.compareWithModel() }
    var accounts: OrderedSet<JID> = []
    for (index, character) in script.cast.enumerated() {
      // Of several characters with one account the first says its password.
      guard let jid = JID(character.jid), accounts.append(jid.bare).inserted else { continue }
      let request = ControlRequest.addAccount(jid.bare, password: Secret(Array(character.password.utf8)))
      observe(.asked(UInt64(index), request))
      world.control(UInt64(index), request, at: world.server(of: jid.domain) ?? 0)
    }
    settle()
  }

  public mutating func connect(_ character: Scenario.Character) throws(DriverError) -> Text {
    let index = try begin(character) { account, nonce in
      Client(
        account: account, password: character.password, resource: character.resource ?? "", nonce: nonce, security: .opportunistic)
    }
    settle { $0.clients[index].isBound }
    guard let jid = clients[index].stream?.jid else {
      throw DriverError(message: "login failed: \(troubles[index] ?? "the server gave no answer")")
    }
    return jid.text
  }

  private mutating func begin(_ character: Scenario.Character, as stream: (JID, Text) -> Client) throws(DriverError) -> Int {
    guard let account = JID(character.jid) else { throw DriverError(message: "'\(character.jid)' is not an address") }
    let index = names.append(character.name).index
    connectionCount += 1
    troubles[index] = nil
    raw.remove(index)
    watch?.streamBegins(index, at: world.now)
    var stream = stream(account, "nonce\(connectionCount)")
    stream.isDirectTLS = character.isDirectTLS
    open(clients.nextSession(of: index), label: connectionCount, as: stream, to: world.server(of: account.domain) ?? 0)
    return index
  }

  public mutating func open(_ character: Scenario.Character) throws(DriverError) {
    watch?.hadFault = true
    let index = try begin(character) { account, _ in Client(silent: account) }
    raw.append(index)
    settle()
  }

  public mutating func write(_ bytes: [UInt8], as character: String) throws(DriverError) {
    // A TLS handshake that is under way ends first.
    if let index = names.firstIndex(of: character), clients[index].stream?.isSilent ?? false { settle() }
    let index = try connected(character)
    raw.append(index)
    write(bytes, as: index)
  }

  private func connected(_ character: String) throws(DriverError) -> Int {
    guard let index = names.firstIndex(of: character), clients[index].connection != nil, troubles[index] == nil else {
      throw DriverError(message: names.firstIndex(of: character).flatMap { troubles[$0] } ?? "not connected")
    }
    return index
  }

  public mutating func send(_ element: Element, as character: String) throws(DriverError) {
    write(element, as: try connected(character))
  }

  public mutating func receive(as character: String) throws(DriverError) -> Element? {
    guard let index = names.firstIndex(of: character) else {
      settle()
      return nil
    }
    settle { !$0.clients[index].inbox.isEmpty }
    return clients[index].inbox.isEmpty ? nil : clients[index].inbox.removeFirst()
  }

  public mutating func receiveIfUnderWay(as character: String) throws(DriverError) -> Element? { try receive(as: character) }

  public mutating func disconnect(_ character: String) throws(DriverError) {
    guard let index = names.firstIndex(of: character), clients[index].connection != nil else { return }
    endStream(index)
    hangUp(index)
    troubles[index] = nil
    settle()
  }

  public mutating func restartServer() throws(DriverError) {
    world.shutDown(grace: 1_000_000_000)
    wait(nanoseconds: 2_000_000_000)
    settle()
  }

  public mutating func crashServer() throws(DriverError) {
    world.crash(keeping: 0)
    settle()
  }

  public mutating func failNextCommit() throws(DriverError) {
    watch?.hadFault = true
    observe(.fault("a commit fails"))
    world.failNextCommit()
  }

  public mutating func change(_ change: WorldChange) throws(DriverError) {
    watch?.hadFault = true
    observe(.fault(change.inHistory))
    switch change {
    case .disk(let state): set(state)
    case .storage(let isReadable):
      watch?.mayLoseStanzas = true
      world.setUnreadable(!isReadable)
    case .clock(let seconds):
      watch?.wallClockSet(by: .seconds(Int64(seconds)), at: world.now)
      world.stepWall(by: .seconds(Int64(seconds)))
    }
  }

  private mutating func set(_ state: DiskState) {
    switch state {
    case .full: world.setDisk(full: true, slowness: 1)
    case .slow(let times): world.setDisk(full: false, slowness: Int64(times))
    case .hung:
      watch?.mayLoseStanzas = true
      world.hangDisk(true)
    case .well:
      world.setDisk(full: false, slowness: 1)
      world.hangDisk(false)
    }
  }

  public mutating func operate(_ request: OperatorRequest) throws(DriverError) -> String? {
    guard let request = ControlRequest(request) else { throw DriverError(message: "'\(request.account)' is not an address") }
    let number = operations.count
    operations.append(nil)
    if request.isCutting, let account = request.account { administered.append(account) }
    let id = Run.operatorBase + UInt64(number)
    observe(.asked(id, request))
    world.control(id, request)
    settle { $0.operations[number] != nil }
    guard let reply = operations[number] else { return "the server gave no answer" }
    if case .refused(let reason) = reply { return reason }
    return nil
  }

  public mutating func breakConnection(of character: String) throws(DriverError) {
    guard let index = names.firstIndex(of: character) else { return }
    watch?.hadFault = true
    breakConnection(index)
  }

  public mutating func change(_ change: ConnectionChange, of character: String) throws(DriverError) {
    let index = try connected(character)
    guard let connection = clients[index].connection else { return }
    watch?.hadFault = true
    observe(.fault("\(names[index].replacing(" ", with: "/")) \(change.rawValue)"))
    switch change {
    case .stopsReading: world.setStuck(connection, true)
    case .readsAgain: world.setStuck(connection, false)
    case .stalls: world.clog(connection, toAcceptor: true, toDialer: true)
    case .goesOn: world.clog(connection, toAcceptor: false, toDialer: false)
    }
  }

  public mutating func wait(seconds: Int) throws(DriverError) { wait(nanoseconds: Int64(seconds) * 1_000_000_000) }

  private mutating func wait(nanoseconds: Int64) {
    let end = world.now + nanoseconds
    while world.now < end, world.advance(untilRest: false, upTo: end) { attend() }
    settle()
  }

  public mutating func finish() {
    for name in names { try? disconnect(name) }
  }

  /// Lets things happen until the world is at rest or enough happened.
  private mutating func settle(until isEnough: (SimulatedDriver) -> Bool) {
    attend()
    while !isEnough(self), world.advance(untilRest: true) { attend() }
  }
}

extension SimulatedDriver: ClientHost {
  mutating func streamEnded(_ index: Int, _ reason: String?) {
    // A login that fails is told to whoever connects.
    let isBound = clients[index].stream?.jid != nil
    if let reason, isBound, !isExcused(reason, index) { watch?.streamEnded(names[index], reason, at: world.now) }
    troubles[index] = reason ?? "the server ended the stream"
  }
  mutating func connectionClosed(_ index: Int) { troubles[index] = troubles[index] ?? "the connection was closed" }

  mutating func attend() {
    if watch != nil, let gauge = world.overLimit { watch?.fail("limits", gauge.description, at: world.now) }
    if let model = world.model, let problem = model.problem { watch?.fail("model", problem, at: world.now, expecting: model.expectations) }
    deliverNotices()
  }

  mutating func observe(_ observation: Observation) { watch?.observe(observation, at: world.now) }
  mutating func arrived(_ bytes: [UInt8], for index: Int) { watch?.arrived(bytes, for: index) }
  mutating func shakeHands(_ index: Int) {
    watch?.streamBegins(index, at: world.now)
    completeHandshake(index)
  }

  /// Whether the server may well have ended this stream so.
  private func isExcused(_ reason: String, _ index: Int) -> Bool {
    if raw.contains(index) { return true }
    guard let account = clients[index].stream?.account, administered.contains(account) else { return false }
    return ["not-authorized", "account-disabled", "reset"].contains { reason.contains($0) }
  }

  mutating func received(_ element: Element, by index: Int) {
    clients[index].inbox.append(element)
    // Before a resource is bound there is no session of which rules know.
    if clients[index].stream?.jid == nil { return }
    observe(.received(clients[index].session, element))
  }

  mutating func noticed(_ notice: World.Notice) {
    switch notice {
    case .crashed:
      watch?.hadFault = true
      observe(.fault("crash"))
    case .restarted: observe(.fault("restart"))
    case .unreadable: observe(.fault(Run.unreadable))
    case .reply(let id, let reply):
      observe(.answered(id, reply))
      if id >= Run.operatorBase { operations[Int(id - Run.operatorBase)] = reply }
    case .alarm, .bytes, .handshake, .closed: break
    }
  }

  /// The name of the character with this number.
  func name(of index: Int) -> String { names[index] }

  /// Whether the character has a connection, logged in or not.
  func hasConnection(_ name: String) -> Bool {
    names.firstIndex(of: name).map { clients[$0].connection != nil && troubles[$0] == nil } ?? false
  }

  /// Whether the character has a connection on which the server listens.
  func isConnected(_ name: String) -> Bool {
    names.firstIndex(of: name).map { clients[$0].isBound && troubles[$0] == nil } ?? false
  }
}
