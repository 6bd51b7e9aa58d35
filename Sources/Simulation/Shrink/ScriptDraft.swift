internal import OrderedCollections
internal import Scenario
internal import ServerCore
internal import XML
internal import XMPP

/// The actions of a run's users, and of the world around them, as far as a script can tell them.
struct ScriptDraft: Sendable {
  /// Characters are numbered by their place in the cast.
  enum Step: Sendable {
    /// The password is that of the cast, unless one is given.
    case connects(Int, password: Text? = nil)
    case failsToConnect(Int)
    case opensConnection(Int)
    case disconnects(Int)
    case losesConnection(Int)
    case sends(Int, Element)
    case writes(Int, [UInt8])
    case serverRestarts
    case serverCrashes
    case nextCommitFails
    case world(WorldChange)
    case changes(Int, ConnectionChange)
    case operates(OperatorRequest, isRefused: Bool = false)
    case passes(seconds: Int)
  }

  var cast: [Scenario.Character]
  /// The world that it needs; see `ScriptWorld`.
  var tags: [String]
  var steps: [Step]
  /// A crash comes as soon as the step before it has had an answer, and not when everything has come to rest.
  var isHasty = false
  /// Faults that the language has no words for.
  private(set) var unsaid: [String] = []

  private var time: Int64 = 0
  private var isEnding = false
  /// Characters whose connection breaks.
  private var broken: [Int] = []
  /// Sessions that were bound: all others of hostile clients write bytes of their own.
  private var bound: OrderedSet<SessionID> = []
  private var hostile: OrderedSet<Int> = []
  private var hostileNames: [String] = []
  /// Somebody or something may have ended an account of the cast.
  private var mayLackAccounts = false

  /// - Parameter run: one that is over and has kept its history.
  init(_ run: Run) {
    cast = run.actors.map { actor in
      Scenario.Character(
        name: "\(actor.account.local) \(actor.resource)", jid: "\(actor.account)/\(actor.resource)", password: Passwords.first,
        resource: actor.resource, isDirectTLS: actor.isDirectTLS)
    }
    tags = ScriptWorld.tags(for: run.swarm.settings)
    steps = []
    hostile = OrderedSet(run.actors.filter(\.isHostile).map(\.index))
    hostileNames = hostile.map { cast[$0].name }
    for case .began(let session, _) in run.history.map(\.observation) { bound.append(session) }
    for moment in run.history { add(moment) }
    if let failure = run.failure { pass(to: failure.time) }
  }

  var hasCrash: Bool { steps.contains { if case .serverCrashes = $0 { true } else { false } } }

  private mutating func pass(to now: Int64) {
    // Users act several times a second: what is longer may matter, because something times out meanwhile.
    let seconds = (now - time) / .seconds(1)
    if seconds > 0 { steps.append(.passes(seconds: min(Int(seconds), 86_400))) }
    time = now
  }

  private mutating func add(_ moment: Run.Moment) {
    if case .fault(Run.unreadable) = moment.observation { return addUnreadable() }
    guard let step = step(of: moment.observation) else { return }
    pass(to: moment.time)
    // A commit fails that somebody asked for: the script says so before.
    if case .nextCommitFails = step, let last = steps.lastIndex(where: \.mayCommit) { return steps.insert(step, at: last) }
    steps.append(step)
  }

  /// A question that gets no answer comes of the last thing that somebody did.
  private mutating func addUnreadable() {
    if case .world(.storage(isReadable: true))? = steps.last { return }
    guard let last = steps.lastIndex(where: { $0.who != nil }) else { return }
    steps.insert(.world(.storage(isReadable: false)), at: last)
    steps.append(.world(.storage(isReadable: true)))
  }

  private mutating func step(of observation: Observation) -> Step? {
    switch observation {
    case .connected(let session):
      guard cast.indices.contains(session.actor) else { return nil }
      let isRaw = hostile.contains(session.actor) && !bound.contains(session)
      return isRaw ? .opensConnection(session.actor) : .connects(session.actor)
    case .ended(let session):
      guard cast.indices.contains(session.actor) else { return nil }
      guard let place = broken.firstIndex(of: session.actor) else { return .disconnects(session.actor) }
      broken.remove(at: place)
      return .losesConnection(session.actor)
    case .sent(let session, let element):
      // Answers have ids that the server gave.
      guard cast.indices.contains(session.actor), element.type != "result", element.type != "error" else { return nil }
      if element.removesAccount { mayLackAccounts = true }
      return .sends(session.actor, element)
    case .wrote(let session, let bytes): return cast.indices.contains(session.actor) ? .writes(session.actor, bytes) : nil
    case .fault(let what): return step(ofFault: what)
    case .asked(let id, let request):
      // The cast has its accounts from the beginning.
      guard id >= Run.operatorBase || mayLackAccounts, let request = OperatorRequest(request) else { return nil }
      if request.change == .delete { mayLackAccounts = true }
      return .operates(request)
    case .began, .received, .answered: return nil
    }
  }

  private mutating func step(ofFault what: String) -> Step? {
    switch what {
    case "the server is told to end":
      isEnding = true
      return .serverRestarts
    case "crash":
      defer { isEnding = false }
      return isEnding ? nil : .serverCrashes
    case "restart": return nil
    case "a commit fails": return .nextCommitFails
    default:
      if let change = WorldChange(inHistory: what) { return .world(change) }
      for change in ConnectionChange.allCases {
        if let index = member(in: what, doing: " " + change.rawValue) { return .changes(index, change) }
      }
      let breaks = [": reset", ": torn stanza", " vanishes without a word"]
      if let index = breaks.compactMap({ member(in: what, doing: $0) }).first {
        broken.append(index)
      } else if !unsaid.contains(what) {
        unsaid.append(what)
      }
      return nil
    }
  }

  /// The member of the cast of whom a run's history says this.
  private func member(in what: String, doing words: String) -> Int? {
    guard what.hasSuffix(words) else { return nil }
    return cast.firstIndex { $0.name.replacing(" ", with: "/") == what.dropLast(words.count) }
  }

  /// Title, tags and cast, with the line that ends it.
  func header(_ title: [String]) -> String {
    var lines = title.map { "# \($0.replacing("\n", with: " "))" } + tags.map { "## \($0)" } + [""]
    for character in cast {
      lines += ["[Client] \(character.name)", "\tjid: \(character.jid)", "\tpassword: \(character.password)"]
      lines += character.isDirectTLS ? ["\tdirect_tls: true", ""] : [""]
    }
    return (lines + ["-----", ""]).joined(separator: "\n")
  }

  /// Whether nobody waits for the character in the end.
  func isHostile(_ character: Scenario.Character) -> Bool { hostileNames.contains(character.name) }

  /// The sizes by which one draft is smaller than another: first the number of steps, last the bytes that are written.
  var size: [Int] { [steps.count, tags.count, cast.count, steps.reduce(0) { $0 + $1.written.count }] }

  /// Characters of the cast for whom there is no step.
  var idle: [Int] {
    cast.indices.filter { index in
      !steps.contains { $0.who == index }
    }
  }

  /// Without a character for whom there is no step.
  func without(idle index: Int) -> ScriptDraft {
    var copy = self
    copy.cast.remove(at: index)
    func moved(_ other: Int) -> Int { other > index ? other - 1 : other }
    copy.steps = steps.map { $0.by(moved) }
    return copy
  }
}

extension ScriptDraft.Step {
  /// The character who does it; `nil` if it happens to the server.
  var who: Int? {
    switch self {
    case .connects(let who, _), .failsToConnect(let who), .opensConnection(let who), .disconnects(let who), .losesConnection(let who),
      .sends(let who, _), .writes(let who, _), .changes(let who, _):
      who
    case .serverRestarts, .serverCrashes, .nextCommitFails, .world, .operates, .passes: nil
    }
  }

  /// The same step by the character with another number.
  func by(_ moved: (Int) -> Int) -> ScriptDraft.Step {
    switch self {
    case .connects(let who, let password): .connects(moved(who), password: password)
    case .failsToConnect(let who): .failsToConnect(moved(who))
    case .opensConnection(let who): .opensConnection(moved(who))
    case .disconnects(let who): .disconnects(moved(who))
    case .losesConnection(let who): .losesConnection(moved(who))
    case .sends(let who, let element): .sends(moved(who), element)
    case .writes(let who, let bytes): .writes(moved(who), bytes)
    case .changes(let who, let change): .changes(moved(who), change)
    case .serverRestarts, .serverCrashes, .nextCommitFails, .world, .operates, .passes: self
    }
  }

  /// Somebody asks for something that may have to be stored.
  var mayCommit: Bool {
    switch self {
    case .sends, .operates: true
    default: false
    }
  }

  /// The bytes of a client's own making.
  var written: [UInt8] { if case .writes(_, let bytes) = self { bytes } else { [] } }
}
