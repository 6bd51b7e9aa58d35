import Simulation
import Testing
import XML
import XMPP

// How to try a rule and a workload of one's own: this file is the worked example of the documentation.

/// Everybody pings the server, and does nothing else.
private struct Pinging: Workload {
  private var count = 0
  init(roll: (Int) -> Int) {}
  mutating func next(for user: User, among users: [User], roll: (Int) -> Int) -> Element? {
    guard roll(2) == 1 else { return nil }
    count += 1
    let ping = Element("ping", "urn:xmpp:ping")
    return Element("iq", "jabber:client", ["type": "get", "id": "ping-\(count)", "to": "localhost"], children: [ping])
  }
}

/// Each ping has one answer at most, and in peace there is none left without one.
private struct PingsAreAnswered: Oracle {
  static let name = "pings"
  static let clause = "XEP-0199, 4.1; RFC 6120, 8.2.3"
  private var open: Set<Text> = []

  mutating func observe(_ observation: Observation, at time: Int64) -> String? {
    switch observation {
    case .sent(_, let element): if let id = element.id, id.hasPrefix("ping-") { open.insert(id) }
    case .received(_, let element):
      guard let id = element.id, id.hasPrefix("ping-") else { return nil }
      if open.remove(id) == nil { return "two answers to \(id)" }
      if element.type != "result" { return "\(id) was answered with \(element.type ?? "nothing")" }
    default: break
    }
    return nil
  }

  func atRest(_ state: RestState) -> String? {
    state.isFaultless && !open.isEmpty ? "\(open.count) pings have no answer" : nil
  }
}

struct OwnWorkloadTests {
  @Test(arguments: 0..<20)
  func everyPingIsAnswered(seed: Int) {
    let options = RunOptions(duration: 5_000_000_000, oracles: [PingsAreAnswered.self], workload: Pinging.self)
    var run = Run(Choices(seed: UInt64(seed)), options)
    run.keepsHistory = true
    let report = run.run()
    #expect(report.failure == nil, "\(report.failure!)")
    #expect(run.history.contains { if case .received = $0.observation { true } else { false } })
  }
}
