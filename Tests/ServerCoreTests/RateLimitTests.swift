import Testing
import XML

@testable import ServerCore

/// How fast a peer may speak, and how many connections may come from one place (RFC 6120, 13.12).
@Suite struct RateLimitTests {
  private static func harness(rate: Int = 1_000, burst: Int = 5_000) -> EngineHarness {
    var harness = EngineHarness {
      $0.limits[.bytesPerSecond] = rate
      $0.limits[.burstBytes] = burst
    }
    for name in ["romeo", "juliet", "nurse"] { harness.addAccount(name) }
    return harness
  }

  private static func ping(_ id: String) -> String { "<iq type='get' id='\(id)' to='localhost'><ping xmlns='urn:xmpp:ping'/></iq>" }

  @Test func whoIsTooFastIsNotReadFromUntilHeHasPaid() {
    var harness = Self.harness()
    let connection = harness.session("romeo", resource: "orchard")
    #expect(harness.paused.isEmpty, "a login fits in the burst")
    harness.advance(seconds: 60)
    let flood = (0..<100).map { Self.ping("p\($0)") }.joined()
    harness.send(flood, on: connection)
    let answers = harness.read(connection)
    #expect(answers.contains("id='p99'"), "what was read is answered")
    #expect(harness.paused == [connection])
    let debt = flood.utf8.count + answers.utf8.count / 16 - 5_000
    #expect(harness.engine.nextDeadline == harness.now + Int64(debt) * 1_000_000)
    harness.advance(seconds: Int64(debt / 1_000))
    #expect(harness.paused == [connection], "not yet")
    harness.advance(seconds: 1)
    #expect(harness.paused.isEmpty)
    harness.send(Self.ping("after"), on: connection)
    #expect(harness.read(connection).contains("id='after'"))
  }

  /// The system had read these bytes already when the engine wished for no more.
  @Test func whatComesWhileHeIsHeldPutsTheEndOff() {
    var harness = Self.harness(rate: 1_000, burst: 0)
    let connection = harness.open()
    harness.send(String(repeating: " ", count: 1_000), on: connection)
    harness.send(String(repeating: " ", count: 2_000), on: connection)
    harness.advance(seconds: 2)
    #expect(harness.paused == [connection])
    #expect(harness.engine.holdsSomebodyBack)
    harness.advance(seconds: 1)
    #expect(harness.paused.isEmpty)
    #expect(!harness.engine.holdsSomebodyBack)
  }

  @Test func whoKeepsToTheRateIsNeverHeld() {
    var harness = Self.harness()
    let connection = harness.session("romeo", resource: "orchard")
    harness.advance(seconds: 10)
    let second = String(repeating: Self.ping("p"), count: 900 / Self.ping("p").utf8.count)
    for _ in 0..<100 {
      harness.send(second, on: connection)
      #expect(harness.paused.isEmpty)
      harness.advance(seconds: 1)
    }
  }

  /// The same words are dearer where more hear them.
  @Test func whatOthersGetBecauseOfItCounts() {
    func debt(listeners: Int) -> Int64 {
      var harness = Self.harness(rate: 1_000_000, burst: 0)
      let speaker = harness.session("romeo", resource: "o")
      let sessions = (0..<listeners).map { harness.session("juliet", resource: "b\($0)") }
      for session in sessions { harness.send("<presence/>", on: session) }
      harness.advance(seconds: 60)
      #expect(!harness.engine.holdsSomebodyBack)
      harness.send(EngineHarness.chat(to: "juliet@localhost", String(repeating: "x", count: 1_600)), on: speaker)
      return (harness.engine.nextDeadline ?? 0) - harness.now
    }
    let (one, many) = (debt(listeners: 1), debt(listeners: 11))
    // Each listener gets a little more than 1,600 bytes, a sixteenth of which is a tenth of a millisecond at this rate.
    #expect((1_000_000...1_400_000).contains(many - one))
  }

  @Test func withoutALimitNobodyIsHeld() {
    var harness = Self.harness(rate: 0, burst: 0)
    let connection = harness.session("romeo", resource: "orchard")
    harness.send(String(repeating: Self.ping("p"), count: 10_000), on: connection)
    #expect(harness.paused.isEmpty)
  }

  @Test func aHeldPeerThatLeavesIsForgotten() {
    var harness = Self.harness(burst: 0)
    let connection = harness.open()
    harness.send(String(repeating: " ", count: 9_000), on: connection)
    #expect(harness.engine.holdsSomebodyBack)
    harness.input(.closed(connection))
    #expect(!harness.engine.holdsSomebodyBack)
  }

  /// The same conversation beside a flood and without it: every byte at the same time, and nobody else is charged for it.
  @Test func aFloodIsNobodyElsesDebt() {
    func conversation(withFlood: Bool) -> [String] {
      var harness = Self.harness()
      let (romeo, juliet) = (harness.session("romeo", resource: "o"), harness.session("juliet", resource: "b"))
      let nurse = harness.session("nurse", resource: "n")
      var heard: [String] = []
      for round in 0..<50 {
        if withFlood, !harness.paused.contains(nurse) { harness.send(String(repeating: Self.ping("f"), count: 200), on: nurse) }
        harness.send(EngineHarness.chat(to: "juliet@localhost/b", "round \(round)"), on: romeo)
        heard.append("\(harness.now) " + harness.read(juliet))
        harness.send(EngineHarness.chat(to: "romeo@localhost/o", "and back \(round)"), on: juliet)
        heard.append("\(harness.now) " + harness.read(romeo))
        #expect(harness.paused.subtracting([nurse]).isEmpty)
        harness.advance(seconds: 1)
      }
      return heard
    }
    let calm = conversation(withFlood: false)
    #expect(calm.allSatisfy { $0.contains("round") || $0.contains("and back") })
    #expect(calm == conversation(withFlood: true))
  }

  @Test func aSnapshotKnowsWhoIsHeld() throws {
    var harness = Self.harness(burst: 0)
    let connection = harness.open()
    harness.send(String(repeating: " ", count: 3_000), on: connection)
    let deadline = try #require(harness.engine.nextDeadline)
    var recorder = Recorder(secret: Array(repeating: 1, count: 32))
    let bytes = recorder.begin(from: harness.engine, at: Instant(monotonic: harness.now, wall: harness.now))
    harness.engine = try Recording(parsing: bytes).start.engine()
    #expect(harness.engine.nextDeadline == deadline)
    harness.advance(seconds: 3)
    #expect(harness.paused.isEmpty)
  }

  /// Neither by waiting for storage nor by having been paused does anybody speak for nothing.
  @Test func whatWaitedForACommitIsChargedWhenItLeaves() {
    var harness = Self.harness(rate: 100, burst: 10_000)
    let speaker = harness.session("romeo", resource: "o")
    let listener = harness.session("juliet", resource: "b")
    harness.send("<presence/>", on: listener)
    _ = harness.read(listener)
    harness.advance(seconds: 300)
    harness.commitsAtOnce = false
    // For somebody who is not there: it is stored, and what comes behind it waits.
    harness.send(EngineHarness.chat(to: "nurse@localhost", "later"), on: speaker)
    harness.send((0..<30).map { EngineHarness.chat(to: "juliet@localhost/b", "x\($0)") }.joined(), on: speaker)
    #expect(harness.read(listener).isEmpty)
    harness.send(EngineHarness.chat(to: "juliet@localhost/b", String(repeating: "y", count: 7_500)), on: speaker)
    #expect(!harness.engine.holdsSomebodyBack)
    harness.commit()
    let heard = harness.read(listener)
    #expect(heard.contains("x29") && heard.contains("yyy"))
    #expect(harness.engine.holdsSomebodyBack, "what was written when it was durable is the rest of the price")
  }

  @Test func nobodyIsHeldBackForLongerThanTenSeconds() {
    var harness = Self.harness(rate: 1, burst: 0)
    let connection = harness.open()
    harness.send(String(repeating: " ", count: 9_000), on: connection)
    harness.advance(seconds: 9)
    #expect(harness.paused == [connection])
    harness.advance(seconds: 1)
    #expect(harness.paused.isEmpty)
  }

  // MARK: Connections

  private static func origin(_ address: UInt8...) -> SourceNetwork { SourceNetwork(address: address)! }

  @Test func onlySoManyConnectionsComeFromOneAddress() {
    var harness = EngineHarness { $0.limits[.connectionsPerAddress] = 2 }
    let first = harness.open(from: Self.origin(192, 0, 2, 1))
    _ = harness.open(from: Self.origin(192, 0, 2, 1))
    let third = harness.open(from: Self.origin(192, 0, 2, 1))
    let refusal = harness.read(third)
    #expect(refusal.contains("<stream:stream") && refusal.contains("<policy-violation") && refusal.hasSuffix("</stream:stream>"))
    #expect(harness.closed == [third])
    let neighbour = harness.open(from: Self.origin(192, 0, 2, 2))
    let stranger = harness.open(from: nil)
    // A connection that was sent away did not count.
    harness.input(.closed(third))
    let fourth = harness.open(from: Self.origin(192, 0, 2, 1))
    #expect(harness.closed == [third, fourth])
    harness.input(.closed(first))
    let fifth = harness.open(from: Self.origin(192, 0, 2, 1))
    for connection in [neighbour, stranger, fifth] {
      harness.send(EngineHarness.header, on: connection)
      #expect(harness.read(connection).contains("<stream:features"))
    }
  }

  @Test func addressesCountByWhatAHostHasToItself() {
    let network: [UInt8] = [0x20, 0x01, 0x0D, 0xB8, 0, 0, 0, 1]
    let hosts = [1, 2].map { SourceNetwork(address: network + [0, 0, 0, 0, 0, 0, 0, $0]) }
    #expect(hosts[0] == hosts[1], "one network of IPv6")
    #expect(hosts[0] != SourceNetwork(address: network.dropLast() + [2, 0, 0, 0, 0, 0, 0, 0, 1]))
    let mapped = SourceNetwork(address: Array(repeating: 0, count: 10) + [0xFF, 0xFF, 192, 0, 2, 1])
    #expect(mapped == Self.origin(192, 0, 2, 1))
    #expect(mapped != Self.origin(192, 0, 2, 2))
    #expect(SourceNetwork(address: Array(repeating: 0, count: 15) + [1]) != Self.origin(0, 0, 0, 1), "::1 is not 0.0.0.1")
    #expect(SourceNetwork(address: [1, 2, 3]) == nil)
  }

  @Test func aRecordingDoesNotSayWhereSomebodyCameFrom() throws {
    var recorder = Recorder(secret: Array(repeating: 1, count: 32))
    let engine = EngineHarness().engine
    let now = Instant(monotonic: 0, wall: 0)
    var bytes = recorder.begin(configuration: Configuration(domains: ["localhost"]), seed: [1], at: now)
    let here = Self.origin(192, 0, 2, 1)
    for (connection, origin) in [(1, here), (2, here), (3, Self.origin(192, 0, 2, 2)), (4, nil)] as [(UInt64, SourceNetwork?)] {
      bytes += recorder.input(.opened(ConnectionID(connection), Opening(from: origin)), at: now, before: engine)
    }
    let recording = try Recording(parsing: bytes)
    let origins = recording.entries.map { entry -> SourceNetwork? in
      guard case .input(.opened(_, let opening), _) = entry else { return nil }
      return opening.from
    }
    #expect(origins.count == 4 && origins[0] != nil && origins[0] == origins[1] && origins[2] != nil && origins[3] == nil)
    #expect(origins[0] != origins[2])
    #expect(origins[0] != here)
  }

  /// Nor does a file that begins in the middle; and who comes later from the same place still counts with those who were there.
  @Test func aRecordingThatBeginsLaterKnowsWhoCameFromTheSamePlace() throws {
    var harness = EngineHarness { $0.limits[.connectionsPerAddress] = 1 }
    let here = Self.origin(192, 0, 2, 1)
    _ = harness.open(from: here)
    var recorder = Recorder(secret: Array(repeating: 1, count: 32))
    let now = Instant(monotonic: harness.now, wall: harness.now)
    var bytes = recorder.begin(from: harness.engine, at: now)
    bytes += recorder.input(.opened(ConnectionID(9), Opening(from: here)), at: now, before: harness.engine)
    let recording = try Recording(parsing: bytes)
    var replayed = recording.start.engine()
    #expect(replayed.server.connectionCounts.sortedKeys() != [here])
    guard case .input(let input, _) = recording.entries[0] else { return #expect(Bool(false)) }
    replayed.handle(input, at: now)
    #expect(replayed.marks.count(of: StreamMark.streamAddressFull) == 1)
  }
}
