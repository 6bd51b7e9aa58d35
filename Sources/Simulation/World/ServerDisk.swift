internal import SASL
internal import ServerCore
internal import Storage

// What servers' disks do, and whatever else answers their questions.

extension World {
  mutating func commit(_ number: CommitID, _ changes: [Change], _ server: Int) {
    nodes[server].disk.write(number, nodes[server].mutant?.distort(changes) ?? changes)
    scheduleSync(server)
    if nodes[server].mutant?.kind == .syncPromised { tell(.committed(through: number), server) }
  }

  private mutating func scheduleSync(_ server: Int) {
    guard !nodes[server].isSyncScheduled else { return }
    nodes[server].isSyncScheduled = true
    schedule(.sync(server), after: pick(.commitTime, Node.label(server), settings.commitTime, &choices) * nodes[server].slowness)
  }

  mutating func sync(_ server: Int) {
    nodes[server].isSyncScheduled = false
    if nodes[server].isDiskHung { return }
    if nodes[server].failingCommits > 0 {
      nodes[server].failingCommits -= 1
      return failCommit(at: server)
    }
    let planted = nodes[server].mutant?.kind
    if nodes[server].isDiskFull { return planted == .fullDiskUnheard ? promise(server) : failCommit(at: server) }
    if planted == .crashForgets { nodes[server].durableBefore = nodes[server].disk.durable }
    // Shards commit independently: one may be durable before another whose commits were made earlier.
    let shards = nodes[server].disk.shards
    if shards.count > 1, choices.chance(.commitTime, Node.label(server, 1), percent: 50) {
      let shard = shards[choices.draw(.commitTime, Node.label(server, 2), below: shards.count)]
      guard let last = nodes[server].disk.pending.last(where: { $0.id.shard == shard })?.id else { return }
      nodes[server].disk.sync(through: last)
      scheduleSync(server)
      return tell(.committed(through: last), server)
    }
    for last in nodes[server].disk.sync() { tell(.committed(through: last), server) }
  }

  /// All that is pending is confirmed, and none of it is written.
  private mutating func promise(_ server: Int) {
    let disk = nodes[server].disk
    let lasts = disk.shards.compactMap { shard in disk.pending.last { $0.id.shard == shard }?.id }
    _ = nodes[server].disk.fail()
    for last in lasts { tell(.committed(through: last), server) }
  }

  /// The transaction in preparation fails; the process lives on.
  public mutating func failCommit(at server: Int = 0) {
    guard nodes[server].isUp else { return }
    let firsts = nodes[server].disk.fail()
    guard !firsts.isEmpty else { return }
    nodes[server].failedCommits += 1
    for first in firsts {
      // Commits that the failure of another shard has made this one write meanwhile build on what is lost, too.
      nodes[server].disk.fail(from: first)
      tell(.commitFailed(from: first), server)
    }
  }

  // MARK: Questions

  mutating func ask(_ id: InquiryID, _ question: Question, _ server: Int) {
    var found: QueryResult?
    let time: Int64
    switch question {
    case .query(let query):
      time = pick(.loadTime, Node.label(server), settings.loadTime ?? settings.commitTime, &choices) * nodes[server].slowness
      // By then the server has given up.
      if time >= nodes[server].configuration.limits[time: .inquiryTime] { notices.append(.unreadable) }
      found = nodes[server].disk.answer(query)
    case .deriveKeys: time = pick(.deriveTime, Node.label(server), settings.commitTime, &choices)
    case .resolve, .connect: time = pick(.latency, Node.label(server), settings.latency, &choices) * 2
    case .verify: time = pick(.deriveTime, Node.label(server), settings.commitTime, &choices)
    }
    schedule(.answer(server, id, question, found: found, failures: nodes[server].failedCommits), after: time)
  }

  /// A question is answered, unless a fault is in the way: it may fail, be answered twice, too late or never.
  mutating func answer(_ server: Int, _ id: InquiryID, _ question: Question, _ found: QueryResult?, _ failures: Int) {
    if case .query = question, nodes[server].isDiskHung { return notices.append(.unreadable) }
    if case .query = question, nodes[server].isUnreadable {
      notices.append(.unreadable)
      return tell(.answered(id, .failed("unreadable")), server)
    }
    guard choices.chance(.inquiryFault, Node.label(server), percent: settings.inquiryFailurePercent) else {
      return tellAnswer(to: question, id, found, failures, server)
    }
    notices.append(.unreadable)
    switch choices.draw(.inquiryFault, Node.label(server, 1), below: 4) {
    case 0: tell(.answered(id, .failed("unreadable")), server)
    case 1: break
    case 2:
      tellAnswer(to: question, id, found, failures, server)
      if nodes[server].isUp { tellAnswer(to: question, id, found, failures, server) }
    default:
      let late = nodes[server].configuration.limits[time: .inquiryTime] * 2
      schedule(.answer(server, id, question, found: found, failures: failures), after: late)
    }
  }

  private mutating func tellAnswer(
    to question: Question, _ id: InquiryID, _ found: QueryResult?, _ failures: Int, _ server: Int
  ) {
    if let answer = answer(to: question, found, failures, server) { tell(.answered(id, answer), server) }
  }

  private mutating func answer(to question: Question, _ found: QueryResult?, _ failures: Int, _ server: Int) -> Answer? {
    switch question {
    case .deriveKeys(let request): return .keys(Scram.derive(request))
    case .resolve, .connect, .verify: return answerAbroad(question, server)
    case .query(let query):
      let disk = nodes[server].disk
      // Rows that a failed commit took back are read anew, as storage does it.
      var result = failures == nodes[server].failedCommits ? found ?? disk.answer(query) : disk.answer(query)
      if let distorted = nodes[server].mutant?.distort(result) { result = distorted }
      if nodes[server].mutant?.kind == .loadStale { result = disk.durable.answer(query) }
      return .result(result)
    }
  }

  // MARK: Faults of disks

  /// The next transaction fails when it is to become durable; the process lives on.
  mutating func failNextCommit(at server: Int = 0) { nodes[server].failingCommits += 1 }

  /// Storage refuses every question of the server, or answers again. Commits succeed as before.
  mutating func setUnreadable(_ isUnreadable: Bool, at server: Int = 0) { nodes[server].isUnreadable = isUnreadable }

  /// Storage answers nothing any more, for as long as the process lives. A disk for which nobody waits may be well again.
  public mutating func hangDisk(_ isHung: Bool, at server: Int = 0) {
    if isHung || nodes[server].disk.pending.isEmpty { nodes[server].isDiskHung = isHung }
  }
  public var isDiskHung: Bool { nodes.contains(where: \.isDiskHung) }
  /// A disk is full, slow, or hangs.
  var isDiskBad: Bool { nodes.contains { $0.isDiskFull || $0.isDiskHung || $0.slowness > 1 } }

  /// The disk has no room for anything new, or has again.
  public mutating func setDisk(full: Bool, slowness: Int64, at server: Int = 0) {
    nodes[server].isDiskFull = full
    nodes[server].slowness = max(1, slowness)
  }
}
