internal import OrderedCollections
internal import Scenario
internal import ServerCore
internal import Storage
internal import XMPP

/// An event that the server handles while a script runs: a fault can come before it.
public struct TorturePosition: Sendable {
  /// Counted from 1.
  public let number: Int
  /// The place of the script's action that is in progress.
  let action: Int
  /// The event in words.
  public let event: String
  let isCommit: Bool
  let isAnswer: Bool
  /// The characters who have a connection.
  let connected: [Int]
  let actor: Int?
  /// Commits that are not durable.
  let pendingCommits: Int
  /// The connected characters whose sessions depend on the commit that the event ends, or on the answer that it brings.
  let concerned: OrderedSet<Int>
  /// The owners of the rows that the commit changes or the answer brings.
  let owners: OrderedSet<Owner>
  /// For each character how much it has received before.
  let received: [Int]
  /// The number of effects that the event has.
  var actions = 0

  init(number: Int, before world: TortureWorld, _ next: World.NextEvent) {
    self.number = number
    action = world.action
    event = next.words { world.name(of: $0) }
    isCommit = next.isCommit
    isAnswer = next.question != nil
    actor = world.actor
    let connected = world.cast.indices.filter { world.clients[$0].connection != nil }
    self.connected = connected
    let pending = world.world.node.disk.pending
    pendingCommits = pending.count
    received = world.experiences.map(\.items.count)
    var owners: [Owner] = []
    if isCommit {
      owners = pending.flatMap(\.changes).map(\.owner)
      // Rows that refer to a deleted owner go with it.
      for case .deleteOwner(let owner) in pending.flatMap(\.changes) { owners += world.world.durable.owners(withRowsAbout: owner) }
    }
    if case .query(let query)? = next.question { owners = query.owner.map { [$0] } ?? [] }
    self.owners = OrderedSet(owners)
    let server = world.world.engine.server
    // A room whose commit failed is read anew, and its occupants are told to come in again.
    let accounts = owners.flatMap { owner in owner.kind == .room ? server.occupants(of: owner.jid).map(\.jid.bare) : [owner.jid] }
    concerned = OrderedSet(connected.filter { index in JID(world.cast[index].jid).map { accounts.contains($0.bare) } ?? false })
  }

  /// The faults that make sense here.
  ///
  /// - Parameters:
  ///   - receivers: the characters who receive something between the event and the end of the script's action.
  ///   - earlier: the position before, if it belongs to the same action.
  func faults(cast: [String], receivers: [Int], earlier: TorturePosition?) -> [TortureFault] {
    var faults: [TortureFault] = (0...pendingCommits).map { .crash(keeping: $0) }
    // Behind the last action the process dies as before the next event.
    if actions > 1 { faults += (1..<actions).map { .crashAfter(actions: $0) } }
    if isCommit, pendingCommits > 0 { faults += [.commitFails, .commitLate] }
    if isAnswer { faults += [.answerLate, .answerTwice, .answerFails, .answerLost] }
    faults += connected.map { .reset(cast[$0]) }
    for index in connected where index == actor || receivers.contains(index) {
      faults.append(.stall(cast[index]))
      // A client that stops reading misses the same as one event earlier, unless something has come meanwhile.
      if earlier.map({ $0.received[index] != received[index] || !$0.connected.contains(index) }) ?? true {
        faults.append(.unread(cast[index]))
      }
    }
    return faults
  }
}

/// A fault at a position: one run of the script.
public struct TortureCase: Hashable, Sendable {
  public var position: Int
  public var fault: TortureFault

  public init(position: Int, fault: TortureFault) {
    self.position = position
    self.fault = fault
  }
}

extension Query {
  /// The owner of all rows that it asks for.
  fileprivate var owner: Owner? {
    switch self {
    case .owner(let owner): owner
    case .rows(let rows): if case .owner(let owner) = rows.scope { owner } else { nil }
    }
  }
}
