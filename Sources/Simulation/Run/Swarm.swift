internal import SASL
internal import ServerCore
internal import XML
internal import XMPP

/// The faults of a run, in percent of the occasions that there are for each.
struct Faults: Sendable {
  // For each action of a client.
  var reset = 0
  var goodbye = 0
  var tornStanza = 0
  var halfClose = 0
  var stuck = 0
  var vanish = 0
  /// For each login.
  var badHandshake = 0
  // For each tenth of a second of the world.
  var crash = 0
  var failedCommit = 0
  var fullDisk = 0
  var slowDisk = 0
  var hungDisk = 0
  var clog = 0
  var swizzle = 0
  var clockJump = 0
  var wallStep = 0
  var shutdown = 0
}

/// The kind of world that a seed makes: a random part of all features, faults and limits (swarm testing), so that rare combinations
/// come up and each of them is exercised hard where it does.
struct Swarm: Sendable {
  var settings: WorldSettings
  var faults = Faults()
  var accounts: Int
  /// Devices of each account.
  var devices: [Int]
  var hostileClients = 0
  /// Chances, in percent of the tenths of a second, that whoever runs the server wants something.
  var operators = 0
  /// Some clients say in which language they speak.
  var speaksLanguages = false
  /// How honest clients log in, the best first.
  var mechanisms = SASLMechanism.allCases
  /// Limits are so low that honest users meet them.
  var isTight = false

  /// A domain that the server of some runs has beside the one where everybody is.
  static let otherDomain: Text = "elsewhere.localhost"

  /// - Parameter isCrowded: more lies in the world than low limits allow.
  init(_ choices: inout Choices, shards: Int? = nil, isCrowded: Bool = false) {
    var configuration = Configuration(domains: ["localhost"])
    if choices.chance(.swarm, 93, percent: 40) { configuration.domains.append(Swarm.otherDomain) }
    configuration.scramRounds = 1
    configuration.secret = [1]
    configuration.limits[time: .idleTime] = .milliseconds(Int64(2000 - choices.draw(.swarm, 1, below: 2000)))
    configuration.conflictPolicy = [.replaceOld, .replaceOld, .replaceOld, .rename, .refuseNew][choices.draw(.swarm, 21, below: 5)]
    configuration.offersTLS = !choices.chance(.swarm, 82, percent: 10)
    configuration.requiresTLS = configuration.offersTLS && !choices.chance(.swarm, 83, percent: 20)
    configuration.limits[.shards] = shards ?? 1 + max(0, choices.draw(.swarm, 87, below: 7) - 3)
    switch choices.draw(.swarm, 84, below: 6) {
    case 4: mechanisms = [.scramSHA1, .scramSHA256]
    case 5 where configuration.requiresTLS: mechanisms = [.plain]
    default: break
    }
    speaksLanguages = choices.chance(.swarm, 86, percent: 50)
    operators = max(0, choices.draw(.swarm, 85, below: 17) - 8)
    for choice in SimulatedFeature.all.compactMap(\.choice) {
      choice.choose(&configuration) { choices.draw(.swarm, choice.number, below: $0) }
    }
    settings = WorldSettings(configuration: configuration)
    accounts = 2 + choices.draw(.swarm, 12, below: 3)
    devices = (0..<accounts).map { 1 + choices.draw(.swarm, 13, item: $0, below: 2) }
    chooseNetwork(&choices)
    // A share of all runs stays free of faults.
    if choices.chance(.swarm, 6, percent: 75) { chooseFaults(&choices) }
    if !isCrowded, choices.chance(.swarm, 22, percent: 20) { tighten(&choices) }
    chooseOrdering(&choices)
  }

  /// Whether a question of the server may get no answer.
  var mayLoseQuestions: Bool { settings.inquiryFailurePercent > 0 || faults.hungDisk > 0 }

  /// Half of all runs leave to chance, in one of three ways, what of all that is under way comes first.
  private mutating func chooseOrdering(_ choices: inout Choices) {
    let strategies: [Ordering.Strategy] = [.firstIn, .firstIn, .firstIn, .random, .priorities, .delays]
    let strategy = strategies[choices.draw(.swarm, 70, below: strategies.count)]
    guard strategy != .firstIn else { return }
    let window: [Int64] = [.milliseconds(20), .milliseconds(200), .milliseconds(2000)]
    let changes = 1 + choices.draw(.swarm, 72, below: 5)
    settings.ordering = Ordering(strategy, window: window[choices.draw(.swarm, 71, below: 3)], changes: changes, &choices)
  }

  /// Disks and networks from quick to slow: only a disk that is slower than the network shows what was said too early.
  private mutating func chooseNetwork(_ choices: inout Choices) {
    func slowest(_ who: UInt64, _ choices: inout Choices) -> Int64 {
      let scale = [5, 50, 1000][choices.draw(.swarm, who, below: 3)]
      return .milliseconds(Int64(1 + choices.draw(.swarm, who, below: scale)))
    }
    settings.shortPercent = [0, 10, 40, 70][choices.draw(.swarm, 3, below: 4)]
    settings.commitTime = 0...slowest(4, &choices)
    // With slow loads many stanzas arrive for accounts and rooms that are not in memory yet.
    if choices.chance(.swarm, 88, percent: 20) { settings.loadTime = 0 ... .milliseconds(1000) }
    settings.latency = 0...min(slowest(5, &choices), .milliseconds(200))
    settings.timePerByte = [0, 0, 1_000, 20_000][choices.draw(.swarm, 23, below: 4)]
    settings.batchPercent = [0, 0, 30, 80][choices.draw(.swarm, 24, below: 4)]
    settings.readSize = [4096, 4096, 512, 16][choices.draw(.swarm, 25, below: 4)]
    settings.sendBuffer = [1 << 20, 1 << 16, 4096, 300][choices.draw(.swarm, 26, below: 4)]
    settings.receiveBuffer = [1 << 20, 1 << 16, 4096, 300][choices.draw(.swarm, 27, below: 4)]
  }

  private mutating func chooseFaults(_ choices: inout Choices) {
    // Of each kind only half of the runs have any.
    func some(_ who: UInt64, _ most: Int, _ choices: inout Choices) -> Int {
      max(0, choices.draw(.swarm, who, below: 2 * most + 1) - most)
    }
    faults.reset = some(7, 4, &choices)
    faults.tornStanza = some(8, 3, &choices)
    faults.crash = some(9, 12, &choices)
    faults.failedCommit = some(10, 12, &choices)
    faults.goodbye = some(11, 4, &choices)
    faults.halfClose = some(30, 3, &choices)
    faults.stuck = some(31, 4, &choices)
    faults.vanish = some(32, 3, &choices)
    faults.badHandshake = some(33, 20, &choices)
    faults.fullDisk = some(34, 5, &choices)
    faults.slowDisk = some(35, 10, &choices)
    faults.clog = some(36, 15, &choices)
    faults.swizzle = some(37, 5, &choices)
    faults.clockJump = some(38, 5, &choices)
    faults.wallStep = some(39, 5, &choices)
    faults.shutdown = some(43, 5, &choices)
    faults.hungDisk = some(44, 3, &choices)
    // Beyond what the slowest disk takes, and little enough to be seen in a run.
    if faults.hungDisk > 0 { settings.configuration.limits[time: .commitTime] = .seconds(40) }
    settings.inquiryFailurePercent = some(40, 10, &choices)
    // An answer that never comes must be given up before those who wait for it lose patience.
    if mayLoseQuestions { settings.configuration.limits[time: .inquiryTime] = .seconds(2) }
    settings.downtime = 0 ... .milliseconds(Int64(some(41, 500, &choices)))
    hostileClients = min(3, max(0, choices.draw(.swarm, 42, below: 7) - 2))
    // A client that makes small progress for ever must be seen to come to the end of the time.
    if hostileClients > 0, choices.chance(.swarm, 45, percent: 30) {
      settings.configuration.limits[time: .negotiationIdle] = .milliseconds(3_000)
      settings.configuration.limits[time: .negotiationTotal] = .milliseconds(5_000)
    }
  }

  private mutating func tighten(_ choices: inout Choices) {
    isTight = true
    settings.watchesLimitsClosely = true
    // The queues of stanzas that wait for storage are bounded, too.
    if choices.chance(.swarm, 89, percent: 40) { settings.loadTime = 0 ... .milliseconds(1000) }
    let tried = Limit.all.compactMap { limit in limit.trial.map { (limit, $0) } }.sorted { $0.1.draw < $1.1.draw }
    for (limit, trial) in tried {
      let values = [limit.standard] + trial.values
      settings.configuration.limits.set(limit, to: values[choices.draw(.swarm, trial.draw, below: values.count)])
    }
  }
}
