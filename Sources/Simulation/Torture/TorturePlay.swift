internal import OrderedCollections
internal import SASL
internal import Scenario
internal import ServerCore
internal import Storage
internal import XMPP

/// One run of a script: without a fault, with one, or with some characters who leave early.
struct TorturePlay {
  enum Plan: Hashable {
    case undisturbed
    /// The characters whom the fault affects leave at the end of the action in which it happens.
    case fault(TortureCase, affected: OrderedSet<Int>)
    /// These characters leave before the action at this place; it may be the place behind the last. With `omitsAction` the action itself,
    /// which is an operator's, is left out.
    case departure(OrderedSet<Int>, before: Int, omitsAction: Bool = false)
  }

  /// The outcome of an action: `nil` if its character was not there any more.
  typealias Result = Outcome?

  let script: Script
  private(set) var plan: Plan
  var world: TortureWorld
  private var run: ScriptRun
  private(set) var results: [Result] = []
  /// At the end of each action: the durable rows, and how much each character had received.
  private(set) var ends: [(durable: MemoryDatabase, received: [Int])] = []
  /// All that each character received while the script ran, and what is stored at its end.
  private(set) var outcome = TortureOutcome()
  /// At the end of the action in which the fault came, its character was connected and not logged in.
  private(set) var hangs = false
  private(set) var gone: OrderedSet<Int> = []
  /// The place of the next action.
  private var next = 0
  /// Before each action, the run as it was: other plans go on from there.
  private(set) var snapshots: [TorturePlay] = []

  init(_ script: Script, _ plan: Plan, shards: Int, mutation: Mutation?) {
    self.script = script
    self.plan = plan
    world = TortureWorld(script, shards: shards, mutation: mutation)
    run = ScriptRun(script, exact: false)
    follow(plan)
  }

  private mutating func follow(_ plan: Plan) {
    self.plan = plan
    world.keepsPositions = plan == .undisturbed
    world.world.eventLog = plan == .undisturbed ? EventLog() : nil
    world.fault = nil
    if case .fault(let planned, _) = plan { world.fault = planned }
  }

  /// The same run with another plan that differs from the action at `place` on.
  func branch(at place: Int, _ plan: Plan) -> TorturePlay {
    var branch = place < snapshots.count ? snapshots[place] : self
    branch.follow(plan)
    return branch
  }

  /// Plays the script to its end, or to the crash that the plan holds.
  mutating func play() {
    world.countsPositions = true
    while next < script.actions.count, !hasCrashed {
      if plan == .undisturbed { keepSnapshot() }
      let index = next
      next += 1
      if case .departure(let who, index, let omitsAction) = plan {
        leave(who)
        if omitsAction {
          results.append(nil)
          continue
        }
      }
      perform(script.actions[index], index)
      if world.hasStruck, gone.isEmpty, let actor = world.actor {
        hangs = hangs || world.clients[actor].isLoggingIn
      }
      if case .fault(let planned, let affected) = plan, world.hasStruck, planned.fault.promise == .toOthers, gone.isEmpty {
        leave(affected)
      }
    }
    if case .departure(let who, script.actions.count, _) = plan { leave(who) }
    world.readOn()
    world.settle()
    world.countsPositions = false
    let drawn = world.drawnAddresses
    outcome.experiences = world.experiences.map { $0.normalized(sentIDs: world.sentIDs, drawn: drawn) }
    outcome.stored = TortureOutcome.normalized(world.world.durable, drawn: drawn)
  }

  private mutating func keepSnapshot() {
    var snapshot = self
    snapshot.snapshots = []
    snapshots.append(snapshot)
  }

  /// The process died by the planned fault: what the script says of the time after that does not hold.
  private var hasCrashed: Bool {
    guard case .fault(let planned, _) = plan else { return false }
    return world.hasStruck && planned.fault.promise == .durability
  }

  private mutating func perform(_ action: Scenario.Action, _ index: Int) {
    var name: String?
    var reads = false
    if case .character(let actor, let verb) = action.event {
      name = actor
      if case .sends = verb {} else { reads = true }
    }
    if let actor = name.flatMap({ world.index(of: $0) }), gone.contains(actor) { return results.append(nil) }
    world.begin(index, by: name, reads: reads)
    do throws(ScriptFailure) {
      try run.perform(action, with: &world)
      results.append(.passed)
    } catch {
      results.append(.failed(line: error.line, expected: error.expected, got: error.got))
    }
    world.settle()
    ends.append((world.world.durable, world.experiences.map(\.items.count)))
  }

  private mutating func leave(_ who: OrderedSet<Int>) {
    for index in who {
      world.leave(index)
      run.left(world.cast[index].name)
    }
    gone.formUnion(who)
  }
}

/// The outcome of a run, comparable with that of another.
struct TortureOutcome: Sendable {
  /// Of each character.
  var experiences: [[String]] = []
  var stored: [String] = []

  /// In words. Credentials, which are salted at random, are left out.
  static func rows(of owner: Owner, in database: MemoryDatabase) -> String {
    let tables = TableCatalog.server.tables(of: owner.kind).filter { $0.name != ScramCredentials.table.name }
    return tables.map { "\($0.name): \(database.values(in: $0, of: owner))" }.joined(separator: "; ")
  }

  /// A line for each owner of rows, without times.
  static func normalized(_ database: MemoryDatabase, drawn: [(jid: String, name: String)]) -> [String] {
    ([.account, .room, .host] as [OwnerKind]).flatMap { kind in
      database.owners(kind).map { jid in
        var text = "\(kind) \(jid) \(rows(of: Owner(kind, jid), in: database))"
        for (jid, name) in drawn { text = text.replacing(jid, with: name) }
        return Experiences.withoutTimes(text)
      }
    }
  }
}

extension MemoryDatabase {
  /// The owners of rows that refer to this one.
  func owners(withRowsAbout target: Owner) -> [Owner] {
    TableCatalog.server.tables.filter { $0.reference?.target == target.kind }.flatMap { table in
      owners(table.owner).map { Owner(table.owner, $0) }.filter { owner in
        values(in: table, of: owner).contains { $0.contains(.jid(target.jid)) }
      }
    }
  }

  /// All rows of a table that an owner has, in the order of their keys.
  fileprivate func values(in table: StoredTable, of owner: Owner) -> [[ColumnValue]] {
    var query = RowQuery(AccountRow.self, of: owner.jid)
    (query.table, query.scope, query.rowLimit, query.byteLimit) = (table.name, .owner(owner), nil, nil)
    guard case .page(let page) = answer(.rows(query)) else { return [] }
    return page.entries.map(\.values)
  }
}
