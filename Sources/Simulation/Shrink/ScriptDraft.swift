internal import Scenario
internal import ServerCore
internal import XML
internal import XMPP

/// The actions of a run's users, and of the world around them, as far as a script can tell them.
struct ScriptDraft: Sendable {
  /// Characters are numbered by their place in the cast.
  enum Step: Sendable {
    case connects(Int)
    case disconnects(Int)
    case losesConnection(Int)
    case sends(Int, Element)
    case serverRestarts
    case serverCrashes
    case nextCommitFails
    case passes(seconds: Int)
  }

  var cast: [Scenario.Character]
  /// The world that it needs; see `ScriptWorld`.
  var tags: [String]
  var steps: [Step]
  /// A crash comes as soon as the step before it has had an answer, and not when everything has come to rest.
  var isHasty = false
  /// Faults and requests of operators that the language has no words for.
  private(set) var unsaid: [String] = []

  private var time: Int64 = 0
  private var isEnding = false
  /// Characters whose connection breaks.
  private var broken: [Int] = []

  /// - Parameter run: one that is over and has kept its history.
  init(_ run: Run) {
    cast = run.honest.map { index in
      let actor = run.actors[index]
      return Scenario.Character(
        name: "\(actor.account.local) \(actor.resource)", jid: "\(actor.account)/\(actor.resource)", password: Passwords.first,
        resource: actor.resource)
    }
    tags = ScriptWorld.tags(for: run.swarm.settings)
    steps = []
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
    guard let step = step(of: moment.observation) else { return }
    pass(to: moment.time)
    // A commit fails that somebody asked for: the script says so before.
    if case .nextCommitFails = step, let last = steps.lastIndex(where: { if case .sends = $0 { true } else { false } }) {
      return steps.insert(step, at: last)
    }
    steps.append(step)
  }

  private mutating func step(of observation: Observation) -> Step? {
    switch observation {
    case .connected(let session): return cast.indices.contains(session.actor) ? .connects(session.actor) : nil
    case .ended(let session):
      guard cast.indices.contains(session.actor) else { return nil }
      guard let place = broken.firstIndex(of: session.actor) else { return .disconnects(session.actor) }
      broken.remove(at: place)
      return .losesConnection(session.actor)
    case .sent(let session, let element):
      // Answers have ids that the server gave.
      guard cast.indices.contains(session.actor), element.type != "result", element.type != "error" else { return nil }
      return .sends(session.actor, element)
    case .fault(let what): return step(ofFault: what)
    case .asked(let id, let request):
      if id >= Run.operatorBase, request.isCutting { unsaid.append("the operator's request to \(request.summary)") }
      return nil
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
      let breaks = [": reset", ": torn stanza", " vanishes without a word"]
      if let end = breaks.first(where: { what.hasSuffix($0) }),
        let index = cast.firstIndex(where: { $0.name.replacing(" ", with: "/") == what.dropLast(end.count) })
      {
        broken.append(index)
      } else if !unsaid.contains(what) {
        unsaid.append(what)
      }
      return nil
    }
  }

  /// Title, tags and cast, with the line that ends it.
  func header(_ title: [String]) -> String {
    var lines = title.map { "# \($0.replacing("\n", with: " "))" } + tags.map { "## \($0)" } + [""]
    for character in cast { lines += ["[Client] \(character.name)", "\tjid: \(character.jid)", "\tpassword: \(character.password)", ""] }
    return (lines + ["-----", ""]).joined(separator: "\n")
  }

  /// Characters of the cast for whom there is no step.
  var idle: [Int] {
    cast.indices.filter { index in
      !steps.contains { step in
        switch step {
        case .connects(index), .disconnects(index), .losesConnection(index), .sends(index, _): true
        default: false
        }
      }
    }
  }

  /// Without a character for whom there is no step.
  func without(idle index: Int) -> ScriptDraft {
    var copy = self
    copy.cast.remove(at: index)
    func moved(_ other: Int) -> Int { other > index ? other - 1 : other }
    copy.steps = steps.map { step in
      switch step {
      case .connects(let who): .connects(moved(who))
      case .disconnects(let who): .disconnects(moved(who))
      case .losesConnection(let who): .losesConnection(moved(who))
      case .sends(let who, let element): .sends(moved(who), element)
      case .serverRestarts, .serverCrashes, .nextCommitFails, .passes: step
      }
    }
    return copy
  }
}
