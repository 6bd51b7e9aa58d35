import Foundation
import SASL
import ServerCore
import Storage
import Testing
import XML
import XMPP

@testable import Simulation

/// Work is judged by what it is for.
struct CostTests {
  /// Counts as many steps as it is told to between any two looks.
  private final class Steps: @unchecked Sendable {
    var count: UInt64 = 0
    var pace: UInt64
    init(_ pace: UInt64) { self.pace = pace }
    func look() -> UInt64 {
      count += pace
      return count
    }
  }

  private func world(_ bound: CostMeter.Bound, pace: UInt64) -> World {
    var world = World(choices: Choices(seed: 1), settings: WorldSettings(configuration: Configuration(domains: ["localhost"])))
    let steps = Steps(pace)
    world.measure(CostMeter(bound, steps: { steps.look() }))
    let socket = world.connect(1)
    world.send(Array("<?xml version='1.0'?><stream:stream to='localhost' xmlns='jabber:client'".utf8), on: socket)
    while world.advance(untilRest: true) {}
    return world
  }

  @Test func workThatIsJustifiedIsNoProblem() {
    #expect(world(.init(base: 1_000, perByte: 0, perItem: 0, perChangedByte: 1), pace: 1_000).cost?.problem == nil)
  }

  @Test func workBeyondItIsAProblem() throws {
    let problem = try #require(world(.init(base: 1_000, perByte: 0, perItem: 0, perChangedByte: 1), pace: 1_001).cost?.problem)
    #expect(problem.work == 1_001)
    #expect(problem.most == 1_000)
  }

  /// Each byte of the header justifies a hundred steps: what is left over the bound is the opening, which brings none.
  @Test func bytesJustifyWork() throws {
    let worst = try #require(world(.init(base: 0, perByte: 100, perItem: 10_000, perChangedByte: 1), pace: 1_000).cost?.worst)
    #expect(worst.cause == "flush" || worst.volume.bytes == 0, "\(worst)")
  }

  @Test func whatIsToBeDurableIsWork() throws {
    var world = World(choices: Choices(seed: 1), settings: WorldSettings(configuration: Configuration(domains: ["localhost"])))
    world.measure(CostMeter(.init(base: 100, perByte: 0, perItem: 0, perChangedByte: 1), steps: { 0 }))
    world.control(1, .addAccount(JID("ada@localhost")!, password: Secret(Array("secret".utf8))))
    while world.advance(untilRest: true) {}
    let worst = try #require(world.cost?.problem)
    #expect(worst.changedBytes > 200)
    #expect(worst.work == worst.changedBytes)
  }

  /// A header and an element in one piece are two events: each may cost what one may.
  @Test func eachEventJustifiesWork() throws {
    var world = World(choices: Choices(seed: 1), settings: WorldSettings(configuration: Configuration(domains: ["localhost"])))
    let steps = Steps(2_000)
    world.measure(CostMeter(.init(base: 1_000, perByte: 0, perItem: 0, perChangedByte: 1), steps: { steps.look() }))
    let socket = world.connect(1)
    let header = "<stream:stream to='localhost' version='1.0' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>"
    world.send(Array((header + "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>").utf8), on: socket)
    let costs = Costs()
    var meter = try #require(world.cost)
    meter.observer = { costs.add($0) }
    world.measure(meter)
    while world.advance(untilRest: true) {}
    let cost = try #require(costs.all.first { $0.cause.hasPrefix("bytes <stream") })
    #expect(cost.events == 2 && cost.most == 2_000)
  }

  private final class Costs: @unchecked Sendable {
    var all: [CostMeter.Cost] = []
    func add(_ cost: CostMeter.Cost) { all.append(cost) }
  }

  /// The bytes of a fuzzer are for those who act.
  @Test func theCrowdTakesNoBytes() {
    var choices = Choices(seed: 0, source: .bytes([7, 8, 9]))
    #expect(choices.draw(.latency, Crowd.firstLabel, below: 100) == 0)
    #expect(choices.draw(.latency, 1, below: 100) == 7)
  }

  /// A client that blocks one address more, in a world where it has blocked 300.
  @Test func aListThatIsWrittenAsAWholeIsTooMuch() {
    let row = BlockedAddress(jid: JID("stranger1@elsewhere.example")!)
    let one = Change.put(row, of: JID("ada@localhost")!).weight
    let request = Volume(bytes: 400, items: 8)
    let bound = CostMeter.Bound.changes
    #expect(one * bound.perChangedByte < bound.most(for: request, events: 1))
    #expect(Crowd.standard.entries * one * bound.perChangedByte > 3 * bound.most(for: request, events: 1))
  }

  /// The disk of a crowded world holds what it should, and its users can log in: a run that does nothing would cost nothing.
  @Test func aCrowdedRunIsALivelyRun() throws {
    var options = RunOptions(duration: 1_000_000_000)
    options.crowd = Crowd(connections: 20, entries: 30)
    options.cost = CostMeter(.init(base: 20_000, perByte: 60, perItem: 600, perChangedByte: 1), steps: { 0 })
    for seed in 0..<6 as Range<UInt64> {
      var run = Run(Choices(seed: seed), options)
      run.keepsHistory = true
      let report = run.run()
      #expect(report.failure == nil, "\(seed)")
      #expect(run.history.contains { if case .began = $0.observation { true } else { false } }, "\(seed)")
    }
    let rows = options.crowd.database(of: [JID("ada@localhost")!], password: "pw").rows(BlockedAddress.self, of: JID("ada@localhost")!)
    #expect(rows.count == 30)
  }
}
