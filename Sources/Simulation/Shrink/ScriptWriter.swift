internal import OrderedCollections
internal import XML
internal import XMPP

/// Writes what the clients of a run did, and what they got, as a script that anybody can run against any server.
///
/// What failed is the last line: the stanza that should not have come is expected not to come. What was broken on purpose
/// can't be said in the language and stands there as a comment.
struct ScriptWriter {
  private let history: [Run.Moment]
  private let failure: RunReport.Failure
  private let seed: UInt64
  private var jids: OrderedDictionary<Int, JID> = [:]
  /// Ids that clients gave: all others are the server's, and differ from run to run.
  private var clientIDs: Set<Text> = []

  init(_ history: [Run.Moment], failure: RunReport.Failure, seed: UInt64) {
    self.history = history
    self.failure = failure
    self.seed = seed
    for moment in history {
      switch moment.observation {
      case .began(let session, let jid): if jids[session.actor] == nil { jids[session.actor] = jid }
      case .sent(_, let element): if let id = element.id { clientIDs.insert(id) }
      default: break
      }
    }
    jids.sort { $0.key < $1.key }
  }

  var script: String {
    var lines = ["# \(failure.oracle): \(oneLine(failure.message))", "# Found in the simulator with seed \(seed).", ""]
    for (actor, jid) in jids { lines += ["[Client] \(name(actor))", "\tjid: \(jid)", "\tpassword: pw", ""] }
    lines += ["-----", ""]
    for (index, moment) in history.enumerated() { lines += self.lines(for: moment, isLast: index == history.count - 1) }
    return lines.joined(separator: "\n") + "\n"
  }

  private func lines(for moment: Run.Moment, isLast: Bool) -> [String] {
    switch moment.observation {
    case .connected: return []
    case .began(let session, _): return ["\(name(session.actor)) connects", ""]
    case .ended(let session): return jids[session.actor] == nil ? [] : ["\(name(session.actor)) disconnects", ""]
    case .sent(let session, let element): return ["\(name(session.actor)) sends:", "\t\(element)", ""]
    case .received(let session, let element):
      let expected = ["\(name(session.actor)) receives:", "\t\(loosened(element))", ""]
      guard isLast, !failure.isAtRest else { return expected }
      return ["# This came, and should not have: \(oneLine("\(element)"))", "\(name(session.actor)) receives: nothing", ""]
    case .fault(let what): return ["# FAULT: \(what)", ""]
    case .asked(_, let request): return ["# OPERATOR: \(request.summary)", ""]
    case .answered: return []
    }
  }

  private func name(_ actor: Int) -> String {
    guard let jid = jids[actor] else { return "Client \(actor)" }
    return "\(jid.local) \(jid.resource)"
  }

  private func oneLine(_ text: String) -> String { text.replacing("\n", with: " ") }

  /// What the server makes up anew each time may be anything.
  private func loosened(_ element: Element) -> Element {
    var copy = element
    if let id = element.id, !clientIDs.contains(id) { copy["id"] = "{scansion:any}" }
    if let delay = element.child("delay", NS.delay) {
      copy = copy.removingChildren { $0.is("delay", NS.delay) }
      copy.append("delay", NS.delay, ["from": delay["from"], "stamp": "{scansion:any}"])
    }
    return copy
  }
}
