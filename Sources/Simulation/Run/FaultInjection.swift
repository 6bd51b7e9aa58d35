internal import OrderedCollections
internal import Scenario
internal import ServerCore

// Faults of the world itself: processes, disks, networks, clocks.

extension Run {
  /// One chance for each kind of trouble, ten times a second.
  mutating func weather() {
    weatherCount += 1
    if shouldInject(0, faults.crash) {
      hadFault = true
      if draw(16, below: 2) == 1 { world.crashAtCommit() } else { world.crash(afterActions: draw(8, below: 12)) }
    }
    if shouldInject(1, faults.failedCommit) {
      disturb("a commit fails")
      world.failCommit()
    }
    if shouldInject(2, faults.fullDisk) {
      let isFull = draw(9, below: 2) == 1
      disturb((isFull ? DiskState.full : .well).inHistory)
      world.setDisk(full: isFull, slowness: 1)
    }
    if shouldInject(3, faults.slowDisk) {
      let slowness = Int64(1 + draw(10, below: 30))
      disturb(DiskState.slow(times: Int(slowness)).inHistory)
      world.setDisk(full: false, slowness: slowness)
    }
    if shouldInject(4, faults.clog) { clogOne() }
    if shouldInject(5, faults.swizzle) { swizzle() }
    if shouldInject(6, faults.clockJump) {
      disturb("the process is suspended")
      world.lose(.milliseconds(Int64(draw(11, below: 3000))))
    }
    if shouldInject(7, faults.wallStep) {
      let offset = draw(12, below: 7200) - 3600
      disturb(WorldChange.clock(seconds: offset).inHistory)
      stepWall(by: .seconds(Int64(offset)))
    }
    if shouldInject(8, faults.shutdown) { shutDown() }
    if shouldInject(9, swarm.operators) { operate() }
    if shouldInject(18, faults.hungDisk) {
      disturb(DiskState.hung.inHistory)
      world.hangDisk(true)
    }
  }

  /// Somebody does something about accounts: no fault, but sessions may end by it.
  private mutating func operate() {
    let accounts = honest.map { actors[$0].account }
    var workload = workload
    let request = workload.operate(on: accounts) { world.choices.draw(.operate, 0, item: weatherCount, below: $0) }
    self.workload = workload
    guard let request else { return }
    // Twice, now and then: what takes time must bear another of its kind meanwhile.
    for _ in 0...world.choices.draw(.operate, 1, item: weatherCount, below: 2) { ask(request) }
  }

  private mutating func shouldInject(_ kind: UInt64, _ percent: Int) -> Bool {
    world.choices.chance(.weather, kind, item: weatherCount, percent: percent)
  }
  private mutating func draw(_ kind: UInt64, below bound: Int) -> Int {
    world.choices.draw(.weather, kind, item: weatherCount, below: bound)
  }

  private mutating func shutDown() {
    disturb("the server is told to end")
    world.shutDown(grace: .milliseconds(Int64(draw(17, below: 1000))))
  }

  /// One connection stands still in one direction or both, or goes on.
  private mutating func clogOne() {
    let open = world.openConnections
    guard !open.isEmpty else { return }
    let id = open[draw(13, below: open.count)]
    let kind = draw(14, below: 4)
    let words = [ConnectionChange.goesOn.rawValue, "hears from the server and is not heard", "is heard and hears nothing"]
    disturb("\(name(of: id.number)) \((words + [ConnectionChange.stalls.rawValue])[kind])")
    world.clog(id, toAcceptor: kind & 1 == 1, toDialer: kind & 2 == 2)
  }

  /// A random half of all connections stands still; the next time another half does, and the rest goes on.
  private mutating func swizzle() {
    disturb("some connections stand still, the others go on")
    for id in world.openConnections {
      let isStill = draw(15, below: 2) == 1
      world.clog(id, toAcceptor: isStill, toDialer: isStill)
    }
  }

  /// Everything that still works works well from now on; of what vanished the systems' own keep-alive has told the server.
  mutating func repair() {
    world.crash(afterActions: nil)
    let wasBad = world.isDiskBad
    world.setDisk(full: false, slowness: 1)
    world.hangDisk(false)
    if wasBad, !world.isDiskBad { observe(.fault(DiskState.well.inHistory)) }
    world.calm()
    for id in world.openConnections { world.clog(id, toAcceptor: false, toDialer: false) }
    for index in actors.indices {
      readOn(index)
      if actors[index].isHostile { hangUp(index) }
    }
  }
}
