internal import ClientCore
internal import OrderedCollections
internal import SASL
internal import Scenario
internal import ServerCore
internal import Storage
internal import XML
internal import XMPP

/// A script's characters on a simulated server that suffers at most one fault. Oracles and the reference model watch.
///
/// Everything that is under way happens before the next action of the script begins: so it is known which action a fault belongs to, and the
/// same actions without a fault can be compared. Segments are never split, so that each stanza is one event.
struct TortureWorld: ClientHost {
  var world: World
  /// The numbers of the clients are the places of their characters in the cast.
  var clients = SimulatedClients()
  let cast: [Scenario.Character]
  var oracles: [any Oracle]
  /// The first broken rule.
  var problem: String?
  var outputs = OutputStreams()
  /// Stanzas that came for each character and that the script has not received.
  var inboxes: [[Element]]
  /// All that each character has received so far.
  var experiences: [Experiences]
  var troubles: OrderedDictionary<Int, String> = [:]
  /// The ids of stanzas that characters sent.
  var sentIDs: OrderedSet<Text> = []

  /// The place of the action that the script is at, and its character.
  var action = 0
  var actor: Int?
  /// Server events are positions as long as the script runs.
  var countsPositions = false
  var position = 0
  /// Described as they come, in the run that has no fault.
  var positions: [TorturePosition] = []
  var keepsPositions = false
  var fault: TortureCase?
  var hasStruck = false
  /// The event of the fault's position, in words.
  var event = ""
  var stalled: World.SocketID?
  /// The character whose client does not read.
  var unread: Int?
  var isAnswerLost = false
  var hadFault = false
  var mayLoseStanzas = false
  /// Some of the cast may not be able to log in with their passwords at the end.
  var changesLogins = false
  /// Requests of the operator, beyond those that make accounts, and the answer to the last.
  var operations = 0
  var operatorReply: ControlReply?
  /// For actions by which something was sent: after how many positions its sender got an answer.
  var acknowledged: OrderedDictionary<Int, Int> = [:]
  /// The same with actions that are refused.
  var answered: OrderedSet<Int> = []
  var sentID: Text?
  var sentRequest = false
  /// The character whose connection ends because its client, or a fault, says so.
  var leaving: Int?
  var crashes = 0
  var keepsHistory = false
  var history: [Run.Moment] = []

  init(_ script: Script, shards: Int, mutation: Mutation? = nil) {
    var configuration = SimulatedDriver.configuration(for: script)
    configuration.limits[.shards] = shards
    var settings = WorldSettings(configuration: configuration)
    settings.shortPercent = 0
    world = World(choices: Choices(seed: 0), settings: settings, mutation: mutation)
    cast = script.cast
    oracles = Torture.oracles.map { $0.init() }
    inboxes = cast.map { _ in [] }
    experiences = cast.map { _ in Experiences() }
    for index in oracles.indices { oracles[index].begin(with: configuration) }
    if mutation == nil { world.compareWithModel() }
    createAccounts()
  }

  private mutating func createAccounts() {
    var accounts: OrderedSet<JID> = []
    for (index, character) in cast.enumerated() {
      // Of several characters with one account the first says its password.
      guard let jid = JID(character.jid), accounts.append(jid.bare).inserted else { continue }
      let request = ControlRequest.addAccount(jid.bare, password: Secret(Array(character.password.utf8)))
      observe(.asked(UInt64(index), request))
      world.control(UInt64(index), request)
    }
    settle()
    // The accounts leave memory: whatever is for them must first ask storage.
    wait(nanoseconds: 2 * world.settings.configuration.limits[time: .idleTime])
  }

  /// The script comes to its next action.
  mutating func begin(_ action: Int, by name: String?, reads: Bool) {
    self.action = action
    actor = name.flatMap { index(of: $0) }
    guard reads, let actor, unread == actor else { return }
    readOn()
    settle()
  }

  func index(of name: String) -> Int? { cast.firstIndex { $0.name == name } }

  // MARK: Time

  /// Lets everything happen that is under way. A connection that is stalled goes on when nothing else is.
  mutating func settle() {
    attend()
    while problem == nil {
      if step(untilRest: true) { continue }
      if let id = stalled {
        stalled = nil
        world.clog(id, toAcceptor: false, toDialer: false)
      } else if let unread, actor == unread, !clients[unread].isBound {
        readOn()
      } else if isAnswerLost {
        // The server gives the question up.
        isAnswerLost = false
        pass(world.settings.configuration.limits[time: .inquiryTime] + .seconds(1))
      } else {
        return
      }
      attend()
    }
  }

  mutating func wait(nanoseconds: Int64) {
    pass(nanoseconds)
    settle()
  }

  private mutating func pass(_ nanoseconds: Int64) {
    let end = world.now + nanoseconds
    while problem == nil, world.now < end, step(untilRest: false, upTo: end) {}
  }

  /// Lets the next event happen, with the fault that is due.
  private mutating func step(untilRest: Bool, upTo limit: Int64 = .max) -> Bool {
    defer { attend() }
    guard countsPositions, let next = world.next(untilRest: untilRest, upTo: limit), next.isServers else {
      return world.advance(untilRest: untilRest, upTo: limit)
    }
    position += 1
    if keepsPositions { return stepAndDescribe(next, untilRest, limit) }
    guard let fault, fault.position == position else { return world.advance(untilRest: untilRest, upTo: limit) }
    event = next.words { name(of: $0) }
    hasStruck = true
    hadFault = true
    observe(.fault(fault.fault.inHistory))
    inject(fault.fault, untilRest, limit)
    return true
  }

  private mutating func stepAndDescribe(_ next: World.NextEvent, _ untilRest: Bool, _ limit: Int64) -> Bool {
    var described = TorturePosition(number: position, before: self, next)
    let isEvent = world.advance(untilRest: untilRest, upTo: limit)
    described.actions = world.eventLog?.entries.last?.actions.count ?? 0
    positions.append(described)
    return isEvent
  }

  private mutating func inject(_ fault: TortureFault, _ untilRest: Bool, _ limit: Int64) {
    switch fault {
    case .crash(let kept): world.crash(keeping: min(kept, world.node.disk.pending.count))
    case .crashAfter(let count):
      world.crash(afterActions: count, keeping: 0)
      _ = world.advance(untilRest: untilRest, upTo: limit)
      world.crash(afterActions: nil)
    case .commitFails: world.failCommit()
    case .commitLate, .answerLate: world.postponeNext()
    case .answerTwice: world.repeatNext()
    case .answerFails, .answerLost:
      mayLoseStanzas = true
      world.refuseNext(silently: fault == .answerLost)
      isAnswerLost = fault == .answerLost
    case .reset(let name): if let index = index(of: name) { breakNow(index) }
    case .stall(let name):
      guard let id = index(of: name).flatMap({ clients[$0].connection }) else { return }
      stalled = id
      world.clog(id, toAcceptor: true, toDialer: true)
    case .unread(let name):
      guard let index = index(of: name), let id = clients[index].connection else { return }
      unread = index
      world.stopReading(id)
    }
  }
}
