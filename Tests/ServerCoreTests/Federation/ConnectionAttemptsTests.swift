import Testing
import XML

@testable import ServerCore

/// Attempts on several endpoints (RFC 8305, 5).
@Suite struct ConnectionAttemptsTests {
  static let endpoints = (0..<4).map {
    Endpoint(address: ResolutionTests.ipv4($0), port: 5269, isDirectTLS: false, serverName: "far.example")
  }

  /// The attempts, and what must be so, told by counting: of the endpoints in order, as many have been dialed as there were beginnings,
  /// failures and timers.
  private struct Walk {
    var attempts = ConnectionAttempts()
    var now: Int64 = 1_000
    /// The endpoints of this race, in the order of dialing.
    var order: [Endpoint]
    var dialed = 0
    var failed: [Endpoint] = []
    var lastDial: Int64 = 0
    var trail: [String] = []

    var running: [Endpoint] { order.prefix(dialed).filter { !failed.contains($0) } }

    /// Checks which endpoint is to be dialed, if any, and what the state says.
    mutating func expectDial(_ endpoint: Endpoint?, _ event: String) {
      trail.append(event)
      #expect(endpoint == (dialed < order.count ? order[dialed] : nil), "\(trail)")
      if dialed < order.count {
        dialed += 1
        lastDial = now
      }
      expectState()
    }

    func expectState() {
      #expect(attempts.running == running && attempts.waiting == Array(order.dropFirst(dialed)) && attempts.winner == nil, "\(trail)")
      #expect(attempts.nextDial == (dialed < order.count ? lastDial + 250_000_000 : nil), "\(trail)")
      #expect(attempts.isExhausted == (failed.count == order.count), "\(trail)")
    }
  }

  /// Goes through every order of successes, failures, timers and failures of a winner. Returns the number of ends.
  private static func explore(_ walk: Walk) -> Int {
    var ends = 0
    for endpoint in walk.running {
      var next = walk
      next.now += 1
      next.failed.append(endpoint)
      next.expectDial(next.attempts.failed(endpoint, at: next.now), "fails")
      #expect(next.attempts.failed(endpoint, at: next.now) == nil, "a second report of the same failure")
      ends += explore(next) + connect(endpoint, walk)
    }
    if let time = walk.attempts.nextDial {
      var next = walk
      #expect(next.attempts.timePassed(at: time - 1) == nil)
      next.now = time
      next.expectDial(next.attempts.timePassed(at: time), "time")
      ends += explore(next)
    }
    return walk.attempts.isExhausted ? 1 : ends
  }

  private static func connect(_ endpoint: Endpoint, _ walk: Walk) -> Int {
    var next = walk
    let losers = walk.running.filter { $0 != endpoint }
    #expect(next.attempts.connected(endpoint) == .won(closing: losers), "\(walk.trail)")
    #expect(next.attempts.winner == endpoint && next.attempts.nextDial == nil && !next.attempts.isExhausted)
    for other in endpoints { #expect(next.attempts.connected(other) == .late) }
    #expect(next.attempts.timePassed(at: .max) == nil)
    for other in endpoints { #expect(next.attempts.failed(other, at: next.now) == nil) }
    // Should it be no use, a new race begins with those that have not failed.
    var again = Walk(attempts: next.attempts, now: walk.now + 5, order: losers + walk.order.dropFirst(walk.dialed), trail: walk.trail)
    again.expectDial(again.attempts.winnerFailed(at: again.now), "wins and fails")
    return 1 + explore(again)
  }

  /// The number of ends by arithmetic, with so many attempts under way and so many endpoints behind them: so nothing was skipped.
  private static func ends(_ running: Int, _ waiting: Int) -> Int {
    guard running + waiting > 0 else { return 1 }
    let next = min(waiting, 1)
    let others = running - 1 + waiting
    let ofOne = ends(running - 1 + next, waiting - next) + 1 + ends(min(others, 1), max(others - 1, 0))
    return running * ofOne + (waiting > 0 ? ends(running + 1, waiting - 1) : 0)
  }

  @Test(arguments: 1...3) func everyOrderOfEvents(count: Int) {
    var walk = Walk(order: Array(Self.endpoints.prefix(count)))
    walk.expectDial(walk.attempts.add(walk.order, at: walk.now), "begins")
    #expect(Self.explore(walk) == Self.ends(1, count - 1))
  }

  /// Endpoints that are found later join the race.
  @Test func laterEndpoints() {
    let all = Self.endpoints
    var attempts = ConnectionAttempts()
    #expect(attempts.isExhausted && attempts.add([], at: 0) == nil && attempts.nextDial == nil)
    #expect(attempts.add([all[0]], at: 10) == all[0])
    #expect(attempts.nextDial == nil, "there is nothing to wait for")
    #expect(attempts.add([all[1], all[2]], at: 20) == nil)
    let due: Int64 = 250_000_010
    #expect(attempts.nextDial == due)
    #expect(attempts.winnerFailed(at: due) == nil, "there is no winner")
    #expect(attempts.timePassed(at: due) == all[1])
    #expect(attempts.failed(all[0], at: 300_000_000) == all[2] && attempts.nextDial == nil)
    #expect(attempts.failed(all[1], at: 300_000_001) == nil && attempts.failed(all[2], at: 300_000_002) == nil && attempts.isExhausted)
    #expect(attempts.add([all[3]], at: 300_000_003) == all[3] && !attempts.isExhausted)
    #expect(attempts.connected(all[3]) == .won(closing: []))
    #expect(attempts.add([all[0]], at: 300_000_004) == nil && attempts.nextDial == nil, "it is kept for the case that the winner fails")
    #expect(attempts.winnerFailed(at: 300_000_005) == all[0] && attempts.winnerFailed(at: 300_000_006) == nil)
  }

  /// One that comes when the delay is over is dialed when the time is looked at, which is at once.
  @Test func aLateTimer() {
    let all = Self.endpoints
    var attempts = ConnectionAttempts()
    _ = attempts.add([all[0]], at: 0)
    #expect(attempts.add([all[1], all[2]], at: 900_000_000) == nil)
    #expect(attempts.nextDial == 250_000_000 && attempts.timePassed(at: 900_000_000) == all[1])
    #expect(attempts.nextDial == 1_150_000_000 && attempts.timePassed(at: 1_149_999_999) == nil)
  }
}
