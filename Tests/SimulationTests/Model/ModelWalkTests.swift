import SASL
import ServerCore
import Testing
import XML
import XMPP

@testable import Simulation

/// Random walks through all that changes subscriptions, presence and rooms, wider than what simulated users do.
struct ModelWalkTests {
  @Test(arguments: 0..<10)
  func modelAgrees(seed: Int) {
    let outcome = Self.walk(seed: UInt64(seed), steps: 250)
    #expect(outcome == nil, "seed \(seed)")
  }

  /// The problem that a walk showed, and the stanzas behind which it did.
  static func walk(seed: UInt64, steps: Int, _ addition: RandomTraffic.Addition? = nil) -> String? {
    var babbler = RandomTraffic(seed: seed, addition)
    let isQuiet = babbler.chance(40)
    let isInRooms = babbler.chance(50)
    var stage = ModelFixture(seed: seed, accounts: RandomTraffic.accounts) { settings in
      settings.configuration.limits[time: .idleTime] = .milliseconds(Int64(1 + babbler.below(200)))
      if babbler.chance(30) { tighten(&settings.configuration.limits, &babbler) }
      if babbler.chance(20) { settings.inquiryFailurePercent = 10 }
      settings.configuration.conflictPolicy = babbler.pick([.replaceOld, .refuseNew, .rename])
      settings.commitTime = 0 ... .milliseconds(Int64(1 + babbler.below(60)))
      settings.latency = 0 ... .milliseconds(Int64(1 + babbler.below(20)))
      settings.shortPercent = 30 * babbler.below(3)
    }
    var said: [String] = []
    for _ in 0..<steps {
      let device = babbler.pick(RandomTraffic.devices)
      if !stage.isBound(device) {
        stage.connect(device)
        stage.advance(babbler.below(40))
      } else if !isQuiet, babbler.chance(6) {
        disturb(&stage, device, &babbler, &said)
      } else {
        let stanza = babbler.stanza(isInRooms: isInRooms)
        said.append("\(device): \(stanza)")
        stage.send(stanza, as: device)
      }
      // Now one after the other, now all at once.
      if babbler.chance(50) { stage.settle() } else { stage.advance(babbler.below(6)) }
      if let problem = stage.problem { return "\(problem)\n" + (said.suffix(12) + stage.roomsInWords).joined(separator: "\n") }
    }
    stage.settle()
    return stage.problem
  }

  private static func tighten(_ limits: inout Configuration.Limits, _ babbler: inout RandomTraffic) {
    limits[.rosterItems] = 1 + babbler.below(2)
    limits[.pendingRequests] = 1 + babbler.below(2)
    limits[.directedPresences] = 1 + babbler.below(3)
    if let addition = babbler.addition { addition.tighten(&limits, &babbler) }
    limits[.queuedWhileLoading] = 1 + babbler.below(3)
    limits[.roomAffiliations] = 1 + babbler.below(3)
    limits[.roomSessions] = 1 + babbler.below(3)
    limits[.roomAdminSessions] = babbler.below(2)
  }

  private static func disturb(_ stage: inout ModelFixture, _ device: JID, _ babbler: inout RandomTraffic, _ said: inout [String]) {
    let account = device.bare
    let password = Secret(Array("pw".utf8))
    switch babbler.below(10) {
    case 0, 1: stage.leave(device, politely: false)
    case 2, 3: stage.leave(device, politely: true)
    case 4: stage.world.failCommit()
    case 5: stage.world.crash(afterActions: babbler.below(5))
    case 6: stage.world.control(2, .changePassword(account, password: password))
    case 7: stage.world.control(3, babbler.chance(50) ? .disableAccount(account) : .enableAccount(account))
    case 8:
      stage.world.control(3, .enableAccount(account))
      if babbler.chance(50) { stage.world.control(4, .deleteAccount(account)) }
    default: for account in RandomTraffic.accounts { stage.create(account) }
    }
    said.append("*** a disturbance of \(device)")
  }
}
