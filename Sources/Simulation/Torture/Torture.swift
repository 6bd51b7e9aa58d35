internal import OrderedCollections
public import Scenario
internal import Storage
internal import XMPP

/// Exhaustive fault injection into a script: every fault that makes sense at every position of its run, each in a run of its own.
///
/// A run without a fault gives the positions. Then, with a fault,
/// - that only takes time: the whole script still passes, and everybody receives the same;
/// - of some users' connections, commits or loads: all others receive, and the disk holds, what they would if those users had left in peace,
///   before the action of the script in which the fault comes or after it. The fault may be noticed at once or late, and no third outcome is right;
/// - that ends the process: what was acknowledged is on the disk, and everybody can log in again.
///
/// In all of them the oracles and the reference model hold, and nothing is left in memory when everybody has gone.
public struct Torture {
  /// The rules that are watched.
  static let oracles = Oracles.watched(in: .runs)

  public struct Failure: Sendable {
    /// The line of the script that was in progress.
    public var line: Int
    /// The event that the fault came before, in words.
    public var event: String
    public var expectation: String
  }

  public let script: Script
  private let shards: Int
  private let mutation: Mutation?
  private let undisturbed: TorturePlay
  public let positions: [TorturePosition]
  /// All runs with a fault, in the order of their positions.
  public let cases: [TortureCase]
  /// The first thing that went wrong without any fault.
  public let problem: String?
  private var departures: [TorturePlay.Plan: TortureOutcome] = [:]

  /// Runs the script without a fault.
  ///
  /// - Parameter mutation: a bug that is planted at the server's boundary, to see it found.
  public init(_ script: Script, shards: Int = 1, mutation: Mutation? = nil) {
    self.script = script
    self.shards = shards
    self.mutation = mutation
    var play = TorturePlay(script, .undisturbed, shards: shards, mutation: mutation)
    play.play()
    positions = play.world.positions
    cases = Torture.cases(play)
    var world = play.world
    world.end(logsIn: true)
    problem = Torture.firstFailure(play) ?? world.problem
    undisturbed = play
  }

  private static func firstFailure(_ play: TorturePlay) -> String? {
    for case .failed(let line, let expected, let got)? in play.results { return "line \(line): expected\n\(expected)\ngot\n\(got)" }
    return nil
  }

  private static func cases(_ play: TorturePlay) -> [TortureCase] {
    let positions = play.world.positions
    let names = play.script.cast.map(\.name)
    return positions.indices.flatMap { index in
      let position = positions[index]
      let earlier = index > 0 && positions[index - 1].action == position.action ? positions[index - 1] : nil
      return position.faults(cast: names, receivers: receivers(after: position, play), earlier: earlier).map {
        TortureCase(position: position.number, fault: $0)
      }
    }
  }

  /// The characters who receive something between the event and the end of the action that is in progress.
  private static func receivers(after position: TorturePosition, _ play: TorturePlay) -> [Int] {
    let after = play.ends[position.action].received
    return after.indices.filter { after[$0] > position.received[$0] }
  }

  /// Runs the script with one fault. Returns the expectation that broke, if one did.
  public mutating func judge(_ tried: TortureCase) -> Failure? { run(tried, keepsHistory: false).failure }

  /// The same with all that the characters sent and received, a line each.
  public mutating func trace(_ tried: TortureCase) -> (failure: Failure?, history: [String]) {
    let (failure, world) = run(tried, keepsHistory: true)
    return (failure, world.history.map { "\($0)" })
  }

  private mutating func run(_ tried: TortureCase, keepsHistory: Bool) -> (failure: Failure?, world: TortureWorld) {
    let affected = affected(by: tried)
    let plan = TorturePlay.Plan.fault(tried, affected: affected)
    var play = TorturePlay(script, plan, shards: shards, mutation: mutation)
    if !keepsHistory, positions.indices.contains(tried.position - 1) {
      play = undisturbed.branch(at: positions[tried.position - 1].action, plan)
    }
    play.world.keepsHistory = keepsHistory
    play.play()
    var wrong = play.world.hasStruck ? broken(tried, play, affected) : "the run has no such position"
    var world = play.world
    world.end(logsIn: tried.fault.endsWithLogins)
    wrong = world.problem ?? wrong
    guard let wrong else { return (nil, world) }
    let line = positions.indices.contains(tried.position - 1) ? script.actions[positions[tried.position - 1].action].line : 0
    return (Failure(line: line, event: world.event, expectation: wrong), world)
  }

  private func affected(by tried: TortureCase) -> OrderedSet<Int> {
    guard positions.indices.contains(tried.position - 1) else { return [] }
    let position = positions[tried.position - 1]
    switch tried.fault {
    case .reset(let name): return OrderedSet(script.cast.indices.filter { script.cast[$0].name == name })
    case .commitFails:
      // The streams to which an output of the failed commit would have gone end.
      let receivers = Torture.receivers(after: position, undisturbed).filter { position.connected.contains($0) }
      return position.concerned.union(receivers).union([position.actor].compactMap { $0 })
    case .answerFails, .answerLost: return position.concerned.union([position.actor].compactMap { $0 })
    default: return []
    }
  }

  private mutating func broken(_ tried: TortureCase, _ play: TorturePlay, _ affected: OrderedSet<Int>) -> String? {
    switch tried.fault.promise {
    case .everything:
      return Torture.firstFailure(play) ?? difference(play.outcome, from: [undisturbed.outcome], without: [])
    case .toOthers:
      if let wrong = silence(tried, play) ?? half(tried, play) { return wrong }
      let action = positions[tried.position - 1].action
      var legitimate = [action, action + 1].map { outcome(.departure(affected, before: $0)) }
      // An operator's request may not have been done.
      if case .operates = script.actions[action].event {
        legitimate.append(outcome(.departure(affected, before: action, omitsAction: true)))
      }
      // Accounts are strangers to each other: of a subscription one half may be stored while the other failed, and later actions meet that.
      let halved: OrderedSet<Int> = if case .reset = tried.fault { [] } else { affected }
      return difference(play.outcome, from: legitimate, without: affected, halved: halved)
    case .durability:
      let action = positions[tried.position - 1].action
      guard let end = undisturbed.world.acknowledged[action], end < tried.position else { return nil }
      let isDurable = play.ends.last?.durable == undisturbed.ends[action].durable
      return isDurable ? nil : "the action of line \(script.actions[action].line) was acknowledged, and after the crash the disk lacks it"
    }
  }

  /// An affected user who stays gets an answer to what was sent, be it an error.
  private func silence(_ tried: TortureCase, _ play: TorturePlay) -> String? {
    let action = positions[tried.position - 1].action
    guard let actor = positions[tried.position - 1].actor else { return nil }
    if play.hangs { return "\(script.cast[actor].name) is neither logged in nor refused" }
    guard undisturbed.world.answered.contains(action),
      !play.world.answered.contains(action), tried.fault != .reset(script.cast[actor].name), !play.world.experiences[actor].hasEnd
    else { return nil }
    return "\(script.cast[actor].name) gets no answer to line \(script.actions[action].line), and stays connected"
  }

  /// Where the actor's change failed, nothing may be stored of what it would have caused. (The reverse is possible: accounts are strangers.)
  private func half(_ tried: TortureCase, _ play: TorturePlay) -> String? {
    let position = positions[tried.position - 1]
    guard position.action > 0, play.ends.indices.contains(position.action), case .commitFails = tried.fault,
      let actor = position.actor.flatMap({ JID(script.cast[$0].bareJID) })
    else { return nil }
    let before = undisturbed.ends[position.action - 1].durable
    let now = play.ends[position.action].durable
    let cause = Owner.account(actor)
    guard position.owners.contains(cause), TortureOutcome.rows(of: cause, in: now) == TortureOutcome.rows(of: cause, in: before)
    else { return nil }
    for owner in now.owners(.account).map({ Owner.account($0) }) {
      let rows = TortureOutcome.rows(of: owner, in: now)
      guard rows != TortureOutcome.rows(of: owner, in: before) else { continue }
      return "the change of \(actor) failed, and what it caused is stored: \(owner.jid) \(rows)"
    }
    return nil
  }

  private mutating func outcome(_ plan: TorturePlay.Plan) -> TortureOutcome {
    if let known = departures[plan] { return known }
    guard case .departure(_, let place, _) = plan else { return undisturbed.outcome }
    var play = undisturbed.branch(at: min(place, script.actions.count - 1), plan)
    play.play()
    departures[plan] = play.outcome
    return play.outcome
  }

  /// In words, how the received stanzas differ from the nearest of several possibilities; `nil` if they are one of them.
  private func difference(
    _ got: TortureOutcome, from legitimate: [TortureOutcome], without affected: OrderedSet<Int>, halved: OrderedSet<Int> = []
  ) -> String? {
    let ignored = halved.map { "account \(script.cast[$0].bareJID) " }
    var nearest: [String]?
    for possible in legitimate {
      var lines: [String] = []
      for index in script.cast.indices where !affected.contains(index) {
        let (extra, missing) = Torture.difference(got.experiences[index], possible.experiences[index])
        lines += extra.map { "\(script.cast[index].name) should not get: \($0)" }
        lines += missing.map { "\(script.cast[index].name) should get: \($0)" }
      }
      let (extra, missing) = Torture.difference(got.stored, possible.stored)
      let stored = extra.map { ("should not be stored: ", $0) } + missing.map { ("should be stored: ", $0) }
      lines += stored.filter { line in !ignored.contains { line.1.hasPrefix($0) } }.map { $0.0 + $0.1 }
      if lines.isEmpty { return nil }
      if lines.count < nearest?.count ?? .max { nearest = lines }
    }
    return nearest?.prefix(6).joined(separator: "\n")
  }

  /// Both sorted.
  private static func difference(_ got: [String], _ wanted: [String]) -> (extra: [String], missing: [String]) {
    var missing = wanted
    var extra: [String] = []
    for item in got {
      if let place = missing.firstIndex(of: item) { missing.remove(at: place) } else { extra.append(item) }
    }
    return (extra, missing)
  }
}
