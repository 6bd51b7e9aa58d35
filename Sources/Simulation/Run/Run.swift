internal import OrderedCollections
internal import SASL
internal import Scenario
public import ServerCore
internal import XML
internal import XMPP

/// The outcome of one run.
public struct RunReport: Sendable {
  public var seed: UInt64
  public var happenings: UInt64
  /// Nanoseconds of virtual time.
  public var time: Int64
  public var digest: Digest
  /// The coverage marks that the server reached, all its lives together.
  public var marks: Marks
  /// Which of them came together, if that was to be measured.
  public var pairs: MarkPairs?
  /// Which rule was broken and how; `nil` if none was.
  public var failure: Failure?

  public struct Failure: Sendable, CustomStringConvertible {
    public var oracle: String
    public var message: String
    public var time: Int64
    /// It was seen when nothing was under way, and not at something that happened.
    public var isAtRest = false
    /// After so many events of the run.
    public var event: UInt64 = 0
    /// The same for all failures of the same kind: the rule, and the message without names and numbers.
    public var signature: String {
      let words = message.split(separator: " ").filter { word in
        !word.utf8.contains { $0 == 0x40 || (0x30...0x39).contains($0) || $0 == 0x3C }
      }
      return oracle + ": " + words.prefix(8).joined(separator: " ")
    }
    public var description: String { "\(oracle) at \(time / 1_000_000) ms: \(message)" }
  }
}

/// The options of a run, besides its choices.
public struct RunOptions: Sendable {
  /// Virtual nanoseconds of activity; what is under way then may end, and peace follows.
  public var duration: Int64
  /// The rules that are watched.
  public var oracles: [any Oracle.Type]
  /// The behaviour of the users.
  public var workload: any Workload.Type
  /// A bug that is planted, to see it found.
  public var mutation: Mutation?
  /// Names of rules to leave out.
  public var without: [String] = []
  /// Compare the server with the reference model after each event also where a bug is planted; elsewhere it is compared anyway, unless
  /// "model" is left out.
  public var alwaysComparesWithModel = false
  /// Into how many parts the server divides its accounts and rooms; `nil`: each run chooses.
  public var shards: Int?
  /// The crowd of the world before anything happens. (Logins are not judged then, and limits are never low.)
  public var crowd = Crowd.none
  /// Note which coverage marks come together.
  public var measuresPairs = false
  /// Judges the work of every input.
  public var cost: CostMeter?

  public init(
    duration: Int64 = 10_000_000_000, oracles: [any Oracle.Type] = Run.oracles, workload: any Workload.Type = EverydayWorkload.self
  ) {
    self.duration = duration
    self.oracles = oracles
    self.workload = workload
  }

  /// All rules but those of these names.
  public init(duration: Int64, without: [String]) {
    self.init(duration: duration)
    self.without = without
  }
}

/// One run: a server, its users, and whatever goes wrong, watched by oracles.
public struct Run: ClientHost {
  var world: World
  /// The numbers of the clients are the places of their actors.
  var clients = SimulatedClients()
  var actors: [Actor] = []
  private var oracles: [any Oracle]
  let swarm: Swarm
  /// Of messages in peace: beyond those of the workload.
  private var number = 1_000_000
  public private(set) var failure: RunReport.Failure?
  var accountsThere: OrderedSet<UInt64> = []
  private(set) var hasBegun = false
  private(set) var isLivenessPhase = false
  var isEveryoneBack = false
  /// When everybody went: what passes then is nothing but time.
  var end: Int64?
  var passwords = Passwords()
  /// For the clients that have a plan.
  let pool = ParserPool()
  /// In peace, sessions whose ping has not been answered.
  var unanswered: OrderedSet<Int> = []
  var hadFault = false
  /// Accounts that were cut off by an operator or by their owners: what their sessions hear then is nobody's fault.
  var administered: OrderedSet<JID> = []
  private var operations: OrderedDictionary<UInt64, ControlRequest> = [:]
  private var outputs = OutputStreams()
  var weatherCount = 0
  private let options: RunOptions
  var workload: any Workload
  /// Keep all that was observed, for whoever looks into a failure.
  public var keepsHistory = false
  public private(set) var history: [Moment] = []

  /// Something that was observed, and when.
  public struct Moment: Sendable, CustomStringConvertible {
    public var time: Int64
    public var observation: Observation
    /// The event of the run during which it was observed; 0 before the first, and where events are not counted.
    public var event: UInt64 = 0
    public var description: String { "\(time / 1_000_000) ms \(observation)" }
  }

  /// All oracles there are.
  public static let oracles: [any Oracle.Type] = Oracles.watched(in: .runs)
  /// Rules that the run itself watches, by the names by which they can be left out.
  public static let ownRules = ["stream", "liveness", "limits", "model", "cost", LoginModel.name, OutputStreams.name]
  /// The names of all rules.
  public static var rules: [String] { oracles.map { $0.name } + ownRules }

  /// - Parameter choices: what decides everything.
  public init(_ choices: Choices, _ options: RunOptions = RunOptions()) {
    var choices = choices
    swarm = Swarm(&choices, shards: options.shards, isCrowded: options.crowd.entries > 0)
    hadFault = swarm.isTight || swarm.mayLoseQuestions
    self.options = options
    workload = options.workload.init { choices.draw(.swarm, 100, below: $0) }
    let crowd = options.crowd.database(of: (0..<swarm.accounts).map { Run.account("user\($0)") }, password: Passwords.all[0])
    world = World(choices: choices, settings: swarm.settings, mutation: options.mutation, database: crowd)
    // The oracles must find a mutant by themselves: the model would hide what they miss.
    if !options.without.contains("model"), options.mutation == nil || options.alwaysComparesWithModel { world.compareWithModel() }
    if !options.without.contains(LoginModel.name), options.crowd.entries == 0, options.mutation == nil || options.alwaysComparesWithModel {
      world.judgeLogins(storageMayFail: swarm.mayLoseQuestions)
    }
    if var meter = options.cost {
      meter.entries = options.crowd.entries
      world.measure(meter)
    }
    if options.measuresPairs { world.measurePairs() }
    oracles = options.oracles.filter { !options.without.contains($0.name) }.map { $0.init() }
    for index in oracles.indices { oracles[index].begin(with: swarm.settings.configuration) }
    workload.begin(with: swarm.settings.configuration)
    for account in 0..<swarm.accounts {
      for device in 0..<swarm.devices[account] { add("user\(account)", "d\(device)") }
    }
    for hostileClient in 0..<swarm.hostileClients {
      add("mallory", "d\(hostileClient)")
      actors[actors.count - 1].isHostile = true
    }
  }

  private mutating func add(_ user: Text, _ resource: Text) {
    let isDirectTLS = world.choices.chance(.swarm, 120, item: actors.count, percent: 15)
    actors.append(Actor(index: actors.count, account: Run.account(user), resource: resource, isDirectTLS: isDirectTLS))
  }

  private static func account(_ user: Text) -> JID { JID(local: user, domain: "localhost", resource: "")! }

  /// Runs to the end or to the first broken rule.
  public mutating func run() -> RunReport {
    begin()
    while goOn() {}
    return finish()
  }

  mutating func begin() {
    hasBegun = true
    createAccounts()
    world.fill(with: options.crowd)
    for actor in actors.indices { think(after: actor) }
    world.alarm(Run.weatherAlarm, after: .milliseconds(100))
  }

  /// Lets one thing happen. Returns false when the time of activity is over, or a rule is broken.
  mutating func goOn() -> Bool {
    guard failure == nil, world.now < options.duration, world.advance(untilRest: false, upTo: options.duration) else { return false }
    attend()
    return true
  }

  /// Ends what is under way, and goes through the liveness phase.
  mutating func finish() -> RunReport {
    isLivenessPhase = true
    repair()
    // The server gives up a disk that hangs, ends, and is there again.
    if world.isDiskHung { wait(2 * swarm.settings.configuration.limits[time: .commitTime]) }
    settle()
    checkAtRest()
    enterLivenessPhase()
    return RunReport(
      seed: world.choices.seed, happenings: world.happenings, time: end ?? world.now, digest: world.digest, marks: world.marks,
      pairs: world.pairs?.result, failure: failure)
  }

  /// Have what the server is fed recorded: to be called before `run`.
  public mutating func record(secret: [UInt8], keepsText: Bool = false, segmentBytes: Int = .max) {
    world.record(secret: secret, keepsText: keepsText, segmentBytes: segmentBytes)
  }
  /// A file for each life of the server's process, or several.
  public var recordings: [[UInt8]] { world.recordings }

  /// The judge of the server's work, if there was one.
  public var cost: CostMeter? { world.cost }

  /// The choices that were made, if they were to be recorded.
  public var trace: RunTrace? {
    world.choices.recorded.map { RunTrace(seed: world.choices.seed, duration: options.duration, choices: $0) }
  }

  /// The fault that says that the server asked storage and got no answer.
  static let unreadable = "storage can't be read"
  /// Some thousands are common; a run with so many events goes in a circle.
  private static let mostHappenings: UInt64 = 20_000_000
  static let weatherAlarm: UInt64 = 1 << 32
  /// Alarms of actors that begin to read again.
  static let readAlarm: UInt64 = 1 << 33

  /// Requests of operators, beyond those that make the users' own accounts.
  static let operatorBase: UInt64 = 1 << 40

  /// Gives the server a request of its operator.
  mutating func ask(_ request: ControlRequest) {
    let id = Run.operatorBase + UInt64(operations.count)
    operations[id] = request
    if request.isCutting, let account = request.account { administered.append(account) }
    switch request {
    case .changePassword(let account, let password), .addAccount(let account, let password):
      passwords.note(password.withBytes { Text(utf8: $0) }, of: account)
      administered.append(account)
    default: break
    }
    observe(.asked(id, request))
    world.control(id, request)
  }

  private mutating func answered(_ id: UInt64, _ reply: ControlReply) {
    observe(.answered(id, reply))
    guard id >= Run.operatorBase else {
      switch reply {
      case .done: accountsThere.append(id)
      case .refused(let why) where why.contains("already"): accountsThere.append(id)
      // Asked again when the actor next thinks of connecting.
      case .refused, .accounts: break
      }
      return
    }
    guard reply == .done, case .deleteAccount(let account) = operations[id] else { return }
    isGone(account)
  }

  /// It is to be made anew before somebody logs in.
  mutating func isGone(_ account: JID) {
    for (index, actor) in actors.enumerated() where actor.account == account { accountsThere.remove(UInt64(index)) }
  }

  mutating func createAccounts() {
    for (index, actor) in actors.enumerated() where actor.resource == "d0" && !accountsThere.contains(UInt64(index)) {
      observe(.asked(UInt64(index), .addAccount(actor.account, password: Secret(Array("pw".utf8)))))
      world.control(UInt64(index), .addAccount(actor.account, password: Secret(Array("pw".utf8))))
    }
  }

  func isThere(_ account: JID) -> Bool {
    actors.contains { $0.account == account && accountsThere.contains(UInt64($0.index)) }
  }

  // MARK: Peace

  var isOver: Bool { failure != nil }

  static let lastRequest: Text = "peace-ping"

  var honest: [Int] { actors.indices.filter { !actors[$0].isHostile } }

  // MARK: Watching

  mutating func observe(_ observation: Observation) {
    // Observations after the first broken rule say nothing.
    guard failure == nil else { return }
    if keepsHistory { history.append(Moment(time: world.now, observation: observation, event: world.happenings)) }
    for index in oracles.indices {
      guard failure == nil else { return }
      if let problem = oracles[index].observe(observation, at: world.now) { fail(type(of: oracles[index]).name, problem) }
    }
  }

  /// Somebody sets the wall clock, which oracles that know a time by it must hear.
  mutating func stepWall(by offset: Int64) {
    for index in oracles.indices { oracles[index].wallClockSet(by: offset, at: world.now) }
    world.stepWall(by: offset)
  }

  /// Of what an actor has received so far nothing more will come: it is checked as a whole.
  mutating func streamBegins(_ index: Int) {
    guard failure == nil, !options.without.contains(OutputStreams.name) else { return outputs.drop(index) }
    if let problem = outputs.endOfStream(index) { fail(OutputStreams.name, "\(actors[index].name): \(problem)") }
  }

  mutating func checkAtRest() {
    guard failure == nil else { return }
    if let gauge = world.crowd { return fail("limits", gauge.description, isAtRest: true) }
    let mayLoseStanzas = swarm.isTight || swarm.mayLoseQuestions
    let state = RestState(
      world: world, sessions: clients.bound, isFaultless: !hadFault, mayLoseStanzas: mayLoseStanzas, isPeaceful: isEveryoneBack)
    for oracle in oracles {
      if let problem = oracle.atRest(state) { return fail(type(of: oracle).name, problem, isAtRest: true) }
    }
  }

  mutating func fail(_ oracle: String, _ message: String, isAtRest: Bool = false) {
    if failure == nil, !options.without.contains(oracle) {
      failure = RunReport.Failure(oracle: oracle, message: message, time: world.now, isAtRest: isAtRest, event: world.happenings)
    }
  }

  mutating func disturb(_ what: String) {
    hadFault = true
    observe(.fault(what))
  }

  mutating func nextNumber() -> Int {
    number += 1
    return number
  }

  // MARK: Events of the actors

  mutating func attend() {
    if world.happenings > Run.mostHappenings { fail("liveness", "it never comes to rest") }
    if let problem = world.model?.problem { fail("model", problem) }
    if let cost = world.cost?.problem { fail("cost", cost.description) }
    if let problem = world.login?.problem { fail(LoginModel.name, problem) }
    if let gauge = world.overLimit { fail("limits", gauge.description) }
    deliverNotices()
  }

  mutating func arrived(_ bytes: [UInt8], for index: Int) {
    outputs.received(bytes, by: index)
    answer(bytes, as: index)
  }

  mutating func hungUp(_ index: Int) { actors[index].probe = nil }

  mutating func noticed(_ notice: World.Notice) {
    switch notice {
    case .crashed: disturb("crash")
    case .restarted:
      disturb("restart")
      createAccounts()
    case .unreadable: disturb(Run.unreadable)
    case .alarm(let id): wake(id)
    case .reply(let id, let reply): answered(id, reply)
    case .bytes, .handshake, .closed: break
    }
  }

  private mutating func wake(_ id: UInt64) {
    guard !isLivenessPhase else { return }
    if id == Run.weatherAlarm {
      weather()
      world.alarm(Run.weatherAlarm, after: .milliseconds(100))
    } else if id >= Run.readAlarm {
      readOn(Int(id - Run.readAlarm))
    } else {
      act(Int(id))
      think(after: Int(id))
    }
  }

  private mutating func think(after index: Int) {
    world.alarm(UInt64(index), after: .milliseconds(Int64(300 - world.choices.draw(.think, UInt64(index), below: 300))))
  }

  mutating func connectIfWelcome(_ index: Int) {
    createAccounts()
    if isThere(actors[index].account) { connect(index) }
  }
}
