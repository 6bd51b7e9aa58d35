internal import ServerCore

// The choices of a run in words: the purpose of a draw, whom it concerns, and what became of it.

extension Run {
  func words(for draw: Choices.Draw) -> String {
    let (who, item) = (draw.stream.who, draw.stream.item)
    switch draw.stream.purpose {
    case .swarm: return "the world: " + Run.swarmWords(who, draw.index)
    case .action: return "\(actorName(Int(who))), action \(item)" + outcome(of: draw)
    case .think: return "how soon \(actorName(Int(who))) acts, action \(draw.index + 1)"
    case .mischief: return "\(actorName(Int(who))), " + Run.mischiefWords(item) + outcome(of: draw)
    case .weather: return "fault: " + Run.weatherWords(who)
    case .split: return "where the data of \(name(of: who)) is cut into segments"
    case .latency: return "how long data of \(name(of: who)) is under way"
    case .reading: return "how much the server reads of \(name(of: who)) at once"
    case .connection: return "whether \(name(of: who)) refuses the certificate, or its reset overtakes its data"
    case .bandwidth: return "how fast data is"
    case .commitTime: return ["how long a commit takes", "whether one shard commits alone", "which shard commits alone"][min(2, Int(who))]
    case .loadTime: return "how long storage takes to answer"
    case .deriveTime: return "how long a derivation of keys takes"
    case .inquiryFault: return who == 0 ? "whether storage fails to answer" : "how storage fails to answer"
    case .crash: return Run.crashWords(who)
    case .tie: return "whether the server waits for more input before it acts, and how long"
    case .operate: return "the operator's request" + outcome(of: draw)
    case .ordering: return who == 1 ? "at which decision the first in line falls behind" : "which of several events comes first"
    }
  }

  /// The observations, in the event for which the draw was made, of the actor that it concerns.
  private func outcome(of draw: Choices.Draw) -> String {
    let seen = history.first { moment in
      guard moment.event == draw.event else { return false }
      switch moment.observation {
      case .sent(let session, _), .connected(let session): return draw.stream.purpose != .operate && session.actor == Int(draw.stream.who)
      case .fault: return draw.stream.purpose == .mischief
      case .asked: return draw.stream.purpose == .operate
      default: return false
      }
    }
    return seen.map { " (" + Run.shortened("\($0.observation)") + ")" } ?? ""
  }

  private static func mischiefWords(_ item: Int) -> String {
    guard item >= 0 else { return "for how long it stops reading" }
    let kinds = ["resets its connection", "ends its stream", "closes its output", "vanishes", "stops reading", "", "tears a stanza"]
    return "action \(item / 8): \(item % 8 < kinds.count ? kinds[item % 8] : "")"
  }

  private static func crashWords(_ who: UInt64) -> String {
    switch who {
    case 1: "how many pending transactions survive the crash"
    case 2: "how long the server is down"
    default: "whether the crash resets a connection"
    }
  }

  private static func weatherWords(_ who: UInt64) -> String {
    let kinds = [
      "a crash", "a failed commit", "a full disk", "a slow disk", "a connection that stalls", "connections that stall",
      "a suspended process", "a step of the wall clock", "an orderly end of the server", "an operator's request",
      "how slow the disk becomes", "for how long the process is suspended", "by how much the wall clock is set",
      "which connection stalls", "which direction stalls", "which connections stall", "at which action the crash comes",
      "how long the server has to end", "a disk that hangs",
    ]
    if who == 8 { return "an orderly end of the server, or at which action a crash comes" }
    if who == 9 { return "an operator's request, or whether the disk is full" }
    if who == 16 { return "whether the crash comes with a commit under way" }
    return who < kinds.count ? kinds[Int(who)] : "another one"
  }

  private static func swarmWords(_ who: UInt64, _ index: Int) -> String {
    if who == 100 { return "which actions users take, draw \(index + 1)" }
    if let words = swarmDraws[who] { return words }
    if let limit = Limit.all.first(where: { $0.trial?.draw == who }) { return "limit \(limit.name)" }
    if SimulatedFeature.all.contains(where: { $0.choice?.number == who }) { return "how a feature is configured (draw \(who))" }
    return "draw \(who)"
  }

  /// The draws of `Swarm`.
  private static let swarmDraws: [UInt64: String] = [
    1: "how long an account that nobody uses stays in memory", 3: "how often data is cut into parts",
    4: "how slow the disk is", 5: "how slow the network is", 6: "whether there are faults", 7: "chance of resets",
    8: "chance of torn stanzas", 9: "chance of crashes", 10: "chance of failed commits", 11: "chance of ended streams",
    12: "number of accounts", 13: "number of devices", 21: "conflict policy", 22: "whether limits are low",
    23: "bandwidth", 24: "how often the server batches input", 25: "size of the server's reads", 26: "send buffer",
    27: "receive buffer", 30: "chance of closed outputs", 31: "chance of clients that stop reading",
    32: "chance of clients that vanish", 33: "chance of refused certificates", 34: "chance of full disks",
    35: "chance of slow disks", 36: "chance of stalled connections", 37: "chance of many stalled connections",
    38: "chance of suspended processes", 39: "chance of steps of the wall clock", 40: "chance that storage fails to answer",
    41: "how long the server is down after a crash", 42: "number of hostile clients", 43: "chance of orderly ends",
    44: "chance of hanging disks", 70: "which comes first where order is open", 71: "by how much events may be overtaken",
    72: "how often the first in line falls behind", 82: "whether TLS is offered", 83: "whether TLS is required",
    84: "SASL mechanisms", 85: "chance of operators' requests", 86: "whether clients name their language",
    87: "number of shards", 88: "whether storage is slow to answer", 89: "whether storage is slow to answer, under low limits",
    120: "whether a client's connections begin with TLS",
  ]
}
