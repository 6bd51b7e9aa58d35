internal import OrderedCollections
internal import ServerCore
internal import Storage
internal import XMPP

/// The rows of accounts and places that the model itself holds to be durable, so that it need not believe the disk after a crash or a failed commit.
///
/// A crash may come before or after a commit that was under way. So the disk may hold an owner as any commit left it that has not been
/// acknowledged, or as the last acknowledged one did.
struct ModelMemory: Sendable {
  /// The state of an owner after a commit.
  enum State: Sendable, Hashable {
    /// In words, each a part of what is stored; `nil`: nothing is.
    case known([String]?)
    /// The event made several commits, or one that changes others' rows on the disk.
    case unknown
  }

  private var durable: OrderedDictionary<JID, State> = [:]
  private var pending: [(commit: CommitID, owner: JID, state: State)] = []

  mutating func set(_ owner: JID, _ state: State) { durable[owner] = state }
  mutating func note(_ commit: CommitID, _ owner: JID, _ state: State) { pending.append((commit, owner, state)) }

  mutating func committed(_ number: CommitID) {
    for entry in pending where entry.commit.isSameOrBefore(number) { durable[entry.owner] = entry.state }
    pending.removeAll { $0.commit.isSameOrBefore(number) }
  }
  mutating func failed(_ number: CommitID) { pending.removeAll { number.isSameOrBefore($0.commit) } }

  /// The difference between an owner on the disk and all that it may be there, in words.
  func disagreement(about owner: JID, with stored: [String]?) -> String? {
    let states = [durable[owner] ?? .known(nil)] + pending.filter { $0.owner == owner }.map(\.state)
    guard !states.contains(.unknown), !states.contains(.known(stored)), case .known(let last)? = states.last else { return nil }
    let (actual, expected) = (stored ?? ["nothing"], last ?? ["nothing"])
    let surplus = actual.filter { !expected.contains($0) }
    let missing = expected.filter { !actual.contains($0) }
    return "the disk holds of \(owner) \(surplus), and should hold \(missing)"
  }

  /// All owners that it knows.
  var owners: OrderedSet<JID> { OrderedSet(durable.keys).union(pending.map(\.owner)) }
}

extension ReferenceModel {
  func kept(of owner: JID) -> [String]? { places[owner]?.kept ?? accounts[owner]?.kept }

  mutating func remember(_ handled: HandledEvent) {
    var commits: [CommitID] = []
    var deletesAccount = false
    for case .commit(let number, let changes) in handled.effects {
      commits.append(number)
      deletesAccount = deletesAccount || changes.contains { if case .deleteOwner(let owner) = $0 { owner.kind == .account } else { false } }
    }
    if !commits.isEmpty { remember(commits, deletesAccount: deletesAccount) }
  }

  /// Keeps in mind what the commits of an event have made of those whose rows they change.
  private mutating func remember(_ commits: [CommitID], deletesAccount: Bool) {
    for entry in pending where commits.contains(entry.number) {
      for owner in entry.touched {
        let isLast = !pending.contains { $0.number != entry.number && commits.contains($0.number) && $0.touched.contains(owner) }
        memory.note(entry.number, owner, isLast ? .known(kept(of: owner)) : .unknown)
      }
      // With an account go its rows in places that have not heard of its end yet.
      if deletesAccount { for place in places.keys { memory.note(entry.number, place, .unknown) } }
    }
  }

  /// Compares the disk with what it must hold.
  func disagreement(with durable: MemoryDatabase) -> String? {
    let stored = OrderedDictionary(uniqueKeysWithValues: owners(in: durable).map { ($0, Self.kept(of: $0, in: durable, configuration)) })
    let owners = memory.owners.union(stored.keys)
    if let wrong = owners.lazy.compactMap({ memory.disagreement(about: $0, with: stored[$0] ?? nil) }).first { return wrong }
    // A change for which no commit was made at all is in no memory of commits.
    guard pending.isEmpty, crossing.isEmpty, wasFlushed else { return nil }
    var now = ModelMemory()
    for owner in owners { now.set(owner, .known(kept(of: owner))) }
    return owners.lazy.compactMap { now.disagreement(about: $0, with: stored[$0] ?? nil) }.first
  }

  /// The model begins with what the disk holds.
  mutating func memorise(_ durable: MemoryDatabase) {
    memory = ModelMemory()
    for owner in owners(in: durable) { memory.set(owner, .known(Self.kept(of: owner, in: durable, configuration))) }
  }

  private func owners(in durable: MemoryDatabase) -> [JID] {
    durable.owners(.account) + Self.placeTypes.flatMap { durable.owners($0.kind) }
  }

  private static func kept(of owner: JID, in durable: MemoryDatabase, _ configuration: Configuration) -> [String]? {
    if durable.has(.account(owner)) { return AccountModel(owner, from: durable).kept }
    return placeTypes.first { durable.has(Owner($0.kind, owner)) }?.init(owner, from: durable, limits: configuration.limits).kept
  }
}
